/* trigger.h - starting a run as a command's options say */
#ifndef CLI_TRIGGER_H
#define CLI_TRIGGER_H

#include "cli/client.h"

/* `schemas` are the DAG's parameters (dag_params_json()). The Run as it was queued, a new reference;
 * NULL after saying what is wrong, with the exit status. */
json_t *trigger_run(struct call *call, struct client *client, const char *dag,
                    const json_t *schemas, int *status);

#endif
