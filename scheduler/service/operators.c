/* operators.c - the operators that the plugins offer */
#include "scheduler/service/operators.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/process.h"

enum { DESCRIBE_MS = 10000 }; /* without a byte from the process that describes */

struct files {
	const char **items;
	size_t count, capacity;
};

static int has_name(const struct files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (str_equal(file_basename(files->items[i]), name))
			return 1;
	}
	return 0;
}

static void find_files(struct operators *operators, const char *folder, struct files *files)
{
	char **names;
	size_t count;
	struct err err;

	if (file_list(folder, ".so", &operators->arena, &names, &count, &err) < 0) {
		log_warn("plugins", "%s", err.text);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(&operators->arena, "%s/%s", folder, names[i]);

		if (has_name(files, names[i]))
			log_info("plugins", "the project's own plugin wins over '%s'", path);
		else
			*vec_push(files) = path;
	}
}

/* 1: there is something to read, or the end. */
static int wait_for_output(int fd, struct err *err)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int result;

	do
		result = poll(&ready, 1, DESCRIBE_MS);
	while (result < 0 && errno == EINTR);
	if (result > 0)
		return 1;
	return result < 0 ? err_errno(err, errno, "could not read the descriptors")
	                  : err_set(err, ERR_TIMEOUT, "the plugin did not end describing itself");
}

static int read_output(int fd, struct buf *output, struct err *err)
{
	enum { CHUNK = 64 * 1024 };
	ssize_t got;

	do {
		if (wait_for_output(fd, err) < 0)
			return -1;
		got = read(fd, buf_reserve(output, CHUNK), CHUNK);
		output->size += got > 0 ? (size_t)got : 0;
		output->data[output->size] = '\0';
		if (output->size > LIMIT_DESCRIPTORS_BYTES)
			return err_set(err, ERR_LIMIT, "the descriptors are over %d bytes",
			               LIMIT_DESCRIPTORS_BYTES);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? err_errno(err, errno, "could not read the descriptors") : 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The array that one call of --describe prints, or NULL. */
static json_t *take_descriptors(pid_t pid, int fd, struct err *err)
{
	auto_buf struct buf output = {0};
	int result = read_output(fd, &output, err);

	close(fd);
	if (result < 0)
		process_kill(pid);
	if (wait_for(pid) != 0 && result == 0)
		result = err_set(err, ERR_FAILED, "the plugin crashed while it was described");
	return result < 0 ? NULL : json_parse(buf_string(&output), output.size, err);
}

static json_t *describe(const char *program, const char *file, struct err *err)
{
	pid_t pid;
	int fd;

	if (process_start_describe(program, &file, 1, &pid, &fd, err) < 0)
		return NULL;
	return take_descriptors(pid, fd, err);
}

/* What stands for a plugin that took the describing process down. */
static json_t *crashed(const char *path, const struct err *err)
{
	const char *file = file_basename(path);

	return json_pack("{s:s%, s:s, s:s, s:[]}", "plugin", file, strlen(file) - strlen(".so"),
	                 "path", path, "error", err->text, "operators");
}

static void describe_one_by_one(struct operators *operators)
{
	for (size_t i = 0; i < operators->file_count; i++) {
		const char *file = operators->files[i];
		struct err err;
		json_t *array = describe(operators->program, file, &err);

		if (array)
			json_array_extend(operators->descriptors, array);
		else
			json_array_append_new(operators->descriptors, crashed(file, &err));
		json_decref(array);
	}
}

static int is_warm(const json_t *operator)
{
	const json_t *flags = json_object_get(operator, "flags");
	size_t index;
	const json_t *flag;

	json_array_foreach(flags, index, flag)
	{
		if (str_equal(json_string_value(flag), "warm"))
			return 1;
	}
	return 0;
}

static void add_operators(struct operators *operators, const json_t *plugin)
{
	const char *name = json_get_text(plugin, "plugin", "");
	const json_t *list = json_object_get(plugin, "operators");
	const json_t *item;
	size_t index;

	if (json_object_get(plugin, "error"))
		log_warn("plugins", "'%s' cannot be used: %s", json_get_text(plugin, "path", ""),
		         json_get_text(plugin, "error", ""));
	json_array_foreach(list, index, item)
	{
		struct operator* operator= arena_alloc(&operators->arena, sizeof(*operator));

		operator->name = arena_printf(&operators->arena, "%s.%s", name,
		                              json_get_text(item, "name", ""));
		operator->plugin =
			arena_strdup(&operators->arena, json_get_text(plugin, "path", ""));
		operator->flags = is_warm(item) ? OPERATOR_WARM : 0;
		map_set(&operators->by_name, operator->name, operator);
	}
}

struct operators *operators_start(const char *program, const char *const *folders, size_t count)
{
	struct operators *operators = mem_alloc(sizeof(*operators));
	struct files files = {0};

	arena_init(&operators->arena);
	for (size_t i = 0; i < count; i++)
		find_files(operators, folders[i], &files);
	operators->program = arena_strdup(&operators->arena, program);
	operators->files = files.items;
	operators->file_count = files.count;
	if (files.count &&
	    process_start_describe(program, files.items, files.count, &operators->pid,
	                           &operators->fd, &operators->err) < 0)
		operators->pid = 0;
	return operators;
}

static json_t *describe_all(struct operators *operators)
{
	pid_t pid = operators->pid;

	operators->pid = 0;
	if (!operators->file_count)
		return json_array();
	return pid ? take_descriptors(pid, operators->fd, &operators->err) : NULL;
}

void operators_finish(struct operators *operators)
{
	const json_t *plugin;
	size_t index;

	operators->descriptors = describe_all(operators);
	if (!operators->descriptors) {
		log_warn("plugins", "describing all plugins at once failed: %s",
		         operators->err.text);
		operators->descriptors = json_array();
		describe_one_by_one(operators);
	}
	json_array_foreach(operators->descriptors, index, plugin)
	{
		add_operators(operators, plugin);
	}
}

struct operators *operators_describe(const char *program, const char *const *folders, size_t count)
{
	struct operators *operators = operators_start(program, folders, count);

	operators_finish(operators);
	return operators;
}

void operators_free(struct operators *operators)
{
	if (!operators)
		return;
	if (operators->pid) {
		process_kill(operators->pid);
		wait_for(operators->pid);
		close(operators->fd);
	}
	free(operators->files);
	json_decref(operators->descriptors);
	map_release(&operators->by_name);
	arena_release(&operators->arena);
	free(operators);
}

const struct operator* operators_get(const struct operators *operators, const char *name)
{
	return map_get(&operators->by_name, name);
}
