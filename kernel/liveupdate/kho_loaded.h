/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_LOADED_H
#define _LINUX_KHO_LOADED_H

#include <linux/kobject.h>

extern struct kobj_attribute kho_loaded_attr;

#endif
