/* schema.h - values held against JSON-Schema words
 *
 * The words of draft 2020-12 that parameters of DAGs know: type, enum, const, minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern, items, minItems, maxItems,
 * uniqueItems, properties, required, additionalProperties; title, description, default and examples
 * say nothing about the value. A word is held against values of its own type only, as there. Patterns
 * are POSIX extended regular expressions. Pure.
 */
#ifndef SCHEDULER_CORE_SCHEMA_H
#define SCHEDULER_CORE_SCHEMA_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"

/* `schema` is an object that dag_schema_read() found good. ERR_INVALID says what must be. */
MUST_CHECK int schema_check(const json_t *schema, const json_t *value, struct err *err);

/* What somebody typed, as a value of this schema: JSON where the type is not text. A new reference,
 * not checked yet; NULL when it is not JSON. */
MUST_CHECK json_t *schema_value(const json_t *schema, const char *text, struct err *err);

/* The names of JSON types: null, boolean, integer, number, string, array, object. */
extern const char *const schema_types[];
enum {
	SCHEMA_TYPES = 7,
};

#endif
