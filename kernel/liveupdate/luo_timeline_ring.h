/* SPDX-License-Identifier: GPL-2.0 */
/* Between those who keep the events and those who show them. */
#ifndef _LINUX_LUO_TIMELINE_RING_H
#define _LINUX_LUO_TIMELINE_RING_H

#include <linux/kho/abi/liveupdate_timeline.h>
#include <linux/liveupdate_timeline.h>

void luo_timeline_copy(struct liveupdate_timeline_ser *to);
bool luo_timeline_previous(const struct liveupdate_timeline_ser **events);

bool luo_timeline_event_is_sane(const struct liveupdate_timeline_event *event,
				u64 now);

#endif
