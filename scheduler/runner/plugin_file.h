/* plugin_file.h - a plugin's shared object, loaded and checked
 *
 * Everything a plugin declares is copied into structs of this host's ABI, whatever minor it was
 * built for, and checked: the rest of the runner can trust it. Names and texts stay in the shared
 * object, which is never unloaded: its threads or destructors could still run. Not thread safe.
 */
#ifndef SCHEDULER_RUNNER_PLUGIN_FILE_H
#define SCHEDULER_RUNNER_PLUGIN_FILE_H

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "plugins/plugin.h"

struct plugin_param {
	struct mr_param declared;
	json_t *fallback; /* parsed, NULL: none */
};

struct plugin_op {
	struct mr_op declared; /* its params and outputs are replaced by these */
	struct plugin_param *params;
	struct mr_output *outputs;
};

struct plugin_file {
	struct arena arena;
	const char *path;
	const char *name;        /* from the file's name */
	struct mr_abi abi;       /* as the file says; zero when it could not be read */
	struct mr_plugin plugin; /* its ops are replaced by these */
	struct plugin_op *ops;
};

/* On failure `abi` says what was read, if it came that far; release it all the same. */
MUST_CHECK int plugin_file_open(struct plugin_file *file, const char *path, struct err *err);
void plugin_file_release(struct plugin_file *file);

/* The operator of `<plugin>.<operator>`, or NULL. */
const struct plugin_op *plugin_file_op(const struct plugin_file *file, const char *full_name);

/* "text", "int", …; NULL when there is no such type. */
const char *plugin_file_type_name(int32_t type);
/* Whether a JSON value may be given for a parameter of this type. */
int plugin_file_accepts(int32_t type, const json_t *value);

#endif
