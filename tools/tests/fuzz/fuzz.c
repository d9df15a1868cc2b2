// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target of inspect: any input is read, verified and shown in every
 * form; what libFuzzer and the sanitizers see is a finding.
 *
 * A mutated tree is hardly ever a tree. So an input that does not begin with
 * the magic of one is taken as a recipe instead (recipe.c), from which a
 * well-formed tree with odd contents is made.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "recipe.h"

#define FUZZ_MAX_TREE	(64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_tree(const uint8_t *data, size_t size)
{
	static const uint8_t magic[4] = { 0xd0, 0x0d, 0xfe, 0xed };

	return size >= sizeof(magic) && !memcmp(data, magic, sizeof(magic));
}

static void show(const struct handover *h)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	if (!null)
		abort();
	show_text(h, null);
	show_json(h, &h->report, null);
	show_svg(h, "/dev/null");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t made = size;
	struct handover h;
	void *tree;

	if (is_tree(data, size)) {
		tree = malloc(size);
		if (!tree)
			abort();
		memcpy(tree, data, size);
	} else {
		tree = malloc(FUZZ_MAX_TREE);
		if (!tree)
			abort();
		made = recipe_make(data, size, tree, FUZZ_MAX_TREE);
	}
	if (handover_read(&h, tree, made)) {
		verify(&h, &h.report);
		show(&h);
	}
	handover_free(&h);
	return 0;
}
