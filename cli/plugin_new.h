/* plugin_new.h - the files of a new plugin */
#ifndef CLI_PLUGIN_NEW_H
#define CLI_PLUGIN_NEW_H

#include "cli/call.h"

/* Writes `<plugins_dir>/NAME/NAME.c` and a Makefile that builds `<plugins_dir>/NAME.so`. ERR_CONFLICT
 * when they are there. */
MUST_CHECK int plugin_new_write(struct call *call, const char *name, struct err *err);

#endif
