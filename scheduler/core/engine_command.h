/* engine_command.h - what people ask of runs: cancel, clear, mark
 *
 * For engine*.c alone. Each answers as engine_step() does.
 */
#ifndef SCHEDULER_CORE_ENGINE_COMMAND_H
#define SCHEDULER_CORE_ENGINE_COMMAND_H

#include "scheduler/core/engine_core.h"

enum engine_answer engine_command_cancel(struct engine *engine, const struct event *event);
enum engine_answer engine_command_clear(struct engine *engine, const struct event *event);
enum engine_answer engine_command_mark_run(struct engine *engine, const struct event *event);
enum engine_answer engine_command_mark(struct engine *engine, const struct event *event);

#endif
