/* reference_attempt.h - what the reference hears of attempts
 *
 * For reference*.c alone.
 */
#ifndef TESTS_SIM_REFERENCE_ATTEMPT_H
#define TESTS_SIM_REFERENCE_ATTEMPT_H

#include "tests/sim/reference_model.h"

enum engine_answer reference_attempt_started(struct reference *ref, const struct event *event);
enum engine_answer reference_attempt_finished(struct reference *ref, const struct event *event);
enum engine_answer reference_attempt_lost(struct reference *ref, const struct event *event);
enum engine_answer reference_attempt_returned(struct reference *ref, const struct event *event);

#endif
