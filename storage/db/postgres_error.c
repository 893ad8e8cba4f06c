/* postgres_error.c - PostgreSQL's codes in our words */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "storage/db/postgres.h"

/* "PostgreSQL Error Codes" of its manual; the longest prefix that fits stands first. */
static const struct {
	const char *state;
	enum err_code code;
	const char *text; /* NULL: the server's own */
} states[] = {
	{"57014", ERR_TIMEOUT, NULL},
	{"57P01", ERR_UNAVAILABLE, "the database ended the connection"},
	{"57P03", ERR_UNAVAILABLE, "the database is starting or stopping"},
	{"57P05", ERR_UNAVAILABLE, "the database ended the connection, it was idle for too long"},
	{"25P03", ERR_UNAVAILABLE, "the database ended the transaction, it was idle for too long"},
	{"25006", ERR_INTERNAL, "a statement that writes came outside of a write transaction"},
	{"25P02", ERR_CONFLICT, "the transaction failed before this statement"},
	{"40001", ERR_BUSY, "the transaction met another one, try again"},
	{"40P01", ERR_BUSY, "the transaction met another one, try again"},
	{"55P03", ERR_BUSY, "the database is busy: another session holds a lock on what is needed"},
	{"53100", ERR_NO_SPACE, "no space left for the database"},
	{"53200", ERR_LIMIT, "the database ran out of memory"},
	{"53300", ERR_UNAVAILABLE, "the database takes no more connections"},
	{"54", ERR_LIMIT, NULL},
	{"42501", ERR_DENIED, NULL},
	{"42", ERR_FAILED, NULL},
	{"0A", ERR_FAILED, NULL},
	{"22", ERR_INVALID, NULL},
	{"28", ERR_DENIED, NULL},
	{"3D", ERR_NOT_FOUND, NULL},
	{"08", ERR_UNAVAILABLE, NULL},
	{"57", ERR_UNAVAILABLE, NULL},
	{"58", ERR_UNAVAILABLE, NULL},
	{"53", ERR_UNAVAILABLE, NULL},
	{"XX001", ERR_DAMAGED, NULL},
	{"XX002", ERR_DAMAGED, NULL},
};

static const char *field(const struct postgres *pg, const PGresult *result, int which)
{
	const char *text = result ? pg->pq->result_error_field(result, which) : NULL;

	return text ? text : "";
}

/* Appends one name up to `end`, without its quotes; gives what is behind it. */
static const char *unquote(const char *at, const char *end, struct buf *name)
{
	int quoted = *at == '"';

	for (at += quoted; at < end; at++) {
		if (quoted ? *at == '"' && at[1] != '"' : *at == ',')
			break;
		at += quoted && *at == '"';
		buf_char(name, *at);
	}
	return at + quoted;
}

/* Of `Key (a, "b c")=(1, 2) already exists.` the names, in whatever language the rest is. */
static void keys_of(const char *detail, const char *table, struct buf *keys)
{
	const char *at = strchr(detail, '(');
	const char *end = at ? strstr(at, ")=(") : NULL;

	while (end && at < end) {
		buf_printf(keys, "%s%s.", keys->size ? ", " : "", table);
		at = unquote(at + 1, end, keys);
		if (*at == ',')
			at++;
	}
}

static int duplicate(struct db_constraint *constraint, const char *table, const char *detail,
                     struct err *err)
{
	auto_buf struct buf keys = {0};

	constraint->kind = DB_CONSTRAINT_UNIQUE;
	keys_of(detail, table, &keys);
	str_copy(constraint->keys, sizeof(constraint->keys), buf_string(&keys));
	return err_set(err, ERR_DUPLICATE, "a row with the same %s is there already",
	               keys.size ? keys.data : constraint->name);
}

static int broken_constraint(struct postgres *pg, const PGresult *result, const char *state,
                             struct err *err)
{
	struct db_constraint *constraint = &pg->base.constraint;
	const char *table = field(pg, result, PG_DIAG_TABLE_NAME);

	str_copy(constraint->name, sizeof(constraint->name),
	         field(pg, result, PG_DIAG_CONSTRAINT_NAME));
	if (str_equal(state, "23505"))
		return duplicate(constraint, table, field(pg, result, PG_DIAG_MESSAGE_DETAIL), err);
	if (str_equal(state, "23503")) {
		constraint->kind = DB_CONSTRAINT_FOREIGN_KEY;
		return err_set(err, ERR_FOREIGN_KEY,
		               "the row referred to does not exist, or is still referred to");
	}
	if (str_equal(state, "23502")) {
		constraint->kind = DB_CONSTRAINT_NOT_NULL;
		snprintf(constraint->keys, sizeof(constraint->keys), "%s.%s", table,
		         field(pg, result, PG_DIAG_COLUMN_NAME));
		return err_set(err, ERR_INVALID, "'%s' must not be null", constraint->keys);
	}
	if (str_equal(state, "23514")) {
		constraint->kind = DB_CONSTRAINT_CHECK;
		return err_set(err, ERR_INVALID, "the check '%s' does not hold", constraint->name);
	}
	return err_set(err, ERR_INVALID, "%s", field(pg, result, PG_DIAG_MESSAGE_PRIMARY));
}

static int stopped(struct postgres *pg, struct err *err)
{
	if (atomic_load(&pg->base.cancelled))
		return err_set(err, ERR_CANCELLED, "the statement was cancelled");
	return err_set(err, ERR_TIMEOUT, "the statement took longer than %.3g s",
	               (double)pg->base.timeout_ms / 1000.0);
}

int postgres_error_set(struct postgres *pg, const PGresult *result, struct err *err)
{
	const char *state = field(pg, result, PG_DIAG_SQLSTATE);
	const char *message = field(pg, result, PG_DIAG_MESSAGE_PRIMARY);

	pg->base.constraint = (struct db_constraint){0};
	if (str_starts_with(state, "23"))
		return broken_constraint(pg, result, state, err);
	if (str_equal(state, "57014"))
		return stopped(pg, err);
	for (size_t i = 0; i < countof(states); i++) {
		if (str_starts_with(state, states[i].state))
			return err_set(err, states[i].code, "%s",
			               states[i].text ? states[i].text : message);
	}
	if (!*state)
		return postgres_error_connection(pg, "the connection to the database was lost",
		                                 err);
	return err_set(err, ERR_FAILED, "%s", message);
}

/* What a refused login says has no code in this version of libpq. */
static enum err_code login_code(const char *text)
{
	static const struct {
		const char *part;
		enum err_code code;
	} parts[] = {
		{"too many connections", ERR_UNAVAILABLE},
		{"password", ERR_DENIED},
		{"pg_hba.conf", ERR_DENIED},
		{"role \"", ERR_DENIED},
		{"permission denied", ERR_DENIED},
		{"database \"", ERR_NOT_FOUND},
	};

	for (size_t i = 0; strstr(text, "FATAL") && i < countof(parts); i++) {
		if (strstr(text, parts[i].part))
			return parts[i].code;
	}
	return ERR_UNAVAILABLE;
}

int postgres_error_connection(struct postgres *pg, const char *what, struct err *err)
{
	const char *said = pg->conn ? pg->pq->error_message(pg->conn) : "";
	auto_buf struct buf line = {0};

	/* several lines, each with a line feed */
	for (const char *at = said; *at; at++) {
		if (*at != '\n')
			buf_char(&line, *at == '\t' ? ' ' : *at);
		else if (at[1])
			buf_text(&line, "; ");
	}
	if (!line.size)
		return err_set(err, ERR_UNAVAILABLE, "%s", what);
	return err_set(err, login_code(line.data), "%s: %s", what, line.data);
}
