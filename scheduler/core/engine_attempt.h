/* engine_attempt.h - what is heard of attempts, and what time does to them
 *
 * For engine*.c alone. Each answers as engine_step() does.
 */
#ifndef SCHEDULER_CORE_ENGINE_ATTEMPT_H
#define SCHEDULER_CORE_ENGINE_ATTEMPT_H

#include "scheduler/core/engine_core.h"

enum engine_answer engine_attempt_started(struct engine *engine, const struct event *event);
enum engine_answer engine_attempt_finished(struct engine *engine, const struct event *event);
enum engine_answer engine_attempt_lost(struct engine *engine, const struct event *event);
enum engine_answer engine_attempt_returned(struct engine *engine, const struct event *event);
enum engine_answer engine_attempt_tick(struct engine *engine, const struct event *event);
enum engine_answer engine_attempt_wake(struct engine *engine, const struct event *event);

#endif
