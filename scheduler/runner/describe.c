/* describe.c - what plugins declare, as JSON */
#include "scheduler/runner/describe.h"

#include <string.h>

#include "lib/json_writer.h"
#include "scheduler/runner/plugin_file.h"

static void text_member(struct json_writer *w, const char *key, const char *text)
{
	json_writer_key(w, key);
	json_writer_text(w, text ? text : "");
}

static void write_param(struct json_writer *w, const struct plugin_param *param)
{
	const char *fallback = param->declared.fallback;

	json_writer_object(w);
	text_member(w, "name", param->declared.name);
	text_member(w, "type", plugin_file_type_name(param->declared.type));
	json_writer_key(w, "required");
	json_writer_bool(w, param->declared.required != 0);
	json_writer_key(w, "default");
	if (fallback)
		json_writer_raw(w, fallback, strlen(fallback));
	else
		json_writer_null(w);
	text_member(w, "help", param->declared.help);
	json_writer_object_end(w);
}

static void write_op(struct json_writer *w, const struct plugin_op *op)
{
	json_writer_object(w);
	text_member(w, "name", op->declared.name);
	text_member(w, "help", op->declared.help);
	json_writer_key(w, "flags");
	json_writer_array(w);
	if (op->declared.flags & MR_OP_WARM)
		json_writer_text(w, "warm");
	json_writer_array_end(w);
	json_writer_key(w, "params");
	json_writer_array(w);
	for (size_t i = 0; i < op->declared.param_count; i++)
		write_param(w, &op->params[i]);
	json_writer_array_end(w);
	json_writer_key(w, "outputs");
	json_writer_array(w);
	for (size_t i = 0; i < op->declared.output_count; i++) {
		json_writer_object(w);
		text_member(w, "name", op->outputs[i].name);
		text_member(w, "type", plugin_file_type_name(op->outputs[i].type));
		text_member(w, "help", op->outputs[i].help);
		json_writer_object_end(w);
	}
	json_writer_array_end(w);
	json_writer_object_end(w);
}

static void write_file(struct json_writer *w, const char *path)
{
	struct plugin_file file;
	struct err err;
	int failed = plugin_file_open(&file, path, &err) < 0;

	json_writer_object(w);
	text_member(w, "plugin", file.name);
	text_member(w, "version", failed ? "" : file.plugin.version);
	text_member(w, "help", failed ? "" : file.plugin.help);
	text_member(w, "path", path);
	json_writer_key(w, "abi");
	json_writer_object(w);
	json_writer_key(w, "major");
	json_writer_int(w, file.abi.major);
	json_writer_key(w, "minor");
	json_writer_int(w, file.abi.minor);
	json_writer_object_end(w);
	if (failed)
		text_member(w, "error", err.text);
	json_writer_key(w, "operators");
	json_writer_array(w);
	for (size_t i = 0; !failed && i < file.plugin.op_count; i++)
		write_op(w, &file.ops[i]);
	json_writer_array_end(w);
	json_writer_object_end(w);
	plugin_file_release(&file);
}

void describe_files(char *const *paths, size_t count, struct buf *json)
{
	struct json_writer w;

	json_writer_init(&w, json);
	json_writer_array(&w);
	for (size_t i = 0; i < count; i++)
		write_file(&w, paths[i]);
	json_writer_array_end(&w);
	buf_char(json, '\n');
}
