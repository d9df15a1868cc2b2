/* SPDX-License-Identifier: GPL-2.0 */
/* What luo_session.c has done, with the time it took. */
#ifndef _LINUX_LUO_TIMELINE_H
#define _LINUX_LUO_TIMELINE_H

#include "luo_internal.h"

#ifdef CONFIG_LIVEUPDATE_TIMELINE
int luo_timed_freeze(struct luo_session *session, struct luo_session_ser *ser,
		     int (*freeze)(struct luo_session *session,
				   struct luo_session_ser *ser));
int luo_timed_ioctl(unsigned int cmd, struct luo_session *session,
		    struct luo_ucmd *ucmd,
		    int (*execute)(struct luo_session *session,
				   struct luo_ucmd *ucmd));
#else
static inline int luo_timed_freeze(struct luo_session *session,
				   struct luo_session_ser *ser,
				   int (*freeze)(struct luo_session *session,
						 struct luo_session_ser *ser))
{
	return freeze(session, ser);
}

static inline int luo_timed_ioctl(unsigned int cmd, struct luo_session *session,
				  struct luo_ucmd *ucmd,
				  int (*execute)(struct luo_session *session,
						 struct luo_ucmd *ucmd))
{
	return execute(session, ucmd);
}
#endif

#endif
