// SPDX-License-Identifier: GPL-2.0-only
/* The size of what is handed over, as debugfs shows it before the kexec. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "bench.h"
#include "harness.h"

#define OUTGOING "/sys/kernel/debug/liveupdate/outgoing"

static void *read_all(void)
{
	size_t room = 1 << 20, have = 0, n;
	FILE *in = fopen(OUTGOING, "r");
	char *data = malloc(room);

	MUST(in && data);
	while ((n = fread(data + have, 1, room - have, in))) {
		have += n;
		if (have < room)
			continue;
		room *= 2;
		data = realloc(data, room);
		MUST(data);
	}
	fclose(in);
	MUST(!fdt_check_header(data) && fdt_totalsize(data) <= have);
	return data;
}

/* Of all files whose handler has @word in its name. */
static uint64_t blobs_of(const void *tree, const char *word)
{
	uint64_t sum = 0;
	int node = -1, len;

	while ((node = fdt_next_node(tree, node, NULL)) >= 0) {
		const char *handler = fdt_getprop(tree, node, "handler", NULL);

		if (handler && strstr(handler, word) &&
		    fdt_getprop(tree, node, "blob", &len))
			sum += len;
	}
	return sum;
}

void bench_blobs(void)
{
	void *tree = read_all();

	bench_row("blob-iommufd", blobs_of(tree, "iommufd"));
	bench_row("blob-device", blobs_of(tree, "vfio"));
	free(tree);
}
