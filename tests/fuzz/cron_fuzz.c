/* cron_fuzz.c - cron texts that were bent at random: read or refused, and never a step back */
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/mem.h"
#include "scheduler/core/cron_parse.h"
#include "tests/count.h"
#include "tests/fuzz/mutate.h"

static const char *const texts[] = {
	"*/15 9-17 * * mon-fri",
	"0 0 L feb,4-10/2 *",
	"30 */2 1,15 * 5L",
	"0 12 ? JAN 5#2,0#1",
	"0,30 */5 2 29 2 ?",
	"@every 90m",
	"@daily",
	"59 59 23 31 12 sat-sun/2",
	"8/3 1-5,7/4 20-26/3 * 6",
};

static int read_text(const uint8_t *bytes, size_t size)
{
	static const int64_t starts_us[] = {0, INT64_C(1774746000000000),
	                                    INT64_C(253402300700000000), INT64_MIN, INT64_MAX};
	char *text = mem_strndup((const char *)bytes, size);
	struct cron cron;
	struct err err;
	size_t offset;

	if (cron_parse(text, &cron, &offset, &err) == 0) {
		for (size_t i = 0; i < countof(starts_us); i++) {
			int64_t next_us = cron_next(&cron, tz_utc(), starts_us[i]);

			if (next_us <= starts_us[i] && next_us != CRON_NEVER)
				abort();
		}
	} else if (offset > size) {
		abort();
	}
	free(text);
	return 0;
}

int main(void)
{
	struct mutate_entry corpus[countof(texts)];

	for (size_t i = 0; i < countof(texts); i++)
		corpus[i] = (struct mutate_entry){texts[i], strlen(texts[i])};
	mutate_run(read_text, corpus, countof(corpus), count_of(20000, 1000000));
	return EXIT_SUCCESS;
}
