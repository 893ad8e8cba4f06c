/* sqlite.c - the SQLite driver: files, transactions, the log */
#include "storage/db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { CHECKPOINT_WAIT_US = 1000000 }; /* for the turn to move the rest of the log */

static const char *const begin_texts[] = {[DB_READ] = "BEGIN", [DB_WRITE] = "BEGIN IMMEDIATE"};

struct sqlite *sqlite_of(struct db *db)
{
	return (struct sqlite *)db;
}

void sqlite_arm(struct sqlite *sqlite)
{
	const struct db *db = &sqlite->base;

	sqlite->deadline_us = db->timeout_ms > 0 ? clock_monotonic_us() + db->timeout_ms * 1000 : 0;
	sqlite->budget_left = db->budget;
	errno = 0;
}

static int on_progress(void *context)
{
	struct sqlite *sqlite = context;

	if (atomic_load(&sqlite->base.cancelled))
		return 1;
	sqlite->budget_left -= SQLITE_PROGRESS_STEP;
	if (sqlite->base.budget > 0 && sqlite->budget_left <= 0)
		return 1;
	return sqlite->deadline_us > 0 && clock_monotonic_us() > sqlite->deadline_us;
}

/* Somebody holds a lock of SQLite itself: a program that knows no gate, or one that opens or closes
 * the file at this moment. */
static int on_busy(void *context, int tries)
{
	static const struct timespec pause = {.tv_nsec = 1000 * 1000};
	const struct sqlite *sqlite = context;

	if (atomic_load(&sqlite->base.cancelled))
		return 0;
	if (sqlite->deadline_us > 0 ? clock_monotonic_us() > sqlite->deadline_us
	                            : tries > SQLITE_DEFAULT_WAIT_MS)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static int on_commit(void *context, sqlite3 *handle, const char *schema, int pages)
{
	struct sqlite *sqlite = context;

	(void)handle;
	(void)schema;
	sqlite->wal_pages = pages;
	return SQLITE_OK;
}

static int is_harmless_pragma(const char *name, const char *argument)
{
	static const char *const asking[] = {
		"foreign_key_check", "foreign_key_list", "index_info",         "index_list",
		"index_xinfo",       "integrity_check",  "quick_check",        "table_info",
		"table_list",        "table_xinfo",      "defer_foreign_keys",
	};

	for (size_t i = 0; i < countof(asking); i++) {
		if (str_equal(name, asking[i]))
			return 1;
	}
	return argument == NULL;
}

/* Statements of users and plugins come through here: what would pass the gate, switch a safety off
 * or open another file is the driver's alone. */
static int on_authorize(void *context, int action, const char *first, const char *second,
                        const char *schema, const char *trigger)
{
	const struct sqlite *sqlite = context;

	(void)schema;
	(void)trigger;
	if (sqlite->in_driver)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		return SQLITE_DENY;
	case SQLITE_PRAGMA:
		return is_harmless_pragma(first, second) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_OK;
	}
}

static int check_folder(const char *path, struct err *err)
{
	char *folder = mem_strdup(path);
	char *slash = strrchr(folder, '/');
	struct stat info;
	int result = 0;

	if (slash)
		slash[slash == folder] = '\0';
	else
		memcpy(folder, ".", sizeof("."));
	if (stat(folder, &info) < 0 && errno == ENOENT)
		result = err_set(err, ERR_NOT_FOUND, "the folder '%s' does not exist", folder);
	else if (access(folder, W_OK) < 0)
		result = err_errno(err, errno, "cannot write to the folder '%s'", folder);
	free(folder);
	return result;
}

/* SQLite says of all of these that it could not open the file. */
static int check_file(const char *path, unsigned flags, struct err *err)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		if (errno != ENOENT)
			return err_errno(err, errno, "cannot look at it");
		if (!(flags & DB_CREATE))
			return err_set(err, ERR_NOT_FOUND, "the file does not exist");
		return check_folder(path, err);
	}
	if (S_ISDIR(info.st_mode))
		return err_set(err, ERR_INVALID, "it is a folder");
	if (!S_ISREG(info.st_mode))
		return err_set(err, ERR_INVALID, "it is not a regular file");
	if (access(path, flags & DB_READ_ONLY ? R_OK : R_OK | W_OK) < 0)
		return err_errno(err, errno, "cannot use it");
	return 0;
}

static int pragma(struct sqlite *sqlite, const char *text, struct err *err)
{
	int result;

	sqlite->in_driver = 1;
	result = sqlite_stmt_exec(&sqlite->base, text, err);
	sqlite->in_driver = 0;
	return result;
}

static int is_wal(struct sqlite *sqlite)
{
	sqlite3_stmt *stmt = NULL;
	int yes = 0;

	if (sqlite3_prepare_v2(sqlite->handle, "PRAGMA journal_mode", -1, &stmt, NULL) ==
	            SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		yes = str_equal((const char *)sqlite3_column_text(stmt, 0), "wal");
	sqlite3_finalize(stmt);
	return yes;
}

/* Two processes may make the file at the same time; the switch to WAL does not wait by itself. */
static int switch_to_wal(struct sqlite *sqlite, struct err *err)
{
	int result;

	sqlite_arm(sqlite);
	if (gate_enter(&sqlite->gate, sqlite->deadline_us, &sqlite->base.cancelled, err) < 0)
		return -1;
	result = pragma(sqlite, "PRAGMA journal_mode=WAL", err);
	gate_leave(&sqlite->gate);
	if (result == 0 && !is_wal(sqlite))
		result = err_set(err, ERR_FAILED,
		                 "the file system cannot share the memory of a write-ahead log");
	return result;
}

static int set_up_file(struct sqlite *sqlite, unsigned flags, struct err *err)
{
	/* the first read tells whether it is a database at all */
	if (pragma(sqlite, "PRAGMA schema_version", err) < 0)
		return -1;
	if (flags & DB_READ_ONLY)
		return pragma(sqlite, "PRAGMA query_only=ON", err);
	if (sqlite3_db_readonly(sqlite->handle, "main") == 1)
		return err_set(err, ERR_DENIED, "it is read-only");
	if (gate_open(&sqlite->gate, sqlite->path, err) < 0)
		return -1;
	return is_wal(sqlite) ? 0 : switch_to_wal(sqlite, err);
}

static int set_cache(struct sqlite *sqlite, int64_t bytes, struct err *err)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA cache_size=-%lld", (long long)(bytes / 1024));
	return pragma(sqlite, text, err);
}

static int set_durability(struct sqlite *sqlite, int is_normal, struct err *err)
{
	return pragma(sqlite, is_normal ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL",
	              err);
}

static int set_up(struct sqlite *sqlite, const struct db_options *options, struct err *err)
{
	sqlite3 *handle = sqlite->handle;

	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* a misspelt "column" is an error, not a text */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_set_authorizer(handle, on_authorize, sqlite);
	sqlite3_busy_handler(handle, on_busy, sqlite);
	if (sqlite->path && set_up_file(sqlite, options->flags, err) < 0)
		return -1;
	if (pragma(sqlite,
	           "PRAGMA foreign_keys=ON;"
	           "PRAGMA case_sensitive_like=ON;"
	           "PRAGMA wal_autocheckpoint=0;"
	           "PRAGMA journal_size_limit=67108864;",
	           err) < 0)
		return -1;
	sqlite->is_normal = (options->flags & DB_NORMAL_DURABILITY) != 0;
	if (set_durability(sqlite, sqlite->is_normal, err) < 0)
		return -1;
	sqlite3_wal_hook(handle, on_commit, sqlite);
	sqlite3_progress_handler(handle, SQLITE_PROGRESS_STEP, on_progress, sqlite);
	sqlite->cache_bytes = options->cache_bytes ? options->cache_bytes : INT64_C(2) << 20;
	return set_cache(sqlite, sqlite->cache_bytes, err);
}

static int open_handle(struct sqlite *sqlite, const char *path, unsigned flags, struct err *err)
{
	int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int result;

	if (sqlite->path && check_file(path, flags, err) < 0)
		return -1;
	if (flags & DB_CREATE)
		how |= SQLITE_OPEN_CREATE;
	result = sqlite3_open_v2(path, &sqlite->handle, how, NULL);
	return result == SQLITE_OK ? 0 : sqlite_error_set(sqlite, result, err);
}

static void sqlite_close(struct db *db)
{
	struct sqlite *sqlite = sqlite_of(db);

	sqlite3_close(sqlite->handle);
	gate_close(&sqlite->gate);
	free(sqlite->path);
	free(sqlite);
}

static struct db *sqlite_open(const char *url, const struct db_options *options, struct err *err)
{
	const char *rest = url + strlen("sqlite:");
	struct sqlite *sqlite;

	if (rest[0] == '\0') {
		err_set(err, ERR_USAGE, "'sqlite:' names no file");
		return NULL;
	}
	if (str_starts_with(rest, "///"))
		rest += 2;
	sqlite = mem_alloc(sizeof(*sqlite));
	sqlite->base.driver = &sqlite_driver;
	sqlite->base.timeout_ms = options->timeout_ms;
	sqlite->gate.fd = -1;
	if (!str_equal(rest, ":memory:"))
		sqlite->path = mem_strdup(rest);
	if (open_handle(sqlite, rest, options->flags, err) < 0 ||
	    set_up(sqlite, options, err) < 0) {
		err_prefix(err, "could not open database '%s'", rest);
		sqlite_close(&sqlite->base);
		return NULL;
	}
	return &sqlite->base;
}

static int64_t sqlite_changes(const struct db *db)
{
	return ((const struct sqlite *)db)->changes;
}

static int sqlite_control(struct db *db, const char *sql, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);
	struct db_stmt *stmt;
	int result = -1;

	sqlite->in_driver = 1;
	stmt = db_cached(db, sql, err);
	if (stmt)
		result = sqlite_stmt_step(stmt, err);
	sqlite->in_driver = 0;
	return result;
}

static int sqlite_begin(struct db *db, enum db_mode mode, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);

	sqlite_arm(sqlite);
	if (mode == DB_WRITE && sqlite->path) {
		if (sqlite->gate.fd < 0)
			return err_set(err, ERR_DENIED, "the database was opened for reading");
		if (gate_enter(&sqlite->gate, sqlite->deadline_us, &db->cancelled, err) < 0)
			return -1;
	}
	if (sqlite_control(db, begin_texts[mode], err) < 0) {
		gate_leave(&sqlite->gate);
		return -1;
	}
	return 0;
}

static void sqlite_rollback(struct db *db)
{
	struct sqlite *sqlite = sqlite_of(db);
	struct err ignored;

	/* a statement under way would make an interrupt outlast it and hit the ROLLBACK */
	for (sqlite3_stmt *stmt = sqlite3_next_stmt(sqlite->handle, NULL); stmt;
	     stmt = sqlite3_next_stmt(sqlite->handle, stmt))
		sqlite3_reset(stmt);
	/* it fails only when SQLite has rolled back already */
	if (!sqlite3_get_autocommit(sqlite->handle) && sqlite_control(db, "ROLLBACK", &ignored) < 0)
		sqlite3_exec(sqlite->handle, "ROLLBACK", NULL, NULL, NULL);
	gate_leave(&sqlite->gate);
}

static int sqlite_commit(struct db *db, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);

	if (sqlite3_get_autocommit(sqlite->handle)) {
		err_set(err, ERR_CONFLICT, "the transaction was rolled back before its end");
		goto fail;
	}
	FAULT("db_commit");
	if (sqlite_control(db, "COMMIT", err) < 0)
		goto fail;
	FAULT("db_committed");
	gate_leave(&sqlite->gate);
	return 0;
fail:
	sqlite_rollback(db);
	return -1;
}

static int sqlite_writer_waiting(const struct db *db)
{
	const struct sqlite *sqlite = (const struct sqlite *)db;

	return sqlite->gate.held && gate_waited_for(&sqlite->gate);
}

static void sqlite_cancel(struct db *db)
{
	sqlite3_interrupt(sqlite_of(db)->handle);
}

static int64_t sqlite_wal_pages(const struct db *db)
{
	return ((const struct sqlite *)db)->wal_pages;
}

static int checkpoint(struct sqlite *sqlite, struct err *err)
{
	int result = sqlite3_wal_checkpoint_v2(sqlite->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
	                                       NULL, NULL);

	/* busy: somebody else is at it */
	if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY)
		return 0;
	sqlite_error_set(sqlite, result, err);
	return err_prefix(err, "could not checkpoint the database");
}

/* The log begins anew only when all of it was moved, and a writer who commits meanwhile prevents that.
 * So most is moved while others write, and the little that they added in a turn of our own. */
static int sqlite_checkpoint(struct db *db, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);
	int64_t deadline_us = clock_monotonic_us() + CHECKPOINT_WAIT_US;
	struct err busy;
	int result = checkpoint(sqlite, err);

	if (result < 0 || sqlite->gate.fd < 0 || sqlite->gate.held ||
	    gate_enter(&sqlite->gate, deadline_us, &db->cancelled, &busy) < 0)
		return result;
	result = checkpoint(sqlite, err);
	gate_leave(&sqlite->gate);
	return result;
}

static int sync_wal(const struct sqlite *sqlite, struct err *err)
{
	auto_buf struct buf path = {0};
	auto_close int fd = -1;

	buf_printf(&path, "%s-wal", sqlite->path);
	fd = open(buf_string(&path), O_RDWR | O_CLOEXEC);
	if (fd < 0 || fdatasync(fd) < 0)
		return err_errno(err, errno, "could not sync '%s'", buf_string(&path));
	return 0;
}

static int sqlite_set_cache(struct db *db, int64_t bytes, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);

	return set_cache(sqlite, bytes ? bytes : sqlite->cache_bytes, err);
}

static int sqlite_set_relaxed(struct db *db, int relaxed, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);

	return set_durability(sqlite, relaxed || sqlite->is_normal, err);
}

/* A transaction larger than the cache spills into the log; rolled back, it leaves the length. */
static int sqlite_grow_wal(struct db *db, int64_t pages, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);
	char text[128];
	int result;

	if (!sqlite->path)
		return 0;
	if (set_cache(sqlite, 64 * 1024, err) < 0 || db_begin(db, DB_WRITE, err) < 0)
		return -1;
	snprintf(
		text, sizeof(text),
		"CREATE TABLE millrace_grow (x); INSERT INTO millrace_grow VALUES (zeroblob(%lld))",
		(long long)pages * 4096);
	result = db_exec(db, text, err);
	db_rollback(db);
	if (result < 0 || set_cache(sqlite, sqlite->cache_bytes, err) < 0)
		return -1;
	return sync_wal(sqlite, err);
}

const struct db_driver sqlite_driver = {
	.dialect = DB_DIALECT_SQLITE,
	.open = sqlite_open,
	.close = sqlite_close,
	.prepare = sqlite_stmt_prepare,
	.stmt_free = sqlite_stmt_free,
	.bind = sqlite_stmt_bind,
	.step = sqlite_stmt_step,
	.reset = sqlite_stmt_reset,
	.writes = sqlite_stmt_writes,
	.changes = sqlite_changes,
	.exec = sqlite_stmt_exec,
	.column_count = sqlite_stmt_column_count,
	.column_name = sqlite_stmt_column_name,
	.column = sqlite_stmt_column,
	.column_any = sqlite_stmt_column_any,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.control = sqlite_control,
	.writer_waiting = sqlite_writer_waiting,
	.cancel = sqlite_cancel,
	.wal_pages = sqlite_wal_pages,
	.checkpoint = sqlite_checkpoint,
	.set_cache = sqlite_set_cache,
	.set_relaxed = sqlite_set_relaxed,
	.grow_wal = sqlite_grow_wal,
};
