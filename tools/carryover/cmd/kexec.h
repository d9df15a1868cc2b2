/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and starting the next kernel. */
#ifndef KEXEC_H
#define KEXEC_H

#include <stdbool.h>

/* Called with a line of text, without its end. */
typedef void (*kexec_tell)(const char *line);

/*
 * By kexec-tools and kexec_file_load(); its exit code, 127 if it is missing. What it
 * prints, and how long it takes if that is more than a second, goes to @tell.
 */
int kexec_load(const char *image, const char *initrd, const char *cmdline, kexec_tell tell);

/* Forget the loaded kernel. */
int kexec_unload(kexec_tell tell);

/* Is one loaded? */
bool kexec_loaded(void);

/* Write file systems to disk; seconds that takes go to @tell. */
void kexec_sync(kexec_tell tell);

/*
 * Start it: comes back only on failure, with a negative errno. What the kernel's log
 * said about it by then goes to @tell.
 */
int kexec_start(kexec_tell tell);

/*
 * Have systemd start it, after it has stopped all services. Comes back only if systemd
 * does not want to, with a negative errno; -ENOENT without systemctl.
 */
int kexec_by_systemd(kexec_tell tell);

#endif /* KEXEC_H */
