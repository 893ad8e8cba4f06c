/* dag_copies.c - DAG files for a server that tests one of them */
#include "cli/dag_copies.h"

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"

int dag_copies_text(const struct dag *dag, struct buf *text, struct err *err)
{
	const json_t *schedule = json_object_get(dag->source, "schedule");
	json_t *copy;

	if (!schedule || json_is_null(schedule))
		return file_read(dag->file, LIMIT_YAML_BYTES, text, err);
	copy = json_copy(dag->source);
	json_object_del(copy, "schedule");
	json_append(text, copy);
	json_decref(copy);
	return 0;
}

static int runs_others(const struct dag *dag)
{
	for (uint32_t i = 0; i < dag->task_count; i++) {
		if (str_equal(dag->tasks[i].operator, "dag.run"))
			return 1;
	}
	return 0;
}

static int copy_other(const char *path, const struct dag *tested, const char *to,
                      struct arena *arena, struct err *err)
{
	auto_buf struct buf text = {0};
	struct yaml_errors errors;
	struct dag *dag;
	int result = 0;

	yaml_errors_init(&errors);
	dag = dag_read(path, &errors);
	yaml_errors_release(&errors);
	if (dag && !str_equal(dag->name, tested->name)) {
		const char *name = arena_printf(arena, "%s.yaml", dag->name);

		result = dag_copies_text(dag, &text, err);
		if (result == 0)
			result = file_write_atomic(file_join(arena, to, name), buf_string(&text),
			                           text.size, err);
	}
	dag_release(dag);
	return result;
}

int dag_copies_others(const struct dag *dag, const char *from, const char *to, struct arena *arena,
                      struct err *err)
{
	char **names;
	size_t count;

	if (!runs_others(dag))
		return 0;
	if (file_list(from, ".yaml", arena, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (copy_other(file_join(arena, from, names[i]), dag, to, arena, err) < 0)
			return -1;
	}
	return 0;
}
