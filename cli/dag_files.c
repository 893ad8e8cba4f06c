/* dag_files.c - DAG files of the project, read without a server */
#include "cli/dag_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/map.h"
#include "lib/str.h"
#include "scheduler/core/dag_operators.h"

static int looks_like_a_file(const char *name)
{
	return strchr(name, '/') || str_ends_with(name, ".yaml") || str_ends_with(name, ".yml");
}

/* The file among all that says `dag: NAME`. */
static const char *find_by_content(struct call *call, const char *folder, const char *name)
{
	const char *found = NULL;
	struct yaml_errors errors;
	char **names;
	size_t count;
	struct err err;

	if (file_list(folder, ".yaml", &call->arena, &names, &count, &err) < 0)
		return NULL;
	yaml_errors_init(&errors);
	for (size_t i = 0; i < count && !found; i++) {
		const char *path = file_join(&call->arena, folder, names[i]);
		struct dag *dag = dag_read(path, &errors);

		if (dag && str_equal(dag->name, name))
			found = path;
		dag_release(dag);
	}
	yaml_errors_release(&errors);
	return found;
}

/* The path of a DAG's file: a path as it is, else `<dags_dir>/NAME.yaml`, else the file that says it
 * is this DAG. NULL when there is none. The arena's. */
static const char *find_file(struct call *call, const struct config *config, const char *name)
{
	const char *folder = config_text(config, CONFIG_DAGS_DIR);
	const char *path;

	if (looks_like_a_file(name))
		return file_exists(name) ? name : NULL;
	path = file_join(&call->arena, folder, arena_printf(&call->arena, "%s.yaml", name));
	return file_exists(path) ? path : find_by_content(call, folder, name);
}

static int read_text(const char *path, struct buf *text, struct yaml_errors *errors)
{
	struct err err;

	if (file_read(path, LIMIT_YAML_BYTES, text, &err) < 0) {
		const struct yaml_error error = {.file = path, .text = err.text, .source = ""};

		yaml_errors_add(errors, &error);
		return -1;
	}
	return 0;
}

/* Faults of the file, and with operators those of its tasks, go to `errors`; the DAG may be given
 * beside the latter. */
static struct dag *parse(const char *path, const char *shown, const struct operators *operators,
                         struct yaml_errors *errors)
{
	auto_buf struct buf text = {0};

	if (read_text(path, &text, errors) < 0)
		return NULL;
	return dag_operators_parse(shown, &text, operators ? operators->descriptors : NULL, errors);
}

struct dag *dag_files_read(struct call *call, const char *name, struct ground *ground, int *status)
{
	const struct config *config = call_config(call);
	const char *path = config ? find_file(call, config, name) : NULL;
	struct yaml_errors errors;
	struct dag *dag;

	*status = config ? EXIT_NOT_FOUND : EXIT_BAD;
	if (!path) {
		if (config)
			(void)fprintf(stderr, "millrace: there is no DAG '%s' in '%s'\n", name,
			              config_text(config, CONFIG_DAGS_DIR));
		return NULL;
	}
	yaml_errors_init(&errors);
	dag = parse(path, path, ground ? ground_operators(ground) : NULL, &errors);
	output_errors(stderr, &errors);
	*status = errors.count ? EXIT_BAD : EXIT_OK;
	if (errors.count) {
		dag_release(dag);
		dag = NULL;
	}
	yaml_errors_release(&errors);
	return dag;
}

/* Validation */

struct paths {
	const char **items;
	size_t count;
};

static int all_files(struct call *call, const struct config *config, struct paths *paths)
{
	const char *folder = config_text(config, CONFIG_DAGS_DIR);
	char **names;
	struct err err;

	if (file_list(folder, ".yaml", &call->arena, &names, &paths->count, &err) < 0)
		return call_fail(&err);
	paths->items = arena_array(&call->arena, paths->count + 1, sizeof(const char *));
	for (size_t i = 0; i < paths->count; i++)
		paths->items[i] = file_join(&call->arena, folder, names[i]);
	return EXIT_OK;
}

static int named_files(struct call *call, const struct config *config, struct paths *paths)
{
	paths->items = arena_array(&call->arena, call->arguments.count + 1, sizeof(const char *));
	for (size_t i = 0; i < call->arguments.count; i++) {
		const char *name = call_argument(call, i);
		const char *path = find_file(call, config, name);

		if (!path) {
			(void)fprintf(stderr, "millrace: there is no file or DAG '%s'\n", name);
			return EXIT_NOT_FOUND;
		}
		paths->items[paths->count++] = path;
	}
	return EXIT_OK;
}

/* Shorter where it lies below the folder the command was typed in. */
static const char *shown_path(const char *path)
{
	char folder[4096];
	size_t size;

	if (!getcwd(folder, sizeof(folder)))
		return path;
	size = strlen(folder);
	return strncmp(path, folder, size) == 0 && path[size] == '/' ? path + size + 1 : path;
}

/* Two files with one name: the second is the fault. */
static void check_name(struct call *call, struct map *seen, const struct dag *dag,
                       struct yaml_errors *errors)
{
	const char *first = map_get(seen, dag->name);

	if (first)
		yaml_error(dag->yaml, yaml_root(dag->yaml), errors,
		           "DAG '%s' is in '%s' already, give this one another name with 'dag:'",
		           dag->name, first);
	else
		map_set(seen, arena_strdup(&call->arena, dag->name),
		        arena_strdup(&call->arena, dag->file));
}

static void validate_file(struct ground *ground, const char *path, struct map *seen,
                          struct yaml_errors *errors)
{
	struct dag *dag = parse(path, shown_path(path), ground_operators(ground), errors);

	if (dag)
		check_name(ground->call, seen, dag, errors);
	dag_release(dag);
}

int dag_files_validate(struct call *call, struct yaml_errors *errors, size_t *files)
{
	const struct config *config = call_config(call);
	struct paths paths = {0};
	struct ground ground;
	struct map seen = {0};
	int status;

	if (!config)
		return EXIT_BAD;
	status = call->arguments.count ? named_files(call, config, &paths)
	                               : all_files(call, config, &paths);
	ground_init(&ground, call);
	for (size_t i = 0; status == EXIT_OK && i < paths.count; i++)
		validate_file(&ground, paths.items[i], &seen, errors);
	ground_release(&ground);
	map_release(&seen);
	*files = paths.count;
	return status;
}
