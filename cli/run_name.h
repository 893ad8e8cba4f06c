/* run_name.h - which run `DAG/RUN`, or RUN alone, means */
#ifndef CLI_RUN_NAME_H
#define CLI_RUN_NAME_H

#include "cli/client.h"

struct run_name {
	const char *dag, *run;
};

/* The call's first argument; RUN alone fits when only one DAG has such a run. EXIT_OK, or the exit
 * status after saying what is wrong. */
MUST_CHECK int run_name_find(struct call *call, struct client *client, struct run_name *name);

/* Does something with that run: gives the exit status. */
int run_name_with(struct call *call, int (*work)(struct call *call, struct client *client,
                                                 const struct run_name *name));

#endif
