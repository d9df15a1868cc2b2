/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that programs drive. */
#ifndef IN_USE_H
#define IN_USE_H

/* Call @each for every device of vfio-pci whose file a process has open, as far as /proc tells. */
void devices_in_use(void (*each)(void *arg, const char *bdf, long pid), void *arg);

#endif /* IN_USE_H */
