/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_RECIPE_H
#define FUZZ_RECIPE_H

#include <stddef.h>
#include <stdint.h>

/**
 * recipe_make - Make a tree that is well-formed
 * @data: a recipe; any bytes are one
 * @size: bytes at @data
 * @tree: [OUT] the tree, aligned to 8 bytes
 * @room: bytes at @tree
 *
 * Return: bytes of the tree, 0 when it does not fit.
 */
size_t recipe_make(const uint8_t *data, size_t size, void *tree, size_t room);

#endif
