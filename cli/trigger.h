/* trigger.h - starting a run as a command's options say */
#ifndef CLI_TRIGGER_H
#define CLI_TRIGGER_H

#include "cli/client.h"

/* `-p key=value` of the call as an object, typed by `schemas`; NULL after saying the fault. */
json_t *trigger_read_params(const struct call *call, const json_t *schemas);

/* `schemas` are the DAG's parameters (dag_params_json()). The Run as it was queued, a new reference;
 * NULL after saying what is wrong, with the exit status. */
json_t *trigger_run(struct call *call, struct client *client, const char *dag,
                    const json_t *schemas, int *status);

#endif
