/* catalog.h - the declared tables and reports
 *
 * Read once at start from the YAML files of a folder (storage.md §1); DDL, SQL, REST, CSV and Avro
 * follow from it. Immutable afterwards: any thread may read it while it lives. The catalog owns
 * everything reachable from it. Stored shapes: formats.md §3.
 */
#ifndef STORAGE_CATALOG_CATALOG_H
#define STORAGE_CATALOG_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/map.h"
#include "lib/yaml.h"
#include "storage/catalog/pattern.h"
#include "storage/catalog/value.h"

enum column_type {
	COLUMN_STRING,
	COLUMN_TEXT,
	COLUMN_INT,
	COLUMN_FLOAT,
	COLUMN_DECIMAL,
	COLUMN_BOOL,
	COLUMN_DATE,
	COLUMN_TIMESTAMP,
	COLUMN_JSON,
	COLUMN_BYTES,
	COLUMN_UUID,
	COLUMN_TYPE_COUNT,
};

enum column_flags {
	COLUMN_REQUIRED = 1 << 0,
	COLUMN_UNIQUE = 1 << 1,   /* a unique key of its own; also listed in table.keys */
	COLUMN_INDEX = 1 << 2,    /* asked for, or a reference */
	COLUMN_IMPLICIT = 1 << 3, /* id, created_at, updated_at, deleted_at, version */
	COLUMN_HAS_MIN = 1 << 4,
	COLUMN_HAS_MAX = 1 << 5,
};

/* What stands in for a value that was not given. Applied by us, never by the database. */
enum column_default {
	COLUMN_DEFAULT_NONE,
	COLUMN_DEFAULT_VALUE,        /* default_value */
	COLUMN_DEFAULT_CURRENT_YEAR, /* `default: {current: year}` */
	COLUMN_DEFAULT_CURRENT_DATE,
	COLUMN_DEFAULT_CURRENT_TIMESTAMP,
};

struct table;

/* A column of a table or of a report, or a parameter of a report. */
struct column {
	const char *name;
	const char *description; /* "" when there is none */
	enum column_type type;
	unsigned flags; /* of enum column_flags */
	enum column_default default_kind;
	struct value default_value;
	struct value min, max;   /* as stored values of this type; see COLUMN_HAS_MIN */
	size_t min_length;       /* characters; bytes of a bytes column */
	size_t max_length;       /* 0: no bound */
	int precision, scale;    /* decimal only */
	struct pattern *pattern; /* NULL when there is none */
	const struct value *enum_values;
	size_t enum_count;
	const struct table *references; /* NULL unless `references` is given */
	const char *expand_name; /* of the object in replies: `department` for `department_id` */
	const char *const *aliases;
	size_t alias_count;
	size_t position; /* in table.columns, report.columns or report.params */
};

/* A unique key; `id` is not among them. */
struct table_key {
	const struct column *const *columns;
	size_t count;
};

/* Where the implicit columns stand in table.columns: id first, the others behind the declared. */
enum { TABLE_ID = 0, TABLE_FIRST_DECLARED = 1, TABLE_IMPLICIT_TAIL = 4 };

struct table {
	const char *name;
	const char *description;
	const char *file; /* where it was declared */
	/* id, declared columns, created_at, updated_at, deleted_at, version: order of storage, JSON, Avro */
	const struct column *columns;
	size_t column_count;
	size_t declared_count;
	const struct column *id, *created_at, *updated_at, *deleted_at, *version;
	const struct table_key *keys; /* in the order of the file: columns' own, then `unique:` */
	size_t key_count;
	int64_t bulk_max_rows;
	int soft_delete;
	const struct column *retention_column; /* NULL when there is no `retention:` */
	int64_t retention_keep_ms;             /* 0: forever */
};

/* The databases a report may have a text of its own for. */
enum catalog_dialect { CATALOG_SQLITE, CATALOG_POSTGRES, CATALOG_DIALECT_COUNT };

struct report {
	const char *name;
	const char *description;
	const char *file;
	const struct column *params;
	size_t param_count;
	const struct column *columns;
	size_t column_count;
	/* `:name` is replaced by `$1`, `$2`, … in the order of params. NULL: not for this database. */
	const char *sql[CATALOG_DIALECT_COUNT];
};

struct catalog {
	struct arena arena;
	/* In an order in which referred tables come first; references in a circle aside. */
	const struct table **tables;
	size_t table_count;
	const struct report **reports; /* by name */
	size_t report_count;
	struct map tables_by_name, reports_by_name;
};

/* Reads `folder`/NAME.yaml and `folder`/reports/NAME.yaml, all of them. NULL when anything is wrong:
 * every fault of every file is then in `errors`. Free with catalog_free(). */
struct catalog *catalog_read(const char *folder, struct yaml_errors *errors);
void catalog_free(struct catalog *catalog);

/* NULL when there is none. */
const struct table *catalog_table(const struct catalog *catalog, const char *name);
/* The same with ERR_NOT_FOUND and the nearest name instead. */
const struct table *catalog_find_table(const struct catalog *catalog, const char *name,
                                       struct err *err);
const struct report *catalog_report(const struct catalog *catalog, const char *name);

/* A column by its name, implicit ones too; NULL when there is none. */
const struct column *catalog_column(const struct table *table, const char *name);
/* A column by its name, else by an alias: for headers of files. */
const struct column *catalog_column_by_alias(const struct table *table, const char *name);
/* Whether `id` (as the only column) or a declared unique key has exactly these columns, in any order;
 * gives the key, NULL for `id`. -1 when there is none. */
MUST_CHECK int catalog_key(const struct table *table, const char *const *names, size_t count,
                           const struct table_key **key);

/* "string", "int", … as files write it. */
const char *catalog_type_name(enum column_type type);

#endif
