// SPDX-License-Identifier: GPL-2.0-only
/* Decompression with the libraries that are made for it. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "unpack.h"

/* Kernels are smaller; anything else is a bomb. */
#define OUT_LIMIT	(1ul << 30)
#define OUT_START	(16ul << 20)

/* Of lz4's legacy format, which is what kernels use. */
#define LZ4_MAGIC	0x184c2102
#define LZ4_BLOCK	(8u << 20)

/* Output that grows; there is room after every successful call. */
static int make_room(struct unpacked *out, size_t *room, size_t used, size_t want)
{
	size_t size = *room ? *room : OUT_START;
	unsigned char *data;

	while (size - used < want)
		size *= 2;
	if (size > OUT_LIMIT)
		return -EFBIG;
	if (size == *room)
		return 0;
	data = realloc(out->data, size);
	if (!data)
		return -ENOMEM;
	out->data = data;
	*room = size;
	return 0;
}

static int run_gzip(z_stream *z, struct unpacked *out)
{
	size_t room = 0;
	int ret, state = Z_OK;

	while (state == Z_OK) {
		ret = make_room(out, &room, out->size, 1);
		if (ret)
			return ret;
		z->next_out = out->data + out->size;
		z->avail_out = room - out->size;
		state = inflate(z, Z_NO_FLUSH);
		out->size = room - z->avail_out;
	}
	return state == Z_STREAM_END ? 0 : -EBADMSG;
}

static int unpack_gzip(const unsigned char *in, size_t size, struct unpacked *out)
{
	z_stream z = { .next_in = (unsigned char *)in, .avail_in = size };
	int ret;

	/* 16: expect gzip's header */
	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		return -ENOMEM;
	ret = run_gzip(&z, out);
	inflateEnd(&z);
	return ret;
}

static int run_lzma(lzma_stream *s, struct unpacked *out)
{
	lzma_ret state = LZMA_OK;
	size_t room = 0;
	int ret;

	while (state == LZMA_OK) {
		ret = make_room(out, &room, out->size, 1);
		if (ret)
			return ret;
		s->next_out = out->data + out->size;
		s->avail_out = room - out->size;
		state = lzma_code(s, LZMA_RUN);
		out->size = room - s->avail_out;
	}
	return state == LZMA_STREAM_END ? 0 : -EBADMSG;
}

static int finish_lzma(lzma_stream *s, lzma_ret begun, const unsigned char *in,
		       size_t size, struct unpacked *out)
{
	int ret;

	if (begun != LZMA_OK)
		return -ENOMEM;
	s->next_in = in;
	s->avail_in = size;
	ret = run_lzma(s, out);
	lzma_end(s);
	return ret;
}

static int unpack_xz(const unsigned char *in, size_t size, struct unpacked *out)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return finish_lzma(&s, lzma_stream_decoder(&s, OUT_LIMIT, 0), in, size, out);
}

static int unpack_lzma(const unsigned char *in, size_t size, struct unpacked *out)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return finish_lzma(&s, lzma_alone_decoder(&s, OUT_LIMIT), in, size, out);
}

static int run_zstd(ZSTD_DStream *z, ZSTD_inBuffer *in, struct unpacked *out)
{
	size_t room = 0, more = 1;
	int ret;

	while (more) {
		ZSTD_outBuffer target;
		size_t before = in->pos;

		ret = make_room(out, &room, out->size, 1);
		if (ret)
			return ret;
		target = (ZSTD_outBuffer){ out->data, room, out->size };
		more = ZSTD_decompressStream(z, &target, in);
		if (ZSTD_isError(more))
			return -EBADMSG;
		/* No step forward: the end is missing. */
		if (more && in->pos == before && target.pos == out->size)
			return -EBADMSG;
		out->size = target.pos;
	}
	return 0;
}

static int unpack_zstd(const unsigned char *in, size_t size, struct unpacked *out)
{
	ZSTD_inBuffer input = { in, size, 0 };
	ZSTD_DStream *z = ZSTD_createDStream();
	int ret;

	if (!z)
		return -ENOMEM;
	/* Kernels may be compressed with a larger window than the default allows. */
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 30);
	ret = run_zstd(z, &input, out);
	ZSTD_freeDStream(z);
	return ret;
}

static uint32_t le32(const unsigned char *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Blocks with their sizes in front, as many as there are. */
static int unpack_lz4(const unsigned char *in, size_t size, struct unpacked *out)
{
	size_t room = 0, at = 4;
	uint32_t block;
	int ret;

	for (; size - at > 4; at += block) {
		block = le32(in + at);
		at += 4;
		if (block == LZ4_MAGIC) {
			block = 0;
			continue;
		}
		if (block > size - at)
			return -EBADMSG;
		ret = make_room(out, &room, out->size, LZ4_BLOCK);
		if (ret)
			return ret;
		ret = LZ4_decompress_safe((const char *)in + at,
					  (char *)out->data + out->size,
					  block, LZ4_BLOCK);
		if (ret < 0)
			return -EBADMSG;
		out->size += ret;
	}
	return out->size ? 0 : -EBADMSG;
}

static const struct {
	const char *name;
	unsigned char magic[6];
	size_t len;
	int (*unpack)(const unsigned char *in, size_t size, struct unpacked *out);
} methods[] = {
	{ "gzip", { 0x1f, 0x8b, 8 }, 3, unpack_gzip },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ "lzma", { 0x5d, 0, 0 }, 3, unpack_lzma },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
};

int unpack(const unsigned char *in, size_t size, struct unpacked *out)
{
	struct unpacked result = { 0 };
	size_t i = 0, count = sizeof(methods) / sizeof(methods[0]);
	int ret;

	while (i < count && (size < methods[i].len ||
			     memcmp(in, methods[i].magic, methods[i].len)))
		i++;
	if (i == count)
		return -ENOEXEC;
	result.method = methods[i].name;
	ret = methods[i].unpack(in, size, &result);
	if (ret)
		free(result.data);
	else
		*out = result;
	return ret;
}
