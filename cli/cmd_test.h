/* cmd_test.h - `millrace dags test` */
#ifndef CLI_CMD_TEST_H
#define CLI_CMD_TEST_H

#include "cli/call.h"

int cmd_test(struct call *call);

#endif
