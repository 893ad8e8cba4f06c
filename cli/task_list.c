/* task_list.c - task instances as people read them */
#include "cli/task_list.h"

#include <stdio.h>

void task_list_name(const json_t *task, char name[TASK_LIST_NAME_SIZE])
{
	const char *text = json_get_text(task, "task", "");
	long long index = json_get_int(task, "map_index", -1);

	if (index >= 0)
		(void)snprintf(name, TASK_LIST_NAME_SIZE, "%s[%lld]", text, index);
	else
		(void)snprintf(name, TASK_LIST_NAME_SIZE, "%s", text);
}

/* They come by id, and items but the first of a task have got theirs after all other tasks. */
json_t *task_list_named(const json_t *tasks)
{
	auto_json json_t *groups = json_object();
	json_t *named = json_array();
	const char *key;
	size_t i;
	json_t *task, *group;

	json_array_foreach(tasks, i, task)
	{
		char name[TASK_LIST_NAME_SIZE];
		json_t *copy = json_copy(task);

		task_list_name(task, name);
		json_object_set_new(copy, "name", json_string(name));
		key = json_get_text(task, "task", "");
		if (!json_object_get(groups, key))
			json_object_set_new(groups, key, json_array());
		json_array_append_new(json_object_get(groups, key), copy);
	}
	json_object_foreach(groups, key, group) json_array_extend(named, group);
	return named;
}
