/* table_json.h - what the catalog declares of a table, as JSON
 *
 * The reply of `millrace tables describe` and of the host call table_describe(). References returned
 * are new ones. Pure.
 */
#ifndef STORAGE_CATALOG_TABLE_JSON_H
#define STORAGE_CATALOG_TABLE_JSON_H

#include "lib/json.h"
#include "storage/catalog/catalog.h"

/* `table`, `description`, `file`, `soft_delete`, `retention` (null, or an object of `column` and
 * `keep_s`, null: forever), `unique` (lists of columns), `columns`: objects of `column`, `type`,
 * `required`, `unique`, `implicit`, `description`, `references` (a table or null) and what bounds
 * its values. */
json_t *table_json(const struct table *table);

/* A value as formats.md §3 of the design has it. */
json_t *table_json_value(const struct column *column, const struct value *value);

#endif
