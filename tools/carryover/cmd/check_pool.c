// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool of huge pages that the second kernel's command line asks for. Huge pages
 * that are carried keep their memory and are no part of it: it comes beside them.
 *
 * The words are read as mm/hugetlb.c and mm/hugetlb_cma.c read them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmdline.h"
#include "host.h"

#define MIB		(1ull << 20)
#define PAGE		4096ull
#define SIZES_MAX	16

/* Pages of one size. */
struct pool {
	unsigned long long size;
	unsigned long long pages;
};

/**
 * struct pools - what the words ask for
 * @pool: by size, in the order of the words
 * @nr: how many
 * @first: pages asked for before a size was named: of the default size
 * @at: the one that the next hugepages= is of
 * @counted: the one that the last hugepages= was of
 * @chosen: that of default_hugepagesz=
 * @malformed: the last size was none, and the next hugepages= does not count
 * @cma: bytes of hugetlb_cma=
 * @words: those that count, as they were given
 */
struct pools {
	struct pool pool[SIZES_MAX];
	unsigned int nr;
	struct pool first;
	struct pool *at;
	struct pool *counted;
	struct pool *chosen;
	bool malformed;
	unsigned long long cma;
	char words[160];
};

static unsigned long long times(unsigned long long a, unsigned long long b)
{
	return b && a > ~0ull / b ? ~0ull : a * b;
}

static unsigned long long sum(unsigned long long a, unsigned long long b)
{
	return a > ~0ull - b ? ~0ull : a + b;
}

static bool is_size(const struct image *image, unsigned long long size)
{
	if (!strcmp(image->arch, "x86_64"))
		return size == 2 * MIB || size == 1024 * MIB;
	return size > PAGE && !(size & (size - 1));
}

static struct pool *find(struct pools *pools, unsigned long long size)
{
	for (unsigned int i = 0; i < pools->nr; i++)
		if (pools->pool[i].size == size)
			return &pools->pool[i];
	return NULL;
}

/* One that is there already does not become the one that is counted next. */
static struct pool *add(struct pools *pools, unsigned long long size)
{
	struct pool *pool = find(pools, size);

	if (pool || pools->nr == SIZES_MAX)
		return pool;
	pool = &pools->pool[pools->nr++];
	*pool = (struct pool){ .size = size };
	pools->at = pool;
	return pool;
}

static void take_size(struct pools *pools, const struct image *image, const char *value)
{
	unsigned long long size = size_prefix(value, NULL);
	struct pool *pool = find(pools, size);

	pools->malformed = !is_size(image, size) ||
			   (pool && (pool != pools->chosen || pool->pages));
	if (!pools->malformed)
		pools->at = pool ? pool : add(pools, size);
}

static void take_default(struct pools *pools, const struct image *image, const char *value)
{
	unsigned long long size = size_prefix(value, NULL);

	pools->malformed = pools->chosen || !is_size(image, size);
	if (pools->malformed)
		return;
	pools->chosen = add(pools, size);
	if (!pools->chosen || !pools->first.pages)
		return;
	pools->chosen->pages = pools->first.pages;
	pools->first.pages = 0;
}

/* "5", or by node: "0:2,1:3"; none if it is neither. */
static unsigned long long count_pages(const char *value)
{
	unsigned long long pages = 0, number;
	const char *at = value;
	char *end;

	while (*at) {
		number = strtoull(at, &end, 10);
		if (end == at || (*end != ':' && at != value))
			return 0;
		if (*end != ':')
			return number;
		at = end + 1;
		pages = sum(pages, strtoull(at, &end, 10));
		if (end == at)
			return 0;
		at = end + (*end == ',');
		if (*end != ',')
			break;
	}
	return pages;
}

static void take_count(struct pools *pools, const char *value)
{
	struct pool *pool = pools->nr ? pools->at : &pools->first;

	if (!pools->malformed && pool && pool != pools->counted) {
		pool->pages = count_pages(value);
		pools->counted = pool;
	}
	pools->malformed = false;
}

static unsigned long long node_memory(unsigned long node)
{
	char *text = host_read(host_path("/sys/devices/system/node/node%lu/meminfo", node));
	char *at = text ? strstr(text, "MemTotal:") : NULL;
	unsigned long long kib = at ? strtoull(at + 9, NULL, 10) : 0;

	free(text);
	return kib << 10;
}

/* The page that an area of CMA is made of, if it is known. */
static unsigned long long gigantic(const struct image *image)
{
	return !strcmp(image->arch, "x86_64") ? 1024 * MIB : PAGE;
}

/* A size in pages of @page, or percent of @memory, rounded down to such. */
static unsigned long long share(const char *text, unsigned long long memory,
				unsigned long long page, const char **end)
{
	char *rest;
	unsigned long long value = size_prefix(text, &rest);

	*end = rest + (*rest == '%');
	if (*rest != '%')
		return value % page ? 0 : value;
	value = value > 100 ? 0 : memory * value / 100;
	return value - value % page;
}

/* "2G", "20%", or either by node: "0:2G,1:20%". */
static unsigned long long cma_size(const struct image *image, const char *value)
{
	unsigned long long page = gigantic(image);
	unsigned long long bytes = 0;
	const char *at = value;

	while (*at) {
		char *end;
		unsigned long node = strtoul(at, &end, 10);

		if (*end != ':')
			return at == value ?
				share(value, host_meminfo("MemTotal"), page, &at) : bytes;
		bytes = sum(bytes, share(end + 1, node_memory(node), page, &at));
		if (*at++ != ',')
			break;
	}
	return bytes;
}

static void take_word(struct pools *pools, const struct image *image, const struct words *word)
{
	size_t used = strlen(pools->words);

	if (word_is(word->param, "hugepagesz"))
		take_size(pools, image, word->value);
	else if (word_is(word->param, "default_hugepagesz"))
		take_default(pools, image, word->value);
	else if (word_is(word->param, "hugepages"))
		take_count(pools, word->value);
	else if (word_is(word->param, "hugetlb_cma"))
		pools->cma = cma_size(image, word->value);
	else
		return;
	snprintf(pools->words + used, sizeof(pools->words) - used, "%s%s=%s", used ? " " : "",
		 word->param, word->value);
}

/* What the architecture has; the running kernel may have been told another one. */
static unsigned long long default_size(const struct image *image)
{
	unsigned long long size = host_meminfo("Hugepagesize");

	return !strcmp(image->arch, "x86_64") || !size ? 2 * MIB : size;
}

static void read_pools(struct pools *pools, const struct image *image, const char *cmdline)
{
	struct pool *pool;
	struct words words;

	words_begin(&words, cmdline);
	while (words_next(&words))
		if (words.value)
			take_word(pools, image, &words);
	words_end(&words);
	if (!pools->first.pages)
		return;
	pool = add(pools, default_size(image));
	if (pool)
		pool->pages = pools->first.pages;
}

static unsigned long long asked(const struct pools *pools)
{
	unsigned long long bytes = pools->cma;

	for (unsigned int i = 0; i < pools->nr; i++)
		bytes = sum(bytes, times(pools->pool[i].size, pools->pool[i].pages));
	return bytes;
}

static void check_room(struct report *report, const struct machine *machine,
		       const struct plan *plan, const struct pools *pools, const char *forced)
{
	unsigned long long memory = host_meminfo("MemTotal"), bytes = asked(pools);
	unsigned long long carried = machine->carried.bytes > plan->pins ?
				     machine->carried.bytes : plan->pins;
	char *some = cmdline_without(plan->cmdline, "hugepages", NULL);
	char *without = cmdline_without(some, "hugetlb_cma", NULL), *remedy;

	if (asprintf(&remedy,
		     "ask for less, or later, in /sys/kernel/mm/hugepages: --command-line '%s'",
		     without) < 0)
		remedy = NULL;
	if (bytes && memory && sum(bytes, carried) > memory)
		report_add(report, LEVEL_WARN, "huge-pages", plan->kernel, forced ? forced : remedy,
			   "%s: a pool of %s comes beside the %s that are carried, %s of them in huge pages, and the machine has %s",
			   pools->words, size_text(bytes), size_text(carried),
			   size_text(machine->carried.huge), size_text(memory));
	free(remedy);
	free(without);
	free(some);
}

void check_pool(struct report *report, const struct machine *machine, const struct plan *plan,
		const struct image *image, const char *cmdline, const char *forced)
{
	struct pools pools = { 0 };

	/* Without hugetlb nobody reads the words. */
	if (image->config && !config_on(image->config, "HUGETLBFS"))
		return;
	read_pools(&pools, image, cmdline);
	check_room(report, machine, plan, &pools, forced);
}
