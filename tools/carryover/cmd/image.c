// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel images: the container, and the kernel within. Every offset in them is
 * checked against the file before it is used.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "image.h"
#include "unpack.h"

/* Of x86's setup header, see Documentation/arch/x86/boot.rst. */
#define X86_SETUP_SECTS		0x1f1
#define X86_MAGIC		0x202	/* "HdrS" */
#define X86_ALIGNMENT		0x230
#define X86_XLOADFLAGS		0x236
#define X86_XLF_WANTED		3	/* 64 bit, and loadable above 4 GiB */
#define X86_PAYLOAD_OFFSET	0x248
#define X86_PAYLOAD_LENGTH	0x24c
#define X86_INIT_SIZE		0x260
#define X86_HEADER_END		0x264
#define SECTOR			512

/* Of EFI zboot, drivers/firmware/efi/libstub/zboot-header.S. */
#define ZBOOT_MAGIC		4	/* "zimg" */
#define ZBOOT_OFFSET		8
#define ZBOOT_SIZE		12
#define ZBOOT_END		24

/* Of arm64, Documentation/arch/arm64/booting.rst. */
#define ARM64_IMAGE_SIZE	16
#define ARM64_MAGIC		56	/* "ARM\x64" */
#define ARM64_END		64
#define ARM64_ALIGNMENT		(2ull << 20)

/* Of PE files. */
#define PE_OFFSET		0x3c
#define PE_OPTIONAL		24	/* behind "PE\0\0" and the COFF header */
#define PE_PLUS			0x20b
#define PE_DIRECTORY		112	/* in the optional header */
#define PE_SECURITY		4	/* which directory */

/* Of ELF files. */
#define ELF_MACHINE		18
#define ELF_X86_64		62
#define ELF_ARM64		183

struct span {
	const unsigned char *data;
	size_t size;
};

static uint32_t le32(const unsigned char *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool has_at(const struct span *file, size_t at, const char *magic, size_t end)
{
	return file->size >= end && !memcmp(file->data + at, magic, strlen(magic));
}

/* The directory of signatures is there and not empty. */
static bool pe_signed(const struct span *file)
{
	size_t at, entry;

	if (!has_at(file, 0, "MZ", PE_OFFSET + 4))
		return false;
	at = le32(file->data + PE_OFFSET);
	if (at > file->size || file->size - at < PE_OPTIONAL + PE_DIRECTORY + 8 * (PE_SECURITY + 1))
		return false;
	if (memcmp(file->data + at, "PE\0", 4) ||
	    (file->data[at + PE_OPTIONAL] | file->data[at + PE_OPTIONAL + 1] << 8) != PE_PLUS)
		return false;
	entry = at + PE_OPTIONAL + PE_DIRECTORY + 8 * PE_SECURITY;
	return le32(file->data + entry) && le32(file->data + entry + 4);
}

/* What is within tells the architecture, and the container whether it can be loaded. */
static void classify(struct image *image)
{
	const struct span kernel = { image->data, image->size };
	bool arm64 = has_at(&kernel, ARM64_MAGIC, "ARM\x64", ARM64_END);
	unsigned int machine = 0;

	if (has_at(&kernel, 0, "\x7f" "ELF", ARM64_END))
		machine = kernel.data[ELF_MACHINE] | kernel.data[ELF_MACHINE + 1] << 8;
	image->arch = arm64 || machine == ELF_ARM64 ? "arm64" :
		machine == ELF_X86_64 || !strcmp(image->container, "bzImage") ? "x86_64" : "";
	if (strcmp(image->container, "bzImage"))
		image->loadable = arm64;
}

static int keep(struct image *image, const char *kind, const struct unpacked *kernel)
{
	image->data = kernel->data;
	image->size = kernel->size;
	image->container = kind;
	snprintf(image->format, sizeof(image->format), "%s, %s", kind, kernel->method);
	return 0;
}

static int keep_copy(struct image *image, const char *kind, const struct span *kernel)
{
	image->data = malloc(kernel->size + 1);
	if (!image->data)
		return -ENOMEM;
	memcpy(image->data, kernel->data, kernel->size);
	image->size = kernel->size;
	image->container = kind;
	snprintf(image->format, sizeof(image->format), "%s", kind);
	return 0;
}

/* The compressed kernel within a container. */
static int open_payload(struct image *image, const char *kind,
			const struct span *file, size_t at, size_t size)
{
	struct unpacked kernel;
	int ret;

	if (at > file->size || size > file->size - at)
		return -EBADMSG;
	ret = unpack(file->data + at, size, &kernel);
	/* The container says that there is a kernel. */
	if (ret == -ENOEXEC)
		return -EBADMSG;
	return ret ? ret : keep(image, kind, &kernel);
}

static int open_x86(struct image *image, const struct span *file)
{
	unsigned int sects = file->data[X86_SETUP_SECTS];

	image->init_size = le32(file->data + X86_INIT_SIZE);
	image->alignment = le32(file->data + X86_ALIGNMENT);
	image->loadable = (file->data[X86_XLOADFLAGS] & X86_XLF_WANTED) == X86_XLF_WANTED;
	/* 0 means 4, for very old loaders */
	return open_payload(image, "bzImage", file,
			    ((size_t)(sects ? sects : 4) + 1) * SECTOR +
			    le32(file->data + X86_PAYLOAD_OFFSET),
			    le32(file->data + X86_PAYLOAD_LENGTH));
}

static int open_zboot(struct image *image, const struct span *file)
{
	return open_payload(image, "EFI zboot", file, le32(file->data + ZBOOT_OFFSET),
			    le32(file->data + ZBOOT_SIZE));
}

static void read_arm64(struct image *image)
{
	const struct span kernel = { image->data, image->size };

	if (!has_at(&kernel, ARM64_MAGIC, "ARM\x64", ARM64_END))
		return;
	image->init_size = le32(kernel.data + ARM64_IMAGE_SIZE) |
		(uint64_t)le32(kernel.data + ARM64_IMAGE_SIZE + 4) << 32;
	image->alignment = ARM64_ALIGNMENT;
}

static int open_bare(struct image *image, const struct span *file)
{
	if (has_at(file, ARM64_MAGIC, "ARM\x64", ARM64_END))
		return keep_copy(image, "Image", file);
	if (has_at(file, 0, "\x7f" "ELF", ARM64_END))
		return keep_copy(image, "ELF", file);
	return -ENOEXEC;
}

static int open_compressed(struct image *image, const struct span *file)
{
	struct unpacked kernel;
	int ret = unpack(file->data, file->size, &kernel);
	struct span inner;

	if (ret)
		return ret;
	inner = (struct span){ kernel.data, kernel.size };
	if (!has_at(&inner, ARM64_MAGIC, "ARM\x64", ARM64_END) &&
	    !has_at(&inner, 0, "\x7f" "ELF", ARM64_END)) {
		free(kernel.data);
		return -ENOEXEC;
	}
	return keep(image, inner.data[0] == 0x7f ? "ELF" : "Image", &kernel);
}

static int open_any(struct image *image, const struct span *file)
{
	int ret;

	if (has_at(file, X86_MAGIC, "HdrS", X86_HEADER_END))
		return open_x86(image, file);
	if (has_at(file, ZBOOT_MAGIC, "zimg", ZBOOT_END))
		ret = open_zboot(image, file);
	else
		ret = open_bare(image, file);
	if (ret == -ENOEXEC)
		ret = open_compressed(image, file);
	if (!ret)
		read_arm64(image);
	return ret;
}

/* "Linux version 7.3.4 (...) ...", the release only. */
static char *find_version(const struct image *image)
{
	static const char banner[] = "Linux version ";
	const unsigned char *at = image->data, *end = at + image->size;
	size_t len;

	while ((at = memmem(at, end - at, banner, sizeof(banner) - 1))) {
		at += sizeof(banner) - 1;
		for (len = 0; at + len < end && at[len] > ' ' && at[len] < 0x7f; )
			len++;
		/* Not the format string of the same text. */
		if (len && len < 64 && at[0] >= '0' && at[0] <= '9')
			return strndup((const char *)at, len);
	}
	return NULL;
}

int image_open(struct image *image, const char *path)
{
	struct span file;
	int ret;

	memset(image, 0, sizeof(*image));
	image->arch = image->container = "";
	file.data = host_read_all(path, &file.size);
	if (!file.data)
		return -errno;
	ret = open_any(image, &file);
	image->is_signed = pe_signed(&file);
	free((void *)file.data);
	if (ret)
		return ret;
	classify(image);
	image->version = find_version(image);
	image->config = config_find(image->data, image->size);
	notes_find(&image->notes, image->data, image->size);
	return 0;
}

void image_close(struct image *image)
{
	free(image->data);
	free(image->version);
	free(image->config);
	memset(image, 0, sizeof(*image));
}
