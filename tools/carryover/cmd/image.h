/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel image says about itself. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>

/* More notes than this are not a kernel's. */
#define NOTES_MAX	64

/**
 * struct notes - which handover data a kernel understands
 * @compatible: compatible strings, pointing into what was scanned
 * @count: how many
 */
struct notes {
	const char *compatible[NOTES_MAX];
	unsigned int count;
};

/**
 * struct image - a kernel image
 * @format: such as "bzImage, zstd"
 * @arch: of the machine it is for, as the kernel calls it: "x86_64", "arm64"; or ""
 * @container: "bzImage", "EFI zboot", "Image" or "ELF"
 * @loadable: whether kexec_file_load() of that architecture takes it, as far as its
 *            head tells
 * @is_signed: there is a signature in its PE header
 * @data: the kernel itself, decompressed; allocated
 * @size: of @data
 * @init_size: bytes in one piece it needs to start, 0 if it does not tell
 * @alignment: of that piece
 * @version: what follows "Linux version", allocated, or NULL
 * @config: its configuration as text, allocated, or NULL
 * @notes: pointing into @data
 */
struct image {
	char format[48];
	const char *arch;
	const char *container;
	bool loadable;
	bool is_signed;
	unsigned char *data;
	size_t size;
	unsigned long long init_size;
	unsigned long long alignment;
	char *version;
	char *config;
	struct notes notes;
};

/**
 * image_open - read a kernel image
 * @image: output, to be given to image_close()
 * @path: a bzImage, an EFI zboot image, an arm64 Image or an ELF file, bare or
 *        compressed as a whole
 *
 * Returns: 0; -ENOEXEC if it is no kernel image of a known kind, -EBADMSG if it
 * is damaged, another negative errno if it could not be read.
 */
int image_open(struct image *image, const char *path);

void image_close(struct image *image);

/* Collect the notes in @data, which may be an image or /sys/kernel/notes. */
void notes_find(struct notes *notes, const unsigned char *data, size_t size);

/* The first of the notes that begins so, or NULL. */
const char *notes_with(const struct notes *notes, const char *prefix);

/* Is there exactly that note? */
bool notes_have(const struct notes *notes, const char *compatible);

/*
 * The configuration within a kernel built with IKCONFIG, or NULL. To be freed.
 */
char *config_find(const unsigned char *data, size_t size);

/* Is an option 'y' in a configuration? @option without CONFIG_. */
bool config_on(const char *config, const char *option);

/* Is it 'm'? */
bool config_module(const char *config, const char *option);

/* The text of an option that is a string, or NULL. To be freed. */
char *config_string(const char *config, const char *option);

/* Is there a string that begins so, on its own, in an image? */
bool image_mentions(const struct image *image, const char *prefix);

#endif /* IMAGE_H */
