/* own_table.h - the program's own tables in the data database
 *
 * What must be atomic with a write of rows stands beside the rows (storage.md §2 of the design): on
 * SQLite in tables that begin with `millrace_`, on PostgreSQL in the schema `millrace_data`. The
 * statements of both are built by the preprocessor out of one text:
 *
 *   #define GET(table) "SELECT value FROM " table " WHERE name = $1"
 *   static const struct own_table_sql get = OWN_TABLE_SQL(GET, "watermark");
 */
#ifndef STORAGE_REPO_OWN_TABLE_H
#define STORAGE_REPO_OWN_TABLE_H

#include "storage/db/db.h"

struct own_table_sql {
	const char *texts[2]; /* by enum db_dialect */
};

#define OWN_TABLE_SQL(statement, name)                                                             \
	{                                                                                          \
		{                                                                                  \
			statement("millrace_" name), statement("millrace_data." name)              \
		}                                                                                  \
	}

/* As db_cached(). */
MUST_CHECK struct db_stmt *own_table_cached(struct db *db, const struct own_table_sql *sql,
                                            struct err *err);

#endif
