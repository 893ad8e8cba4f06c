/* runner.h - `millrace runner`: the child process that executes attempts
 *
 * Started by the service with the wire on WIRE_FD, a pipe as stdout and stderr and its read end on
 * WIRE_LOG_FD (scheduler/wire/wire.h). The main thread runs operators, the helper does the talking.
 * One process serves one plugin; after an operator that is not MR_OP_WARM, and when something was left
 * behind, it gives back what is queued and exits 0. `millrace runner --describe FILE…` prints what the
 * files declare (describe.h) and needs no wire.
 */
#ifndef SCHEDULER_RUNNER_RUNNER_H
#define SCHEDULER_RUNNER_RUNNER_H

/* argv[1] and on are the arguments behind `runner`. The process's exit status. */
int runner_main(int argc, char **argv);

#endif
