/* sqlite_error.c - SQLite's codes in our words */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "storage/db/sqlite.h"

static const struct {
	int result; /* a primary code */
	enum err_code code;
	const char *text; /* NULL: SQLite's own */
} primary[] = {
	{SQLITE_ERROR, ERR_FAILED, NULL},
	{SQLITE_PERM, ERR_DENIED, NULL},
	{SQLITE_BUSY, ERR_BUSY, "the database is busy: another program is writing to it"},
	{SQLITE_LOCKED, ERR_BUSY,
         "the database is busy: a statement of this connection is not finished"},
	{SQLITE_NOMEM, ERR_LIMIT, "the database ran out of memory"},
	{SQLITE_READONLY, ERR_DENIED, "the database is read-only"},
	{SQLITE_CORRUPT, ERR_DAMAGED, "the database file is damaged"},
	{SQLITE_FULL, ERR_NO_SPACE, "no space left for the database"},
	{SQLITE_CANTOPEN, ERR_UNAVAILABLE, "the database file cannot be opened"},
	{SQLITE_PROTOCOL, ERR_BUSY, "the database is busy: its log is being opened by others"},
	{SQLITE_TOOBIG, ERR_LIMIT, "a value is longer than the database allows"},
	{SQLITE_MISMATCH, ERR_INVALID, "a value does not fit the type of its column"},
	{SQLITE_AUTH, ERR_DENIED, "the statement is not allowed here"},
	{SQLITE_NOTADB, ERR_DAMAGED, "the file is not a SQLite database"},
	{SQLITE_RANGE, ERR_INTERNAL, "a parameter was bound that the statement does not have"},
	{SQLITE_ABORT, ERR_CONFLICT, "the transaction was rolled back meanwhile"},
	{SQLITE_NOLFS, ERR_LIMIT, "the file system does not take files of this size"},
};

static const char *after_colon(const char *message)
{
	const char *colon = strstr(message, ": ");

	return colon ? colon + 2 : "";
}

static int duplicate(struct db_constraint *constraint, const char *what, struct err *err)
{
	constraint->kind = DB_CONSTRAINT_UNIQUE;
	/* an index over expressions is named instead of its columns: index 'name' */
	if (str_starts_with(what, "index '")) {
		str_copy(constraint->name, sizeof(constraint->name), what + strlen("index '"));
		constraint->name[strcspn(constraint->name, "'")] = '\0';
	} else {
		str_copy(constraint->keys, sizeof(constraint->keys), what);
	}
	return err_set(err, ERR_DUPLICATE, "a row with the same %s is there already", what);
}

static int broken_constraint(struct sqlite *sqlite, int result, struct err *err)
{
	struct db_constraint *constraint = &sqlite->base.constraint;
	const char *message = sqlite3_errmsg(sqlite->handle);
	const char *what = after_colon(message);

	switch (result) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return duplicate(constraint, what, err);
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		constraint->kind = DB_CONSTRAINT_FOREIGN_KEY;
		return err_set(err, ERR_FOREIGN_KEY,
		               "the row referred to does not exist, or is still referred to");
	case SQLITE_CONSTRAINT_NOTNULL:
		constraint->kind = DB_CONSTRAINT_NOT_NULL;
		str_copy(constraint->keys, sizeof(constraint->keys), what);
		return err_set(err, ERR_INVALID, "'%s' must not be null", what);
	case SQLITE_CONSTRAINT_CHECK:
		constraint->kind = DB_CONSTRAINT_CHECK;
		str_copy(constraint->name, sizeof(constraint->name), what);
		return err_set(err, ERR_INVALID, "the check '%s' does not hold", what);
	default:
		return err_set(err, ERR_INVALID, "%s", message);
	}
}

static int interrupted(struct sqlite *sqlite, struct err *err)
{
	struct db *db = &sqlite->base;

	if (atomic_load(&db->cancelled))
		return err_set(err, ERR_CANCELLED, "the statement was cancelled");
	if (db->budget > 0 && sqlite->budget_left <= 0) {
		db->over_budget = 1;
		return err_set(err, ERR_TIMEOUT, "the statement needs more work than it was given");
	}
	return err_set(err, ERR_TIMEOUT, "the statement took longer than %.3g s",
	               (double)db->timeout_ms / 1000.0);
}

static int input_output(int cause, struct err *err)
{
	/* EFBIG: the limit on file sizes */
	if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG)
		return err_set(err, ERR_NO_SPACE, "no space left for the database");
	if (cause == 0)
		return err_set(err, ERR_FAILED, "could not read or write the database");
	err_errno(err, cause, "could not read or write the database");
	err->code = ERR_FAILED;
	return -1;
}

int sqlite_error_set(struct sqlite *sqlite, int result, struct err *err)
{
	/* sqlite3_system_errno() knows nothing of what a COMMIT met; errno is 0 before a statement starts */
	int cause = errno;
	int code = result & 0xff;

	sqlite->base.constraint = (struct db_constraint){0};
	sqlite->base.over_budget = 0;
	if (code == SQLITE_CONSTRAINT)
		return broken_constraint(sqlite, result, err);
	if (code == SQLITE_INTERRUPT)
		return interrupted(sqlite, err);
	if (code == SQLITE_BUSY && atomic_load(&sqlite->base.cancelled))
		return err_set(err, ERR_CANCELLED, "the statement was cancelled");
	if (code == SQLITE_IOERR)
		return input_output(cause, err);
	for (size_t i = 0; i < countof(primary); i++) {
		if (primary[i].result == code)
			return err_set(err, primary[i].code, "%s",
			               primary[i].text ? primary[i].text
			                               : sqlite3_errmsg(sqlite->handle));
	}
	return err_set(err, ERR_FAILED, "%s", sqlite3_errmsg(sqlite->handle));
}
