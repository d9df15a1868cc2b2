// SPDX-License-Identifier: GPL-2.0-only
/*
 * See bench.h.
 *
 *   bench keep|take|floor|rest KIND HOW MIB COUNT DEVICES LATE
 *   bench off
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "harness.h"
#include "rig.h"

#define IOAS_ID		1
#define FILE_TOKEN	1000u	/* of the first memfd */
#define DEVICE_TOKEN	10u
#define IOMMUFD_TOKEN	1u
#define FILES_MORE	64u
#define SETTLE_MS	50

static const char *const kinds[] = {
	"4k", "2m", "scattered", "anon", "anon-scattered", "hugetlb-2m",
	"hugetlb-1g", NULL
};

static const char *const hows[] = { "whole", "file", "files", "copy", NULL };

static uint64_t started;

static void start(void)
{
	started = co_tsc();
}

static void stop(const char *name)
{
	bench_row(name, co_tsc() - started);
}

void bench_row(const char *name, uint64_t value)
{
	printf("row %s %llu\n", name, (unsigned long long)value);
}

void bench_same(const char *name, uint64_t value)
{
	printf("same %s %#llx\n", name, (unsigned long long)value);
}

static int index_of(const char *word, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(word, names[i]))
			return i;
	fprintf(stderr, "bench: what is '%s'?\n", word);
	exit(2);
}

void bench_parse(struct bench_spec *spec, char **words)
{
	spec->kind = index_of(words[0], kinds);
	spec->how = index_of(words[1], hows);
	spec->size = strtoull(words[2], NULL, 0) << 20;
	spec->count = strtoul(words[3], NULL, 0);
	spec->devices = strtoul(words[4], NULL, 0);
	spec->late = strtoul(words[5], NULL, 0);
	MUST(spec->size && spec->count && spec->devices);
	MUST(spec->devices <= BENCH_DEVICES);
}

/* As many files as there may be mappings. */
static void make_room(struct bench *b)
{
	rlim_t files = b->spec.count + FILES_MORE;
	struct rlimit limit = { files, files };

	b->file = calloc(b->spec.count, sizeof(*b->file));
	MUST(b->file && !setrlimit(RLIMIT_NOFILE, &limit));
}

/* ---------------------------------------------------------------- kernel A */

static void preserve_files(const struct bench *b, int session)
{
	for (unsigned int i = 0; i < b->files; i++)
		WORKS(co_session_preserve(session, b->file[i],
					  FILE_TOKEN + i));
}

static void preserve_devices(const struct bench *b, int session)
{
	for (unsigned int n = 0; n < b->spec.devices; n++)
		WORKS(co_session_preserve(session, b->device[n],
					  DEVICE_TOKEN + n));
}

/*
 * The kexec comes when what was put off, as freeing memory, is done; and @late more,
 * for another look at what an interrupt may have lengthened.
 */
static void settle(unsigned int late)
{
	rig_sleep_ms(SETTLE_MS);
	start();
	while (co_tsc() - started < late)
		;
}

static void addresses(const struct bench *b, const char *name)
{
	uint64_t hash, runs;

	start();
	runs = bench_addresses(b, &hash);
	stop(name);
	bench_row("runs", runs);
	bench_same("addresses", hash);
}

static void keep(struct bench *b)
{
	int session;

	bench_make_memory(b);
	bench_open_devices(b);
	MUST(b->ioas == IOAS_ID);
	start();
	bench_map(b);
	stop("map");
	addresses(b, "old-pa-all");
	session = rig_session_create("bench");
	start();
	preserve_files(b, session);
	stop("preserve-memfd");
	start();
	WORKS(co_session_preserve(session, b->iommufd, IOMMUFD_TOKEN));
	stop("preserve-iommufd");
	start();
	preserve_devices(b, session);
	stop("preserve-device");
	bench_blobs();
	settle(b->spec.late);
	rig_linger();
}

/* ---------------------------------------------------------------- kernel B */

static void retrieve_files(struct bench *b, int session, unsigned int files)
{
	for (unsigned int i = 0; i < files; i++)
		b->file[b->files++] =
			WORKS(co_session_retrieve_fd(session, FILE_TOKEN + i));
}

static unsigned int files_kept(const struct bench_spec *spec)
{
	if (spec->kind == BENCH_ANON || spec->kind == BENCH_ANON_SCATTERED)
		return 0;
	return spec->how == BENCH_FILES ? spec->count : 1;
}

static void retrieve(struct bench *b, int session)
{
	start();
	retrieve_files(b, session, files_kept(&b->spec));
	stop("retrieve-memfd");
	start();
	b->iommufd = WORKS(co_session_retrieve_fd(session, IOMMUFD_TOKEN));
	stop("retrieve-iommufd");
	b->ioas = IOAS_ID;
	start();
	for (unsigned int n = 0; n < b->spec.devices; n++)
		b->device[n] = WORKS(co_session_retrieve_fd(session,
							    DEVICE_TOKEN + n));
	stop("retrieve-device");
}

static void first_address(const struct bench *b)
{
	uint64_t length, iova = bench_mapped(&b->spec, 0, &length), pa;

	length = BENCH_PAGE;
	start();
	WORKS(co_pa(b->iommufd, b->ioas, iova, &pa, &length));
	stop("pa-first");
}

/* Memory that had no file has one now. */
static void find_file(struct bench *b)
{
	uint64_t length, offset, iova = bench_mapped(&b->spec, 0, &length);

	if (b->files)
		return;
	b->file[0] = WORKS(co_ioas_file(b->iommufd, b->ioas, iova, &offset,
					&length));
	MUST(!offset && length == b->spec.size);
	b->files = 1;
}

/* What there would be to do if only the memfds had come. */
static void again(struct bench *b)
{
	start();
	bench_open_devices(b);
	stop("again-open");
	start();
	bench_map(b);
	stop("again-map");
	addresses(b, "again-pa-all");
}

static void keep_files(const struct bench *b)
{
	int session = rig_session_create("floor");

	start();
	preserve_files(b, session);
	stop("floor-preserve-memfd");
	settle(b->spec.late);
	rig_linger();
}

static void take(struct bench *b)
{
	int session;

	bench_arrival("");
	session = rig_session_retrieve("bench");
	retrieve(b, session);
	first_address(b);
	addresses(b, "pa-all");
	start();
	WORKS(co_session_finish(session));
	stop("finish");
	close(session);
	find_file(b);
	start();
	bench_close(b);
	stop("close");
	again(b);
	start();
	bench_close(b);
	stop("again-close");
	keep_files(b);
}

/* ----------------------------------------------------------- kernels C and D */

static void take_files(struct bench *b)
{
	unsigned int files = b->spec.how == BENCH_FILES ? b->spec.count : 1;
	int session;

	bench_arrival("floor-");
	session = rig_session_retrieve("floor");
	start();
	retrieve_files(b, session, files);
	stop("floor-retrieve-memfd");
	start();
	WORKS(co_session_finish(session));
	stop("floor-finish");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct bench b = { 0 };

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (!strcmp(verb, "off")) {
		bench_off();
		return test_result();
	}
	MUST(argc == 8);
	bench_parse(&b.spec, argv + 2);
	make_room(&b);
	if (!strcmp(verb, "keep"))
		keep(&b);
	else if (!strcmp(verb, "take"))
		take(&b);
	else if (!strcmp(verb, "floor"))
		take_files(&b);
	else
		bench_arrival("rest-");
	return test_result();
}
