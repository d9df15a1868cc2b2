// SPDX-License-Identifier: GPL-2.0-only
/* What came of a run. */
#include <string.h>

#include "outcome.h"

void outcome_begin(struct outcome *outcome)
{
	*outcome = (struct outcome){ .done = json_array(), .blame = json_array() };
}

void outcome_end(struct outcome *outcome)
{
	json_decref(outcome->done);
	json_decref(outcome->blame);
}

void outcome_done(struct outcome *outcome, const char *step)
{
	const json_t *last = json_array_get(outcome->done, json_array_size(outcome->done) - 1);

	if (!last || strcmp(json_string_value(last), step))
		json_array_append_new(outcome->done, json_string(step));
	json_array_clear(outcome->blame);
}

/* What a program says, and what its socket is called, may be no UTF-8. */
static json_t *printable(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_string("(not printable)");
}

void outcome_blame(struct outcome *outcome, const char *kind, const char *name,
		   const char *state, const char *text)
{
	json_array_append_new(outcome->blame,
			      json_pack("{so ss* so}", kind, printable(name), "state", state,
					"text", printable(text)));
}

void outcome_blame_findings(struct outcome *outcome, const struct report *report)
{
	json_t *finding, *one;
	size_t i;

	json_array_foreach(report->findings, i, finding) {
		if (json_integer_value(json_object_get(finding, "rank")) != LEVEL_FAIL)
			continue;
		one = json_copy(finding);
		json_object_del(one, "rank");
		json_object_del(one, "level");
		json_array_append_new(outcome->blame, one);
	}
}

static const char *text_of(const json_t *one, const char *key)
{
	return json_string_value(json_object_get(one, key));
}

static json_t *sentence(const char *who, const char *text)
{
	return who ? json_sprintf("%s: %s", who, text) : printable(text);
}

static json_t *reason(const struct outcome *outcome, const char *object, const char *text)
{
	static const char *const kinds[] = { "program", "session", "object", "check" };
	const json_t *first = json_array_get(outcome->blame, 0);
	const char *who = NULL;

	if (!first)
		return sentence(object, text);
	for (size_t i = 0; !who && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		who = text_of(first, kinds[i]);
	return sentence(who, text_of(first, "text"));
}

json_t *outcome_json(const struct outcome *outcome, enum cmd_exit code, const char *object,
		     const char *text)
{
	return json_pack("{ss si so* sO sO}", "result", exit_word(code), "exitcode", (int)code,
			 "reason", reason(outcome, object, text), "done", outcome->done,
			 "blame", outcome->blame);
}
