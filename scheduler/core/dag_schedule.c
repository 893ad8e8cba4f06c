/* dag_schedule.c - the keys of a DAG file that say when it runs */
#include "scheduler/core/dag_schedule.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/core/cron_parse.h"
#include "scheduler/core/schedule_after.h"

static void read_cron(struct dag_file *file, const struct yaml_node *node, struct cron *cron)
{
	struct err err;
	size_t offset;

	if (node->kind != YAML_STRING)
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a cron text such as \"0 3 * * *\", not %s",
		           yaml_kind_name(node->kind));
	else if (cron_parse(node->text, cron, &offset, &err) < 0)
		yaml_error_at(file->dag->yaml, node, offset, file->errors, "%s", err.text);
}

static void read_crons(struct dag_file *file, const struct yaml_node *const *nodes, size_t count)
{
	struct cron *crons = arena_array(&file->dag->arena, count, sizeof(*crons));

	for (size_t i = 0; i < count; i++)
		read_cron(file, nodes[i], &crons[i]);
	file->dag->schedule.kind = SCHEDULE_TIMES;
	file->dag->schedule.crons = crons;
	file->dag->schedule.cron_count = count;
}

static void read_list(struct dag_file *file, const struct yaml_node *node)
{
	size_t count = node->as.list.count;

	if (!count)
		yaml_error(file->dag->yaml, node, file->errors,
		           "the list is empty, write 'schedule: null' for runs by hand");
	else if (count > LIMIT_SCHEDULE_TIMES)
		yaml_error(file->dag->yaml, node, file->errors, "more than %d cron texts",
		           LIMIT_SCHEDULE_TIMES);
	else
		read_crons(file, node->as.list.items, count);
}

static void read_every(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct cron *cron = arena_alloc(&file->dag->arena, sizeof(*cron));
	int64_t every_ms;

	(void)target;
	if (dag_file_duration(file, node, &every_ms) < 0)
		return;
	if (every_ms < 1000) {
		yaml_error(file->dag->yaml, node, file->errors, "shorter than 1s");
		return;
	}
	cron_every(cron, every_ms * 1000);
	file->dag->schedule.kind = SCHEDULE_TIMES;
	file->dag->schedule.crons = cron;
	file->dag->schedule.cron_count = 1;
}

static void read_condition(struct dag_file *file, const struct yaml_node *node)
{
	struct schedule *schedule = &file->dag->schedule;
	struct err err;
	size_t offset;

	if (schedule_after_parse(node->text, schedule, &file->dag->arena, &offset, &err) < 0)
		yaml_error_at(file->dag->yaml, node, offset, file->errors, "%s", err.text);
}

/* A list of names: all of them. */
static void read_names(struct dag_file *file, const struct yaml_node *node)
{
	struct schedule *schedule = &file->dag->schedule;
	struct arena *arena = &file->dag->arena;
	size_t count = node->as.list.count;
	struct schedule_step *steps;
	const char **dags;

	if (!count || count > LIMIT_SCHEDULE_DAGS) {
		yaml_error(file->dag->yaml, node, file->errors, "expected 1 to %d names of DAGs",
		           LIMIT_SCHEDULE_DAGS);
		return;
	}
	dags = arena_array(arena, count, sizeof(*dags));
	steps = arena_array(arena, 2 * count, sizeof(*steps));
	schedule->dags = dags;
	schedule->steps = steps;
	for (size_t i = 0; i < count; i++) {
		if (dag_file_name(file, node->as.list.items[i], DAG_FILE_DOTS, &dags[i]) < 0)
			return;
		steps[schedule->step_count++] = (struct schedule_step){SCHEDULE_DAG, (uint32_t)i};
		if (i)
			steps[schedule->step_count++] =
				(struct schedule_step){.kind = SCHEDULE_AND};
		schedule->dag_count = i + 1;
	}
}

static void read_after(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	file->dag->schedule.kind = SCHEDULE_AFTER;
	if (node->kind == YAML_LIST)
		read_names(file, node);
	else if (node->kind == YAML_STRING)
		read_condition(file, node);
	else
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a list of DAGs or a condition such as \"a and (b or c)\", not "
		           "%s",
		           yaml_kind_name(node->kind));
}

static void read_object(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct schedule *schedule = &file->dag->schedule;
	const char *mark;

	(void)target;
	if (dag_file_text(file, node, &schedule->object) < 0)
		return;
	schedule->kind = SCHEDULE_OBJECT;
	mark = strstr(schedule->object, "://");
	if (!mark || mark == schedule->object || !mark[3] ||
	    strlen(schedule->object) > LIMIT_URI_BYTES || strstr(schedule->object, "${{"))
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected the URI that new objects begin with, such as "
		           "objects://bucket/folder/");
}

static void read_map(struct dag_file *file, const struct yaml_node *node)
{
	static const struct dag_file_key keys[] = {
		{"every", read_every},
		{"after", read_after},
		{"object", read_object},
	};

	dag_file_keys(file, node, keys, countof(keys), NULL);
	if (node->as.map.count != 1)
		yaml_error(file->dag->yaml, node, file->errors,
		           "a schedule has one of the keys every, after and object");
	else if (file->dag->schedule.kind == SCHEDULE_BY_HAND &&
	         node->as.map.pairs[0].value->kind == YAML_NULL)
		yaml_error(file->dag->yaml, node, file->errors,
		           "'%s' says nothing, write 'schedule: null' for runs by hand",
		           node->as.map.pairs[0].key->text);
}

void dag_schedule_read(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	switch (node->kind) {
	case YAML_NULL:
		return;
	case YAML_STRING:
		read_crons(file, &node, 1);
		return;
	case YAML_LIST:
		read_list(file, node);
		return;
	case YAML_MAP:
		read_map(file, node);
		return;
	case YAML_BOOL:
	case YAML_INT:
	case YAML_FLOAT:
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a cron text, a list of them, {every: 15m}, {after: [dag]}, "
		           "{object: uri} or null, not %s",
		           yaml_kind_name(node->kind));
	}
}

void dag_schedule_read_timezone(struct dag_file *file, const struct yaml_node *node, void *target)
{
	const char *name;
	struct err err;

	(void)target;
	if (dag_file_text(file, node, &name) < 0)
		return;
	file->dag->timezone = name;
	file->dag->schedule.zone = tz_load(name, &err);
	if (!file->dag->schedule.zone)
		yaml_error(file->dag->yaml, node, file->errors, "%s", err.text);
}

static void read_moment(struct dag_file *file, const struct yaml_node *node, int64_t *moment_us)
{
	const char *text;

	if (dag_file_text(file, node, &text) == 0 &&
	    timestamp_parse(text, strlen(text), moment_us) < 0)
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a time such as 2026-11-21 or 2026-11-21T08:00:00Z");
}

void dag_schedule_read_start(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	read_moment(file, node, &file->dag->schedule.start_us);
}

void dag_schedule_read_end(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	read_moment(file, node, &file->dag->schedule.end_us);
}

/* Nobody is there to give parameters when a schedule fires. */
static void check_params(struct dag_file *file, const struct yaml_node *node)
{
	for (size_t i = 0; i < file->dag->param_count; i++) {
		if (!file->dag->params[i].fallback)
			yaml_error(file->dag->yaml, node, file->errors,
			           "runs of a schedule take the defaults, and the parameter '%s' "
			           "has none",
			           file->dag->params[i].name);
	}
}

void dag_schedule_check(struct dag_file *file, const struct yaml_node *root)
{
	const struct schedule *schedule = &file->dag->schedule;
	const struct yaml_node *end = yaml_get(root, "end_date");
	const struct yaml_node *node = yaml_get(root, "schedule");

	if (end && schedule->end_us < schedule->start_us)
		yaml_error(file->dag->yaml, end, file->errors, "'end_date' is before 'start_date'");
	if (schedule->kind == SCHEDULE_BY_HAND)
		return;
	check_params(file, node);
	for (size_t i = 0; schedule->kind == SCHEDULE_AFTER && i < schedule->dag_count; i++) {
		if (str_equal(schedule->dags[i], file->dag->name))
			yaml_error(file->dag->yaml, node, file->errors,
			           "a DAG cannot wait for itself");
	}
}
