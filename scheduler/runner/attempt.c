/* attempt.c - one call of an operator */
#include "scheduler/runner/attempt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/runner/host_table.h"
#include "scheduler/runner/remains.h"

enum {
	AGAIN_AFTER_MS = 60000,
	LOG_WARN = 2,
};

void attempt_init(struct attempt *attempt, struct channel *channel, struct attempt_log *log,
                  struct host_session *session)
{
	*attempt = (struct attempt){
		.task = {.host = &host_table, .info = &attempt->info},
		.channel = channel,
		.log = log,
		.session = session,
		.thread = pthread_self(),
	};
	arena_init(&attempt->arena);
}

const char *attempt_text(struct attempt *attempt, const char *text)
{
	size_t size = strnlen(text, WIRE_REASON_BYTES);
	char *copy = arena_strndup(&attempt->arena, text, size);
	size_t at = 0;

	/* a character that was cut in two is dropped */
	while (text[size] && size && (text[size] & 0xc0) == 0x80)
		size--;
	copy[size] = '\0';
	while ((at += str_utf8_valid(copy + at, size - at)) < size)
		copy[at] = '?';
	return copy;
}

static int fail(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

static int fail(struct attempt *attempt, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	attempt->reason = attempt_text(attempt, arena_vprintf(&attempt->arena, format, arguments));
	va_end(arguments);
	return -1;
}

static const char *json_kind(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "text";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

/* null counts as not given, and so does an empty `columns` */
static json_t *given(const json_t *params, const char *name)
{
	json_t *value = json_object_get(params, name);

	if (!value || json_is_null(value))
		return NULL;
	if (json_is_array(value) && !json_array_size(value) && str_equal(name, "columns"))
		return NULL;
	return value;
}

/* Operators get moments in one form only, however they were written. */
static json_t *in_one_form(struct attempt *attempt, const char *name, json_t *value)
{
	char text[TIMESTAMP_SIZE];
	int64_t moment_us;

	if (timestamp_parse(json_string_value(value), json_string_length(value), &moment_us) < 0)
		return value;
	timestamp_format(moment_us, text);
	json_object_set_new(attempt->start->params, name, json_string(text));
	return json_object_get(attempt->start->params, name);
}

static int check_param(struct attempt *attempt, size_t i)
{
	const struct plugin_param *param = &attempt->op->params[i];
	json_t *value = given(attempt->start->params, param->declared.name);

	if (value && !plugin_file_accepts(param->declared.type, value))
		return fail(attempt, "parameter '%s' must be of type %s, not %s",
		            param->declared.name, plugin_file_type_name(param->declared.type),
		            json_kind(value));
	if (value && param->declared.type == MR_TIMESTAMP)
		value = in_one_form(attempt, param->declared.name, value);
	if (!value)
		value = param->fallback;
	if (!value && param->declared.required)
		return fail(attempt, "parameter '%s' is required", param->declared.name);
	attempt->values[i] = value;
	if (value && param->declared.type == MR_SECRET)
		attempt_log_add_secret(attempt->log, json_string_value(value));
	return 0;
}

static int is_declared(const struct plugin_op *op, const char *name)
{
	for (size_t i = 0; i < op->declared.param_count; i++)
		if (str_equal(op->params[i].declared.name, name))
			return 1;
	return 0;
}

static int check_params(struct attempt *attempt)
{
	const struct plugin_op *op = attempt->op;
	const char *name;
	json_t *value;

	attempt->values = arena_array(&attempt->arena, op->declared.param_count + 1,
	                              sizeof(*attempt->values));
	json_object_foreach(
		attempt->start->params, name,
		value) if (!is_declared(op,
	                                name)) return fail(attempt,
	                                                   "operator '%s' has no parameter '%s'",
	                                                   attempt->start->operator, name);
	for (size_t i = 0; i < op->declared.param_count; i++)
		if (check_param(attempt, i) < 0)
			return -1;
	return 0;
}

static void fill_info(struct attempt *attempt)
{
	const struct wire_start *start = attempt->start;

	attempt->info = (struct mr_info){
		.size = sizeof(struct mr_info),
		.dag = start->dag,
		.run_id = start->run_id,
		.task = start->task,
		.operator_name = start->operator,
		.map_index = start->map_index,
		.attempt = start->number,
		.logical_us = start->logical_us,
		.interval_start_us = start->interval_start_us,
		.interval_end_us = start->interval_end_us,
		.grace_ms = attempt->channel->grace_ms,
	};
}

static enum wire_status status_of(struct attempt *attempt, mr_status status)
{
	switch (status) {
	case MR_OK:
		return WIRE_OK;
	case MR_SKIP:
		return WIRE_SKIP;
	case MR_AGAIN:
		return WIRE_AGAIN;
	case MR_FAIL:
		return WIRE_FAIL;
	case MR_RETRY:
		return WIRE_RETRY;
	case MR_CANCELLED:
		if (atomic_load(&attempt->channel->cancelled))
			return WIRE_CANCELLED;
		fail(attempt, "it returned MR_CANCELLED though nobody cancelled it");
		return WIRE_FAIL;
	default:
		fail(attempt, "it returned %d, which is no status", status);
		return WIRE_FAIL;
	}
}

static void close_handles(struct attempt *attempt)
{
	struct attempt_handle *handle;

	for (handle = attempt->handles; handle; handle = handle->next)
		if (handle->is_open) {
			handle->is_open = 0;
			handle->close(attempt, handle);
		}
	attempt->handles = NULL;
}

void attempt_opened(struct attempt *attempt, struct attempt_handle *handle)
{
	handle->is_open = 1;
	handle->next = attempt->handles;
	attempt->handles = handle;
}

static void end_processes(struct attempt *attempt)
{
	size_t count = remains_kill();

	if (count)
		attempt_log_line(attempt->log, LOG_WARN,
		                 count == 1 ? "killed a process that the task left behind"
		                            : "killed processes that the task left behind",
		                 clock_now_us());
}

static void remove_temp_dir(struct attempt *attempt)
{
	struct err err;

	if (attempt->temp_dir && file_remove_tree(attempt->temp_dir, &err) < 0)
		attempt_log_line(attempt->log, LOG_WARN, err.text, clock_now_us());
	attempt->temp_dir = NULL;
}

/* Nothing the operator started may outlive it, and its output is in the log before we say so. */
static void clean_up(struct attempt *attempt)
{
	fflush(stdout);
	end_processes(attempt);
	close_handles(attempt);
	remove_temp_dir(attempt);
}

static enum wire_status enter(struct attempt *attempt)
{
	enum wire_status status;

	fill_info(attempt);
	attempt->task.data = NULL;
	FAULT("attempt-begins");
	status = status_of(attempt, attempt->op->declared.run(&attempt->task));
	/* a plugin that passes a failure on need not repeat the text */
	if ((status == WIRE_FAIL || status == WIRE_RETRY) && !attempt->reason)
		attempt->reason = attempt->err.code ? attempt_text(attempt, attempt->err.text)
		                                    : "it failed and did not say why";
	return status;
}

/* 1: the object that the task is to make is there; -1. */
static int target_exists(struct attempt *attempt)
{
	const char *target = attempt->start->target;
	int exists;

	if (!target)
		return 0;
	exists = host_session_object_exists(attempt->session, target, &attempt->arena,
	                                    &attempt->err);
	if (exists < 0)
		fail(attempt, "target: %s", attempt->err.text);
	else if (exists)
		fail(attempt, "target '%s' exists already", target);
	return exists;
}

static enum wire_status work(struct attempt *attempt, const struct plugin_file *file,
                             const struct err *err)
{
	int exists;

	if (!file) {
		fail(attempt, "%s", err->text);
		return WIRE_FAIL;
	}
	attempt->op = plugin_file_op(file, attempt->start->operator);
	if (!attempt->op) {
		fail(attempt, "plugin '%s' has no operator '%s'", file->path,
		     attempt->start->operator);
		return WIRE_FAIL;
	}
	if (check_params(attempt) < 0)
		return WIRE_FAIL;
	exists = target_exists(attempt);
	if (exists)
		return exists > 0                            ? WIRE_OK
		       : err_is_transient(attempt->err.code) ? WIRE_RETRY
		                                             : WIRE_FAIL;
	return enter(attempt);
}

static void tell(struct attempt *attempt, enum wire_status status, struct wire_finished *finished)
{
	*finished = (struct wire_finished){
		.attempt = attempt->start->attempt,
		.fence = attempt->start->fence,
		.status = status,
		.reason = attempt->reason,
		.again_after_ms = status == WIRE_AGAIN ? attempt->again_after_ms : 0,
		.resume = status == WIRE_AGAIN ? attempt->resume : NULL,
		.outputs = status == WIRE_OK ? attempt->outputs : NULL,
		.log_bytes = attempt_log_end(attempt->log),
		.started_us = attempt->started_us,
		.ended_us = clock_now_us(),
	};
}

void attempt_begin(struct attempt *attempt, const struct wire_start *start)
{
	attempt->start = start;
	attempt->again_after_ms = AGAIN_AFTER_MS;
	attempt->started_us = clock_now_us();
	attempt_log_begin(attempt->log, start->log, start->log_cap, start->secrets);
	channel_started(attempt->channel, start, attempt->started_us);
}

void attempt_run(struct attempt *attempt, const struct plugin_file *file, const struct err *err,
                 struct wire_finished *finished)
{
	enum wire_status status = work(attempt, file, err);

	clean_up(attempt);
	tell(attempt, status, finished);
}

void attempt_clear(struct attempt *attempt)
{
	json_decref(attempt->outputs);
	attempt->outputs = NULL;
	attempt->start = NULL;
	attempt->op = NULL;
	attempt->values = NULL;
	attempt->reason = NULL;
	attempt->resume = NULL;
	attempt->load_count = 0;
	attempt->err = (struct err){0};
	atomic_store(&attempt->progress_due_us, 0);
	arena_reset(&attempt->arena);
}

void attempt_abort(struct attempt *attempt, const char *text)
{
	struct wire_finished finished;

	fail(attempt, "the plugin broke the contract: %s", text);
	attempt_log_line(attempt->log, 3, attempt->reason, clock_now_us());
	end_processes(attempt);
	remove_temp_dir(attempt);
	tell(attempt, WIRE_FAIL, &finished);
	finished.retire = "the plugin broke the contract";
	channel_finished(attempt->channel, &finished);
	channel_retire(attempt->channel);
	abort();
}
