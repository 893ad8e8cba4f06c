/* row_check.c - what other rows have to say about a row */
#include "storage/repo/row_check.h"

#include <inttypes.h>

#include "storage/repo/row_binding.h"

/* Tells the caller which column it was. */
static int refuse(const struct row_check *check, const struct column *column,
                  const struct flaw *flaw, enum err_code code, struct err *err)
{
	if (check->reject)
		*check->reject = (struct table_reject){column, *flaw};
	return err_set(err, code, "table '%s', column '%s': %s", check->sql->table->name,
	               column->name, flaw->detail);
}

void row_check_parent_flaw(const struct column *column, int64_t id, struct flaw *flaw)
{
	flaw_set(flaw, FLAW_FOREIGN_KEY, "%s %" PRId64 " does not exist", column->references->name,
	         id);
}

static void append_shown(const struct column *column, const struct value *value, struct buf *text)
{
	int is_number = value->kind == VALUE_INT && column->type == COLUMN_INT;

	buf_text(text, is_number ? "" : "'");
	value_append_text(column, value, text);
	buf_text(text, is_number ? "" : "'");
}

void row_check_taken_flaw(const struct table_key *key, const struct value *values,
                          const struct row_check_hit *hit, struct flaw *flaw)
{
	auto_buf struct buf shown = {0};

	for (size_t i = 0; i < key->count; i++) {
		buf_text(&shown, i ? ", " : "");
		append_shown(key->columns[i], &values[key->columns[i]->position], &shown);
	}
	flaw_set(flaw, FLAW_DUPLICATE, "%s%.160s%s is taken by row %" PRId64,
	         key->count > 1 ? "(" : "", buf_string(&shown), key->count > 1 ? ")" : "", hit->id);
}

int row_check_taken(const struct row_check *check, const struct table_key *key,
                    const struct value *values, const struct row_check_hit *hit, struct err *err)
{
	struct flaw flaw;

	row_check_taken_flaw(key, values, hit, &flaw);
	return refuse(check, key->columns[0], &flaw, ERR_DUPLICATE, err);
}

static int has_parent(struct db *db, const char *sql, int64_t id, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	found = db_step(stmt, err);
	db_reset(stmt);
	return found;
}

int row_check_parents(const struct row_check *check, const struct value *values, struct err *err)
{
	const struct table *table = check->sql->table;
	/* on SQLite there is one writer */
	const char *const *parents = db_dialect(check->db) == DB_DIALECT_POSTGRES
	                                     ? check->sql->held_parents
	                                     : check->sql->parents;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct flaw flaw;
		int found;

		if (!column->references || values[i].kind != VALUE_INT)
			continue;
		/* a row may be its own parent */
		if (column->references == table && value_equal(&values[i], &values[TABLE_ID]))
			continue;
		found = has_parent(check->db, parents[i], values[i].as.integer, err);
		if (found > 0)
			continue;
		if (found < 0)
			return -1;
		row_check_parent_flaw(column, values[i].as.integer, &flaw);
		return refuse(check, column, &flaw, ERR_FOREIGN_KEY, err);
	}
	return 0;
}

static int step_hit(struct db_stmt *stmt, struct row_check_hit *hit, struct err *err)
{
	struct db_value created = {0};
	int found = db_step(stmt, err);

	if (found > 0) {
		hit->id = db_column_int(stmt, 0);
		if (db_column(stmt, 1, DB_TIMESTAMP, 0, &created) < 0)
			found = err_set(err, ERR_DAMAGED,
			                "created_at of row %" PRId64 " is no timestamp", hit->id);
		hit->created_at_us = created.as.integer;
	}
	db_reset(stmt);
	return found;
}

int row_check_find_id(const struct row_check *check, int64_t id, struct row_check_hit *hit,
                      struct err *err)
{
	struct db_stmt *stmt = db_cached(check->db, check->sql->has_id, err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	return step_hit(stmt, hit, err);
}

int row_check_find(const struct row_check *check, size_t index, const struct value *values,
                   struct row_check_hit *hit, struct err *err)
{
	const struct table_key *key = &check->sql->table->keys[index];
	struct db_stmt *stmt;

	for (size_t i = 0; i < key->count; i++) {
		if (values[key->columns[i]->position].kind == VALUE_NULL)
			return 0;
	}
	stmt = db_cached(check->db, check->sql->keys[index], err);
	if (!stmt)
		return -1;
	for (size_t i = 0; i < key->count; i++)
		row_binding_set(stmt, (int)i + 1, key->columns[i],
		                &values[key->columns[i]->position]);
	return step_hit(stmt, hit, err);
}

int row_check_keys(const struct row_check *check, const struct value *values, int64_t own_id,
                   struct err *err)
{
	const struct table *table = check->sql->table;

	for (size_t i = 0; i < table->key_count; i++) {
		struct row_check_hit hit;
		int found = row_check_find(check, i, values, &hit, err);

		if (found < 0)
			return -1;
		if (found && hit.id != own_id)
			return row_check_taken(check, &table->keys[i], values, &hit, err);
	}
	return 0;
}
