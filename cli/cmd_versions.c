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

static json_t *get(struct client *client, const char *dag, const char *version, struct err *err)
{
	auto_buf struct buf path = {0};

	buf_text(&path, "/v1/dags/");
	client_segment(&path, dag);
	buf_text(&path, "/versions");
	if (version) {
		buf_char(&path, '/');
		client_segment(&path, version);
	}
	return client_get(client, buf_string(&path), err);
}

int cmd_versions_list(struct call *call)
{
	struct client *client = client_new(call);
	auto_json json_t *versions = NULL;
	struct err err;
	int status = EXIT_OK;

	if (!client)
		return EXIT_BAD;
	versions = get(client, call_argument(call, 0), NULL, &err);
	if (versions)
		output_list(call, versions, list_columns, countof(list_columns));
	else
		status = call_fail(&err);
	client_free(client);
	return status;
}

/* The newest version that is not the current one, if there is one. */
static const char *version_before(struct call *call, struct client *client, struct err *err)
{
	auto_json json_t *versions = get(client, call_argument(call, 0), NULL, err);
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
	const char *dag = call_argument(call, 0), *before = call_argument(call, 1);
	const char *after = call_argument(call, 2);
	auto_json json_t *from = NULL, *to = NULL;
	struct err err;

	if (!before)
		before = version_before(call, client, &err);
	if (before)
		from = get(client, dag, before, &err);
	if (from)
		to = get(client, dag, after ? after : "current", &err);
	if (!to)
		return call_fail(&err);
	print_diff(call, from, to);
	return EXIT_OK;
}

int cmd_versions_diff(struct call *call)
{
	struct client *client = client_new(call);
	int status;

	if (!client)
		return EXIT_BAD;
	status = diff(call, client);
	client_free(client);
	return status;
}
