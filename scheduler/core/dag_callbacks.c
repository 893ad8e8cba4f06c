/* dag_callbacks.c - whom a DAG and its tasks tell how it went */
#include "scheduler/core/dag_callbacks.h"

#include <string.h>

#include "lib/config.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/template.h"

static const char *const keys_of_when[DAG_ON_COUNT] = {
	[DAG_ON_SUCCESS] = "on_success",
	[DAG_ON_FAILURE] = "on_failure",
	[DAG_ON_RETRY] = "on_retry",
};

void dag_callbacks_key(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)file;
	(void)node;
	(void)target;
}

const char *dag_callbacks_url_fault(const char *url)
{
	const char *host;

	if (strlen(url) > LIMIT_URI_BYTES)
		return "the URL is too long";
	if (str_starts_with(url, "http://"))
		host = url + strlen("http://");
	else if (str_starts_with(url, "https://"))
		host = url + strlen("https://");
	else
		return "a webhook is a URL that begins with http:// or https://";
	if (!strcspn(host, "/?#"))
		return "the URL names no host";
	for (const char *at = url; *at; at++) {
		if ((unsigned char)*at <= ' ' || *at == '\x7f')
			return "the URL holds a blank or a control character";
	}
	return NULL;
}

static const struct template *read_template(struct dag_file *file, const struct yaml_node *node)
{
	struct expr_names names = file->names;

	names.flags |= EXPR_CHECK_PLAIN_SECRETS;
	return template_parse(&file->dag->arena, file->dag->yaml, node, &names, file->errors);
}

static void read_webhook(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_callback *callback = target;
	const char *fault = NULL;

	if (dag_file_kind(file, node, YAML_STRING) < 0)
		return;
	if (!template_has_expressions(node))
		fault = dag_callbacks_url_fault(node->text);
	if (fault)
		yaml_error(file->dag->yaml, node, file->errors, "%s", fault);
	callback->webhook = read_template(file, node);
}

static void read_secret(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_callback *callback = target;

	if (dag_file_text(file, node, &callback->secret) == 0 &&
	    !config_is_secret_name(callback->secret))
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected the name of a secret: up to %d letters, digits, '_' and '-'",
		           LIMIT_NAME_BYTES);
}

static void read_command(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_callback *callback = target;
	size_t count;

	if (dag_file_kind(file, node, YAML_LIST) < 0)
		return;
	count = node->as.list.count;
	if (count == 0 || count > LIMIT_CALLBACK_ARGUMENTS)
		yaml_error(file->dag->yaml, node, file->errors,
		           "a command is a program and up to %d arguments",
		           LIMIT_CALLBACK_ARGUMENTS - 1);
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item = node->as.list.items[i];

		if (item->kind != YAML_STRING)
			yaml_error(file->dag->yaml, item, file->errors, "expected %s, not %s",
			           yaml_kind_name(YAML_STRING), yaml_kind_name(item->kind));
		else if (i == 0 && !*item->text)
			yaml_error(file->dag->yaml, item, file->errors, "which program?");
	}
	callback->command = read_template(file, node);
}

static const struct dag_file_key keys_of_callback[] = {
	{"webhook", read_webhook},
	{"secret", read_secret},
	{"command", read_command},
};

static void read_callback(struct dag_file *file, const struct yaml_node *node,
                          struct dag_callback *callback)
{
	size_t faults = file->errors->count;

	if (node->kind != YAML_MAP) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected {webhook: URL} or {command: [program, …]}, not %s",
		           yaml_kind_name(node->kind));
		return;
	}
	dag_file_keys(file, node, keys_of_callback, countof(keys_of_callback), callback);
	if (file->errors->count > faults)
		return;
	if (!callback->webhook == !callback->command)
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected either 'webhook' or 'command'");
	else if (callback->secret && callback->command)
		yaml_error(file->dag->yaml, yaml_get(node, "secret"), file->errors,
		           "'secret' signs what a webhook gets; a command may take "
		           "${{ secrets.NAME }} as an argument");
}

static void read_list(struct dag_file *file, const struct yaml_node *node,
                      struct dag_callbacks *callbacks)
{
	struct dag_callback *items;
	size_t count;

	*callbacks = (struct dag_callbacks){0};
	if (dag_file_kind(file, node, YAML_LIST) < 0)
		return;
	count = node->as.list.count;
	if (count > LIMIT_DAG_CALLBACKS) {
		yaml_error(file->dag->yaml, node, file->errors, "more than %d callbacks",
		           LIMIT_DAG_CALLBACKS);
		return;
	}
	items = arena_array(&file->dag->arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		read_callback(file, node->as.list.items[i], &items[i]);
	*callbacks = (struct dag_callbacks){items, count};
}

/* What is not written stays as it is; null undoes it. */
static void read_keys(struct dag_file *file, const struct yaml_node *map, struct dag_callbacks *on)
{
	if (!map || map->kind != YAML_MAP)
		return;
	for (int when = 0; when < DAG_ON_COUNT; when++) {
		const struct yaml_node *node = yaml_get(map, keys_of_when[when]);

		if (node)
			read_list(file, node, &on[when]);
	}
}

void dag_callbacks_read(struct dag_file *file, const struct yaml_node *root,
                        const struct yaml_node *defaults)
{
	struct dag *dag = file->dag;
	struct dag_callbacks model[DAG_ON_COUNT] = {{0}};

	file->names.flags = 0;
	read_keys(file, root, dag->on);
	read_keys(file, defaults, model);
	for (uint32_t i = 0; i < dag->task_count; i++) {
		struct dag_task *task = &dag->tasks[i];

		memcpy(task->on, model, sizeof(model));
		file->names.flags = task->flags & DAG_MAPPED ? EXPR_CHECK_ITEM : 0;
		read_keys(file, task->node, task->on);
	}
}
