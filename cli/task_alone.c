/* task_alone.c - a DAG cut down to one of its tasks */
#include "cli/task_alone.h"

#include <stdint.h>
#include <string.h>

#include "lib/compiler.h"

static void drop(json_t *object, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_object_del(object, keys[i]);
}

static json_t *alone(const json_t *task)
{
	static const char *const keys[] = {"needs",      "trigger_rule", "when",
	                                   "on_success", "on_failure",   "on_retry"};
	json_t *copy = json_copy((json_t *)(uintptr_t)task);

	drop(copy, keys, countof(keys));
	return copy;
}

static json_t *skipped(const json_t *task)
{
	static const char *const keys[] = {"map", "target"};
	json_t *copy = alone(task);

	drop(copy, keys, countof(keys));
	json_object_set_new(copy, "when", json_false());
	return copy;
}

json_t *task_alone_make(const json_t *source, const char *task)
{
	static const char *const keys[] = {"schedule", "on_success", "on_failure", "on_retry"};
	const json_t *wanted = json_object_get(json_object_get(source, "tasks"), task);
	auto_free char *text = wanted ? json_text(wanted) : NULL;
	json_t *copy, *tasks;
	const char *name;
	json_t *other;

	if (!wanted)
		return NULL;
	copy = json_copy((json_t *)(uintptr_t)source);
	drop(copy, keys, countof(keys));
	tasks = json_object();
	json_object_set_new(tasks, task, alone(wanted));
	json_object_foreach(json_object_get(source, "tasks"), name, other)
	{
		/* wherever its name stands it may be meant; one too many does no harm */
		if (other != wanted && strstr(text, name))
			json_object_set_new(tasks, name, skipped(other));
	}
	json_object_set_new(copy, "tasks", tasks);
	return copy;
}
