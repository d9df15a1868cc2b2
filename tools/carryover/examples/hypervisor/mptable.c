// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The table by which a guest without ACPI finds its processors and interrupts (Intel's
 * MultiProcessor Specification 1.4).
 */
#include <string.h>

#include "hypervisor.h"

/* Guests look in the last KiB below 640 KiB. */
#define TABLE_AT	0x9fc00ull

#define LAPIC_AT	0xfee00000u
#define IOAPIC_AT	0xfec00000u
#define APIC_VERSION	0x14
#define CPU_ENABLED	1
#define CPU_BOOT	2
#define ISA_IRQS	16

enum { ENTRY_CPU, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_IRQ, ENTRY_LOCAL };
enum { IRQ_INT, IRQ_NMI, IRQ_SMI, IRQ_EXTINT };

struct pointer {
	char signature[4];
	uint32_t table;
	uint8_t length, revision, checksum, feature[5];
};

struct table {
	char signature[4];
	uint16_t length;
	uint8_t revision, checksum;
	char oem[8], product[12];
	uint32_t oem_table;
	uint16_t oem_size, entries;
	uint32_t lapic;
	uint32_t reserved;
};

struct cpu {
	uint8_t type, apic, version, flags;
	uint32_t signature, features, reserved[2];
};

struct bus {
	uint8_t type, id;
	char name[6];
};

struct ioapic {
	uint8_t type, id, version, flags;
	uint32_t at;
};

struct irq {
	uint8_t type, kind;
	uint16_t flags;
	uint8_t bus, source, apic, pin;
};

static uint8_t checksum(const void *data, size_t size)
{
	const uint8_t *byte = data;
	uint8_t sum = 0;

	while (size--)
		sum -= *byte++;
	return sum;
}

static void add(struct table *table, const void *entry, size_t size)
{
	memcpy((char *)table + table->length, entry, size);
	table->length += size;
	table->entries++;
}

static void add_cpus(struct table *table, unsigned int vcpus)
{
	for (unsigned int id = 0; id < vcpus; id++) {
		struct cpu cpu = {
			.type = ENTRY_CPU, .apic = id, .version = APIC_VERSION,
			.flags = CPU_ENABLED | (id ? 0 : CPU_BOOT),
		};

		add(table, &cpu, sizeof(cpu));
	}
}

/* KVM wires each interrupt to the pin of its number. */
static void add_irqs(struct table *table, unsigned int ioapic)
{
	for (unsigned int irq = 0; irq < ISA_IRQS; irq++)
		add(table, &(struct irq){ .type = ENTRY_IRQ, .kind = IRQ_INT,
			.source = irq, .apic = ioapic, .pin = irq }, sizeof(struct irq));
	add(table, &(struct irq){ .type = ENTRY_LOCAL, .kind = IRQ_EXTINT },
	    sizeof(struct irq));
	add(table, &(struct irq){ .type = ENTRY_LOCAL, .kind = IRQ_NMI, .apic = 0xff,
	    .pin = 1 }, sizeof(struct irq));
}

void mptable_write(struct vm *vm)
{
	struct pointer *pointer = vm_memory(vm, TABLE_AT, 1024);
	struct table *table = (struct table *)(pointer + 1);
	unsigned int vcpus = vm->state->vcpus;

	memcpy(pointer, &(struct pointer){ .signature = "_MP_",
	       .table = TABLE_AT + sizeof(*pointer), .length = 1, .revision = 4 },
	       sizeof(*pointer));
	memcpy(table, &(struct table){ .signature = "PCMP", .length = sizeof(*table),
	       .revision = 4, .oem = "EXAMPLE", .product = "HYPERVISOR",
	       .lapic = LAPIC_AT }, sizeof(*table));
	add_cpus(table, vcpus);
	add(table, &(struct bus){ .type = ENTRY_BUS, .name = "ISA   " }, sizeof(struct bus));
	add(table, &(struct ioapic){ .type = ENTRY_IOAPIC, .id = vcpus, .version = 0x11,
	    .flags = 1, .at = IOAPIC_AT }, sizeof(struct ioapic));
	add_irqs(table, vcpus);
	table->checksum = checksum(table, table->length);
	pointer->checksum = checksum(pointer, sizeof(*pointer));
}
