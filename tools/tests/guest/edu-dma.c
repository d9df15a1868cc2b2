// SPDX-License-Identifier: GPL-2.0-only
/*
 * A DMA in flight over the kexec. A process has the device write page after
 * page of a memfd, a transfer of 100 ms each, while reboot() is under way; so
 * when kernel A ends, one is going on, and its data is there in kernel B.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <linux/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define LENGTH	4000u
#define EMPTY	0xee

enum word {
	WORD_WATCHED,		/* TSC of the last look in kernel A */
	WORD_STARTED,		/* TSC of the last start of a DMA */
	WORD_BEGUN,		/* the page it writes to */
	WORD_DONE,		/* the last page that arrived in kernel A */
};

static uint8_t expected(unsigned int i)
{
	return i * 13 + 5;
}

/* Page 0 goes to the device, the others are where it writes it. */
static void load(const struct rig *rig, const struct co_bar *bar)
{
	for (unsigned int i = 0; i < LENGTH; i++)
		rig->data[i] = expected(i);
	memset(rig->data + RIG_PAGE, EMPTY, (RIG_PAGES - 1) * RIG_PAGE);
	edu_start(bar, EDU_LOAD, rig_pa(rig, 0), LENGTH);
	MUST(!edu_wait(bar));
	memset(rig->data, 0, RIG_PAGE);
}

static void start(const struct rig *rig, const struct co_bar *bar,
		  unsigned int page)
{
	volatile uint64_t *word = rig->note->word;
	uint64_t pa = rig_pa(rig, page);

	edu_start(bar, EDU_STORE, pa, LENGTH);
	word[WORD_STARTED] = co_tsc();
	word[WORD_BEGUN] = page;
}

static void watch(const struct rig *rig, const struct co_bar *bar)
{
	volatile uint64_t *word = rig->note->word;

	for (unsigned int page = 1; page < RIG_PAGES; page++) {
		volatile uint8_t *last = rig->data + page * RIG_PAGE + LENGTH - 1;

		start(rig, bar, page);
		while (*last == EMPTY || edu_busy(bar))
			word[WORD_WATCHED] = co_tsc();
		word[WORD_DONE] = page;
	}
}

static void watch_aside(const struct rig *rig, const struct co_bar *bar)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid)
		watch(rig, bar);
	while (!rig->note->word[WORD_WATCHED])
		rig_sleep_ms(1);
}

static int before(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	struct co_bar bar;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	WORKS(co_bar_open(&bar, rig.device, 0));
	load(&rig, &bar);
	rig_preserve(&rig, rig_session_create("edu"));
	watch_aside(&rig, &bar);
	test_say("DMA goes on, kernel ends");
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	MUST(!"reboot() returned");
	return 1;
}

static void check_data(const uint8_t *data)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < LENGTH; i++)
		bad += data[i] != expected(i);
	SAME(bad, 0);
	SAME(data[LENGTH], EMPTY);
}

static int after(void)
{
	int session = rig_session_retrieve("edu");
	struct rig rig;
	volatile uint64_t *word;

	rig_retrieve(&rig, session, 1);
	word = rig.note->word;
	test_say("last look of kernel A %.1f ms after the start of DMA %u",
		 1e3 * (int64_t)(word[WORD_WATCHED] - word[WORD_STARTED]) /
		 co_tsc_hz(), (unsigned int)word[WORD_BEGUN]);
	/* The last one is done, too, if the kexec came before the next was noted. */
	CHECK(word[WORD_BEGUN] - word[WORD_DONE] <= 1);
	check_data(rig.data + word[WORD_BEGUN] * RIG_PAGE);
	rig_check(&rig);
	rig_check_dma(&rig);
	rig_session_finish(session);
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
