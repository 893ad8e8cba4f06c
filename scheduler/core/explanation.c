/* explanation.c - why what waits of a run does, one line each */
#include "scheduler/core/explanation.h"

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "scheduler/core/engine.h"

/* What has its turn, and waits for nothing but us. */
static int could_go_on(const struct instance *instance)
{
	return instance->state == TASK_SCHEDULED || instance->state == TASK_QUEUED;
}

static const char *line_of(struct explanation *explanation, const struct instance *instance,
                           int64_t now_us)
{
	auto_buf struct buf text = {0};

	engine_explain(instance, now_us, &text);
	return text.size ? arena_strndup(&explanation->arena, text.data, text.size) : NULL;
}

static void add(struct explanation *explanation, const struct instance *instance, const char *text)
{
	if (text)
		*vec_push(&explanation->lines) = (struct explanation_line){
			instance->id, (enum task_state)instance->state, text};
}

/* Items of one node that have not begun wait for the same, so that is found once. */
static void add_node(struct explanation *explanation, const struct node *node, int64_t now_us,
                     const char *trouble)
{
	const char *none = NULL;

	for (uint32_t i = 0; i < node->count; i++) {
		const struct instance *instance = run_item(node, i);

		if (state_task_is_finished(instance->state))
			continue;
		if (trouble && could_go_on(instance)) {
			add(explanation, instance, trouble);
		} else if (instance->state == TASK_NONE) {
			none = none ? none : line_of(explanation, instance, now_us);
			add(explanation, instance, none);
		} else {
			add(explanation, instance, line_of(explanation, instance, now_us));
		}
	}
}

static int by_instance(const void *a, const void *b)
{
	const struct explanation_line *left = a, *right = b;

	return (left->instance > right->instance) - (left->instance < right->instance);
}

static const char *line_of_run(struct explanation *explanation, const struct run *run,
                               const char *trouble)
{
	auto_buf struct buf text = {0};

	if (!trouble || run->cancel)
		engine_explain_run(run, &text);
	else if (!state_run_is_finished(run->state))
		buf_text(&text, trouble);
	return text.size ? arena_strndup(&explanation->arena, text.data, text.size) : NULL;
}

struct explanation *explanation_new(const struct run *run, int64_t now_us, const char *trouble)
{
	struct explanation *explanation = mem_alloc(sizeof(*explanation));

	arena_init(&explanation->arena);
	if (trouble)
		trouble = arena_strdup(&explanation->arena, trouble);
	explanation->run = line_of_run(explanation, run, trouble);
	for (uint32_t i = 0; i < run->dag->task_count; i++)
		add_node(explanation, &run->nodes[i], now_us, trouble);
	if (explanation->lines.count)
		qsort(explanation->lines.items, explanation->lines.count,
		      sizeof(*explanation->lines.items), by_instance);
	return explanation;
}

void explanation_free(struct explanation *explanation)
{
	if (!explanation)
		return;
	vec_release(&explanation->lines);
	arena_release(&explanation->arena);
	free(explanation);
}

const char *explanation_find(const struct explanation *explanation, int64_t instance,
                             enum task_state state)
{
	struct explanation_line wanted = {.instance = instance};
	const struct explanation_line *found;

	if (!explanation || !explanation->lines.count)
		return NULL;
	found = bsearch(&wanted, explanation->lines.items, explanation->lines.count,
	                sizeof(*explanation->lines.items), by_instance);
	return found && found->state == state ? found->text : NULL;
}
