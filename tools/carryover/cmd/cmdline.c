// SPDX-License-Identifier: GPL-2.0-only
/* Words of a kernel command line. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "host.h"

static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t len = 0;

	for (; text[len] && (quoted || text[len] != ' '); len++)
		quoted ^= text[len] == '"';
	return len;
}

/* The kernel takes '-' and '_' for the same. */
static bool is_word(const char *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != name[i] &&
		    !(text[i] == '-' && name[i] == '_'))
			return false;
	return true;
}

char *word_value(const char *cmdline, const char *name)
{
	size_t len = strlen(name), word;
	char *value = NULL;

	for (; cmdline && *cmdline; cmdline += word + !!cmdline[word]) {
		word = word_length(cmdline);
		/* What follows belongs to init. */
		if (word == 2 && !strncmp(cmdline, "--", 2))
			break;
		if (word < len || !is_word(cmdline, name, len))
			continue;
		if (word > len && cmdline[len] != '=')
			continue;
		free(value);
		value = word == len ? strdup("") :
			strndup(cmdline + len + 1, word - len - 1);
	}
	return value;
}

int word_bool(const char *value)
{
	if (!strncasecmp(value, "on", 2) || strchr("1yYtT", value[0]))
		return value[0] ? 1 : -1;
	if (!strncasecmp(value, "of", 2) || strchr("0nNfF", value[0]))
		return 0;
	return -1;
}

/* What a boot loader says about the kernel it loaded. */
static bool is_loaders(const char *word)
{
	return !strncmp(word, "BOOT_IMAGE=", 11) || !strncmp(word, "initrd=", 7);
}

static char *running(void)
{
	char *text = host_read(host_path("/proc/cmdline"));
	char *to = text, *from = text;
	size_t word;

	for (; from && *from; from += word + !!from[word]) {
		word = word_length(from);
		if (is_loaders(from) || !word)
			continue;
		if (to > text)
			*to++ = ' ';
		memmove(to, from, word);
		to += word;
	}
	if (to)
		*to = 0;
	return text ? text : strdup("");
}

char *cmdline_make(const char *given, const char *append)
{
	char *base = given ? strdup(given) : running();
	char *whole = NULL;

	if (!append || !append[0])
		return base;
	if (asprintf(&whole, "%s%s%s", base, base[0] ? " " : "", append) < 0)
		whole = NULL;
	free(base);
	return whole;
}
