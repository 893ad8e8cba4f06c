/* cmd_next.c - `millrace dags next`: when a DAG or a cron text fires */
#include "cli/cmd_next.h"

#include <stdio.h>
#include <string.h>

#include "cli/dag_files.h"
#include "lib/clock.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/core/cron_parse.h"

enum { DEFAULT_TIMES = 5 };

/* What the options ask. */
struct question {
	int64_t after_us, count;
};

static json_t *times_of(const struct schedule *schedule, const struct question *question)
{
	json_t *times = json_array();
	int64_t at_us = question->after_us;

	for (int64_t i = 0; i < question->count; i++) {
		char text[TIMESTAMP_SIZE];

		at_us = schedule_next(schedule, at_us);
		if (at_us == SCHEDULE_NEVER)
			break;
		timestamp_format_short(at_us, text);
		json_array_append_new(times, json_string(text));
	}
	return times;
}

static void print_lines(const json_t *times, const char *quote)
{
	size_t i;
	json_t *time = NULL;

	json_array_foreach(times, i, time)
		printf("%s%s%s\n", quote, json_string_value(time), quote);
}

static void print_times(const struct call *call, const json_t *times)
{
	auto_buf struct buf text = {0};

	switch (call->format) {
	case FORMAT_JSON:
		json_append(&text, times);
		(void)puts(buf_string(&text));
		return;
	case FORMAT_JSONL:
		print_lines(times, "\"");
		return;
	case FORMAT_TABLE:
	case FORMAT_CSV:
		print_lines(times, "");
	}
}

static int answer(struct call *call, const struct schedule *schedule,
                  const struct question *question)
{
	auto_json json_t *times = times_of(schedule, question);

	print_times(call, times);
	if (json_array_size(times))
		return EXIT_OK;
	switch (schedule->kind) {
	case SCHEDULE_BY_HAND:
		call_say(call, "it has no schedule");
		break;
	case SCHEDULE_AFTER:
		call_say(call, "it runs after other DAGs, not by times");
		break;
	case SCHEDULE_OBJECT:
		call_say(call, "it runs for new objects, not by times");
		break;
	case SCHEDULE_TIMES:
		call_say(call, "there is no fire after that");
	}
	return EXIT_OK;
}

static int next_of_cron(struct call *call, const char *text, const struct question *question)
{
	const char *zone = call_option(call, "timezone");
	struct schedule schedule = {.kind = SCHEDULE_TIMES,
	                            .start_us = INT64_MIN,
	                            .end_us = INT64_MAX,
	                            .cron_count = 1};
	struct cron cron;
	size_t offset;
	struct err err;

	schedule.zone = tz_load(zone ? zone : "UTC", &err);
	if (!schedule.zone)
		return call_usage("%s", err.text);
	if (cron_parse(text, &cron, &offset, &err) < 0)
		return call_usage("'%s', character %zu: %s", text, offset + 1, err.text);
	schedule.crons = &cron;
	return answer(call, &schedule, question);
}

static int next_of_dag(struct call *call, const char *name, const struct question *question)
{
	int status;
	struct dag *dag;

	if (call_has(call, "timezone"))
		return call_usage("--timezone goes with --cron, a DAG has its own");
	dag = dag_files_read(call, name, NULL, &status);
	if (!dag)
		return status;
	status = answer(call, &dag->schedule, question);
	dag_release(dag);
	return status;
}

static int read_question(struct call *call, struct question *question)
{
	const char *after = call_option(call, "after");
	const char *count = call_option(call, "count");
	struct err err;

	*question = (struct question){clock_now_us(), DEFAULT_TIMES};
	if (after && timestamp_parse(after, strlen(after), &question->after_us) < 0)
		return call_usage("'%s' is not a time such as 2026-11-21T08:00:00Z", after);
	if (!count)
		return EXIT_OK;
	if (str_to_int(count, &question->count, &err) < 0)
		return call_usage("-n: %s", err.text);
	if (question->count < 1 || question->count > LIMIT_PAGE_ROWS)
		return call_usage("-n is 1 to %d", LIMIT_PAGE_ROWS);
	return EXIT_OK;
}

int cmd_next(struct call *call)
{
	const char *cron = call_option(call, "cron");
	const char *name = call_argument(call, 0);
	struct question question;
	int status = read_question(call, &question);

	if (status != EXIT_OK)
		return status;
	if (!cron == !name)
		return call_usage("name a DAG, or give --cron");
	return cron ? next_of_cron(call, cron, &question) : next_of_dag(call, name, &question);
}
