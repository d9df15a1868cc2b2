/* SPDX-License-Identifier: GPL-2.0-only */
/* Decompression, by what the data begins with. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>

/**
 * struct unpacked - the result
 * @data: allocated
 * @size: of @data
 * @method: "gzip", "xz", "lzma", "zstd" or "lz4"
 */
struct unpacked {
	unsigned char *data;
	size_t size;
	const char *method;
};

/**
 * unpack - decompress
 * @in: compressed data; what follows its end is ignored
 * @size: of @in
 * @out: the result, to be freed; only on success
 *
 * Returns: 0; -ENOEXEC if it is not compressed in a known way, -EBADMSG if it
 * is damaged, -EFBIG if it is unreasonably large, -ENOMEM.
 */
int unpack(const unsigned char *in, size_t size, struct unpacked *out);

#endif /* UNPACK_H */
