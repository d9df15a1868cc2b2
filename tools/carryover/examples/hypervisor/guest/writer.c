// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The only program of the guest: writes numbered blocks to a file until it is told to
 * stop, a few at a time, reads them back, and looks at the clock all the while.
 *
 * Block number n goes to place n % PLACES, so what has to be where is known. Nothing
 * here knows of live updates.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define BLOCK		4096u
#define BATCH		8u
#define PLACES		256u
#define WORDS		(BLOCK / sizeof(uint64_t))
#define MIX		0x9e3779b97f4a7c15ull

/**
 * struct writer - what it does
 * @file: the blocks
 * @aio: the kernel's context
 * @data: a batch of blocks
 * @next: the number of the next one
 * @wrong: what was not as it should be
 * @last: when the last one was done, in ns
 * @gap: the longest time between two that were done, in ns
 * @ticker: what another thread sees of the clock
 */
struct writer {
	int file;
	aio_context_t aio;
	uint64_t (*data)[WORDS];
	uint64_t next, wrong;
	uint64_t last, gap;
	const struct ticker *ticker;
};

static void die(const char *what)
{
	printf("writer: error: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_AUTOBOOT);
}

/* ---------------------------------------------------------------- blocks -- */

static uint64_t word(uint64_t number, unsigned int i)
{
	return (number + 1) * MIX ^ i;
}

static void fill(uint64_t *block, uint64_t number)
{
	for (unsigned int i = 0; i < WORDS; i++)
		block[i] = word(number, i);
}

static bool is_block(const uint64_t *block, uint64_t number)
{
	for (unsigned int i = 0; i < WORDS; i++)
		if (block[i] != word(number, i))
			return false;
	return true;
}

static void wrong(struct writer *w, const char *what, uint64_t number)
{
	if (!w->wrong++)
		printf("writer: error: block %llu: %s\n", (unsigned long long)number,
		       what);
}

/* ------------------------------------------------------------------- I/O -- */

static void submit(struct writer *w, unsigned int op, uint64_t first)
{
	struct iocb request[BATCH], *list[BATCH];

	for (unsigned int i = 0; i < BATCH; i++) {
		request[i] = (struct iocb){
			.aio_data = i, .aio_lio_opcode = op, .aio_fildes = w->file,
			.aio_buf = (uintptr_t)w->data[i], .aio_nbytes = BLOCK,
			.aio_offset = (first + i) % PLACES * BLOCK,
		};
		list[i] = &request[i];
	}
	if (syscall(SYS_io_submit, w->aio, BATCH, list) != BATCH)
		die("io_submit");
}

static void measure(struct writer *w)
{
	uint64_t now = now_ns();

	if (w->last && now > w->last && now - w->last > w->gap)
		w->gap = now - w->last;
	w->last = now;
}

/* All of a batch, each once. */
static void await(struct writer *w, uint64_t first)
{
	unsigned int seen[BATCH] = { 0 };
	struct io_event event;

	for (unsigned int i = 0; i < BATCH; i++) {
		if (syscall(SYS_io_getevents, w->aio, 1, 1, &event, NULL) != 1)
			die("io_getevents");
		measure(w);
		seen[event.data % BATCH]++;
		if (event.res != BLOCK)
			wrong(w, "was not transferred", first + event.data);
	}
	for (unsigned int i = 0; i < BATCH; i++)
		if (seen[i] != 1)
			wrong(w, "was not completed once", first + i);
}

static void write_batch(struct writer *w)
{
	for (unsigned int i = 0; i < BATCH; i++)
		fill(w->data[i], w->next + i);
	submit(w, IOCB_CMD_PWRITE, w->next);
	await(w, w->next);
	w->next += BATCH;
}

static void check_batch(struct writer *w, uint64_t first)
{
	memset(w->data, 0, BATCH * BLOCK);
	submit(w, IOCB_CMD_PREAD, first);
	await(w, first);
	for (unsigned int i = 0; i < BATCH; i++)
		if (!is_block(w->data[i], first + i))
			wrong(w, "is not what was written", first + i);
}

/* ------------------------------------------------------------------- all -- */

static void open_file(struct writer *w)
{
	if (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		die("/dev");
	mkdir("/disk", 0700);
	if (mount("/dev/vda", "/disk", "ext4", 0, NULL))
		die("mount of /dev/vda");
	w->file = open("/disk/blocks", O_RDWR | O_CREAT | O_DIRECT, 0600);
	if (w->file < 0 || fallocate(w->file, 0, 0, PLACES * BLOCK))
		die("/disk/blocks");
	w->data = mmap(NULL, BATCH * BLOCK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (w->data == MAP_FAILED || syscall(SYS_io_setup, BATCH, &w->aio))
		die("io_setup");
}

/* Any line on the console. */
static bool told_to_stop(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };

	return poll(&input, 1, 0) > 0;
}

static void work(struct writer *w)
{
	for (unsigned int round = 0; !told_to_stop(); round++) {
		write_batch(w);
		if (round % 4 == 3 && fsync(w->file))
			die("fsync");
		if (round % 4 == 3)
			check_batch(w, w->next - 2 * BATCH);
		if (round % 16 == 0)
			printf("writer: at block %llu, %llu ticks\n",
			       (unsigned long long)w->next,
			       (unsigned long long)w->ticker->ticks);
	}
}

static void check_all(struct writer *w)
{
	uint64_t from = w->next > PLACES ? w->next - PLACES : 0;

	for (; from < w->next; from += BATCH)
		check_batch(w, from);
}

int main(void)
{
	struct writer w = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_file(&w);
	printf("writer: begins\n");
	w.ticker = ticker_start();
	work(&w);
	check_all(&w);
	close(w.file);
	if (umount("/disk"))
		die("umount");
	printf("writer: largest gap between two blocks %.1f ms, of the clock %.1f ms\n",
	       w.gap / 1e6, w.ticker->longest / 1e6);
	printf("writer: %llu ticks, the clock went back %llu times, by %.1f ms at most\n",
	       (unsigned long long)w.ticker->ticks, (unsigned long long)w.ticker->back,
	       w.ticker->furthest / 1e6);
	printf("writer: %llu blocks, %s, largest gap %.1f ms\n", (unsigned long long)w.next,
	       w.wrong ? "WRONG" : "sequence complete", w.ticker->longest / 1e6);
	tcdrain_and_reboot();
}
