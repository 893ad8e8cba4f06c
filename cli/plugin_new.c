/* plugin_new.c - the files of a new plugin */
#include "cli/plugin_new.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"

/* `@NAME@` is the plugin's name. */
static const char source_text[] =
	"/* @NAME@.c - what this plugin is for */\n"
	"#include <millrace/plugin.h>\n"
	"\n"
	"static mr_status hello(struct mr_task *task)\n"
	"{\n"
	"	const char *name;\n"
	"\n"
	"	if (task->host->param_text(task, \"name\", &name) != MR_OK)\n"
	"		name = \"world\";\n"
	"	mr_log(task, MR_INFO, \"hello %s\", name);\n"
	"	return MR_OK;\n"
	"}\n"
	"\n"
	"static const struct mr_param hello_params[] = {\n"
	"	{\"name\", MR_TEXT, 0, \"\\\"world\\\"\", \"who is greeted\"},\n"
	"};\n"
	"\n"
	"static const struct mr_op ops[] = {\n"
	"	{\n"
	"		.name = \"hello\",\n"
	"		.help = \"greets somebody in its log\",\n"
	"		.params = hello_params,\n"
	"		.param_count = MR_COUNT(hello_params),\n"
	"		.flags = MR_OP_WARM,\n"
	"		.run = hello,\n"
	"	},\n"
	"};\n"
	"\n"
	"static const struct mr_plugin plugin = {\n"
	"	.abi = MR_ABI,\n"
	"	.name = \"@NAME@\",\n"
	"	.version = \"0.1\",\n"
	"	.help = \"what this plugin is for\",\n"
	"	.ops = ops,\n"
	"	.op_count = MR_COUNT(ops),\n"
	"};\n"
	"\n"
	"const struct mr_plugin *mr_plugin_entry(void)\n"
	"{\n"
	"	return &plugin;\n"
	"}\n";

static const char makefile_text[] =
	"# Builds ../@NAME@.so, where Millrace looks for it.\n"
	"CFLAGS ?= -O2 -g -Wall -Wextra\n"
	"\n"
	"../@NAME@.so: @NAME@.c Makefile\n"
	"	$(CC) -std=c11 $(CFLAGS) -I../include -fPIC -fvisibility=hidden -shared \\\n"
	"		-Wl,-Bsymbolic -Wl,-z,defs -Wl,--exclude-libs,ALL $(LDFLAGS) -o $@ $< $(LDLIBS)\n"
	"\n"
	".PHONY: clean\n"
	"clean:\n"
	"	rm -f ../@NAME@.so\n";

static void fill(const char *text, const char *name, struct buf *out)
{
	static const char mark[] = "@NAME@";
	const char *found;

	while ((found = strstr(text, mark))) {
		buf_append(out, text, (size_t)(found - text));
		buf_text(out, name);
		text = found + strlen(mark);
	}
	buf_text(out, text);
}

static int is_plugin_name(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return *name >= 'a' && *name <= 'z' && size < 64 && name[size] == '\0';
}

static int write_file(struct call *call, const char *path, const struct buf *contents,
                      struct err *err)
{
	if (file_exists(path))
		return err_set(err, ERR_CONFLICT, "'%s' is there already", path);
	if (file_write_atomic(path, contents->data, contents->size, err) < 0)
		return -1;
	call_say(call, "wrote %s", path);
	return 0;
}

static int write_filled(struct call *call, const char *path, const char *text, const char *name,
                        struct err *err)
{
	auto_buf struct buf contents = {0};

	fill(text, name, &contents);
	return write_file(call, path, &contents, err);
}

/* The header of this program's ABI, once a project. */
static int write_header(struct call *call, struct config *config, const char *plugins,
                        struct err *err)
{
	auto_buf struct buf contents = {0};
	const char *folder = file_join(&call->arena, plugins, "include/millrace");
	const char *path = file_join(&call->arena, folder, "plugin.h");
	const char *from = file_join(&call->arena, config_installed(config, "plugins"), "plugin.h");

	if (file_exists(path))
		return 0;
	if (file_make_folder(folder, err) < 0 ||
	    file_read(from, LIMIT_YAML_BYTES, &contents, err) < 0)
		return -1;
	return write_file(call, path, &contents, err);
}

int plugin_new_write(struct call *call, const char *name, struct err *err)
{
	struct config *config = call_config(call);
	const char *plugins, *folder;

	if (!config)
		return err_set(err, ERR_INVALID, "the settings are bad");
	if (!is_plugin_name(name))
		return err_set(err, ERR_USAGE,
		               "a plugin's name is lower case letters, digits and '_', not '%.64s'",
		               name);
	plugins = config_text(config, CONFIG_PLUGINS_DIR);
	folder = file_join(&call->arena, plugins, name);
	if (file_make_folder(folder, err) < 0 || write_header(call, config, plugins, err) < 0 ||
	    write_filled(call,
	                 file_join(&call->arena, folder, arena_printf(&call->arena, "%s.c", name)),
	                 source_text, name, err) < 0 ||
	    write_filled(call, file_join(&call->arena, folder, "Makefile"), makefile_text, name,
	                 err) < 0)
		return -1;
	call_say(call, "build it with 'make -C %s', then 'millrace plugins describe %s'", folder,
	         name);
	return 0;
}
