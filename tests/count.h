/* count.h - how often a long loop goes round
 *
 * Every day it is the count that fits CI; `make torture` sets TORTURE=1 and runs the full one.
 */
#ifndef TESTS_COUNT_H
#define TESTS_COUNT_H

#include <stdlib.h>

static inline int count_of(int everyday, int torture)
{
	const char *value = getenv("TORTURE"); /* NOLINT(concurrency-mt-unsafe): tests only */

	return value && *value == '1' ? torture : everyday;
}

#endif
