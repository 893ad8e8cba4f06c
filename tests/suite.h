/* suite.h - what every test program ends with
 *
 * main() fills its cases and returns suite_run(). The answer is an exit code.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs a suite of one or more TCase, which it takes over. */
/* NOLINTNEXTLINE(readability-identifier-naming): a call, but for the list it writes */
#define suite_run(name, ...) suite_run_list(name, (TCase *const[]){__VA_ARGS__, NULL})

static inline int suite_run_list(const char *name, TCase *const *cases)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	for (; *cases; cases++)
		suite_add_tcase(suite, *cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
