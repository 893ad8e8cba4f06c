/* cmd_project.h - commands about a project and this program: init, doctor, version */
#ifndef CLI_CMD_PROJECT_H
#define CLI_CMD_PROJECT_H

#include "cli/call.h"

int cmd_project_init(struct call *call);
int cmd_project_doctor(struct call *call);
int cmd_project_version(struct call *call);

#endif
