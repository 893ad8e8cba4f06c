/* bulk_repo.c - the set-based statements of the loader
 *
 * millrace_stage   the rows: `number`, `suspect`, c<position> for each column, id always among them
 * millrace_same    one row: what rows do not give and all have in common
 * millrace_touch   what is in the way of a row, by key: a stored row, or the first row of the input with
 *                  that key (0: something that nobody but the row by itself can settle)
 * millrace_verdict what becomes of rows that are not simply inserted
 */
#include "storage/repo/bulk_repo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storage/repo/row_binding.h"

/* Rows written, or -1. */
static int64_t run(struct db *db, const char *sql, struct err *err)
{
	struct db_stmt *stmt = db_prepare(db, sql, err);
	int64_t rows;

	if (!stmt)
		return -1;
	rows = db_run(stmt, err) < 0 ? -1 : db_changes(db);
	db_stmt_free(stmt);
	return rows;
}

void bulk_repo_init(struct bulk_repo *bulk, struct db *db, const struct table *table,
                    const struct table_writer *writer)
{
	memset(bulk, 0, sizeof(*bulk));
	bulk->db = db;
	bulk->table = table;
	table_writer_describe(writer, &bulk->shape);
	for (size_t i = 0; i < bulk->shape.options->width; i++)
		bulk->has_ids |= bulk->shape.options->columns[i] == table->id;
}

int bulk_repo_settings(struct db *db, struct err *err)
{
	return db_exec(db,
	               "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB';"
	               " SET LOCAL maintenance_work_mem = '128MB'; SET LOCAL jit = off",
	               err);
}

int bulk_repo_check_references(struct db *db, int checked, struct err *err)
{
	return db_exec(db,
	               checked ? "SET LOCAL session_replication_role = origin"
	                       : "SET LOCAL session_replication_role = replica",
	               err);
}

/* --- the stage --- */

static int is_given(const struct bulk_repo *bulk, const struct column *column)
{
	const struct table_writer_options *options = bulk->shape.options;

	for (size_t i = 0; i < options->width; i++)
		if (options->columns[i] == column)
			return 1;
	return column == bulk->table->id; /* generated ones are in the stage as well */
}

/* `s.c4` or `k.c4`. */
static void append_ref(const struct bulk_repo *bulk, const struct column *column,
                       const char *stage_alias, struct buf *sql)
{
	buf_printf(sql, "%s.c%zu", is_given(bulk, column) ? stage_alias : "k", column->position);
}

static void append_as(const struct column *column, struct buf *sql)
{
	buf_text(sql, ", t.");
	db_quote(sql, column->name);
	buf_printf(sql, " AS c%zu", column->position);
}

static int make_stage(const struct bulk_repo *bulk, struct err *err)
{
	const struct table_writer_options *options = bulk->shape.options;
	auto_buf struct buf sql = {0};

	buf_text(&sql, "CREATE TEMP TABLE millrace_stage ON COMMIT DROP AS"
	               " SELECT 0::bigint AS number, false AS suspect");
	if (!bulk->has_ids)
		append_as(bulk->table->id, &sql);
	for (size_t i = 0; i < options->width; i++)
		append_as(options->columns[i], &sql);
	buf_text(&sql, " FROM ");
	db_quote(&sql, bulk->table->name);
	buf_text(&sql, " t WITH NO DATA; CREATE TEMP TABLE millrace_same ON COMMIT DROP AS"
	               " SELECT 1::bigint AS version");
	for (size_t i = 0; i < bulk->shape.insert_count; i++)
		if (!is_given(bulk, bulk->shape.inserted[i]))
			append_as(bulk->shape.inserted[i], &sql);
	buf_text(&sql, " FROM ");
	db_quote(&sql, bulk->table->name);
	buf_text(&sql, " t WITH NO DATA");
	return db_exec(bulk->db, buf_string(&sql), err);
}

/* Ids are made while rows are copied, so that rows that come later can say whom they met. */
static int make_ids(const struct bulk_repo *bulk, struct err *err)
{
	static const char sql[] = "SELECT format('ALTER TABLE millrace_stage ALTER c0 SET DEFAULT"
				  " nextval(%L::regclass)',"
				  " pg_get_serial_sequence(quote_ident($1), 'id'))";
	struct db_stmt *stmt;
	auto_buf struct buf text = {0};
	int found;

	if (bulk->has_ids)
		return 0;
	stmt = db_cached(bulk->db, sql, err);
	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, bulk->table->name);
	found = db_step(stmt, err);
	if (found > 0)
		buf_text(&text, db_column_text(stmt, 0));
	db_reset(stmt);
	return found < 0 ? -1 : db_exec(bulk->db, buf_string(&text), err);
}

enum { NAME_SIZE = 24 };

/* Columns as they are called in our tables. */
struct staged {
	char (*names)[NAME_SIZE];
	struct db_copy_column *columns;
	struct db_value *values;
	struct arena arena;
};

static void staged_init(struct staged *staged, size_t count)
{
	arena_init(&staged->arena);
	staged->names = arena_array(&staged->arena, count, sizeof(*staged->names));
	staged->columns = arena_array(&staged->arena, count, sizeof(*staged->columns));
	staged->values = arena_array(&staged->arena, count, sizeof(*staged->values));
}

static void staged_set(struct staged *staged, size_t index, const struct column *column)
{
	snprintf(staged->names[index], NAME_SIZE, "c%zu", column->position);
	staged->columns[index].name = staged->names[index];
	staged->columns[index].type = row_binding_type(column);
}

/* The one row of what all have in common. */
static int fill_same(const struct bulk_repo *bulk, struct err *err)
{
	struct staged staged;
	struct db_copy *copy;
	size_t count = 0;
	int64_t rows;
	int result = -1;

	staged_init(&staged, bulk->shape.insert_count + 1);
	for (size_t i = 0; i < bulk->shape.insert_count; i++) {
		const struct column *column = bulk->shape.inserted[i];

		if (is_given(bulk, column))
			continue;
		staged_set(&staged, count, column);
		staged.values[count++] =
			row_binding_value(column, &bulk->shape.same[column->position]);
	}
	staged.columns[count] = (struct db_copy_column){"version", DB_INT};
	staged.values[count++] = (struct db_value){.type = DB_INT, .as.integer = 1};
	copy = db_copy_open(bulk->db, "millrace_same", staged.columns, count, err);
	if (copy && db_copy_row(copy, staged.values, err) < 0)
		db_copy_abort(copy);
	else if (copy)
		result = db_copy_finish(copy, &rows, err);
	arena_release(&staged.arena);
	return result;
}

struct db_copy *bulk_repo_stage(struct bulk_repo *bulk, struct arena *arena, struct err *err)
{
	const struct table_writer_options *options = bulk->shape.options;
	size_t count = options->width + BULK_REPO_STAGE_LEADING;
	struct db_copy_column *columns = arena_array(arena, count, sizeof(*columns));

	if (make_stage(bulk, err) < 0 || fill_same(bulk, err) < 0 || make_ids(bulk, err) < 0)
		return NULL;
	columns[0] = (struct db_copy_column){"number", DB_INT};
	columns[1] = (struct db_copy_column){"suspect", DB_BOOL};
	for (size_t i = 0; i < options->width; i++)
		columns[BULK_REPO_STAGE_LEADING + i] = (struct db_copy_column){
			arena_printf(arena, "c%zu", options->columns[i]->position),
			row_binding_type(options->columns[i])};
	return db_copy_open(bulk->db, "millrace_stage", columns, count, err);
}

struct db_copy *bulk_repo_direct(struct bulk_repo *bulk, struct arena *arena, struct err *err)
{
	size_t count = bulk->shape.insert_count;
	struct db_copy_column *columns = arena_array(arena, count + 1, sizeof(*columns));
	auto_buf struct buf name = {0};

	for (size_t i = 0; i < count; i++)
		columns[i] = (struct db_copy_column){bulk->shape.inserted[i]->name,
		                                     row_binding_type(bulk->shape.inserted[i])};
	columns[count] = (struct db_copy_column){bulk->table->version->name, DB_INT};
	db_quote(&name, bulk->table->name);
	return db_copy_open(bulk->db, buf_string(&name), columns, count + 1, err);
}

/* --- what is in the way --- */

/* The key at 0 is id, those of the table follow. */
static struct table_key key_at(const struct bulk_repo *bulk, size_t index)
{
	return index ? bulk->table->keys[index - 1] : (struct table_key){&bulk->table->id, 1};
}

/* A key with a column that is NULL in all rows collides with nothing. */
static int can_collide(const struct bulk_repo *bulk, const struct table_key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		size_t position = key->columns[i]->position;

		if (!is_given(bulk, key->columns[i]) &&
		    bulk->shape.same[position].kind == VALUE_NULL)
			return 0;
	}
	return 1;
}

static int add_touches(struct bulk_repo *bulk, int64_t rows)
{
	if (rows < 0)
		return -1;
	bulk->touches += rows;
	return 0;
}

/* Stored rows. One that has an id we generated is for the row alone to get around. */
static int touch_stored(struct bulk_repo *bulk, size_t index, struct err *err)
{
	const struct table_key key = key_at(bulk, index);
	const struct table *table = bulk->table;
	int made = index == 0 && !bulk->has_ids;
	auto_buf struct buf sql = {0};

	buf_printf(&sql, "INSERT INTO millrace_touch SELECT s.number, %zu, %s, %s, t.", index,
	           made ? "NULL" : "t.\"id\"", made ? "0" : "NULL");
	db_quote(&sql, table->created_at->name);
	buf_printf(&sql, " = k.c%zu FROM millrace_stage s CROSS JOIN millrace_same k JOIN ",
	           table->created_at->position);
	db_quote(&sql, table->name);
	buf_text(&sql, " t ON ");
	for (size_t i = 0; i < key.count; i++) {
		buf_text(&sql, i ? " AND t." : "t.");
		db_quote(&sql, key.columns[i]->name);
		buf_text(&sql, " = ");
		append_ref(bulk, key.columns[i], "s", &sql);
	}
	return add_touches(bulk, run(bulk->db, buf_string(&sql), err));
}

/* `a.c1, a.c2`: the columns of the key that rows differ in. */
static size_t append_given(const struct bulk_repo *bulk, const struct table_key *key,
                           const char *alias, struct buf *sql)
{
	size_t count = 0;

	for (size_t i = 0; i < key->count; i++)
		if (is_given(bulk, key->columns[i]))
			buf_printf(sql, "%s%sc%zu", count++ ? ", " : "", alias,
			           key->columns[i]->position);
	return count;
}

/* Rows of the input behind the first one with their key; those that may be are marked as suspects. */
static int touch_input(struct bulk_repo *bulk, size_t index, struct err *err)
{
	const struct table_key key = key_at(bulk, index);
	auto_buf struct buf sql = {0};
	size_t count;

	if (index == 0 && !bulk->has_ids)
		return 0;
	buf_printf(&sql,
	           "INSERT INTO millrace_touch SELECT d.number, %zu, NULL, g.first, NULL"
	           " FROM millrace_stage d JOIN (SELECT ",
	           index);
	count = append_given(bulk, &key, "", &sql);
	buf_printf(&sql, "%smin(number) AS first FROM millrace_stage", count ? ", " : "");
	if (count) {
		buf_text(&sql, " WHERE (");
		append_given(bulk, &key, "", &sql);
		buf_text(&sql, ") IN (SELECT ");
		append_given(bulk, &key, "", &sql);
		buf_text(&sql, " FROM millrace_stage WHERE suspect) GROUP BY ");
		append_given(bulk, &key, "", &sql);
	}
	buf_text(&sql, ") g ON d.number > g.first");
	for (size_t i = 0; i < key.count; i++)
		if (is_given(bulk, key.columns[i]))
			buf_printf(&sql, " AND d.c%zu = g.c%zu", key.columns[i]->position,
			           key.columns[i]->position);
	buf_text(&sql, " WHERE d.suspect");
	return add_touches(bulk, run(bulk->db, buf_string(&sql), err));
}

/* --- what becomes of rows --- */

/* The index of the key that conflicts go by; -1 when they are all rejected. */
static int conflict_index(const struct bulk_repo *bulk)
{
	const struct table_writer_options *options = bulk->shape.options;

	if (options->conflict == TABLE_WRITER_ERROR)
		return -1;
	return options->key ? (int)(options->key - bulk->table->keys) + 1 : 0;
}

static int key_has(const struct table_key *key, const struct column *column)
{
	for (size_t i = 0; i < key->count; i++)
		if (key->columns[i] == column)
			return 1;
	return 0;
}

/* Whether an update changes what other rows may collide with: then only their order tells. */
static int updates_keys(const struct bulk_repo *bulk)
{
	for (size_t i = 0; i < bulk->table->key_count; i++)
		for (size_t j = 0; j < bulk->shape.update_count; j++)
			if (key_has(&bulk->table->keys[i], bulk->shape.updated[j]))
				return 1;
	return 0;
}

/* The first thing in the way decides; what was first in the input is known to be stored only when
 * nothing was in its own way. */
static void verdicts_of_first(const struct bulk_repo *bulk, struct buf *sql)
{
	int conflict = conflict_index(bulk);

	buf_printf(
		sql,
		"SELECT d.number, d.key, CASE WHEN d.hit IS NULL AND (d.first = 0 OR"
		" EXISTS (SELECT 1 FROM millrace_touch p WHERE p.number = d.first)) THEN %d"
		" WHEN d.key = %d THEN %d WHEN d.hit IS NULL OR d.own THEN %d ELSE %d END AS kind,"
		" coalesce(d.hit, f.c0) AS hit FROM (SELECT DISTINCT ON (number) *"
		" FROM millrace_touch ORDER BY number, key <> %d, key, hit NULLS LAST) d"
		" LEFT JOIN millrace_stage f ON f.number = d.first",
		BULK_REPO_UNDECIDED, conflict, BULK_REPO_SKIPPED, BULK_REPO_DUPLICATE_IN_INPUT,
		BULK_REPO_DUPLICATE, conflict);
}

static void verdicts_of_updates(const struct bulk_repo *bulk, struct buf *sql)
{
	buf_printf(sql,
	           "SELECT DISTINCT ON (number) number, key, CASE WHEN impure THEN %d"
	           " WHEN hit = target THEN %d WHEN own THEN %d ELSE %d END AS kind, hit"
	           " FROM (SELECT *, max(hit) FILTER (WHERE key = %d) OVER w AS target,"
	           " bool_or(hit IS NULL) OVER w AS impure FROM millrace_touch"
	           " WINDOW w AS (PARTITION BY number)) x"
	           " ORDER BY number, (hit IS NOT DISTINCT FROM target), key",
	           BULK_REPO_UNDECIDED, BULK_REPO_UPDATED, BULK_REPO_DUPLICATE_IN_INPUT,
	           BULK_REPO_DUPLICATE, conflict_index(bulk));
}

static int count_verdicts(struct bulk_repo *bulk, struct err *err)
{
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;
	int found;

	buf_printf(&sql, "SELECT count(*), count(*) FILTER (WHERE kind = %d) FROM millrace_verdict",
	           BULK_REPO_UPDATED);
	stmt = db_prepare(bulk->db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	found = db_step(stmt, err);
	if (found > 0) {
		bulk->verdicts = db_column_int(stmt, 0);
		bulk->updates = db_column_int(stmt, 1);
	}
	db_stmt_free(stmt);
	return found < 0 ? -1 : 0;
}

static int make_verdicts(struct bulk_repo *bulk, struct err *err)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "CREATE TEMP TABLE millrace_verdict ON COMMIT DROP AS ");
	if (bulk->shape.options->conflict != TABLE_WRITER_UPDATE)
		verdicts_of_first(bulk, &sql);
	else if (!updates_keys(bulk))
		verdicts_of_updates(bulk, &sql);
	else
		buf_printf(&sql,
		           "SELECT DISTINCT number, 0 AS key, %d AS kind, NULL::bigint AS hit"
		           " FROM millrace_touch",
		           BULK_REPO_UNDECIDED);
	buf_text(&sql, "; CREATE INDEX ON millrace_verdict (number); ANALYZE millrace_verdict");
	if (db_exec(bulk->db, buf_string(&sql), err) < 0)
		return -1;
	return count_verdicts(bulk, err);
}

int bulk_repo_judge(struct bulk_repo *bulk, int has_suspects, struct err *err)
{
	static const char make[] =
		"CREATE TEMP TABLE millrace_touch (number bigint, key int, hit bigint, first bigint,"
		" own boolean) ON COMMIT DROP";

	bulk->touches = bulk->verdicts = bulk->updates = 0;
	if (db_exec(bulk->db, make, err) < 0)
		return -1;
	for (size_t i = 0; i <= bulk->table->key_count; i++) {
		const struct table_key key = key_at(bulk, i);

		if (!can_collide(bulk, &key))
			continue;
		if (!bulk->is_empty && touch_stored(bulk, i, err) < 0)
			return -1;
		if (has_suspects && touch_input(bulk, i, err) < 0)
			return -1;
	}
	if (bulk->touches == 0)
		return 0;
	if (db_exec(bulk->db, "ANALYZE millrace_touch", err) < 0)
		return -1;
	return make_verdicts(bulk, err);
}

/* --- storing --- */

static int64_t insert(const struct bulk_repo *bulk, struct err *err)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "INSERT INTO ");
	db_quote(&sql, bulk->table->name);
	buf_text(&sql, " (");
	if (!bulk->has_ids)
		buf_text(&sql, "\"id\", ");
	for (size_t i = 0; i < bulk->shape.insert_count; i++) {
		db_quote(&sql, bulk->shape.inserted[i]->name);
		buf_text(&sql, ", ");
	}
	buf_text(&sql, "\"version\") SELECT ");
	if (!bulk->has_ids)
		buf_text(&sql, "s.c0, ");
	for (size_t i = 0; i < bulk->shape.insert_count; i++) {
		append_ref(bulk, bulk->shape.inserted[i], "s", &sql);
		buf_text(&sql, ", ");
	}
	buf_text(&sql, "1 FROM millrace_same k CROSS JOIN millrace_stage s");
	if (bulk->touches)
		buf_text(&sql, " WHERE NOT EXISTS (SELECT 1 FROM millrace_verdict v"
		               " WHERE v.number = s.number)");
	return run(bulk->db, buf_string(&sql), err);
}

static int64_t update(const struct bulk_repo *bulk, struct err *err)
{
	const struct table *table = bulk->table;
	auto_buf struct buf sql = {0};

	buf_text(&sql, "UPDATE ");
	db_quote(&sql, table->name);
	buf_text(&sql, " AS t SET ");
	for (size_t i = 0; i < bulk->shape.update_count; i++) {
		db_quote(&sql, bulk->shape.updated[i]->name);
		buf_printf(&sql, " = s.c%zu, ", bulk->shape.updated[i]->position);
	}
	buf_printf(&sql,
	           "\"updated_at\" = k.c%zu, \"version\" = t.\"version\" + 1, \"deleted_at\" = NULL"
	           " FROM millrace_same k CROSS JOIN millrace_stage s"
	           " JOIN millrace_verdict v ON v.number = s.number"
	           " WHERE v.kind = %d AND t.\"id\" = v.hit",
	           table->updated_at->position, BULK_REPO_UPDATED);
	return run(bulk->db, buf_string(&sql), err);
}

static int check_count(const struct bulk_repo *bulk, int64_t rows, int64_t due, struct err *err)
{
	if (rows == due)
		return 0;
	if (rows < 0)
		return -1;
	return err_set(err, ERR_STALE, "table '%s' took %" PRId64 " of %" PRId64 " rows",
	               bulk->table->name, rows, due);
}

/* The check of a foreign key that runs for every row reads a small parent from end to end, unless it is
 * told that its index is there. */
static int prepare_store(const struct bulk_repo *bulk, int unchecked, struct err *err)
{
	if (unchecked)
		return bulk_repo_check_references(bulk->db, 0, err);
	return db_exec(bulk->db,
	               "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off", err);
}

static int end_store(const struct bulk_repo *bulk, int unchecked, struct err *err)
{
	if (unchecked)
		return bulk_repo_check_references(bulk->db, 1, err);
	return db_exec(bulk->db, "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on",
	               err);
}

int bulk_repo_store(struct bulk_repo *bulk, int unchecked, struct err *err)
{
	if (prepare_store(bulk, unchecked, err) < 0)
		return -1;
	if (check_count(bulk, insert(bulk, err), bulk->copied - bulk->verdicts, err) < 0)
		return -1;
	if (bulk->updates > 0 && check_count(bulk, update(bulk, err), bulk->updates, err) < 0)
		return -1;
	return end_store(bulk, unchecked, err);
}

int64_t bulk_repo_verdicts(struct bulk_repo *bulk, int64_t behind,
                           struct bulk_repo_verdict *verdicts, size_t count, struct err *err)
{
	static const char sql[] = "SELECT number, kind, key, hit FROM millrace_verdict"
				  " WHERE number > $1 ORDER BY number LIMIT $2";
	struct db_stmt *stmt;
	int64_t got = 0;
	int more;

	if (bulk->touches == 0)
		return 0;
	stmt = db_prepare(bulk->db, sql, err);
	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, behind);
	db_bind_int(stmt, 2, (int64_t)count);
	while ((more = db_step(stmt, err)) > 0)
		verdicts[got++] = (struct bulk_repo_verdict){
			.number = db_column_int(stmt, 0),
			.kind = (enum bulk_repo_kind)db_column_int(stmt, 1),
			.key = (int)db_column_int(stmt, 2),
			.hit = db_column_int(stmt, 3),
		};
	db_stmt_free(stmt);
	return more < 0 ? -1 : got;
}
