// SPDX-License-Identifier: GPL-2.0-only
/* What is found inside a kernel: notes, its configuration, strings. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../../include/linux/kho/abi/liveupdate_note.h"
#include "image.h"
#include "unpack.h"

#define CONFIG_START	"IKCFG_ST"

/* An ELF note; the name and the descriptor follow, both padded to four bytes. */
struct note {
	uint32_t namesz;
	uint32_t descsz;
	uint32_t type;
};

#define NAME		LIVEUPDATE_NOTE_NAME
#define NAME_ROOM	((sizeof(NAME) + 3) & ~3ul)
#define DESC_MAX	64u

/* Is the name at @name that of a note with a proper string? */
static const char *note_text(const unsigned char *name, size_t before, size_t after)
{
	const char *text = (const char *)name + NAME_ROOM;
	struct note note;

	if (before < sizeof(note) || after < NAME_ROOM)
		return NULL;
	memcpy(&note, name - sizeof(note), sizeof(note));
	if (note.namesz != sizeof(NAME) || note.type != LIVEUPDATE_NOTE_COMPATIBLE ||
	    note.descsz < 2 || note.descsz > DESC_MAX || note.descsz > after - NAME_ROOM)
		return NULL;
	for (uint32_t i = 0; i < note.descsz - 1; i++)
		if (!isgraph((unsigned char)text[i]))
			return NULL;
	return text[note.descsz - 1] ? NULL : text;
}

/*
 * An image may be stripped of its section headers, and need not be an ELF file
 * at all; so the notes are found by their name.
 */
void notes_find(struct notes *notes, const unsigned char *data, size_t size)
{
	const unsigned char *at = data, *end = data + size;
	const char *text;

	notes->count = 0;
	while (notes->count < NOTES_MAX &&
	       (at = memmem(at, end - at, NAME, sizeof(NAME)))) {
		text = note_text(at, at - data, end - at);
		if (text && !notes_have(notes, text))
			notes->compatible[notes->count++] = text;
		at++;
	}
}

const char *notes_with(const struct notes *notes, const char *prefix)
{
	for (unsigned int i = 0; i < notes->count; i++)
		if (!strncmp(notes->compatible[i], prefix, strlen(prefix)))
			return notes->compatible[i];
	return NULL;
}

bool notes_have(const struct notes *notes, const char *compatible)
{
	for (unsigned int i = 0; i < notes->count; i++)
		if (!strcmp(notes->compatible[i], compatible))
			return true;
	return false;
}

char *config_find(const unsigned char *data, size_t size)
{
	const unsigned char *at = memmem(data, size, CONFIG_START, strlen(CONFIG_START));
	struct unpacked config;
	char *text;

	if (!at)
		return NULL;
	at += strlen(CONFIG_START);
	if (unpack(at, data + size - at, &config))
		return NULL;
	text = strndup((const char *)config.data, config.size);
	free(config.data);
	return text;
}

/* What follows "CONFIG_OPTION=", or NULL. */
static const char *config_value(const char *config, const char *option)
{
	size_t len = strlen(option);
	const char *at = config;

	while (at && (at = strstr(at, option))) {
		if (at - config >= 7 && !strncmp(at - 7, "CONFIG_", 7) &&
		    (at - config == 7 || at[-8] == '\n') && at[len] == '=')
			return at + len + 1;
		at += len;
	}
	return NULL;
}

bool config_on(const char *config, const char *option)
{
	const char *value = config_value(config, option);

	return value && value[0] == 'y';
}

bool config_module(const char *config, const char *option)
{
	const char *value = config_value(config, option);

	return value && value[0] == 'm';
}

char *config_string(const char *config, const char *option)
{
	const char *value = config_value(config, option);
	char *text, *to;

	if (!value || *value++ != '"')
		return NULL;
	text = to = strdup(value);
	/* Quotes and backslashes have one in front. */
	for (; text && *value && *value != '"' && *value != '\n'; value++) {
		if (value[0] == '\\' && value[1])
			value++;
		*to++ = *value;
	}
	if (text)
		*to = 0;
	return text;
}

bool image_mentions(const struct image *image, const char *prefix)
{
	const unsigned char *at = image->data, *end = at + image->size;
	size_t len = strlen(prefix);

	while ((at = memmem(at, end - at, prefix, len))) {
		const unsigned char *rest = at + len;

		while (rest < end && isdigit(*rest))
			rest++;
		if (at > image->data && !at[-1] && rest < end && rest > at + len && !*rest)
			return true;
		at++;
	}
	return false;
}
