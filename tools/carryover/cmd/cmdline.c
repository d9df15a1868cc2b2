// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of a kernel command line. White space ends a word, unless it is between
 * quotes; quotes around a word or a value are no part of it; "--" ends it all.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "host.h"
#include "image.h"

static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t len = 0;

	for (; text[len] && (quoted || !isspace((unsigned char)text[len])); len++)
		quoted ^= text[len] == '"';
	return len;
}

void words_begin(struct words *words, const char *cmdline)
{
	*words = (struct words){ .text = strdup(cmdline ? cmdline : "") };
	words->rest = words->text;
}

/* A quote in front goes, and with it the one behind. */
static char *unquoted(char *text)
{
	size_t len;

	if (text[0] != '"')
		return text;
	len = strlen(++text);
	if (len && text[len - 1] == '"')
		text[len - 1] = 0;
	return text;
}

/* Quotes within the name stay, as the kernel leaves them. */
static void split(struct words *words, char *word)
{
	char *equals;

	word = unquoted(word);
	/* A word that begins with '=' has no value. */
	equals = word[0] ? strchr(word + 1, '=') : NULL;
	if (equals)
		*equals++ = 0;
	words->param = word;
	words->value = equals ? unquoted(equals) : NULL;
}

bool words_next(struct words *words)
{
	size_t len;
	char *word;

	while (words->rest && isspace((unsigned char)*words->rest))
		words->rest++;
	if (!words->rest || !*words->rest)
		return false;
	word = words->rest;
	len = word_length(word);
	words->rest += len + !!word[len];
	word[len] = 0;
	split(words, word);
	return words->value || strcmp(words->param, "--");
}

void words_end(struct words *words)
{
	free(words->text);
}

static char same(char c)
{
	return c == '-' ? '_' : c;
}

bool word_is(const char *param, const char *name)
{
	while (*param && same(*param) == same(*name))
		param++, name++;
	return !*param && !*name;
}

char *word_value(const char *cmdline, const char *name)
{
	struct words words;
	char *value = NULL;

	words_begin(&words, cmdline);
	while (words_next(&words))
		if (word_is(words.param, name)) {
			free(value);
			value = strdup(words.value ? words.value : "");
		}
	words_end(&words);
	return value;
}

/* What the kernel takes for a bool: 1, 0, or -1 for neither. */
static int word_bool(const char *value)
{
	if (value[0] && strchr("1eEyYtT", value[0]))
		return 1;
	if (value[0] && strchr("0dDnNfF", value[0]))
		return 0;
	if (!strncasecmp(value, "on", 2))
		return 1;
	return strncasecmp(value, "of", 2) ? -1 : 0;
}

int word_switch(const char *cmdline, const char *name, enum bare bare, int otherwise,
		bool *ignored)
{
	struct words words;
	int on;

	words_begin(&words, cmdline);
	while (words_next(&words)) {
		if (!word_is(words.param, name))
			continue;
		on = words.value ? word_bool(words.value) : bare == BARE_ON ? 1 : -1;
		if (on >= 0)
			otherwise = on;
		else if (ignored)
			*ignored = true;
	}
	words_end(&words);
	return otherwise;
}

bool word_has_part(const char *value, const char *part)
{
	size_t len = strlen(part);

	while (value && *value) {
		if (!strncmp(value, part, len) &&
		    (!value[len] || strchr(",=@:", value[len])))
			return true;
		value += strcspn(value, ",");
		value += *value == ',';
	}
	return false;
}

static bool is_unwanted(char *word, const char *name, const char *part)
{
	struct words words = { 0 };

	split(&words, word);
	return word_is(words.param, name) && (!part || word_has_part(words.value, part));
}

/* @text without words of which @unwanted says so; @arg is passed on. */
static char *filtered(char *text, bool (*unwanted)(char *word, const void *arg), const void *arg)
{
	char *to = text, *from = text, *word;
	size_t len;

	for (; from && *from; from += len + !!from[len]) {
		len = word_length(from);
		word = strndup(from, len);
		if (len && word && !unwanted(word, arg)) {
			if (to > text)
				*to++ = ' ';
			memmove(to, from, len);
			to += len;
		}
		free(word);
	}
	if (to)
		*to = 0;
	return text;
}

static bool is_named(char *word, const void *arg)
{
	const char *const *names = arg;

	return is_unwanted(word, names[0], names[1]);
}

char *cmdline_without(const char *cmdline, const char *name, const char *part)
{
	const char *const names[] = { name, part };

	return filtered(strdup(cmdline), is_named, names);
}

/* What a boot loader says about the kernel it loaded. */
static bool is_loaders(char *word, const void *arg)
{
	(void)arg;
	return !strncmp(word, "BOOT_IMAGE=", 11) || !strncmp(word, "initrd=", 7);
}

static char *running(void)
{
	char *text = host_read(host_path("/proc/cmdline"));

	return text ? filtered(text, is_loaders, NULL) : strdup("");
}

static char *joined(const char *first, const char *second)
{
	char *whole;

	if (asprintf(&whole, "%s%s%s", first, first[0] && second[0] ? " " : "", second) < 0)
		return NULL;
	return whole;
}

/* Where "--" stands, behind which all is init's, or the end. */
static size_t words_length(const char *cmdline)
{
	size_t at = 0, len;

	while (cmdline[at]) {
		len = word_length(cmdline + at);
		if (len == 2 && !strncmp(cmdline + at, "--", 2))
			return at;
		at += len + !!cmdline[at + len];
	}
	return at;
}

char *cmdline_make(const char *given, const char *append)
{
	char *base = given ? strdup(given) : running();
	size_t at = words_length(base);
	char *inits = strdup(base + at), *first, *whole;

	base[at] = 0;
	while (at && isspace((unsigned char)base[at - 1]))
		base[--at] = 0;
	first = joined(base, append ? append : "");
	whole = joined(first, inits);
	free(first);
	free(inits);
	free(base);
	return whole;
}

/* x86 puts its own before the loader's; arm64 takes it when there is no other. */
char *cmdline_built(const char *given, const char *config, bool *forced)
{
	char *own = config_string(config, "CMDLINE");
	bool x86 = config && config_on(config, "CMDLINE_BOOL");
	char *whole;

	*forced = own && own[0] &&
		(config_on(config, "CMDLINE_OVERRIDE") || config_on(config, "CMDLINE_FORCE"));
	if (!own || !own[0])
		whole = strdup(given);
	else if (*forced || (!x86 && !given[0]))
		whole = strdup(own);
	else
		whole = x86 ? joined(own, given) : strdup(given);
	free(own);
	return whole;
}
