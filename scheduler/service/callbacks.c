/* callbacks.c - messages about runs and tasks, made with the rows they tell of */
#include "scheduler/service/callbacks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "lib/crypto.h"
#include "lib/json_writer.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/template.h"
#include "scheduler/service/log_place.h"
#include "scheduler/service/run_info.h"
#include "storage/repo/run_json.h"

enum {
	MARK_BYTES = 12, /* random, so that no parameter can pass for a secret */
	MARK_END = '\x03',
};

/* What is told, and of what. */
struct news {
	struct batch *batch;
	const struct batch_source *source;
	const struct run *run;
	const struct instance *instance; /* NULL: the run itself */
	enum dag_when when;
	const char *body;
};

/* The rim of a template whose secrets stay names. */
struct rendering {
	struct run_info_scope scope;
	char mark[2 * MARK_BYTES + 2];
};

static const char *const when_names[DAG_ON_COUNT] = {
	[DAG_ON_SUCCESS] = "success",
	[DAG_ON_FAILURE] = "failure",
	[DAG_ON_RETRY] = "retry",
};

/* --- where to --- */

json_t *callbacks_split(const char *text, const char *mark, char end)
{
	json_t *pieces = json_array();
	const char *found;

	while ((found = strstr(text, mark))) {
		const char *name = found + strlen(mark);
		const char *stop = strchr(name, end);

		if (!stop)
			break;
		if (found > text)
			json_array_append_new(pieces, json_stringn(text, (size_t)(found - text)));
		json_array_append_new(pieces,
		                      json_pack("{s:s%}", "secret", name, (size_t)(stop - name)));
		text = stop + 1;
	}
	if (*text || !json_array_size(pieces))
		json_array_append_new(pieces, json_string(text));
	return pieces;
}

void callbacks_place(const json_t *pieces, struct buf *place)
{
	auto_buf struct buf url = {0};
	const char *host, *at;
	size_t i;
	json_t *piece = NULL;

	json_array_foreach(pieces, i, piece)
		buf_text(&url, json_is_string(piece) ? json_string_value(piece) : "*");
	host = strstr(buf_string(&url), "://");
	host = host ? host + strlen("://") : buf_string(&url);
	at = memchr(host, '@', strcspn(host, "/?#"));
	host = at ? at + 1 : host;
	buf_append(place, host, strcspn(host, "/?#"));
}

static json_t *mark_secret(void *context, const char *name, struct err *err)
{
	const struct run_info_scope *scope = context;
	const struct rendering *rendering = scope->context;
	auto_buf struct buf text = {0};

	(void)err;
	buf_printf(&text, "%s%s%c", rendering->mark, name, MARK_END);
	return json_string(buf_string(&text));
}

static void begin_rendering(struct rendering *rendering, const struct news *news)
{
	const struct instance *instance =
		news->instance ? news->instance : news->run->nodes[0].first;
	uint8_t random[MARK_BYTES];

	crypto_random(random, sizeof(random));
	rendering->mark[0] = '\x02';
	crypto_hex(random, sizeof(random), rendering->mark + 1);
	run_info_scope(&rendering->scope, instance, config_json(news->source->config, CONFIG_VARS));
	rendering->scope.scope.secret = mark_secret;
	rendering->scope.context = rendering;
}

static json_t *split_value(const json_t *value, const char *mark)
{
	auto_buf struct buf text = {0};

	expr_eval_format(&text, value);
	return callbacks_split(buf_string(&text), mark, MARK_END);
}

static json_t *split_list(const json_t *values, const char *mark)
{
	json_t *list = json_array();
	size_t i;
	json_t *value = NULL;

	json_array_foreach(values, i, value) json_array_append_new(list, split_value(value, mark));
	return list;
}

/* `dag/run`, `dag/run/task`, `dag/run/task/3`. */
static void write_of(const struct run *run, const struct instance *instance, struct buf *of)
{
	buf_printf(of, "%s/%s", run->dag->name, run->name);
	if (instance)
		buf_printf(of, "/%s", instance->node->task->name);
	if (instance && instance->map_index >= 0)
		buf_printf(of, "/%d", (int)instance->map_index);
}

/* NULL: an expression failed. */
static json_t *render_target(const struct news *news, const struct dag_callback *callback,
                             struct err *err)
{
	struct rendering rendering;
	char id[CRYPTO_ULID_SIZE];
	auto_json json_t *value = NULL;
	auto_buf struct buf of = {0}, event = {0};
	json_t *where;

	begin_rendering(&rendering, news);
	value = template_render(callback->webhook ? callback->webhook : callback->command,
	                        &rendering.scope.scope, err);
	if (!value)
		return NULL;
	where = callback->webhook ? split_value(value, rendering.mark)
	                          : split_list(value, rendering.mark);
	crypto_ulid(news->source->now_us, id);
	write_of(news->run, news->instance, &of);
	buf_printf(&event, "%s.%s", news->instance ? "task" : "run", when_names[news->when]);
	return json_pack("{s:s, s:s, s:s, s:o, s:s*}", "id", id, "event", buf_string(&event), "of",
	                 buf_string(&of), callback->webhook ? "webhook" : "command", where,
	                 "secret", callback->secret);
}

/* --- the message --- */

/* What cannot be sent is kept too, with the reason. */
static void add_message(const struct news *news, const struct dag_callback *callback)
{
	struct arena *arena = &news->batch->arena;
	struct err err;
	auto_json json_t *target = render_target(news, callback, &err);
	auto_free char *text = target ? json_text(target) : NULL;
	auto_buf struct buf place = {0};

	if (!target)
		log_warn("outbox", "a callback cannot be sent of=%s/%s error=%s",
		         news->run->dag->name, news->run->name, err.text);
	else if (callback->webhook)
		callbacks_place(json_object_get(target, "webhook"), &place);
	*vec_push(&news->batch->messages) = (struct outbox_repo_row){
		.kind = callback->webhook ? "webhook" : "command",
		.run = news->run->id,
		.task_instance = news->instance ? news->instance->id : 0,
		.target = text ? arena_strdup(arena, text) : "{}",
		.place = arena_strdup(arena, buf_string(&place)),
		.body = news->body,
		.state = target ? "pending" : "failed",
		.reason = target ? NULL : arena_strdup(arena, err.text),
		.due_at_us = news->source->now_us,
		.created_at_us = news->source->now_us,
		.ended_at_us = target ? 0 : news->source->now_us,
	};
}

static void tell(const struct news *news, const struct dag_callbacks *callbacks)
{
	for (size_t i = 0; i < callbacks->count; i++)
		add_message(news, &callbacks->items[i]);
}

static int64_t moment(int64_t at_us)
{
	return at_us == METADATA_CLEAR ? 0 : at_us;
}

/* --- runs --- */

/* `{"success": 2}` */
static void write_counts(const struct run *run, struct buf *buf)
{
	size_t counts[TASK_STATE_COUNT] = {0};
	uint32_t task = 0, item = 0;
	const struct instance *instance;
	struct json_writer w;

	while ((instance = run_next(run, &task, &item)))
		counts[instance->state]++;
	json_writer_init(&w, buf);
	json_writer_object(&w);
	for (int state = 0; state < TASK_STATE_COUNT; state++) {
		if (!counts[state])
			continue;
		json_writer_key(&w, state_task_name((enum task_state)state));
		json_writer_int(&w, (int64_t)counts[state]);
	}
	json_writer_object_end(&w);
}

static const char *run_body(struct batch *batch, const struct run *run,
                            const struct run_repo_row *stored)
{
	struct run_repo_row row = *stored;
	auto_free char *params = json_text(run_info_of(run)->params);
	auto_buf struct buf body = {0}, counts = {0};
	struct json_writer w;

	row.params = params;
	row.started_at_us = moment(row.started_at_us);
	row.ended_at_us = moment(row.ended_at_us);
	write_counts(run, &counts);
	json_writer_init(&w, &body);
	run_json_begin(&row, buf_string(&counts), &w);
	json_writer_object_end(&w);
	return arena_strdup(&batch->arena, buf_string(&body));
}

/* DAG_ON_COUNT: nothing to tell. A cancelled run tells nobody: a person did it. */
static enum dag_when when_of_run(enum run_state before, enum run_state now)
{
	if (now == before)
		return DAG_ON_COUNT;
	if (now == RUN_SUCCESS)
		return DAG_ON_SUCCESS;
	if (now == RUN_FAILED)
		return DAG_ON_FAILURE;
	if (state_run_is_finished(before) && !state_run_is_finished(now))
		return DAG_ON_RETRY;
	return DAG_ON_COUNT;
}

void callbacks_run(struct batch *batch, const struct batch_source *source, const struct run *run,
                   const struct run_repo_row *row)
{
	struct run_info *info = run_info_of(run);
	struct news news = {
		.batch = batch,
		.source = source,
		.run = run,
		.when = when_of_run((enum run_state)info->told, (enum run_state)run->state),
	};

	info->told = run->state;
	if (news.when == DAG_ON_COUNT || !run->dag->on[news.when].count ||
	    !config_int(source->config, CONFIG_CALLBACKS))
		return;
	news.body = run_body(batch, run, row);
	tell(&news, &run->dag->on[news.when]);
}

/* --- task instances --- */

/* The outputs of a success, each as JSON; the array lives in the arena. */
static size_t list_outputs(struct arena *arena, const struct instance *instance,
                           struct output_repo_row **rows)
{
	json_t *outputs = run_info_instance(instance)->outputs;
	size_t count = 0;
	const char *key;
	json_t *value;

	if (instance->state != TASK_SUCCESS)
		return 0;
	*rows = arena_array(arena, json_object_size(outputs) + 1, sizeof(**rows));
	json_object_foreach(outputs, key, value)
	{
		auto_free char *text = json_text(value);

		(*rows)[count++] =
			(struct output_repo_row){.key = key, .value = arena_strdup(arena, text)};
	}
	return count;
}

static const char *task_body(struct batch *batch, const struct instance *instance,
                             const struct task_repo_row *stored)
{
	const struct run *run = instance->node->run;
	struct task_repo_row row = *stored;
	struct run_json_task task = {
		.row = &row,
		.dag = run->dag->name,
		.run_id = run->name,
		.log_bytes = run_info_instance(instance)->log_bytes,
	};
	struct output_repo_row *outputs = NULL;
	auto_buf struct buf body = {0};
	struct json_writer w;

	row.queued_at_us = moment(row.queued_at_us);
	row.started_at_us = moment(row.started_at_us);
	row.ended_at_us = moment(row.ended_at_us);
	task.output_count = list_outputs(&batch->arena, instance, &outputs);
	task.outputs = outputs;
	json_writer_init(&w, &body);
	run_json_task(&task, &w);
	return arena_strdup(&batch->arena, buf_string(&body));
}

static void tell_task(struct batch *batch, const struct batch_source *source,
                      const struct instance *instance, const struct task_repo_row *row,
                      enum dag_when when)
{
	const struct dag_callbacks *callbacks = &instance->node->task->on[when];
	struct news news = {
		.batch = batch,
		.source = source,
		.run = instance->node->run,
		.instance = instance,
		.when = when,
	};

	if (!callbacks->count || !config_int(source->config, CONFIG_CALLBACKS))
		return;
	news.body = task_body(batch, instance, row);
	tell(&news, callbacks);
}

void callbacks_task(struct batch *batch, const struct batch_source *source,
                    const struct instance *instance, const struct task_repo_row *row)
{
	struct instance_info *info = run_info_instance(instance);
	int is_new = info->told != instance->state;

	info->told = instance->state;
	if (is_new && instance->state == TASK_SUCCESS)
		tell_task(batch, source, instance, row, DAG_ON_SUCCESS);
	else if (is_new && instance->state == TASK_FAILED)
		tell_task(batch, source, instance, row, DAG_ON_FAILURE);
}

void callbacks_retry(struct batch *batch, const struct batch_source *source,
                     const struct effects_attempt *attempt, const struct task_repo_row *row)
{
	struct task_repo_row then = *row;

	/* with no delay the next one may be claimed in the same batch */
	then.state = state_task_name(TASK_UP_FOR_RETRY);
	then.reason = run_info_instance(attempt->instance)->reason;
	then.number = attempt->number;
	tell_task(batch, source, attempt->instance, &then, DAG_ON_RETRY);
}

/* --- logs --- */

static void add_log(struct batch *batch, const struct batch_source *source,
                    const struct instance *instance, const char *name)
{
	auto_buf struct buf of = {0};
	char id[CRYPTO_ULID_SIZE];

	crypto_ulid(source->now_us, id);
	write_of(instance->node->run, instance, &of);
	auto_json json_t *target = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "event", "log", "of",
	                                     buf_string(&of), "log", name);
	auto_free char *text = json_text(target);

	*vec_push(&batch->messages) = (struct outbox_repo_row){
		.kind = "log",
		.run = instance->node->run->id,
		.task_instance = instance->id,
		.target = arena_strdup(&batch->arena, text),
		.place = "logs",
		.body = "",
		.state = "pending",
		.due_at_us = source->now_us,
		.created_at_us = source->now_us,
	};
}

int64_t callbacks_log(struct batch *batch, const struct batch_source *source,
                      const struct effects_attempt *attempt)
{
	int uploads = *config_text(source->config, CONFIG_LOGS_UPLOAD) != '\0';
	int64_t log_bytes = run_info_instance(attempt->instance)->log_bytes;
	auto_buf struct buf name = {0}, path = {0};
	struct stat info;

	/* what a dead runner said was counted by nobody */
	if (!uploads && attempt->state != ATTEMPT_LOST)
		return log_bytes;
	log_place_name(attempt->instance, attempt->number, &name);
	log_place_path(source->config, buf_string(&name), &path);
	if (stat(buf_string(&path), &info) < 0)
		return 0;
	if (uploads && attempt->state != ATTEMPT_AGAIN)
		add_log(batch, source, attempt->instance, buf_string(&name));
	return info.st_size;
}
