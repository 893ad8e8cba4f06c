/* effects.c - what the rim has to do after engine_step() */
#include "scheduler/core/effects.h"

#include "lib/vec.h"

void effects_release(struct effects *effects)
{
	vec_release(&effects->runs);
	vec_release(&effects->instances);
	vec_release(&effects->attempts);
	vec_release(&effects->cancels);
	vec_release(&effects->selected);
	vec_release(&effects->bugs);
}

void effects_clear(struct effects *effects)
{
	vec_foreach(struct run **, run, &effects->runs) {
		(*run)->flags &= (uint8_t)~RUN_IS_CHANGED;
		(*run)->flags |= RUN_IS_KNOWN;
	}
	vec_foreach(struct instance **, instance, &effects->instances)
		(*instance)->flags &= (uint8_t) ~(INSTANCE_CHANGED | INSTANCE_NEW);
	effects->runs.count = 0;
	effects->instances.count = 0;
	effects->attempts.count = 0;
	effects->cancels.count = 0;
	effects->selected.count = 0;
	effects->bugs.count = 0;
	effects->affected = 0;
}

void effects_run(struct effects *effects, struct run *run)
{
	if (run->flags & RUN_IS_CHANGED)
		return;
	run->flags |= RUN_IS_CHANGED;
	*vec_push(&effects->runs) = run;
}

void effects_instance(struct effects *effects, struct instance *instance)
{
	if ((instance->flags & INSTANCE_CHANGED) || !(instance->node->run->flags & RUN_IS_KNOWN))
		return;
	instance->flags |= INSTANCE_CHANGED;
	*vec_push(&effects->instances) = instance;
}

void effects_attempt(struct effects *effects, struct instance *instance, enum attempt_state before,
                     enum cause cause)
{
	struct effects_attempt *change = NULL;

	if (before == ATTEMPT_STARTED && instance->started_effect < effects->attempts.count)
		change = &effects->attempts.items[instance->started_effect];
	if (!change || change->instance != instance || change->state != ATTEMPT_STARTED)
		change = vec_push(&effects->attempts);
	else
		before = change->before;
	if (instance->attempt == ATTEMPT_STARTED)
		instance->started_effect = (uint32_t)(effects->attempts.count - 1);
	*change = (struct effects_attempt){
		.instance = instance,
		.id = instance->attempt_id,
		.fence = instance->fence,
		.used_us = instance->used_us,
		.number = instance->number,
		.state = instance->attempt,
		.before = before,
		.cause = cause,
	};
}
