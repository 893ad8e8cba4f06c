/* own_table.c - the program's own tables in the data database */
#include "storage/repo/own_table.h"

struct db_stmt *own_table_cached(struct db *db, const struct own_table_sql *sql, struct err *err)
{
	return db_cached(db, sql->texts[db_dialect(db)], err);
}
