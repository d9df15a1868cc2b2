/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of luo_session.c that shows all sessions to somebody who only looks.
 * Included there once: the lists of sessions are private to that file.
 */
#ifdef CONFIG_LIVEUPDATE_BLOB
#include "luo_dump.h"

static void luo_session_dump_one(struct luo_session *session,
				 struct luo_dump *dump)
{
	guard(mutex)(&session->mutex);
	dump->session(dump, session->name, session->retrieved);
	luo_file_dump(&session->file_set, dump);
	dump->end(dump);
}

/**
 * luo_session_dump - Look at all sessions
 * @dump:     who looks
 * @incoming: those of the previous kernel, not those for the next one
 *
 * Context: Takes luo_session_serialize_rwsem, the list's rwsem, and then the
 *          mutex of each session around the calls for it. Sleeps.
 * Return: 0, -EINTR, or why the incoming sessions can't be read.
 */
int luo_session_dump(struct luo_dump *dump, bool incoming)
{
	struct luo_session_header *sh = incoming ? &luo_session_global.incoming :
						   &luo_session_global.outgoing;
	struct luo_session *session;
	int err;

	err = incoming ? luo_load_sessions() : 0;
	if (err)
		return err;
	/* Held for good once the kernel is on its way out. */
	err = down_read_killable(&luo_session_serialize_rwsem);
	if (err)
		return err;
	down_read(&sh->rwsem);
	list_for_each_entry(session, &sh->list, list)
		luo_session_dump_one(session, dump);
	up_read(&sh->rwsem);
	up_read(&luo_session_serialize_rwsem);
	return 0;
}
#endif
