/* run_commands.h - what people do to runs: cancel, clear, mark, note
 *
 * A run that has ended is restored from the database for it. Handlers of commands.h: 0 when the answer
 * comes with the commit, 1 when it is to be given at once, -1 refused with command->err. On the loop's
 * thread.
 */
#ifndef SCHEDULER_SERVICE_RUN_COMMANDS_H
#define SCHEDULER_SERVICE_RUN_COMMANDS_H

#include "scheduler/service/command.h"
#include "scheduler/service/leader.h"

MUST_CHECK int run_commands_cancel(struct leader *leader, struct command *command);
MUST_CHECK int run_commands_clear(struct leader *leader, struct command *command);
MUST_CHECK int run_commands_mark(struct leader *leader, struct command *command);
MUST_CHECK int run_commands_note(struct leader *leader, struct command *command);

#endif
