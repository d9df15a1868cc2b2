/* SPDX-License-Identifier: GPL-2.0-only */
/* What came of a run, collected on the way for those who have to act on it. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <jansson.h>

#include "exits.h"
#include "report.h"

/**
 * struct outcome - of a run
 * @done: a word for each step that was done
 * @blame: objects that say who it was that did not let it go on
 */
struct outcome {
	json_t *done;
	json_t *blame;
};

void outcome_begin(struct outcome *outcome);
void outcome_end(struct outcome *outcome);

/* A step is done, again perhaps; what was wrong with it did not matter. */
void outcome_done(struct outcome *outcome, const char *step);

/*
 * It is the fault of @name, which is a @kind: "program" or "session". @state is that of
 * a program, or NULL.
 */
void outcome_blame(struct outcome *outcome, const char *kind, const char *name,
		   const char *state, const char *text);

/* It is the fault of all that failed. */
void outcome_blame_findings(struct outcome *outcome, const struct report *report);

/*
 * All of it, a new reference. The reason is that of the first who is to blame, and
 * otherwise @object and @text.
 */
json_t *outcome_json(const struct outcome *outcome, enum cmd_exit code, const char *object,
		     const char *text);

#endif /* OUTCOME_H */
