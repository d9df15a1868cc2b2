// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6: interrupts come again after an update that failed at the last moment.
 * And over one that did not: what came while nobody served it is there once the
 * eventfds are set again, and the line of an INTx does not bother those who
 * share it.
 *
 *   msix  a disk that reads; completions in between are pending in the device
 *   intx  an edu device, and a second one on the same line
 *   msi   the same; MSI is off for a while, and must not fall back to INTx
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>
#include <linux/vfio.h>

#include "disk.h"
#include "edu.h"
#include "harness.h"
#include "irq.h"
#include "rig.h"

#define TOKEN		1
#define BUSY		60u
#define SOON_MS		5000	/* for what must come */
#define QUIET_MS	300	/* for what must not */

static bool is_msi;

static uint32_t edu_index(void)
{
	return is_msi ? VFIO_PCI_MSI_IRQ_INDEX : VFIO_PCI_INTX_IRQ_INDEX;
}

static void kexec_fails(void)
{
	CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_KEXEC, NULL) < 0);
}

/* ------------------------------------------------------------------ disk -- */

static void disk_interrupts(struct disk *disk, int event)
{
	disk_fill(disk, 4);
	MUST(irq_take(event, SOON_MS) > 0);
	disk_drain(disk);
	irq_take(event, QUIET_MS);
}

/* The memfd is missing, which shows when the device is frozen already. */
static void disk_abort(struct disk *disk, int event)
{
	int session = rig_session_create("abort");

	WORKS(co_session_preserve(session, disk->nvme.device, TOKEN));
	WORKS(co_session_preserve(session, disk->nvme.iommufd, TOKEN + 1));
	kexec_fails();
	disk_interrupts(disk, event);
	close(session);
	disk_interrupts(disk, event);
}

static int disk_before(void)
{
	int session = rig_session_create("irq"), event;
	struct disk disk;

	disk_open(&disk, -1, 0);
	event = irq_open(disk.nvme.device, VFIO_PCI_MSIX_IRQ_INDEX);
	disk_interrupts(&disk, event);
	disk_abort(&disk, event);
	disk_fill(&disk, BUSY);
	disk_preserve(&disk, session, TOKEN);
	rig_linger();
	return test_result();
}

static int disk_after(void)
{
	int session = rig_session_retrieve("irq"), event;
	struct disk disk;

	disk_retrieve(&disk, session, TOKEN, -1);
	disk_drain(&disk);
	/* Nothing is under way, so this one was kept by the device. */
	event = irq_open(disk.nvme.device, VFIO_PCI_MSIX_IRQ_INDEX);
	SAME(irq_take(event, SOON_MS), 1);
	SAME(irq_take(event, QUIET_MS), 0);
	rig_session_finish(session);
	disk_interrupts(&disk, event);
	irq_close(disk.nvme.device, VFIO_PCI_MSIX_IRQ_INDEX, event);
	disk_close(&disk);
	return test_result();
}

/* ------------------------------------------------------------------- edu -- */

static void acknowledge(const struct rig *rig, const struct co_bar *bar)
{
	edu_irq_acknowledge(bar);
	if (!is_msi)
		irq_unmask_intx(rig->device);
}

static void edu_interrupts(const struct rig *rig, const struct co_bar *bar,
			   int event)
{
	for (int i = 0; i < 3; i++) {
		edu_irq_raise(bar);
		SAME(irq_take(event, SOON_MS), 1);
		acknowledge(rig, bar);
		SAME(irq_take(event, QUIET_MS), 0);
	}
}

static void edu_abort(const struct rig *rig, const struct co_bar *bar,
		      int event)
{
	int session = rig_session_create("abort");

	rig_preserve_one(rig, session, RIG_VFIO);
	rig_preserve_one(rig, session, RIG_IOMMUFD);
	kexec_fails();
	/* One may have been lost meanwhile: MSI is signalled to be safe. */
	SAME(irq_take(event, QUIET_MS), is_msi);
	edu_interrupts(rig, bar, event);
	close(session);
	edu_interrupts(rig, bar, event);
}

/* The last thing it does is a DMA that ends, with an interrupt, in B. */
static int edu_before(void)
{
	int session = rig_session_create("irq"), event;
	char bdf[CO_BDF_SIZE];
	struct co_bar bar;
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	WORKS(co_bar_open(&bar, rig.device, 0));
	event = irq_open(rig.device, edu_index());
	edu_interrupts(&rig, &bar, event);
	edu_abort(&rig, &bar, event);
	rig_preserve(&rig, session);
	edu_start(&bar, EDU_LOAD | EDU_IRQ, rig_pa(&rig, 0), EDU_MAX);
	rig_linger();
	return test_result();
}

static void edu_arrive(struct rig *rig, const struct rig *other, int session,
		       int quiet)
{
	struct co_bar bar;
	uint64_t count;
	int event;

	rig_retrieve(rig, session, TOKEN);
	rig_check(rig);
	WORKS(co_bar_open(&bar, rig->device, 0));
	CHECK(!edu_wait(&bar));
	CHECK(edu_irq_status(&bar));
	/* Retrieved, with its interrupt raised, it leaves the line alone. */
	count = irq_intx_count(other->note->bdf);
	SAME(irq_take(quiet, QUIET_MS), 0);
	SAME(irq_intx_count(other->note->bdf), count);
	event = irq_open(rig->device, edu_index());
	SAME(irq_take(event, is_msi ? QUIET_MS : SOON_MS), !is_msi);
	acknowledge(rig, &bar);
	edu_interrupts(rig, &bar, event);
	rig_session_finish(session);
	edu_interrupts(rig, &bar, event);
	SAME(irq_take(quiet, QUIET_MS), 0);
	irq_close(rig->device, edu_index(), event);
	co_bar_close(&bar);
	rig_check(other);
}

/* The other device's handler is the one a stuck line would drive mad. */
static int edu_after(void)
{
	int session = rig_session_retrieve("irq"), quiet;
	char bdf[CO_BDF_SIZE];
	struct rig rig, other;
	struct co_bar bar;

	rig_edu(1, bdf);
	rig_open(&other, bdf, 100);
	WORKS(co_bar_open(&bar, other.device, 0));
	quiet = irq_open(other.device, VFIO_PCI_INTX_IRQ_INDEX);
	SAME(irq_take(quiet, QUIET_MS), 0);
	edu_arrive(&rig, &other, session, quiet);
	edu_irq_raise(&bar);
	SAME(irq_take(quiet, SOON_MS), 1);
	edu_irq_acknowledge(&bar);
	irq_close(other.device, VFIO_PCI_INTX_IRQ_INDEX, quiet);
	co_bar_close(&bar);
	rig_close(&other);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	bool after;

	MUST(argc == 3);
	after = !strcmp(argv[1], "after");
	is_msi = !strcmp(argv[2], "msi");
	if (!strcmp(argv[2], "msix"))
		return after ? disk_after() : disk_before();
	return after ? edu_after() : edu_before();
}
