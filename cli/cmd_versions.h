/* cmd_versions.h - commands of a DAG's versions */
#ifndef CLI_CMD_VERSIONS_H
#define CLI_CMD_VERSIONS_H

#include "cli/call.h"

int cmd_versions_list(struct call *call);
/* `-o json` gives {dag, from, to, diff}. */
int cmd_versions_diff(struct call *call);

#endif
