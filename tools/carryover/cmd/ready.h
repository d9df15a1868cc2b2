/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those who hold sessions, and whether they are ready.
 *
 * A program that wants to be waited for listens on a Unix stream socket, named
 * after its session: READY_DIR/NAME. Lines of text go over it, at most 255
 * bytes each with the newline:
 *
 *   to the program	prepare		put your files into the session, keep it open
 *			cancel		close the session: there is no kexec
 *   from the program	progress TEXT	what it is doing, as often as it likes
 *			ready		all is in the session
 *			refused TEXT	it cannot, for that reason
 *
 * A connection that ends without "cancel" means the same as "cancel". A socket
 * nobody listens on is one whose program died, and its session with it.
 */
#ifndef READY_H
#define READY_H

#include <stdbool.h>
#include <stddef.h>

#define READY_DIR	"/run/carryover"
#define READY_LINE	256
#define HOLDERS_MAX	64

/**
 * enum holder_state - how far a program is
 * @HOLDER_ASKED: it was told to prepare
 * @HOLDER_READY: it is ready
 * @HOLDER_REFUSED: it cannot
 * @HOLDER_GONE: nobody listens, or the connection ended
 * @HOLDER_LATE: there was no answer in time
 */
enum holder_state {
	HOLDER_ASKED,
	HOLDER_READY,
	HOLDER_REFUSED,
	HOLDER_GONE,
	HOLDER_LATE,
};

/**
 * struct holder - a program that holds a session
 * @name: of its socket
 * @state: how far it is
 * @fd: the connection, or -1
 * @line: what it said so far of its line
 * @used: bytes of @line
 */
struct holder {
	char name[108];
	enum holder_state state;
	int fd;
	char line[READY_LINE];
	size_t used;
};

/**
 * struct holders - all of them
 * @all: in the order of their names
 * @count: how many
 * @dir: where their sockets are
 * @tell: called when one of them said something or changed its state
 * @is_stopped: whether waiting for them is to end
 */
struct holders {
	struct holder all[HOLDERS_MAX];
	unsigned int count;
	const char *dir;
	void (*tell)(const struct holder *holder, const char *text);
	bool (*is_stopped)(void);
};

/* Find all sockets in @dir, which has to stay; 0, or a negative errno of the folder. */
int holders_find(struct holders *holders, const char *dir);

/* Connect, ask all to prepare, and wait @seconds at most for all of it; true if all are ready. */
bool holders_prepare(struct holders *holders, unsigned int seconds);

/* Hear what was said since; true if all are still ready. */
bool holders_still(struct holders *holders);

/* Tell all that there is no kexec. */
void holders_cancel(struct holders *holders);

/* How many are that far? */
unsigned int holders_count(const struct holders *holders, enum holder_state state);

/* Is there one with that name? */
bool holders_have(const struct holders *holders, const char *name);

#endif /* READY_H */
