/* messages.c - the leader's outbox */
#include "scheduler/service/messages.h"

#include "lib/vec.h"
#include "scheduler/service/attempts.h"

static void store_delivery(void *context, const struct outbox_repo_row *row)
{
	struct leader *leader = context;
	struct outbox_repo_row *stored = vec_push(&leader->next->deliveries);

	*stored = (struct outbox_repo_row){
		.id = row->id,
		.state = row->state,
		.tries = row->tries,
		.due_at_us = row->due_at_us,
		.reason = row->reason ? arena_strdup(&leader->next->arena, row->reason) : NULL,
		.ended_at_us = row->ended_at_us,
	};
}

struct outbox *messages_open(struct leader *leader)
{
	return outbox_new(&(struct outbox_options){
		.loop = leader->loop,
		.config = leader->config,
		.reader = leader->reader,
		.store = store_delivery,
		.child_started = attempts_events.child_started,
		.context = leader,
	});
}

void messages_committed(struct leader *leader, const struct batch *batch)
{
	vec_foreach(const struct outbox_repo_row *, stored, &batch->deliveries)
		outbox_stored(leader->outbox, stored->id);
	if (batch->messages.count || batch->deliveries.count)
		outbox_look(leader->outbox);
}
