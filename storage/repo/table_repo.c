/* table_repo.c - rows of any table of the catalog */
#include "storage/repo/table_repo.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/map.h"
#include "lib/mem.h"
#include "storage/catalog/value_parse.h"
#include "storage/repo/row_binding.h"
#include "storage/repo/row_check.h"
#include "storage/repo/row_reader.h"
#include "storage/repo/table_ids.h"
#include "storage/repo/table_sql.h"

enum { STORE_TRIES = 3 };

struct table_repo {
	struct arena arena;
	const struct catalog *catalog;
	struct map statements; /* by name of table */
};

struct table_repo *table_repo_new(const struct catalog *catalog, enum db_dialect dialect)
{
	struct table_repo *repo = mem_alloc(sizeof(*repo));

	/* what is built here is the same text for both */
	(void)dialect;
	arena_init(&repo->arena);
	repo->catalog = catalog;
	for (size_t i = 0; i < catalog->table_count; i++) {
		const struct table *table = catalog->tables[i];

		map_set(&repo->statements, table->name, table_sql_new(table, &repo->arena));
	}
	return repo;
}

void table_repo_free(struct table_repo *repo)
{
	if (!repo)
		return;
	map_release(&repo->statements);
	arena_release(&repo->arena);
	free(repo);
}

static const struct table_sql *sql_of(const struct table_access *access)
{
	return map_get(&access->repo->statements, access->table->name);
}

static int no_row(const struct table_access *access, int64_t id, enum err_code code,
                  const char *what, struct err *err)
{
	err_set(err, code, "row %" PRId64 " of table '%s' %s", id, access->table->name, what);
	return -1;
}

/* What was wrong with which column, for the caller's reply. */
static int reject(const struct table_access *access, const struct column *column,
                  const struct flaw *flaw, enum err_code code, struct err *err)
{
	if (access->reject) {
		access->reject->column = column;
		access->reject->flaw = *flaw;
	}
	err_set(err, code, "table '%s', column '%s': %s", access->table->name, column->name,
	        flaw->detail);
	return -1;
}

/* The row whatever its state: 1, 0 or -1. Its texts are the arena's. */
static int find_row(const struct table_access *access, int64_t id, int expand,
                    struct table_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(access->db, sql_of(access)->get[expand], err);
	struct row_reader reader;
	int found;

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	found = db_step(stmt, err);
	if (found > 0) {
		row_reader_init(&reader, access->table, expand, access->arena);
		if (row_reader_read(&reader, stmt, row, err) < 0)
			found = -1;
		else
			row_reader_keep(&reader, access->arena);
	}
	db_reset(stmt);
	return found;
}

static int is_hidden(const struct table_row *row)
{
	return row->values[row->table->deleted_at->position].kind != VALUE_NULL;
}

int table_repo_get(const struct table_access *access, int64_t id, unsigned flags,
                   struct table_row *row, struct err *err)
{
	int found = find_row(access, id, (flags & TABLE_REPO_EXPAND) != 0, row, err);

	if (found < 0)
		return -1;
	if (!found)
		return no_row(access, id, ERR_NOT_FOUND, "does not exist", err);
	if (is_hidden(row) && !(flags & TABLE_REPO_INCLUDE_DELETED))
		return no_row(access, id, ERR_GONE, "was deleted", err);
	return 0;
}

static struct db_stmt *prepare_list(const struct table_access *access,
                                    const struct table_list *list, struct err *err)
{
	unsigned variant = 0;
	struct db_stmt *stmt;

	if (list->flags & TABLE_REPO_EXPAND)
		variant |= TABLE_SQL_EXPAND;
	if (list->flags & TABLE_REPO_INCLUDE_DELETED)
		variant |= TABLE_SQL_INCLUDE_DELETED;
	stmt = db_cached(access->db, sql_of(access)->list[variant], err);
	if (!stmt)
		return NULL;
	db_bind_int(stmt, 1, list->after_id);
	db_bind_int(stmt, 2, list->limit < 0 ? INT64_MAX : list->limit);
	db_bind_int(stmt, 3, list->offset);
	return stmt;
}

int table_repo_list(const struct table_access *access, const struct table_list *list,
                    table_repo_row_fn on_row, void *context, struct err *err)
{
	struct db_stmt *stmt = prepare_list(access, list, err);
	struct row_reader reader;
	struct table_row row;
	int more;

	if (!stmt)
		return -1;
	row_reader_init(&reader, access->table, (list->flags & TABLE_REPO_EXPAND) != 0,
	                access->arena);
	while ((more = db_step(stmt, err)) > 0) {
		if (row_reader_read(&reader, stmt, &row, err) < 0 ||
		    on_row(context, &row, err) < 0) {
			more = -1;
			break;
		}
	}
	db_reset(stmt);
	return more;
}

static int count_rows(struct db *db, const char *sql, const int64_t *id, int64_t *count,
                      struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);

	if (!stmt)
		return -1;
	if (id)
		db_bind_int(stmt, 1, *id);
	if (db_step(stmt, err) < 0)
		return -1;
	*count = db_column_int(stmt, 0);
	db_reset(stmt);
	return 0;
}

int table_repo_count(const struct table_access *access, int64_t *count, struct err *err)
{
	return count_rows(access->db, sql_of(access)->count, NULL, count, err);
}

static struct row_check check_of(const struct table_access *access)
{
	return (struct row_check){access->db, sql_of(access), access->reject};
}

/* All columns of a new row: defaults where nothing was given, the implicit ones as of now. */
static int complete_row(const struct table_access *access, const struct value *given,
                        struct value *row, struct err *err)
{
	const struct table *table = access->table;

	row[TABLE_ID] = given[TABLE_ID].kind == VALUE_INT ? given[TABLE_ID] : value_null();
	for (size_t i = 0; i < table->declared_count; i++) {
		size_t at = TABLE_FIRST_DECLARED + i;
		const struct column *column = &table->columns[at];
		struct flaw flaw;
		int status;

		row[at] = given[at];
		if (given[at].kind == VALUE_UNSET)
			status = value_parse_missing(column, access->now_us, &row[at], &flaw);
		else
			status = value_parse_check(column, &given[at], &flaw);
		if (status < 0)
			return reject(access, column, &flaw, ERR_INVALID, err);
	}
	row[table->created_at->position] = value_int(access->now_us);
	row[table->updated_at->position] = value_int(access->now_us);
	row[table->deleted_at->position] = value_null();
	row[table->version->position] = value_int(1);
	return 0;
}

/* 1 with the id of the new row, 0 when something is in its way, -1. */
static int insert(const struct table_access *access, const struct value *row, int64_t *id,
                  struct err *err)
{
	const struct table *table = access->table;
	int with_id = row[TABLE_ID].kind == VALUE_INT;
	const char *sql = with_id ? sql_of(access)->insert : sql_of(access)->insert_without_id;
	struct db_stmt *stmt = db_cached(access->db, sql, err);
	int index = 1, stored;

	if (!stmt)
		return -1;
	for (size_t i = with_id ? TABLE_ID : TABLE_FIRST_DECLARED; i < table->deleted_at->position;
	     i++)
		row_binding_set(stmt, index++, &table->columns[i], &row[i]);
	stored = db_step(stmt, err);
	if (stored > 0)
		*id = db_column_int(stmt, 0);
	db_reset(stmt);
	if (stored > 0 && with_id && table_ids_pass(access->db, table, *id, err) < 0)
		return -1;
	return stored;
}

static int same_content(const struct table *table, const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < table->declared_count; i++) {
		if (!value_equal(&a[TABLE_FIRST_DECLARED + i], &b[TABLE_FIRST_DECLARED + i]))
			return 0;
	}
	return 1;
}

static int run_at(const struct table_access *access, const char *sql, int64_t id, struct err *err)
{
	struct db_value now = {.type = DB_TIMESTAMP, .as.integer = access->now_us};
	struct db_stmt *stmt = db_cached(access->db, sql, err);

	if (!stmt)
		return -1;
	db_bind(stmt, 1, &now);
	db_bind_int(stmt, 2, id);
	return db_run(stmt, err);
}

/* What is in the way of a new row is the same row: given back, and to life where it was hidden. */
static int settle_on(const struct table_access *access, const struct value *row,
                     const struct row_check_hit *hit, const struct table_key *key, struct err *err)
{
	struct row_check check = check_of(access);
	struct table_row there;
	int found = find_row(access, hit->id, 0, &there, err);

	if (found <= 0)
		return found < 0 ? -1 : no_row(access, hit->id, ERR_INTERNAL, "went away", err);
	if (!same_content(access->table, row, there.values) ||
	    (row[TABLE_ID].kind == VALUE_INT && row[TABLE_ID].as.integer != hit->id))
		return row_check_taken(&check, key, row, hit, err);
	return is_hidden(&there) ? run_at(access, sql_of(access)->revive, hit->id, err) : 0;
}

/* 1 with its id when the row, or one just like it, is there already; 0 when nothing is in its way. */
static int settle_conflict(const struct table_access *access, const struct value *row, int64_t *id,
                           struct err *err)
{
	const struct table *table = access->table;
	const struct table_key id_key = {&table->id, 1};
	struct row_check check = check_of(access);
	const struct table_key *key = &id_key;
	struct row_check_hit hit = {0};
	int found = 0;

	if (row[TABLE_ID].kind == VALUE_INT)
		found = row_check_find_id(&check, row[TABLE_ID].as.integer, &hit, err);
	for (size_t i = 0; !found && i < table->key_count; i++) {
		key = &table->keys[i];
		found = row_check_find(&check, i, row, &hit, err);
	}
	if (found <= 0)
		return found;
	*id = hit.id;
	return settle_on(access, row, &hit, key, err) < 0 ? -1 : 1;
}

/* Asked before, so that no id is spent in vain, and behind an insert that met somebody else's. */
static int store(const struct table_access *access, const struct value *row, int64_t *id,
                 struct err *err)
{
	int done = 0;

	/* what was in the way may go before it is looked at */
	for (int try = 0; !done && try < STORE_TRIES; try++) {
		done = settle_conflict(access, row, id, err);
		if (!done)
			done = insert(access, row, id, err);
	}
	if (!done)
		done = settle_conflict(access, row, id, err);
	if (!done && table_ids_catch_up(access->db, access->table, err) > 0)
		done = insert(access, row, id, err);
	if (!done)
		return err_set(err, ERR_INTERNAL,
		               "table '%s' refused a row and no row is in its way",
		               access->table->name);
	return done < 0 ? -1 : 0;
}

int table_repo_create(const struct table_access *access, const struct value *values, unsigned flags,
                      struct table_row *row, struct err *err)
{
	struct row_check check = check_of(access);
	struct value *complete =
		arena_array(access->arena, access->table->column_count, sizeof(*complete));
	int64_t id = 0;

	if (complete_row(access, values, complete, err) < 0 ||
	    row_check_parents(&check, complete, err) < 0 || store(access, complete, &id, err) < 0)
		return -1;
	return table_repo_get(access, id, flags, row, err);
}

/* The row that a change is about, neither hidden nor of another version. */
static int find_version(const struct table_access *access, int64_t id, int64_t version,
                        struct table_row *row, struct err *err)
{
	if (table_repo_get(access, id, TABLE_REPO_INCLUDE_DELETED, row, err) < 0)
		return -1;
	if (version != TABLE_REPO_ANY_VERSION &&
	    row->values[access->table->version->position].as.integer != version)
		return no_row(access, id, ERR_STALE, "is of another version", err);
	return 0;
}

/* The stored row with the given values over it, checked. */
static int merge_row(const struct table_access *access, const struct table_row *stored,
                     const struct value *given, struct value *row, struct err *err)
{
	const struct table *table = access->table;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct flaw flaw;

		row[i] = stored->values[i];
		if ((column->flags & COLUMN_IMPLICIT) || given[i].kind == VALUE_UNSET)
			continue;
		if (value_parse_check(column, &given[i], &flaw) < 0)
			return reject(access, column, &flaw, ERR_INVALID, err);
		row[i] = given[i];
	}
	return 0;
}

static int update(const struct table_access *access, const struct value *row, struct err *err)
{
	const struct table *table = access->table;
	struct db_stmt *stmt = db_cached(access->db, sql_of(access)->update, err);
	struct value now = value_int(access->now_us);
	int index = 1;

	if (!stmt)
		return -1;
	for (size_t i = 0; i < table->declared_count; i++, index++)
		row_binding_set(stmt, index, &table->columns[TABLE_FIRST_DECLARED + i],
		                &row[TABLE_FIRST_DECLARED + i]);
	row_binding_set(stmt, index++, table->updated_at, &now);
	row_binding_set(stmt, index++, table->id, &row[TABLE_ID]);
	row_binding_set(stmt, index, table->version, &row[table->version->position]);
	if (db_run(stmt, err) < 0)
		return -1;
	if (!db_changes(access->db))
		return no_row(access, row[TABLE_ID].as.integer, ERR_STALE, "was changed meanwhile",
		              err);
	return 0;
}

int table_repo_update(const struct table_access *access, const struct table_change *change,
                      unsigned flags, struct table_row *row, struct err *err)
{
	struct row_check check = check_of(access);
	struct value *merged =
		arena_array(access->arena, access->table->column_count, sizeof(*merged));
	struct table_row stored;

	if (find_version(access, change->id, change->version, &stored, err) < 0)
		return -1;
	if (is_hidden(&stored))
		return no_row(access, change->id, ERR_GONE, "was deleted", err);
	if (merge_row(access, &stored, change->values, merged, err) < 0 ||
	    row_check_parents(&check, merged, err) < 0 ||
	    row_check_keys(&check, merged, change->id, err) < 0 || update(access, merged, err) < 0)
		return -1;
	return table_repo_get(access, change->id, flags, row, err);
}

int table_repo_soft_delete(const struct table_access *access, int64_t id, int64_t version,
                           struct err *err)
{
	struct table_row stored;

	if (find_version(access, id, version, &stored, err) < 0)
		return -1;
	if (is_hidden(&stored))
		return no_row(access, id, ERR_GONE, "was deleted", err);
	return run_at(access, sql_of(access)->soft_delete, id, err);
}

/* Adds `user (12)` to `blockers` for each column of the catalog that refers to the row, or to any row
 * when `id` is NULL. A table that refers to itself does not block its own clearing. */
static int find_children(const struct table_access *access, const struct table *child,
                         const int64_t *id, struct buf *blockers, struct err *err)
{
	for (size_t i = 0; i < child->column_count; i++) {
		const struct column *column = &child->columns[i];
		int64_t count = 0;

		if (column->references != access->table || (child == access->table && !id))
			continue;
		if (count_rows(access->db,
		               id ? table_sql_count_children(child, column, access->arena)
		                  : table_sql_count_referring(child, column, access->arena),
		               id, &count, err) < 0)
			return -1;
		if (count)
			buf_printf(blockers, "%s%s (%" PRId64 ")", blockers->size ? ", " : "",
			           child->name, count);
	}
	return 0;
}

/* What the database would only call a broken foreign key. */
static int check_unreferred(const struct table_access *access, const int64_t *id, struct err *err)
{
	const struct catalog *catalog = access->repo->catalog;
	auto_buf struct buf blockers = {0};

	for (size_t i = 0; i < catalog->table_count; i++) {
		if (find_children(access, catalog->tables[i], id, &blockers, err) < 0)
			return -1;
	}
	if (!blockers.size)
		return 0;
	if (id)
		return err_set(err, ERR_CONFLICT,
		               "row %" PRId64 " of table '%s' is referred to by %s", *id,
		               access->table->name, blockers.data);
	return err_set(err, ERR_CONFLICT, "rows of table '%s' are referred to by %s",
	               access->table->name, blockers.data);
}

int table_repo_hard_delete(const struct table_access *access, int64_t id, int64_t version,
                           struct err *err)
{
	struct table_row stored;
	struct db_stmt *stmt;

	if (find_version(access, id, version, &stored, err) < 0 ||
	    check_unreferred(access, &id, err) < 0)
		return -1;
	stmt = db_cached(access->db, sql_of(access)->hard_delete, err);
	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	return db_run(stmt, err);
}

int table_repo_clear(const struct table_access *access, int64_t *removed, struct err *err)
{
	struct db_stmt *stmt;

	if (check_unreferred(access, NULL, err) < 0)
		return -1;
	stmt = db_cached(access->db, sql_of(access)->clear, err);
	if (!stmt || db_run(stmt, err) < 0)
		return -1;
	*removed = db_changes(access->db);
	return 0;
}
