/* requests.c - what operators ask the service for while they run */
#include "scheduler/service/requests.h"

#include "lib/mask.h"
#include "lib/str.h"
#include "scheduler/service/child_runs.h"

void requests_refuse(struct leader *leader, const struct job *job, int64_t request,
                     const struct err *err)
{
	struct wire_reply reply = {.id = request};

	if (err_is_transient(err->code))
		reply.busy = err->text;
	else
		reply.error = err->text;
	fleet_reply(leader->fleet, job->attempt, &reply);
}

static void tell_secret(struct leader *leader, struct job *job, const struct wire_request *request)
{
	auto_buf struct buf value = {0};
	struct wire_reply reply = {.id = request->id};
	struct err err;

	if (config_secret(leader->config, request->name, &value, &err) < 0) {
		requests_refuse(leader, job, request->id, &err);
		return;
	}
	/* masked in what may be drained from the runner later too */
	mask_add(job->secrets, buf_string(&value));
	reply.value = buf_string(&value);
	fleet_reply(leader->fleet, job->attempt, &reply);
}

static const struct {
	const char *name;
	void (*take)(struct leader *leader, struct job *job, const struct wire_request *request);
} known[] = {
	{"secret", tell_secret},
	{"run_start", child_runs_start},
	{"run_state", child_runs_state},
};

void requests_take(struct leader *leader, struct job *job, const struct wire_request *request)
{
	struct err err;

	if (job->instance->fence != job->fence || job->instance->cancel) {
		err_set(&err, ERR_STALE, "the task is being ended");
		requests_refuse(leader, job, request->id, &err);
		return;
	}
	for (size_t i = 0; i < countof(known); i++) {
		if (!str_equal(known[i].name, request->what))
			continue;
		known[i].take(leader, job, request);
		return;
	}
	err_set(&err, ERR_INVALID, "this request is not known");
	requests_refuse(leader, job, request->id, &err);
}
