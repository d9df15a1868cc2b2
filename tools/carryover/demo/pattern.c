// SPDX-License-Identifier: GPL-2.0-only
/* What is on the disk. */
#include <endian.h>

#include "pattern.h"

#define WORDS (SECTOR / sizeof(uint64_t))

static uint64_t word(uint64_t sector, size_t i)
{
	return htole64((sector + i / WORDS) << 16 | i % WORDS);
}

void pattern_fill(void *data, uint64_t sector, size_t length)
{
	for (size_t i = 0; i < length / sizeof(uint64_t); i++)
		((uint64_t *)data)[i] = word(sector, i);
}

bool pattern_check(const void *data, uint64_t sector, size_t length)
{
	for (size_t i = 0; i < length / sizeof(uint64_t); i++)
		if (((const uint64_t *)data)[i] != word(sector, i))
			return false;
	return true;
}
