// SPDX-License-Identifier: GPL-2.0-only
/*
 * I3: what changes a frozen device is refused with EBUSY, until the update is
 * given up. I6: then interrupts are masked or not as userspace has it by then.
 *
 * A thread makes the calls, one after the other, while reboot() freezes the
 * device and fails, until each call was refused once. Then the same while the
 * kernel is replaced: what arrives is what the device is.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/reboot.h>
#include <linux/vfio.h>

#include "disk.h"
#include "edu.h"
#include "harness.h"
#include "irq.h"
#include "rig.h"

#define TOKEN		1
#define REFUSED_MS	120000	/* until every call was refused */
#define SOON_MS		5000
#define QUIET_MS	300

/**
 * struct call - a call that changes the device
 * @name: of the call
 * @make: makes it; 0 or -errno
 * @refused: how often it said EBUSY
 * @failed: how often it said anything else
 */
struct call {
	const char *name;
	int (*make)(void);
	unsigned int refused;
	unsigned int failed;
};

static struct rig rig;		/* an NVMe controller */
static struct rig edu;
static int event = -1, unmask = -1;
static bool masked;		/* the edu's INTx, by its user */
static atomic_bool stop;

/* ------------------------------------------------------------- the calls -- */

/* MSI-X on, or off. */
static int vectors(void)
{
	static bool on;
	int ret;

	if (on)
		ret = irq_set(rig.device, VFIO_PCI_MSIX_IRQ_INDEX,
			      VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, 0, -1);
	else
		ret = irq_set(rig.device, VFIO_PCI_MSIX_IRQ_INDEX,
			      VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_TRIGGER, 1, event);
	on ^= !ret;
	return ret;
}

static int config(void)
{
	static bool on = true;
	int ret = co_bus_master(rig.device, !on);

	on ^= !ret;
	return ret;
}

static int reset(void)
{
	return ioctl(rig.device, VFIO_DEVICE_RESET) ? -errno : 0;
}

static int feature(uint32_t which)
{
	struct vfio_device_feature arg = {
		.argsz = sizeof(arg), .flags = VFIO_DEVICE_FEATURE_SET | which,
	};

	return ioctl(rig.device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

/* In a low power state a device can't be frozen, so not near the last freeze. */
static bool stay_awake;

static int power(void)
{
	int ret = stay_awake ? 0 : feature(VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);

	if (!ret && !stay_awake)
		MUST(!feature(VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
	return ret;
}

/* The edu's INTx masked, or not. */
static int mask(void)
{
	int ret = irq_set(edu.device, VFIO_PCI_INTX_IRQ_INDEX,
			  VFIO_IRQ_SET_DATA_NONE |
			  (masked ? VFIO_IRQ_SET_ACTION_UNMASK :
				    VFIO_IRQ_SET_ACTION_MASK), 1, -1);

	masked ^= !ret;
	return ret;
}

static struct call calls[] = {
	{ .name = "SET_IRQS of MSI-X", .make = vectors },
	{ .name = "config space", .make = config },
	{ .name = "RESET", .make = reset },
	{ .name = "LOW_POWER_ENTRY", .make = power },
	{ .name = "SET_IRQS of INTx", .make = mask },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void make(struct call *call)
{
	int ret = call->make();

	if (ret == -EBUSY)
		call->refused++;
	else if (ret && !call->failed++)
		test_say("%s: error %d", call->name, ret);
}

/* One that was refused is left alone: a reset takes long. */
static void *make_all(void *all)
{
	while (!stop)
		for (unsigned int i = 0; i < CALLS; i++)
			if (all || !calls[i].refused)
				make(&calls[i]);
	return NULL;
}

/* -------------------------------------------------------------- kernel A -- */

static void kexec_fails(void)
{
	CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_KEXEC, NULL) < 0);
}

static bool all_refused(void)
{
	for (unsigned int i = 0; i < CALLS; i++)
		if (!calls[i].refused)
			return false;
	return true;
}

/* Interrupts are masked in the device as they are by its user. */
static void masks_agree(void)
{
	uint16_t command;

	WORKS(co_pci_config_read16(edu.note->bdf, PCI_COMMAND, &command));
	SAME(!!(command & PCI_COMMAND_INTX_DISABLE), masked);
}

/* The devices are frozen when it shows that a memfd is missing. */
static int open_session(const char *name)
{
	int session = rig_session_create(name);

	rig_preserve_one(&rig, session, RIG_VFIO);
	rig_preserve_one(&edu, session, RIG_VFIO);
	rig_preserve_one(&rig, session, RIG_IOMMUFD);
	rig_preserve_one(&edu, session, RIG_IOMMUFD);
	return session;
}

/*
 * A thread that is held up elsewhere is given the time it takes: a number of tries
 * can be over before it runs again, above all while the device is in low power.
 */
static void refuse_all(void)
{
	int session = open_session("refuse");
	long long end = test_now_us() + REFUSED_MS * 1000ll;
	unsigned int tries = 0;
	pthread_t thread;

	MUST(!pthread_create(&thread, NULL, make_all, NULL));
	for (; !all_refused() && test_now_us() < end; tries++) {
		kexec_fails();
		rig_sleep_ms(1);
	}
	stop = true;
	MUST(!pthread_join(thread, NULL));
	for (unsigned int i = 0; i < CALLS; i++) {
		test_say("I3: %s: %u times EBUSY, %u other errors, after %u tries",
			 calls[i].name, calls[i].refused, calls[i].failed,
			 tries);
		CHECK(calls[i].refused);
		SAME(calls[i].failed, 0);
	}
	masks_agree();
	close(session);
}

/* Set now and then, while reboot() fails: no eventfd can be told EBUSY. */
static void *unmask_soon(void *arg)
{
	uint64_t one = 1;

	(void)arg;
	MUST(write(unmask, &one, sizeof(one)) == sizeof(one));
	return NULL;
}

/* INTx that is let go while the device is frozen comes when it is thawed. */
static void unmask_frozen(const struct co_bar *bar, int intx)
{
	int session = open_session("unmask");
	pthread_t thread;

	unmask = eventfd(0, EFD_CLOEXEC);
	MUST(!irq_set(edu.device, VFIO_PCI_INTX_IRQ_INDEX,
		      VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
		      1, unmask));
	for (int i = 0; i < 50; i++) {
		if (!masked)
			MUST(!mask());
		MUST(!pthread_create(&thread, NULL, unmask_soon, NULL));
		kexec_fails();
		MUST(!pthread_join(thread, NULL));
		masked = false;
		rig_sleep_ms(5);
		masks_agree();
	}
	edu_irq_raise(bar);
	SAME(irq_take(intx, SOON_MS), 1);
	edu_irq_acknowledge(bar);
	irq_unmask_intx(edu.device);
	SAME(irq_take(intx, QUIET_MS), 0);
	close(session);
}

static void change_until_the_end(void)
{
	if (fork())
		return;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	stop = false;
	stay_awake = true;
	make_all(calls);
}

static int before(void)
{
	char bdf[CO_BDF_SIZE];
	struct co_bar bar;
	int session, intx;

	disk_find(bdf);
	rig_open(&rig, bdf, TOKEN);
	rig_edu(0, bdf);
	rig_open(&edu, bdf, TOKEN + RIG_FILES);
	WORKS(co_bar_open(&bar, edu.device, 0));
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	intx = irq_open(edu.device, VFIO_PCI_INTX_IRQ_INDEX);
	refuse_all();
	unmask_frozen(&bar, intx);
	session = rig_session_create("frozen");
	rig_preserve(&rig, session);
	rig_preserve(&edu, session);
	change_until_the_end();
	return test_result();
}

/* -------------------------------------------------------------- kernel B -- */

static int after(void)
{
	int session = rig_session_retrieve("frozen");
	char bdf[CO_BDF_SIZE];

	disk_find(bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	rig_retrieve(&rig, session, TOKEN);
	rig_retrieve(&edu, session, TOKEN + RIG_FILES);
	/* I3: what was serialized is what the device was left with. */
	SAME(co_bus_master_get(rig.device), rig_master(bdf));
	/* It was turned on and off to the end. */
	WORKS(co_bus_master(rig.device, true));
	rig_check(&rig);
	rig_check_dma(&edu);
	rig_session_finish(session);
	rig_close(&rig);
	rig_close(&edu);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
