/* cmd_versions.c - commands of a DAG's versions */
#include "cli/cmd_versions.h"

#include <stdio.h>

#include "cli/client.h"
#include "cli/output.h"
#include "lib/line_diff.h"

static const struct output_column list_columns[] = {
	{"VERSION", "dag_version"},
	{"CREATED", "created_at"},
	{"RUNS", "runs"},
	{"CURRENT", "is_current"},
};

/* `version` NULL: the list of all. */
static json_t *get(struct call *call, struct client *client, const char *version, struct err *err)
{
	auto_buf struct buf rest = {0};

	buf_text(&rest, "/versions");
	if (version) {
		buf_char(&rest, '/');
		client_segment(&rest, version);
	}
	return client_get(client,
	                  client_dag_path(&call->arena, call_argument(call, 0), buf_string(&rest)),
	                  err);
}

static int list(struct call *call, struct client *client)
{
	struct err err;
	auto_json json_t *versions = get(call, client, NULL, &err);

	if (!versions)
		return call_fail(&err);
	output_list(call, versions, list_columns, countof(list_columns));
	return EXIT_OK;
}

int cmd_versions_list(struct call *call)
{
	return client_with(call, list);
}

/* The newest version that is not the current one, if there is one. */
static const char *version_before(struct call *call, struct client *client, struct err *err)
{
	auto_json json_t *versions = get(call, client, NULL, err);
	size_t i;
	json_t *version;

	if (!versions)
		return NULL;
	json_array_foreach(versions, i, version)
	{
		if (!json_is_true(json_object_get(version, "is_current")))
			return arena_strdup(&call->arena,
			                    json_get_text(version, "dag_version", ""));
	}
	call_say(call, "the DAG '%s' has had one version only", call_argument(call, 0));
	return "current";
}

static struct line_diff_side side_of(struct call *call, const json_t *version)
{
	return (struct line_diff_side){
		.name = arena_printf(&call->arena, "%s %.12s %s", json_get_text(version, "dag", ""),
	                             json_get_text(version, "dag_version", ""),
	                             json_get_text(version, "created_at", "")),
		.text = json_string_value(json_object_get(version, "text")),
		.size = json_string_length(json_object_get(version, "text")),
	};
}

static void print_diff(struct call *call, const json_t *from, const json_t *to)
{
	struct line_diff_side before = side_of(call, from), after = side_of(call, to);
	auto_buf struct buf diff = {0};
	auto_json json_t *object = NULL;

	line_diff(&before, &after, &diff);
	if (call->format == FORMAT_TABLE) {
		(void)fwrite(buf_string(&diff), 1, diff.size, stdout);
		return;
	}
	object =
		json_pack("{s:O, s:O, s:O, s:s%}", "dag", json_object_get(from, "dag"), "from",
	                  json_object_get(from, "dag_version"), "to",
	                  json_object_get(to, "dag_version"), "diff", buf_string(&diff), diff.size);
	output_object(call, object, NULL, 0);
}

static int diff(struct call *call, struct client *client)
{
	const char *before = call_argument(call, 1), *after = call_argument(call, 2);
	auto_json json_t *from = NULL, *to = NULL;
	struct err err;

	if (!before)
		before = version_before(call, client, &err);
	if (before)
		from = get(call, client, before, &err);
	if (from)
		to = get(call, client, after ? after : "current", &err);
	if (!to)
		return call_fail(&err);
	print_diff(call, from, to);
	return EXIT_OK;
}

int cmd_versions_diff(struct call *call)
{
	return client_with(call, diff);
}
