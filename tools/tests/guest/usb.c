// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6, I2: a USB controller that runs comes back running. The fixups that take
 * controllers from the firmware stop what they find, but not this one.
 */
#include <string.h>

#include "harness.h"
#include "helpers.h"
#include "rig.h"

#define SESSION		"usb"
#define TOKEN		1
#define XHCI_CLASS	0x0c0330
#define COMMAND		0x00	/* from the operational registers on */
#define STATUS		0x04
#define RUN		1u
#define HALTED		1u
#define RESET		2u

/* Where the operational registers begin is the first byte. */
static uint64_t operational(const struct co_bar *bar)
{
	return co_bar_read32(bar, 0) & 0xff;
}

static void check_running(int device)
{
	struct co_bar bar;
	uint64_t at;

	WORKS(co_bar_open(&bar, device, 0));
	at = operational(&bar);
	SAME(co_bar_read32(&bar, at + COMMAND) & RUN, RUN);
	SAME(co_bar_read32(&bar, at + STATUS) & HALTED, 0);
	co_bar_close(&bar);
}

static void start(int device)
{
	struct co_bar bar;
	uint64_t at;

	WORKS(co_bar_open(&bar, device, 0));
	at = operational(&bar);
	co_bar_write32(&bar, at + COMMAND, RESET);
	while (co_bar_read32(&bar, at + COMMAND) & RESET)
		rig_sleep_ms(1);
	co_bar_write32(&bar, at + COMMAND, RUN);
	co_bar_close(&bar);
}

static int before(void)
{
	int session = rig_session_create(SESSION);
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	WORKS(co_pci_find_class(XHCI_CLASS, 0, bdf));
	rig_open(&rig, bdf, TOKEN);
	start(rig.device);
	check_running(rig.device);
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve(SESSION);
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	WORKS(co_pci_find_class(XHCI_CLASS, 0, bdf));
	CHECK(rig_master(bdf));
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	rig_retrieve(&rig, session, TOKEN);
	rig_check(&rig);
	check_running(rig.device);
	rig_session_finish(session);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	return strcmp(argv[1], "after") ? before() : after();
}
