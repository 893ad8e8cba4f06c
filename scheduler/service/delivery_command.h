/* delivery_command.h - messages that a program takes
 *
 * It finds the body on its stdin and MILLRACE_EVENT and MILLRACE_DELIVERY in its environment, runs in the
 * folder of the project, and has taken the message when it exits with 0. It is killed with its group after
 * DELIVERY_COMMAND_TIMEOUT_MS.
 */
#ifndef SCHEDULER_SERVICE_DELIVERY_COMMAND_H
#define SCHEDULER_SERVICE_DELIVERY_COMMAND_H

#include "scheduler/service/delivery.h"

MUST_CHECK int delivery_command_start(struct delivery *delivery, struct err *err);
void delivery_command_reaped(struct delivery *delivery, int wait_status);
/* Ends it, if it runs, and closes its handles. */
void delivery_command_stop(struct delivery *delivery, uv_close_cb on_closed);

#endif
