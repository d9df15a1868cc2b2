/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is on the disk: 64 bit little endian words, the i-th of 512-byte sector
 * s being s << 16 | i, so that every word says where it belongs.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR 512u

/* Fill @length bytes, whole sectors, as if they were at @sector. */
void pattern_fill(void *data, uint64_t sector, size_t length);

/* Are these @length bytes, whole sectors, those at @sector? */
bool pattern_check(const void *data, uint64_t sector, size_t length);

#endif /* PATTERN_H */
