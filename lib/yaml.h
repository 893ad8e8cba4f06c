/* yaml.h - YAML documents with the place of every node, by libfyaml
 *
 * DAG, catalog and configuration files are read with this: one document a file, at most
 * LIMIT_YAML_BYTES and LIMIT_YAML_DEPTH, no duplicate keys. A document owns its
 * nodes and their texts; both live until yaml_free(). Not thread safe. Anchors, aliases and tags are
 * refused.
 *
 * Errors are collected, not thrown: a reader reports every fault of a file through yaml_error() into
 * a `struct yaml_errors` and goes on, so that the user sees all of them at once:
 *
 *   dags/load.yaml:14:3: unknown key 'schedul', did you mean 'schedule'?
 *      14 |   schedul: null
 *         |   ^^^^^^^
 */
#ifndef LIB_YAML_H
#define LIB_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/json.h"
#include "lib/yaml_errors.h"

enum yaml_kind { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STRING, YAML_LIST, YAML_MAP };

struct yaml_node;

struct yaml_pair {
	const struct yaml_node *key;
	const struct yaml_node *value;
};

/* A node, typed by YAML 1.2's core schema (quoted scalars are strings). */
struct yaml_node {
	enum yaml_kind kind;
	uint32_t line, column,
		length;   /* where its text begins, from 1; characters of its first line */
	const char *text; /* scalars: as written, NUL-terminated; else NULL */
	union {
		int boolean;
		int64_t integer;
		double real;
		struct {
			const struct yaml_node *const *items;
			size_t count;
		} list;
		struct {
			const struct yaml_pair *pairs;
			size_t count;
		} map;
	} as;
};

struct yaml;

/* NULL when it cannot be read or parsed; the faults are in `errors`. `file` is the name shown. */
struct yaml *yaml_parse(const char *file, const char *text, size_t size,
                        struct yaml_errors *errors);
struct yaml *yaml_read(const char *path, struct yaml_errors *errors);
void yaml_free(struct yaml *yaml);

/* What was parsed; lives with the document. */
const char *yaml_text(const struct yaml *yaml, size_t *size);

/* The top node; an empty file is a YAML_NULL node. */
const struct yaml_node *yaml_root(const struct yaml *yaml);

/* The value of a key of a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* "a map", "a list", "text", … for error texts. */
const char *yaml_kind_name(enum yaml_kind kind);

/* Reports a fault at a node of this document. */
void yaml_error(const struct yaml *yaml, const struct yaml_node *node, struct yaml_errors *errors,
                const char *format, ...) PRINTF_LIKE(4, 5);
/* The same `offset` bytes into a one-line scalar: for faults inside an expression. */
void yaml_error_at(const struct yaml *yaml, const struct yaml_node *node, size_t offset,
                   struct yaml_errors *errors, const char *format, ...) PRINTF_LIKE(5, 6);

/* Reports every key of `map` that is not in `known`, with "did you mean". */
void yaml_check_keys(const struct yaml *yaml, const struct yaml_node *map, const char *const *known,
                     size_t known_count, struct yaml_errors *errors);

/* The node as a JSON value (YAML 1.2 core types), a new reference. */
json_t *yaml_to_json(const struct yaml_node *node);

#endif
