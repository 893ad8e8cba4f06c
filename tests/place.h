/* place.h - a database of a test's own
 *
 * place_make() gives the URL of an empty database of place_kind, place_remove() takes it away with
 * all that lies beside it. The process that makes it removes it. On PostgreSQL it is a database
 * of its own in the server that tests/postgres.py started.
 */
#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H

#include <check.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "storage/db/db.h"

/* Which database the tests run on: the first argument of the program. */
static const char *place_kind = "sqlite";

struct place {
	char folder[64];
	char path[96]; /* of the file, where there is one */
	char url[128];
	char database[48]; /* of PostgreSQL */
};

static inline int place_is_postgres(void)
{
	return strcmp(place_kind, "postgresql") == 0;
}

/* `createdb` and `dropdb` of the server's own version, which find it by the test's environment. */
static inline void place_tool(const char *tool, const char *option, const char *database)
{
	char *arguments[] = {strdup(tool), strdup(option), strdup(database), NULL};
	int status = -1;
	pid_t pid;

	ck_assert_int_eq(posix_spawnp(&pid, tool, NULL, NULL, arguments, environ), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s failed", tool);
	for (size_t i = 0; arguments[i]; i++)
		free(arguments[i]);
}

static inline void place_make_database(struct place *place)
{
	static int count;

	snprintf(place->database, sizeof(place->database), "place_%d_%d", (int)getpid(), count++);
	place_tool("createdb", "--strategy=wal_log", place->database);
	/* libpq finds the server as the tools do */
	snprintf(place->url, sizeof(place->url), "postgresql:///%s", place->database);
}

static inline void place_make(struct place *place)
{
	*place = (struct place){0};
	snprintf(place->folder, sizeof(place->folder), "/tmp/millrace-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->folder));
	if (place_is_postgres()) {
		place_make_database(place);
		return;
	}
	ck_assert_str_eq(place_kind, "sqlite");
	snprintf(place->path, sizeof(place->path), "%s/data.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
}

static inline void place_remove(struct place *place)
{
	struct err err;

	if (place_is_postgres())
		place_tool("dropdb", "--force", place->database);
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
