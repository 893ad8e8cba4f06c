/* host_runs.c - the group "runs" of the host table */
#include "scheduler/runner/host_runs.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"

static int is_name(const char *text)
{
	size_t size = strnlen(text, LIMIT_NAME_BYTES + 1);

	return size && size <= LIMIT_NAME_BYTES && str_utf8_valid(text, size) == size;
}

static int is_object(const char *params, struct err *err)
{
	auto_json json_t *value = json_parse(params, strlen(params), err);

	return json_is_object(value);
}

mr_status host_runs_start(struct mr_task *task, const char *dag, const char *params,
                          const char **run_id)
{
	struct attempt *attempt = host_enter(task, "run_start");
	auto_buf struct buf value = {0};

	host_need(attempt, dag, "run_start", "the DAG");
	host_need(attempt, run_id, "run_start", "the run id");
	if (!is_name(dag))
		return host_refuse(attempt, "'%.60s' is no name of a DAG", dag);
	if (params && strlen(params) > LIMIT_CHILD_PARAMS_BYTES)
		return host_refuse(attempt, "the parameters of a run are over %d bytes",
		                   LIMIT_CHILD_PARAMS_BYTES);
	if (params && !is_object(params, &attempt->err))
		return host_refuse(attempt, "the parameters of a run must be an object");
	if (channel_request(attempt->channel, "run_start", dag, params, &value, &attempt->err) < 0)
		return host_failed(attempt);
	*run_id = arena_strdup(&attempt->arena, buf_string(&value));
	return MR_OK;
}

mr_status host_runs_state(struct mr_task *task, const char *run_id, const char **json)
{
	struct attempt *attempt = host_enter(task, "run_state");
	auto_buf struct buf value = {0};

	host_need(attempt, run_id, "run_state", "the run id");
	host_need(attempt, json, "run_state", "the JSON");
	if (!is_name(run_id))
		return host_refuse(attempt, "'%.60s' is no run id", run_id);
	if (channel_request(attempt->channel, "run_state", run_id, NULL, &value, &attempt->err) < 0)
		return host_failed(attempt);
	if (str_equal(buf_string(&value), "null"))
		return MR_END;
	*json = arena_strdup(&attempt->arena, buf_string(&value));
	return MR_OK;
}
