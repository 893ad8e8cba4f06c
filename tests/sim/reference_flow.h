/* reference_flow.h - what follows an event in the reference
 *
 * For reference*.c alone.
 */
#ifndef TESTS_SIM_REFERENCE_FLOW_H
#define TESTS_SIM_REFERENCE_FLOW_H

#include "tests/sim/reference_model.h"

void reference_flow_decide(struct reference *ref, struct ref_node *node);
void reference_flow_start(struct reference *ref, const char *dag);
void reference_flow_settle(struct reference *ref);

void reference_flow_cancel_live(struct ref_item *item, enum cause cause);
void reference_flow_cancel_idle(struct reference *ref, struct ref_item *item, enum cause cause);
void reference_flow_cancel_item(struct reference *ref, struct ref_item *item, enum cause cause);
void reference_flow_cancel_run(struct reference *ref, struct ref_run *run, enum cause cause);
void reference_flow_collapse(struct reference *ref, struct ref_node *node);
void reference_flow_clear(struct reference *ref, struct ref_item *item);

#endif
