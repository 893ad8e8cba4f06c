/* commands.h - carries out what people ask of DAGs and runs
 *
 * On the loop's thread. A command that is refused is answered at once; one that changes something is
 * answered by leader_committed(), after its commit.
 */
#ifndef SCHEDULER_SERVICE_COMMANDS_H
#define SCHEDULER_SERVICE_COMMANDS_H

#include "scheduler/service/command.h"
#include "scheduler/service/leader.h"

/* For handlers: answers with the commit of what collects now, and puts it on record. */
void commands_answer_later(struct leader *leader, struct command *command);

void commands_do(struct leader *leader, struct command *command);

/* The DAG of the command, with a good version; NULL with command->err. */
struct registry_dag *commands_find_dag(struct leader *leader, struct command *command);

#endif
