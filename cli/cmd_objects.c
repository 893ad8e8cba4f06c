/* cmd_objects.c - commands of objects */
#include "cli/cmd_objects.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/ground.h"
#include "cli/output.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/timestamp.h"

static const struct object_range everything = {0, -1};

static const struct output_column columns[] = {
	{"SIZE", "size"},
	{"MODIFIED", "modified"},
	{"KEY", "key"},
};

static const struct output_column stat_columns[] = {
	{"key", "key"},   {"size", "size"},         {"modified", "modified"},
	{"etag", "etag"}, {"type", "content_type"},
};

static json_t *stat_json(const char *key, const struct object_stat *stat)
{
	char modified[TIMESTAMP_SIZE];

	timestamp_format_short(stat->modified_us, modified);
	return json_pack("{s:s, s:I, s:s, s:s}", "key", key, "size", (json_int_t)stat->size_bytes,
	                 "modified", modified, "etag", stat->etag);
}

static int resolve(struct ground *ground, const char *text, struct object_ref *ref, struct err *err)
{
	const struct object_registry *objects = ground_objects(ground);

	if (!objects)
		return err_set(err, ERR_USAGE, "the object store cannot be reached");
	return object_registry_resolve(objects, ground_uri(ground->call, text),
	                               &ground->call->arena, ref, err);
}

/* ls */

static int add_pages(struct call *call, const struct object_ref *prefix, json_t *list,
                     struct err *err)
{
	struct object_page page = {0};
	const char *after = "";

	do {
		if (object_store_list(prefix, after, OBJECT_STORE_PAGE, &call->arena, &page, err) <
		    0)
			return -1;
		for (size_t i = 0; i < page.count; i++)
			json_array_append_new(
				list, stat_json(page.entries[i].key, &page.entries[i].stat));
		after = page.count ? page.entries[page.count - 1].key : after;
	} while (page.has_more);
	return 0;
}

int cmd_objects_ls(struct call *call)
{
	auto_json json_t *list = json_array();
	struct ground ground;
	struct object_ref prefix;
	struct err err;
	int status = EXIT_OK;

	ground_init(&ground, call);
	if (!ground_objects(&ground))
		status = ground.exit_status;
	else if (object_registry_resolve_prefix(ground.objects,
	                                        ground_uri(call, call_argument(call, 0)),
	                                        &call->arena, &prefix, &err) < 0 ||
	         add_pages(call, &prefix, list, &err) < 0)
		status = call_fail(&err);
	else
		output_list(call, list, columns, countof(columns));
	ground_release(&ground);
	return status;
}

/* Copies: between objects, and `-` on either side */

static int print_object(const struct object_ref *ref, struct err *err)
{
	struct object_reader *reader;
	char bytes[16 * 1024];
	size_t got = 0;
	int result;

	if (object_store_open(ref, everything, &reader, err) < 0)
		return -1;
	while ((result = object_store_read(reader, bytes, sizeof(bytes), &got, err)) == 0 && got) {
		if (file_write_all(STDOUT_FILENO, bytes, got) == 0)
			continue;
		result = err_errno(err, errno, "could not write to stdout");
		break;
	}
	object_store_close(reader);
	return result;
}

static int store_stdin(const struct object_ref *ref, struct err *err)
{
	struct object_writer *writer;
	char bytes[16 * 1024];
	ssize_t got;

	if (object_store_create(ref, &writer, err) < 0)
		return -1;
	while ((got = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 ||
	       (got < 0 && errno == EINTR)) {
		if (got <= 0 || object_store_write(writer, bytes, (size_t)got, err) == 0)
			continue;
		object_store_abort(writer);
		return -1;
	}
	if (got < 0) {
		err_errno(err, errno, "could not read stdin");
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, NULL, err);
}

static int copy(struct ground *ground, const char *from, const char *to, struct err *err)
{
	struct object_ref source, target;

	if (!str_equal(from, "-") && resolve(ground, from, &source, err) < 0)
		return -1;
	if (str_equal(to, "-"))
		return str_equal(from, "-")
		               ? err_set(err, ERR_USAGE, "from stdin to stdout is a pipe")
		               : print_object(&source, err);
	if (resolve(ground, to, &target, err) < 0)
		return -1;
	return str_equal(from, "-") ? store_stdin(&target, err)
	                            : object_store_copy(&source, &target, NULL, err);
}

static int do_copy(struct call *call, const char *from, const char *to)
{
	struct ground ground;
	struct err err;
	int status = EXIT_OK;

	ground_init(&ground, call);
	if (!ground_objects(&ground))
		status = ground.exit_status;
	else if (copy(&ground, from, to, &err) < 0)
		status = call_fail(&err);
	ground_release(&ground);
	return status;
}

int cmd_objects_cp(struct call *call)
{
	return do_copy(call, call_argument(call, 0), call_argument(call, 1));
}

int cmd_objects_cat(struct call *call)
{
	int status = EXIT_OK;

	for (size_t i = 0; status == EXIT_OK && i < call->arguments.count; i++)
		status = do_copy(call, call_argument(call, i), "-");
	return status;
}

/* rm */

static int remove_one(struct ground *ground, const char *text, struct err *err)
{
	struct object_ref ref;
	struct object_stat stat;

	if (resolve(ground, text, &ref, err) < 0 || object_store_stat(&ref, &stat, err) < 0)
		return -1;
	return object_store_delete(&ref, err);
}

int cmd_objects_rm(struct call *call)
{
	struct ground ground;
	struct err err;
	int status = EXIT_OK;
	int agreed = call_confirm(call, "removing %zu object%s", call->arguments.count,
	                          call->arguments.count == 1 ? "" : "s");

	if (agreed <= 0)
		return agreed < 0 ? EXIT_USAGE : EXIT_FAILED;
	ground_init(&ground, call);
	if (!ground_objects(&ground))
		status = ground.exit_status;
	for (size_t i = 0; status == EXIT_OK && i < call->arguments.count; i++) {
		if (remove_one(&ground, call_argument(call, i), &err) < 0)
			status = call_fail(&err);
	}
	ground_release(&ground);
	return status;
}

/* stat */

int cmd_objects_stat(struct call *call)
{
	auto_json json_t *object = NULL;
	struct ground ground;
	struct object_ref ref = {0};
	struct object_stat stat;
	struct err err;
	int status = EXIT_OK;

	ground_init(&ground, call);
	if (!ground_objects(&ground)) {
		status = ground.exit_status;
	} else if (resolve(&ground, call_argument(call, 0), &ref, &err) < 0 ||
	           object_store_stat(&ref, &stat, &err) < 0) {
		status = call_fail(&err);
	} else {
		object = stat_json(ref.key, &stat);
		json_object_set_new(object, "content_type", json_string(stat.content_type));
		output_object(call, object, stat_columns, countof(stat_columns));
	}
	ground_release(&ground);
	return status;
}
