// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session whose files' handlers are modules that nobody can load: it is asked
 * for, and not lost. The next program finds all of it.
 *
 * Usage: t-no-handler SESSION
 */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "helpers.h"

int main(int argc, char **argv)
{
	int luo;

	MUST(argc == 2);
	luo = WORKS(co_luo_open());
	FAILS(co_session_retrieve(luo, argv[1]), ENOPKG);
	FAILS(co_session_retrieve(luo, argv[1]), ENOPKG);
	/* As without modules: nothing new before the old is known. */
	FAILS(co_session_create(luo, "another"), ENOPKG);
	close(luo);
	return test_result();
}
