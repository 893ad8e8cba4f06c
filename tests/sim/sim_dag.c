/* sim_dag.c - DAGs for the simulation, made without files */
#include "tests/sim/sim_dag.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"

struct sim_edges {
	struct sim_edge *items;
	size_t count, capacity;
};

struct sim_names {
	char **items;
	size_t count, capacity;
};

struct dag *sim_dag_blank(const char *name, uint32_t count)
{
	struct dag *dag = mem_alloc(sizeof(*dag));

	arena_init(&dag->arena);
	dag->references = 1;
	dag->name = arena_strdup(&dag->arena, name);
	dag->task_count = count;
	dag->tasks = arena_array(&dag->arena, count, sizeof(*dag->tasks));
	for (uint32_t i = 0; i < count; i++) {
		dag->tasks[i].index = i;
		dag->tasks[i].name = arena_printf(&dag->arena, "t%u", i);
		dag->tasks[i].pool = "";
		dag->tasks[i].pool_slots = 1;
		dag->tasks[i].worker_queue = "";
	}
	return dag;
}

void sim_dag_connect(struct dag *dag, const struct sim_edge *edges, size_t count)
{
	uint32_t **upstream = mem_array(dag->task_count, sizeof(*upstream));
	uint32_t **downstream = mem_array(dag->task_count, sizeof(*downstream));

	for (size_t i = 0; i < count; i++) {
		dag->tasks[edges[i].from].downstream_count++;
		dag->tasks[edges[i].to].upstream_count++;
	}
	for (uint32_t i = 0; i < dag->task_count; i++) {
		struct dag_task *task = &dag->tasks[i];

		upstream[i] = arena_array(&dag->arena, task->upstream_count, sizeof(uint32_t));
		downstream[i] = arena_array(&dag->arena, task->downstream_count, sizeof(uint32_t));
		task->upstream = upstream[i];
		task->downstream = downstream[i];
	}
	for (size_t i = 0; i < count; i++) {
		*upstream[edges[i].to]++ = edges[i].from;
		*downstream[edges[i].from]++ = edges[i].to;
	}
	free(upstream);
	free(downstream);
}

static uint32_t name_index(struct sim_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (str_equal(names->items[i], name))
			return (uint32_t)i;
	}
	*vec_push(names) = mem_strdup(name);
	return (uint32_t)(names->count - 1);
}

/* One chain, `a b -> c -> d`; cuts `text`. */
static void read_chain(char *text, struct sim_names *names, struct sim_edges *edges)
{
	struct {
		uint32_t items[64];
		size_t count;
	} left = {0}, right = {0};
	char *rest = text, *word;

	for (;;) {
		word = strsep(&rest, " ");
		if (!word || str_equal(word, "->")) {
			for (size_t i = 0; i < left.count * right.count; i++)
				*vec_push(edges) = (struct sim_edge){left.items[i / right.count],
				                                     right.items[i % right.count]};
			left.count = right.count;
			memcpy(left.items, right.items, sizeof(right.items));
			right.count = 0;
		} else if (*word) {
			assert(right.count < 64);
			right.items[right.count++] = name_index(names, word);
		}
		if (!word)
			return;
	}
}

static enum dag_rule rule_of(const char *name)
{
	for (enum dag_rule rule = 0; rule < RULE_COUNT; rule++) {
		if (str_equal(dag_rule_name(rule), name))
			return rule;
	}
	fprintf(stderr, "no trigger rule '%s'\n", name);
	abort();
}

static NORETURN void unknown(const char *key)
{
	fprintf(stderr, "no key '%s'\n", key);
	abort();
}

static void set_task(struct dag *dag, struct dag_task *task, const char *key, const char *value)
{
	int64_t number = strtoll(value, NULL, 10);

	if (str_equal(key, "trigger_rule"))
		task->rule = rule_of(value);
	else if (str_equal(key, "retries"))
		task->retries = (int32_t)number;
	else if (str_equal(key, "retry_delay"))
		task->retry_delay_ms = number;
	else if (str_equal(key, "retry_max_delay"))
		task->retry_max_delay_ms = number;
	else if (str_equal(key, "timeout"))
		task->timeout_ms = number;
	else if (str_equal(key, "pool"))
		task->pool = arena_strdup(&dag->arena, value);
	else if (str_equal(key, "pool_slots"))
		task->pool_slots = (int32_t)number;
	else if (str_equal(key, "priority"))
		task->priority = (int32_t)number;
	else if (str_equal(key, "queue"))
		task->worker_queue = arena_strdup(&dag->arena, value);
	else if (str_equal(key, "max_active"))
		task->max_active = (int32_t)number;
	else if (str_equal(key, "map"))
		task->flags |= DAG_MAPPED;
	else if (str_equal(key, "when"))
		task->when =
			(const struct expr *)dag; /* the engine only asks whether there is one */
	else
		unknown(key);
}

static void set_dag(struct dag *dag, const char *key, const char *value)
{
	int64_t number = strtoll(value, NULL, 10);

	if (str_equal(key, "name"))
		dag->name = arena_strdup(&dag->arena, value);
	else if (str_equal(key, "max_active_runs"))
		dag->max_active_runs = (int32_t)number;
	else if (str_equal(key, "timeout"))
		dag->timeout_ms = number;
	else
		unknown(key);
}

/* `clean: retries=2 pool=db`; cuts `text`. */
static void read_options(struct dag *dag, char *text)
{
	char *rest = text + strspn(text, " "), *name = strsep(&rest, ":"), *word;
	struct dag_task *task = NULL;

	for (uint32_t i = 0; i < dag->task_count; i++) {
		if (str_equal(dag->tasks[i].name, name))
			task = &dag->tasks[i];
	}
	assert(task || str_equal(name, "dag"));
	while ((word = strsep(&rest, " "))) {
		const char *key = strsep(&word, "=");

		if (!*key)
			continue;
		if (task)
			set_task(dag, task, key, word ? word : "");
		else
			set_dag(dag, key, word);
	}
}

struct dag *sim_dag(const char *graph, const char *options)
{
	struct sim_names names = {0};
	struct sim_edges edges = {0};
	char *text = mem_strdup(graph), *rest = text, *part;
	struct dag *dag;

	while ((part = strsep(&rest, ";")))
		read_chain(part, &names, &edges);
	dag = sim_dag_blank("dag", (uint32_t)names.count);
	for (size_t i = 0; i < names.count; i++) {
		dag->tasks[i].name = arena_strdup(&dag->arena, names.items[i]);
		free(names.items[i]);
	}
	sim_dag_connect(dag, edges.items, edges.count);
	free(text);
	text = rest = mem_strdup(options);
	while ((part = strsep(&rest, ";"))) {
		if (*part)
			read_options(dag, part);
	}
	free(text);
	vec_release(&names);
	vec_release(&edges);
	return dag;
}
