/* plugin_file.c - a plugin's shared object, loaded and checked */
#include "scheduler/runner/plugin_file.h"

#include <dlfcn.h>
#include <string.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"

static const char *const type_names[] = {
	[MR_TEXT] = "text",           [MR_INT] = "int",   [MR_FLOAT] = "float",
	[MR_BOOL] = "bool",           [MR_JSON] = "json", [MR_SECRET] = "secret",
	[MR_BYTES] = "bytes",         [MR_DATE] = "date", [MR_DECIMAL] = "decimal",
	[MR_TIMESTAMP] = "timestamp", [MR_UUID] = "uuid",
};

const char *plugin_file_type_name(int32_t type)
{
	return type > 0 && (size_t)type < countof(type_names) ? type_names[type] : NULL;
}

static int is_moment(const json_t *value)
{
	int64_t moment_us;

	return json_is_string(value) && timestamp_parse(json_string_value(value),
	                                                json_string_length(value), &moment_us) == 0;
}

int plugin_file_accepts(int32_t type, const json_t *value)
{
	switch (type) {
	case MR_JSON:
		return 1;
	case MR_INT:
		return json_is_integer(value);
	case MR_FLOAT:
		return json_is_number(value);
	case MR_BOOL:
		return json_is_boolean(value);
	case MR_TIMESTAMP:
		return is_moment(value);
	default:
		return json_is_string(value);
	}
}

/* How large the structs were in 1.0: no plugin declares less. */
enum {
	FIRST_PLUGIN_SIZE = sizeof(struct mr_plugin),
	FIRST_OP_SIZE = sizeof(struct mr_op),
	FIRST_PARAM_SIZE = sizeof(struct mr_param),
	FIRST_OUTPUT_SIZE = sizeof(struct mr_output),
};

static int size_fits(uint32_t size, size_t least, size_t most)
{
	return size >= least && size <= most;
}

static int check_abi(const struct mr_abi *abi, struct err *err)
{
	if (abi->major != MR_ABI_MAJOR || abi->minor > MR_ABI_MINOR)
		return err_set(
			err, ERR_INVALID,
			"it was built for plugin ABI %u.%u, this Millrace has %d.%d: %s",
			abi->major, abi->minor, MR_ABI_MAJOR, MR_ABI_MINOR,
			abi->major < MR_ABI_MAJOR
				? "build it again with this version's plugin.h"
				: "update Millrace, or build it with this version's plugin.h");
	if (!size_fits(abi->plugin_size, FIRST_PLUGIN_SIZE, sizeof(struct mr_plugin)) ||
	    !size_fits(abi->op_size, FIRST_OP_SIZE, sizeof(struct mr_op)) ||
	    !size_fits(abi->param_size, FIRST_PARAM_SIZE, sizeof(struct mr_param)) ||
	    !size_fits(abi->output_size, FIRST_OUTPUT_SIZE, sizeof(struct mr_output)))
		return err_set(err, ERR_INVALID,
		               "its struct sizes do not belong to plugin ABI %u.%u: use MR_ABI",
		               abi->major, abi->minor);
	return 0;
}

static int is_name(const char *name)
{
	return name && *name && strlen(name) <= LIMIT_NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static int read_fallback(struct plugin_param *param, struct err *err)
{
	const char *text = param->declared.fallback;

	if (!text)
		return 0;
	param->fallback = json_parse(text, strlen(text), err);
	if (!param->fallback)
		return err_prefix(err, "the fallback of parameter '%s' is no JSON",
		                  param->declared.name);
	if (!plugin_file_accepts(param->declared.type, param->fallback))
		return err_set(err, ERR_INVALID, "the fallback of parameter '%s' is not of type %s",
		               param->declared.name, plugin_file_type_name(param->declared.type));
	return 0;
}

static int read_params(struct plugin_file *file, struct plugin_op *op, struct err *err)
{
	const char *from = (const char *)op->declared.params;

	op->params = arena_array(&file->arena, op->declared.param_count + 1, sizeof(*op->params));
	for (size_t i = 0; i < op->declared.param_count; i++) {
		struct plugin_param *param = &op->params[i];

		memcpy(&param->declared, from + i * file->abi.param_size, file->abi.param_size);
		if (!is_name(param->declared.name))
			return err_set(err, ERR_INVALID, "parameter %zu has no proper name", i + 1);
		if (!plugin_file_type_name(param->declared.type))
			return err_set(err, ERR_INVALID, "parameter '%s' is of an unknown type",
			               param->declared.name);
		if (read_fallback(param, err) < 0)
			return -1;
	}
	op->declared.params = NULL;
	return 0;
}

static int read_outputs(struct plugin_file *file, struct plugin_op *op, struct err *err)
{
	const char *from = (const char *)op->declared.outputs;

	op->outputs =
		arena_array(&file->arena, op->declared.output_count + 1, sizeof(*op->outputs));
	for (size_t i = 0; i < op->declared.output_count; i++) {
		struct mr_output *output = &op->outputs[i];

		memcpy(output, from + i * file->abi.output_size, file->abi.output_size);
		if (!is_name(output->name) || !plugin_file_type_name(output->type))
			return err_set(err, ERR_INVALID, "output %zu has no proper name or type",
			               i + 1);
	}
	op->declared.outputs = NULL;
	return 0;
}

static int read_op(struct plugin_file *file, const char *from, struct plugin_op *op,
                   struct err *err)
{
	memcpy(&op->declared, from, file->abi.op_size);
	if (!is_name(op->declared.name))
		return err_set(err, ERR_INVALID, "an operator has no proper name");
	if (!op->declared.run)
		return err_set(err, ERR_INVALID, "operator '%s' has no run()", op->declared.name);
	if (op->declared.param_count > LIMIT_PLUGIN_ITEMS ||
	    op->declared.output_count > LIMIT_PLUGIN_ITEMS)
		return err_set(err, ERR_LIMIT, "operator '%s' declares more than %d items",
		               op->declared.name, LIMIT_PLUGIN_ITEMS);
	if (read_params(file, op, err) < 0 || read_outputs(file, op, err) < 0)
		return err_prefix(err, "operator '%s'", op->declared.name);
	return 0;
}

static int read_ops(struct plugin_file *file, struct err *err)
{
	const char *from = (const char *)file->plugin.ops;
	size_t count = file->plugin.op_count;

	if (count > LIMIT_PLUGIN_ITEMS)
		return err_set(err, ERR_LIMIT, "it has more than %d operators", LIMIT_PLUGIN_ITEMS);
	file->ops = arena_array(&file->arena, count + 1, sizeof(*file->ops));
	for (size_t i = 0; i < count; i++)
		if (read_op(file, from + i * file->abi.op_size, &file->ops[i], err) < 0)
			return -1;
	file->plugin.ops = NULL;
	return 0;
}

static const struct mr_plugin *enter(const char *path, struct err *err)
{
	const struct mr_plugin *(*entry)(void);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct mr_plugin *plugin;
	void *symbol;

	if (!handle) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is of the thread */
		err_set(err, ERR_INVALID, "it cannot be loaded: %s", dlerror());
		return NULL;
	}
	symbol = dlsym(handle, "mr_plugin_entry");
	if (!symbol) {
		err_set(err, ERR_INVALID, "it has no mr_plugin_entry(): it is no Millrace plugin");
		return NULL;
	}
	memcpy(&entry, &symbol, sizeof(entry));
	plugin = entry();
	if (!plugin)
		err_set(err, ERR_INVALID, "its mr_plugin_entry() returned NULL");
	return plugin;
}

static int load(struct plugin_file *file, struct err *err)
{
	const struct mr_plugin *plugin = enter(file->path, err);

	if (!plugin)
		return -1;
	file->abi = plugin->abi;
	if (check_abi(&file->abi, err) < 0)
		return -1;
	memcpy(&file->plugin, plugin, file->abi.plugin_size);
	if (!file->plugin.name || !str_equal(file->plugin.name, file->name))
		return err_set(err, ERR_INVALID, "it calls itself '%s': the file must be '%s.so'",
		               file->plugin.name ? file->plugin.name : "",
		               file->plugin.name ? file->plugin.name : "");
	return read_ops(file, err);
}

int plugin_file_open(struct plugin_file *file, const char *path, struct err *err)
{
	const char *base = file_basename(path);

	*file = (struct plugin_file){0};
	arena_init(&file->arena);
	file->path = arena_strdup(&file->arena, path);
	file->name = arena_strndup(&file->arena, base,
	                           strlen(base) - (str_ends_with(base, ".so") ? 3 : 0));
	if (load(file, err) < 0)
		return err_prefix(err, "plugin '%s'", path);
	return 0;
}

void plugin_file_release(struct plugin_file *file)
{
	for (size_t i = 0; file->ops && i < file->plugin.op_count; i++)
		for (size_t k = 0; file->ops[i].params && k < file->ops[i].declared.param_count;
		     k++)
			json_decref(file->ops[i].params[k].fallback);
	arena_release(&file->arena);
	*file = (struct plugin_file){0};
}

const struct plugin_op *plugin_file_op(const struct plugin_file *file, const char *full_name)
{
	size_t length = strlen(file->name);

	if (!str_starts_with(full_name, file->name) || full_name[length] != '.')
		return NULL;
	for (size_t i = 0; i < file->plugin.op_count; i++)
		if (str_equal(file->ops[i].declared.name, full_name + length + 1))
			return &file->ops[i];
	return NULL;
}
