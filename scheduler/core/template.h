/* template.h - YAML values with expressions inside: `objects://in/${{ params.day }}.csv`
 *
 * A text that is exactly one `${{ … }}` becomes the expression's value with its type; inside other
 * text the value is formatted. Lists and maps are templates of their values; keys are not. A
 * template lives in the arena it was parsed into and is immutable. To write `${{` itself:
 * `${{ '${{' }}`.
 */
#ifndef SCHEDULER_CORE_TEMPLATE_H
#define SCHEDULER_CORE_TEMPLATE_H

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "lib/yaml.h"
#include "scheduler/core/expr_check.h"
#include "scheduler/core/expr_eval.h"

struct template;

/* Never NULL: faults go to `errors`, with their places. */
const struct template *template_parse(struct arena *arena, const struct yaml *yaml,
                                      const struct yaml_node *node, const struct expr_names *names,
                                      struct yaml_errors *errors);

/* A whole text as one expression: `${{ … }}` around it may be left out, true and false stand for
 * themselves. NULL when it is not one; the faults are in `errors`. */
const struct expr *template_parse_condition(struct arena *arena, const struct yaml *yaml,
                                            const struct yaml_node *node,
                                            const struct expr_names *names,
                                            struct yaml_errors *errors);

/* A new reference, at most LIMIT_INPUTS_BYTES as JSON; read it, do not change it. The error says
 * which key. */
MUST_CHECK json_t *template_render(const struct template *template, const struct expr_scope *scope,
                                   struct err *err);

/* Whether it can be worth a list: it is one, or one expression. */
int template_may_be_list(const struct template *template);

/* Whether a YAML value holds an expression anywhere. */
int template_has_expressions(const struct yaml_node *node);

#endif
