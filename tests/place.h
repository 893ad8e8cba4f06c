/* place.h - a database of a test's own
 *
 * place_make() gives the URL of an empty database of a kind ("sqlite"), place_remove() takes it away
 * with all that lies beside it. The process that makes it removes it.
 */
#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "storage/db/db.h"

struct place {
	char folder[64];
	char path[96]; /* of the file, where there is one */
	char url[128];
};

static inline void place_make(struct place *place, const char *kind)
{
	ck_assert_str_eq(kind, "sqlite");
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

static inline struct db *place_open(const struct place *place)
{
	const struct db_options options = {.flags = DB_CREATE, .timeout_ms = 20000};
	struct err err;
	struct db *db = db_open(place->url, &options, &err);

	ck_assert_msg(db != NULL, "%s", err.text);
	return db;
}

#endif
