/* host_sql.h - the group "sql" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_SQL_H
#define SCHEDULER_RUNNER_HOST_SQL_H

#include "plugins/plugin.h"

struct attempt;
struct db;

mr_status host_sql_open(struct mr_task *task, const struct mr_db_options *options,
                        struct mr_db **db);
mr_status host_sql_exec(struct mr_task *task, struct mr_db *db, const char *sql,
                        const struct mr_value *values, size_t count, int64_t *affected);
mr_status host_sql_query(struct mr_task *task, struct mr_db *db, const char *sql,
                         const struct mr_value *values, size_t count, const char *const **names,
                         size_t *columns);
mr_status host_sql_next(struct mr_task *task, struct mr_db *db, const struct mr_rows **rows);
mr_status host_sql_commit(struct mr_task *task, struct mr_db *db);
void host_sql_close(struct mr_task *task, struct mr_db *db);

/* For other groups: the session behind a transaction that `call` is given. */
struct db *host_sql_session(struct attempt *attempt, struct mr_db *db, const char *call);
/* That of the attempt's open transaction; NULL when there is none. */
struct db *host_sql_current(const struct attempt *attempt);

#endif
