/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The four functions of libcap that the iommu selftest calls, so that building
 * it needs no further package. Only the low 32 capabilities, which it means.
 */
#ifndef SELFTESTS_SYS_CAPABILITY_H
#define SELFTESTS_SYS_CAPABILITY_H

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>

typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;
typedef struct {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
} *cap_t;

static inline cap_t cap_get_proc(void)
{
	cap_t caps = calloc(1, sizeof(*caps));

	if (!caps)
		return NULL;
	caps->head.version = _LINUX_CAPABILITY_VERSION_3;
	if (!syscall(SYS_capget, &caps->head, caps->data))
		return caps;
	free(caps);
	return NULL;
}

static inline int cap_set_proc(cap_t caps)
{
	return syscall(SYS_capset, &caps->head, caps->data);
}

static inline int cap_set_flag(cap_t caps, cap_flag_t flag, int count, const cap_value_t *list,
			       cap_flag_value_t value)
{
	__u32 *words[] = { &caps->data[0].effective, &caps->data[0].permitted,
			   &caps->data[0].inheritable };

	for (int i = 0; i < count; i++) {
		if (value == CAP_SET)
			*words[flag] |= 1U << list[i];
		else
			*words[flag] &= ~(1U << list[i]);
	}
	return 0;
}

static inline int cap_free(void *caps)
{
	free(caps);
	return 0;
}

#endif
