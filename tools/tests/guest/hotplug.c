// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1, I4, I6: random steps, from a seed, of somebody who plugs and pulls, resets
 * and unbinds in a tree of slots in which some devices are carried over: in A
 * while they are preserved, in B before they are claimed. What is needed stays,
 * or goes in order; nobody else's device is touched; nothing hangs; no memory
 * that a device of A may write is given to somebody else.
 *
 *   before SEED STEPS
 *   after SEED STEPS
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "canary.h"
#include "disk.h"
#include "edu.h"
#include "harness.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

/* Its own mask leaves out most of the memory. */
#define EDU	"edu,dma_mask=0xffffffffffffffff"
#define SLOTS		"/sys/bus/pci/slots"
#define PORTS		"/sys/bus/pci/drivers/pcieport"
#define VFIO		"/sys/bus/pci/drivers/vfio-pci"
#define RESCAN		"/sys/bus/pci/rescan"
#define MANY		12u
#define TOKEN		1
#define READS		60u

/*
 * A slot: empty, or with a device that is nobody's, ours by this kernel alone,
 * preserved (in B: running and not claimed), or that was preserved and is gone;
 * then somebody else may be there.
 */
enum has { EMPTY, IDLE, USED, KEPT };

static struct place {
	unsigned int slot;
	char bdf[CO_BDF_SIZE];
	char port[CO_BDF_SIZE];
	enum has has;
	bool edu;		/* and no other kind */
	bool disk;
	bool awaited;		/* a session has a device that was here */
	bool master;		/* Bus Master, of one that is not kept */
	int session;
	struct rig rig;
} places[MANY];

static unsigned int count, done[8];
static uint64_t state;
static struct disk disk;

static unsigned int random_below(unsigned int end)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % end;
}

static const char *name(const struct place *p)
{
	static char text[32];

	snprintf(text, sizeof(text), "slot-%u", p->slot);
	return text;
}

/* ----------------------------------------------------------------- places -- */

static void find_place(unsigned int slot)
{
	struct place *p = &places[count];
	char path[PATH_MAX], address[CO_BDF_SIZE] = "";
	FILE *file;

	snprintf(path, sizeof(path), SLOTS "/%u/address", slot);
	file = fopen(path, "re");
	MUST(file);
	MUST(fscanf(file, "%10s", address) == 1);
	fclose(file);
	p->slot = slot;
	snprintf(p->bdf, sizeof(p->bdf), "%.10s.0", address);
	slot_port(p->slot, p->port);
	p->session = -1;
	count++;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_slot(const struct dirent *entry)
{
	/* Those of ports that lead to another switch have numbers from 100 on. */
	return *entry->d_name != '.' && atoi(entry->d_name) < 100;
}

static void find_places(void)
{
	struct dirent **names;
	int n = scandir(SLOTS, &names, is_slot, by_number);

	MUST(n > 0 && n <= (int)MANY);
	for (int i = 0; i < n; i++) {
		find_place(atoi(names[i]->d_name));
		free(names[i]);
	}
	free(names);
}

static bool is_edu(const struct place *p)
{
	uint16_t vendor;

	WORKS(co_pci_config_read16(p->bdf, PCI_VENDOR_ID, &vendor));
	return vendor == EDU_VENDOR;
}

static void look_at(struct place *p)
{
	p->has = sysfs_present(p->bdf) ? EMPTY : IDLE;
	if (p->has == EMPTY)
		return;
	p->edu = is_edu(p);
	p->master = rig_master(p->bdf);
}

/* ---------------------------------------------------------------- devices -- */

static void use(struct place *p)
{
	rig_open(&p->rig, p->bdf, TOKEN);
	p->has = USED;
	p->master = true;
}

static void let_go(struct place *p)
{
	if (p->has != USED)
		return;
	rig_check_dma(&p->rig);
	rig_close(&p->rig);
	look_at(p);
}

static void keep(struct place *p)
{
	p->session = rig_session_create(name(p));
	if (p->disk) {
		disk_open(&disk, -1, 0);
		disk_fill(&disk, READS);
		disk_preserve(&disk, p->session, TOKEN);
	} else {
		rig_open(&p->rig, p->bdf, TOKEN);
		rig_preserve(&p->rig, p->session);
	}
	p->has = KEPT;
}

/* Somebody, or a device like those that are carried over. */
static void plug(struct place *p)
{
	static const char *const kinds[] = {
		EDU, EDU, "rtl8139", "pci-testdev",
	};
	const char *kind = kinds[random_below(4)];

	slot_monitor("device_add %s,bus=s%u,id=d%u", kind, p->slot, p->slot);
	MUST(slot_wait(p->bdf, true));
	MUST(slot_wait_on(p->port));
	look_at(p);
	CHECK(!p->master);
	if (p->edu && random_below(2))
		use(p);
}

static void unplug(struct place *p)
{
	slot_pull(p->port);
	MUST(slot_wait_empty(p->bdf, p->port));
	p->has = EMPTY;
}

/* What is kept runs, and who is somebody else's is as he was. */
static void check_all(const struct place *but)
{
	for (struct place *p = places; p < places + count; p++) {
		if (p == but || p->has == EMPTY)
			continue;
		SAME(sysfs_present(p->bdf), 0);
		SAME(rig_master(p->bdf), p->has == KEPT || p->master);
	}
}

/* ------------------------------------------------------------------ steps -- */

static void turn_off(struct place *p)
{
	if (p->has == KEPT) {
		SAME(slot_power(p->slot, false), -EBUSY);
		return;
	}
	let_go(p);
	SAME(slot_power(p->slot, false), 0);
	CHECK(sysfs_present(p->bdf));
	SAME(slot_power(p->slot, true), 0);
	MUST(slot_wait(p->bdf, true));
	look_at(p);
}

static void take_out(struct place *p)
{
	if (p->has == KEPT) {
		SAME(sysfs_write(p->bdf, "remove", "1"), -EBUSY);
		SAME(sysfs_write(p->port, "remove", "1"), -EBUSY);
		return;
	}
	let_go(p);
	SAME(sysfs_write(p->bdf, "remove", "1"), 0);
	SAME(file_write(RESCAN, "1"), 0);
	MUST(slot_wait(p->bdf, true));
	look_at(p);
}

static void reset_below(struct place *p)
{
	if (p->has == KEPT) {
		SAME(sysfs_write(p->port, "reset_subordinate", "1"), -EBUSY);
		return;
	}
	let_go(p);
	SAME(sysfs_write(p->port, "reset_subordinate", "1"), 0);
	look_at(p);
}

static void leave_port(struct place *p)
{
	if (p->has == KEPT) {
		SAME(file_write(PORTS "/unbind", p->port), -EBUSY);
		return;
	}
	let_go(p);
	SAME(file_write(PORTS "/unbind", p->port), 0);
	SAME(file_write(PORTS "/bind", p->port), 0);
	look_at(p);
}

/* A device that nobody has claimed may lose its driver: it does not need one. */
static void change_driver(struct place *p, bool b)
{
	if (!slot_driver(p->bdf, "vfio-pci"))
		return;
	if (p->has == KEPT && !b) {
		SAME(file_write(VFIO "/unbind", p->bdf), -EBUSY);
		return;
	}
	let_go(p);
	SAME(file_write(VFIO "/unbind", p->bdf), 0);
	if (p->has == KEPT)
		CHECK(co_pci_bind(p->bdf, "pcieport") < 0);
	WORKS(co_pci_bind(p->bdf, "vfio-pci"));
	if (p->has != KEPT)
		look_at(p);
}

static void press_button(struct place *p)
{
	if (p->has != KEPT)
		return;
	slot_monitor("device_del d%u", p->slot);
	rig_sleep_ms(6000);
}

/* Its driver waits for the session to end. */
static void pull_kept(struct place *p)
{
	slot_pull(p->port);
	MUST(slot_wait_leaving(p->bdf));
	close(p->session);
	p->session = -1;
	close(p->rig.device);
	close(p->rig.iommufd);
	co_buffer_close(&p->rig.buffer);
	MUST(slot_wait_empty(p->bdf, p->port));
	slot_monitor("device_add " EDU ",bus=s%u,id=d%u", p->slot, p->slot);
	MUST(slot_wait(p->bdf, true));
	MUST(slot_wait_on(p->port));
	keep(p);
}

static void pull(struct place *p, bool b)
{
	if (p->has == KEPT && !b) {
		/* Its blocks go with the disk. */
		if (!p->disk)
			pull_kept(p);
		return;
	}
	let_go(p);
	unplug(p);
	if (random_below(2))
		plug(p);
}

/* Seldom: the button takes five seconds, and losing what is kept ends it. */
static unsigned int any_kind(bool b)
{
	unsigned int kind = random_below(60);

	if (!kind)
		return 6;
	if (b && kind < 8)
		return 5;
	return kind % (b ? 5 : 6);
}

static void step(bool b)
{
	struct place *p = &places[random_below(count)];
	unsigned int kind = any_kind(b);

	/* In B what is kept goes seldom, others as often as in A. */
	if (b && p->has != KEPT && !random_below(6))
		kind = 5;
	done[kind]++;
	if (p->has == EMPTY)
		plug(p);
	else if (kind == 0)
		turn_off(p);
	else if (kind == 1)
		take_out(p);
	else if (kind == 2)
		reset_below(p);
	else if (kind == 3)
		leave_port(p);
	else if (kind == 4)
		change_driver(p, b);
	else if (kind == 5)
		pull(p, b);
	else
		press_button(p);
	check_all(NULL);
}

static void walk(unsigned int steps, bool b)
{
	for (unsigned int i = 0; i < steps; i++)
		step(b);
	test_say("%u steps: power %u, remove %u, reset %u, port %u, driver %u, pull %u, button %u",
		 steps, done[0], done[1], done[2], done[3], done[4], done[5],
		 done[6]);
}

/* ---------------------------------------------------------------- kernels -- */

static int before(unsigned int steps)
{
	char bdf[CO_BDF_SIZE];

	disk_find(bdf);
	for (struct place *p = places; p < places + count; p++) {
		look_at(p);
		p->disk = !strcmp(p->bdf, bdf);
		if (p->disk || (p->has == IDLE && p->edu && random_below(2)))
			keep(p);
	}
	walk(steps, false);
	for (struct place *p = places; p < places + count; p++)
		let_go(p);
	disk_drain(&disk);
	disk_fill(&disk, READS);
	rig_linger();
	return test_result();
}

static void arrive(int luo, struct place *p)
{
	p->session = co_session_retrieve(luo, name(p));
	p->awaited = p->session >= 0;
	look_at(p);
	if (!p->awaited)
		return;
	MUST(p->has == IDLE);
	p->has = KEPT;
	p->disk = !p->edu;
	WORKS(co_pci_bind(p->bdf, "vfio-pci"));
}

static void claim_disk(struct place *p)
{
	disk_retrieve(&disk, p->session, TOKEN, -1);
	disk_check(&disk);
	disk_drain(&disk);
	rig_session_finish(p->session);
	disk_close(&disk);
}

static void claim(struct place *p)
{
	if (p->disk) {
		claim_disk(p);
		return;
	}
	rig_retrieve(&p->rig, p->session, TOKEN);
	rig_check(&p->rig);
	rig_session_finish(p->session);
	rig_check_dma(&p->rig);
	rig_close(&p->rig);
}

/* What became of it is known, so it can be finished; who is there stays. */
static void give_up(struct place *p)
{
	CHECK(co_session_retrieve_fd(p->session, TOKEN +
				     (p->disk ? 1 : RIG_VFIO)) < 0);
	rig_session_finish(p->session);
}

static int after(unsigned int steps)
{
	unsigned int claimed = 0, lost = 0;
	int luo = WORKS(co_luo_open());

	for (struct place *p = places; p < places + count; p++)
		arrive(luo, p);
	canary_take();
	walk(steps, true);
	for (struct place *p = places; p < places + count; p++) {
		if (!p->awaited || p->has == KEPT)
			continue;
		give_up(p);
		check_all(NULL);
		lost++;
	}
	SAME(canary_release(), 0);
	for (struct place *p = places; p < places + count; p++) {
		if (p->has != KEPT)
			continue;
		claim(p);
		look_at(p);
		claimed++;
	}
	check_all(NULL);
	test_say("%u claimed, %u lost", claimed, lost);
	return test_result();
}

int main(int argc, char **argv)
{
	unsigned int steps;

	MUST(argc == 4);
	state = strtoull(argv[2], NULL, 0) * 2 + !strcmp(argv[1], "after");
	steps = atoi(argv[3]);
	for (int i = 0; i < 8; i++)
		random_below(2);
	find_places();
	return strcmp(argv[1], "after") ? before(steps) : after(steps);
}
