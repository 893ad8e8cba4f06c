/* mutate.h - feeds a target with corpus entries that were bent at random
 *
 * A target is a function named as libFuzzer's, so that it can be linked with it too; mutate_run() is the
 * driver for compilers without it: seeded, so a failure is found again. A target that does not crash has
 * passed.
 */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

typedef int (*mutate_target_fn)(const uint8_t *bytes, size_t size);

struct mutate_entry {
	const void *bytes;
	size_t size;
};

/* Every entry as it is, then `rounds` bent ones. */
void mutate_run(mutate_target_fn target, const struct mutate_entry *corpus, size_t count,
                int rounds);

#endif
