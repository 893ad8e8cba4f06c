/* place.h - a database of a test's own
 *
 * place_make() gives the URL of an empty database of place_kind, place_remove() takes it away with
 * all that lies beside it. The process that makes it removes it.
 */
#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "storage/db/db.h"

/* Which database the tests run on: the first argument of the program. */
static const char *place_kind = "sqlite";

struct place {
	char folder[64];
	char path[96]; /* of the file, where there is one */
	char url[128];
};

static inline void place_make(struct place *place)
{
	ck_assert_str_eq(place_kind, "sqlite");
	snprintf(place->folder, sizeof(place->folder), "/tmp/millrace-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/data.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
}

static inline void place_remove(struct place *place)
{
	struct err err;

	ck_assert_int_eq(file_remove_tree(place->folder, &err), 0);
}

/* For main(): cases for the kind of database that the arguments name. */
static inline TCase *place_cases(int argc, char **argv)
{
	if (argc > 1)
		place_kind = argv[1];
	return tcase_create(place_kind);
}

static inline struct db *place_open(const struct place *place)
{
	const struct db_options options = {.flags = DB_CREATE, .timeout_ms = 20000};
	struct err err;
	struct db *db = db_open(place->url, &options, &err);

	ck_assert_msg(db != NULL, "%s", err.text);
	return db;
}

#endif
