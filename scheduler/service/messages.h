/* messages.h - the leader's outbox: what becomes of messages is stored with its batches
 *
 * On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_MESSAGES_H
#define SCHEDULER_SERVICE_MESSAGES_H

#include "scheduler/service/leader.h"

struct outbox *messages_open(struct leader *leader);

/* The batch is stored: what is new in it may leave, what it says of older ones is forgotten. */
void messages_committed(struct leader *leader, const struct batch *batch);

#endif
