/* SPDX-License-Identifier: GPL-2.0-only */
/* What sessions hold by now for the next kernel, and what they lack. */
#ifndef OUTGOING_H
#define OUTGOING_H

/**
 * enum lack - how bad it is
 * @LACK_FATAL: the kexec will fail, or the next kernel refuse it
 * @LACK_MAYBE: so it is unless it is put into the session
 * @LACK_DEVICE: a device that will be stopped
 */
enum lack {
	LACK_FATAL,
	LACK_MAYBE,
	LACK_DEVICE,
};

/**
 * struct lacking - something that a session lacks
 * @lack: how bad it is
 * @session: its name; "" for what is wrong with the whole
 * @token: of the device that lacks its iommufd, or 0
 * @text: a sentence about it
 */
struct lacking {
	enum lack lack;
	const char *session;
	unsigned long long token;
	const char *text;
};

/**
 * outgoing_look - look through all sessions
 * @each: called for all that is lacking
 * @arg: passed on
 *
 * Returns: how many sessions have a file in them; -ENOENT if the kernel does not
 * show it, another negative errno.
 */
int outgoing_look(void (*each)(void *arg, const struct lacking *lacking), void *arg);

/* Call @each with the name of every session that has a file in it. */
void outgoing_names(void (*each)(void *arg, const char *name), void *arg);

/* Is that device in a session? Yes, no, or a negative errno. */
int outgoing_has_device(const char *bdf);

/**
 * struct carried - memory that the sessions hand over
 * @bytes: all of it
 * @huge: what of it is in huge pages
 */
struct carried {
	unsigned long long bytes;
	unsigned long long huge;
};

/* What the sessions carry by now; nothing where the kernel does not show it. */
void outgoing_carried(struct carried *carried);

#endif /* OUTGOING_H */
