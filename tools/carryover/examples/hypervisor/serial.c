// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The console: as much of a 16450 as Linux wants to see. */
#include <string.h>
#include <unistd.h>

#include "hypervisor.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

#define IER_INPUT	0x01
#define IER_EMPTY	0x02
#define IIR_NONE	0x01
#define IIR_EMPTY	0x02
#define IIR_INPUT	0x04
#define LCR_DIVISOR	0x80
#define LSR_INPUT	0x01
#define LSR_EMPTY	0x60	/* both the register and the line */
#define MSR_THERE	0xb0	/* carrier, ready, clear to send */

static uint8_t why(const struct serial_state *serial)
{
	if (serial->has_input && serial->ier & IER_INPUT)
		return IIR_INPUT;
	if (serial->empty && serial->ier & IER_EMPTY)
		return IIR_EMPTY;
	return IIR_NONE;
}

static void set_irq(struct vm *vm)
{
	vm_irq(vm, SERIAL_IRQ, why(&vm->state->serial) != IIR_NONE);
}

/* By lines, so that what several programs print can be told apart. */
static void print(struct serial_state *serial, char c)
{
	if (c == '\r')
		return;
	serial->line[serial->used++] = c;
	if (c != '\n' && serial->used < LINE_SIZE)
		return;
	if ((!serial->within && write(1, "| ", 2) != 2) ||
	    write(1, serial->line, serial->used) < 0)
		fail_errno("console");
	serial->used = 0;
	serial->within = c != '\n';
}

void serial_write(struct vm *vm, unsigned int reg, uint8_t value)
{
	struct serial_state *serial = &vm->state->serial;

	if (reg <= IER && serial->lcr & LCR_DIVISOR) {
		serial->divisor[reg] = value;
	} else if (reg == DATA) {
		print(serial, value);
		/* Sent already: an interrupt for every byte, after a low level. */
		serial->empty = 0;
		set_irq(vm);
		serial->empty = 1;
	} else if (reg == IER) {
		serial->ier = value & 0xf;
		serial->empty |= !!(value & IER_EMPTY);
	} else if (reg == LCR) {
		serial->lcr = value;
	} else if (reg == MCR) {
		serial->mcr = value;
	} else if (reg == SCR) {
		serial->scr = value;
	}
	set_irq(vm);
}

void serial_read(struct vm *vm, unsigned int reg, uint8_t *value)
{
	struct serial_state *serial = &vm->state->serial;
	const uint8_t other[] = {
		[IIR] = why(serial), [LCR] = serial->lcr, [MCR] = serial->mcr,
		[LSR] = LSR_EMPTY | (serial->has_input ? LSR_INPUT : 0),
		[MSR] = MSR_THERE, [SCR] = serial->scr,
	};

	if (reg > IER) {
		*value = other[reg];
		if (reg == IIR && *value == IIR_EMPTY)
			serial->empty = 0;
	} else if (serial->lcr & LCR_DIVISOR) {
		*value = serial->divisor[reg];
	} else if (reg == IER) {
		*value = serial->ier;
	} else {
		*value = serial->input;
		serial->has_input = 0;
	}
	set_irq(vm);
}

void serial_type(struct vm *vm, uint8_t input)
{
	vm->state->serial.input = input;
	vm->state->serial.has_input = 1;
	set_irq(vm);
}
