/* run_name.h - which run `DAG/RUN`, or RUN alone, means */
#ifndef CLI_RUN_NAME_H
#define CLI_RUN_NAME_H

#include "cli/client.h"

struct run_name {
	const char *dag, *run;
};

/* Does something with the run that the call's first argument names (RUN alone fits when only one DAG
 * has such a run): gives the exit status, also after saying that there is none. */
int run_name_with(struct call *call, int (*work)(struct call *call, struct client *client,
                                                 const struct run_name *name));

#endif
