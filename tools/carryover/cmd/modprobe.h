/* SPDX-License-Identifier: GPL-2.0-only */
/* Options that modules are loaded with, as modprobe.d(5) has them. */
#ifndef MODPROBE_H
#define MODPROBE_H

/*
 * The options of a module that the files give it, between spaces and in modprobe's order,
 * written as on the kernel's command line: "vfio.enable_unsafe_noiommu_mode=1". To be freed.
 */
char *modprobe_words(const char *module);

#endif /* MODPROBE_H */
