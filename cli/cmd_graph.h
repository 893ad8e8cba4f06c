/* cmd_graph.h - `millrace dags graph` */
#ifndef CLI_CMD_GRAPH_H
#define CLI_CMD_GRAPH_H

#include "cli/call.h"

int cmd_graph(struct call *call);

#endif
