/* time.c - waits for a moment, without holding a runner meanwhile */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/plugin.h"

#define SECOND_US INT64_C(1000000)

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/* The host hands timestamps over as `2026-11-21T08:42:00.123456Z`. */
static int64_t moment_of(const char *text)
{
	struct tm parts = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t fraction_us = rest && *rest == '.' ? strtoll(rest + 1, NULL, 10) : 0;

	return (int64_t)timegm(&parts) * SECOND_US + fraction_us;
}

static void show(int64_t moment_us, char text[32])
{
	time_t seconds = (time_t)(moment_us / SECOND_US);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* The first call of `for` decides until when; the later ones are told. */
static mr_status end_of_span(struct mr_task *task, const char *span, int64_t *until_us)
{
	const char *resume = task->host->resume_text(task);
	char json[32];
	double seconds;

	if (resume) {
		*until_us = strtoll(resume, NULL, 10);
		return MR_OK;
	}
	if (mr_duration(span, &seconds) != MR_OK)
		return mr_fail(task, MR_FAIL,
		               "'%.64s' is not a duration such as 90s, 15m, 2h or 1d", span);
	*until_us = now_us() + (int64_t)(seconds * (double)SECOND_US);
	snprintf(json, sizeof(json), "%" PRId64, *until_us);
	return task->host->set_resume(task, json);
}

static mr_status wait_until(struct mr_task *task)
{
	const char *span = NULL, *until = NULL;
	int64_t until_us = 0, left_us;
	mr_status status = MR_OK;
	char shown[32];

	task->host->param_text(task, "for", &span);
	task->host->param_text(task, "until", &until);
	if (!span == !until)
		return mr_fail(task, MR_FAIL, "give one of 'for' and 'until'");
	if (until)
		until_us = moment_of(until);
	else
		status = end_of_span(task, span, &until_us);
	if (status != MR_OK)
		return status;
	left_us = until_us - now_us();
	if (left_us <= 0)
		return MR_OK;
	if (span && task->host->resume_text(task))
		task->host->set_resume(task, task->host->resume_text(task));
	show(until_us, shown);
	task->host->again_after(task, (double)left_us / (double)SECOND_US);
	return mr_fail(task, MR_AGAIN, "waits until %s", shown);
}

static const struct mr_param params[] = {
	{"for", MR_TEXT, 0, NULL,
         "how long, from when the task starts: 90s, 15m, 2h, 1d; or give 'until'"},
	{"until", MR_TIMESTAMP, 0, NULL, "or until when; a moment that has passed is fine"},
};

static const struct mr_op ops[] = {
	{
		.name = "wait",
		.help = "waits for a time or until a moment; holds no runner meanwhile",
		.params = params,
		.param_count = MR_COUNT(params),
		.flags = MR_OP_WARM,
		.run = wait_until,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "time",
	.version = "1.0",
	.help = "waits for a moment",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}
