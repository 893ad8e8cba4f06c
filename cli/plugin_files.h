/* plugin_files.h - whether a plugin's file keeps the contract of plugin.md
 *
 * What it declares is read by a runner process; what it exports and imports is read from the ELF
 * file: nothing may go out but mr_plugin_entry, and nothing may come in from libraries that it does
 * not name itself, because the host's copies would answer.
 */
#ifndef CLI_PLUGIN_FILES_H
#define CLI_PLUGIN_FILES_H

#include "cli/call.h"
#include "lib/json.h"

/* `name` is a path, or a plugin of the project's folders. `{"path", "ok", "faults": [text]}`, a new
 * reference; NULL when there is no such file. */
MUST_CHECK json_t *plugin_files_check(struct call *call, const char *name, struct err *err);

#endif
