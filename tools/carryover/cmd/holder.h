/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has a file open. */
#ifndef HOLDER_H
#define HOLDER_H

/* A process that has the file open, or 0 if none is seen. */
long holder_of(const char *path);

#endif /* HOLDER_H */
