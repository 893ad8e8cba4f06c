/* load_fixture.h - a database, a catalog and a loader for the tests of loads
 *
 * Everything lives in one temporary folder. Results come as text, so that a test reads like a
 * sentence: `received=3 inserted=2 rejected=1 required=1` or `invalid: line 2: …`. Texts are the
 * fixture's. Where what is found holds a long text in the place of a `*` of what is expected, it is
 * shown as that `*` (reasons of rejects and errors).
 */
#ifndef TESTS_DRIVERS_LOAD_FIXTURE_H
#define TESTS_DRIVERS_LOAD_FIXTURE_H

#include "lib/arena.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/load/load.h"
#include "tests/place.h"

struct load_fixture {
	struct place place;
	const char *folder; /* of the place */
	struct arena arena;
	struct catalog *catalog;
	struct object_registry *objects;
	struct db *db;
	struct load_context context;
	const char *text;    /* of the last load: its result or error */
	const char *rejects; /* its rejects object, NULL when there was none */
	const char *errors;  /* its errors, `pointer column code;` each */
	struct load_result result;
};

/* For main(): cases for the kind of database that the arguments name; `bulk` behind it: every load goes
 * into PostgreSQL as a large one does. */
TCase *load_fixture_cases(int argc, char **argv);
int load_fixture_is_postgres(void);

/* `tables` are catalog files, each beginning with `table: NAME`. */
void load_fixture_init(struct load_fixture *f, const char *const *tables, size_t count);
/* The same with the catalog of a folder. */
void load_fixture_init_with(struct load_fixture *f, const char *catalog_folder);
void load_fixture_release(struct load_fixture *f);

struct db *load_fixture_connect(struct load_fixture *f);
void load_fixture_exec(struct load_fixture *f, const char *sql);
/* Columns by `|`, rows by `;`, NULL as nothing. */
const char *load_fixture_rows(struct load_fixture *f, const char *sql);

/* `options` is JSON in which `'` stands for `"`; NULL: none. */
const char *load_fixture_csv(struct load_fixture *f, const char *table, const char *csv,
                             const char *options);
const char *load_fixture_bytes(struct load_fixture *f, const char *table, const char *bytes,
                               size_t size, const char *options);
const char *load_fixture_input(struct load_fixture *f, const char *table,
                               const struct load_input *input, const char *options,
                               const char *load_id);
const char *load_fixture_values(struct load_fixture *f, const char *table,
                                const struct load_rows *rows);

/* The rejects object of the last load, reasons as `*`. */
const char *load_fixture_rejects(struct load_fixture *f);
size_t load_fixture_lines(const char *text);

#endif
