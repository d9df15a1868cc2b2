/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and starting the next kernel. */
#ifndef KEXEC_H
#define KEXEC_H

/* By kexec-tools and kexec_file_load(); its exit code, 127 if it is missing. */
int kexec_load(const char *image, const char *initrd, const char *cmdline);

/* Forget the loaded kernel. */
int kexec_unload(void);

/* Start it: comes back only on failure, with a negative errno. */
int kexec_start(void);

#endif /* KEXEC_H */
