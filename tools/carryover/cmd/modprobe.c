// SPDX-License-Identifier: GPL-2.0-only
/*
 * What modprobe.d(5) says of the options of modules. A file hides those of its name in the
 * folders behind its own; the others are read in the order of their names.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "host.h"
#include "modprobe.h"

static const char *const folders[] = {
	"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
	"/usr/lib/modprobe.d", "/lib/modprobe.d",
};

#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

/* One line: "options MODULE NAME=VALUE ...", or something else. */
static void take_line(FILE *out, char *line, const char *module)
{
	char *word = strsep(&line, " \t");

	if (strcmp(word, "options") || !line)
		return;
	line += strspn(line, " \t");
	word = strsep(&line, " \t");
	if (!word_is(word, module))
		return;
	while ((word = strsep(&line, " \t")))
		if (*word)
			fprintf(out, "%s.%s ", module, word);
}

static void take_file(FILE *out, const char *path, const char *module)
{
	char *text = host_read(path), *rest = text, *line, *joint;

	while (text && (joint = strstr(text, "\\\n")))
		memcpy(joint, "  ", 2);
	while (rest && (line = strsep(&rest, "\n")))
		take_line(out, line + strspn(line, " \t"), module);
	free(text);
}

/* The next name after @last in any folder, in @next; the folder, or NULL at the end. */
static const char *next_file(const char *last, char next[256])
{
	const char *found = NULL;

	for (size_t i = 0; i < FOLDERS; i++) {
		struct dirent **list;
		int count = scandir(host_path("%s", folders[i]), &list, is_conf, NULL);

		for (int n = 0; n < count; n++) {
			const char *name = list[n]->d_name;

			if (strcmp(name, last) > 0 && (!found || strcmp(name, next) < 0)) {
				snprintf(next, 256, "%s", name);
				found = folders[i];
			}
			free(list[n]);
		}
		if (count >= 0)
			free(list);
	}
	return found;
}

char *modprobe_words(const char *module)
{
	char name[256] = "", next[256] = "", *words = NULL;
	const char *folder;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	while ((folder = next_file(name, next))) {
		take_file(out, host_path("%s/%s", folder, next), module);
		strcpy(name, next);
	}
	fclose(out);
	return words;
}
