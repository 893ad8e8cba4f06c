/* reference_command.h - what people ask of the reference
 *
 * For reference*.c alone.
 */
#ifndef TESTS_SIM_REFERENCE_COMMAND_H
#define TESTS_SIM_REFERENCE_COMMAND_H

#include "tests/sim/reference_model.h"

enum engine_answer reference_command_wake(struct reference *ref, const struct event *event);
enum engine_answer reference_command_cancel(struct reference *ref, const struct event *event);
enum engine_answer reference_command_clear(struct reference *ref, const struct event *event);
enum engine_answer reference_command_mark_run(struct reference *ref, const struct event *event);
enum engine_answer reference_command_mark(struct reference *ref, const struct event *event);

#endif
