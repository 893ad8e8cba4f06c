/* migrate.c - brings the data database to what the catalog declares */
#include "storage/repo/migrate.h"

#include "lib/fault.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/repo/migration_record.h"
#include "storage/repo/table_diff.h"
#include "storage/repo/table_shape.h"

/* One call of migrate_up(). */
struct migration {
	struct db *db;
	const struct catalog *catalog;
	unsigned flags; /* of enum migrate_flags */
	int64_t now_us;
};

void migrate_plan_init(struct migrate_plan *plan)
{
	*plan = (struct migrate_plan){0};
	arena_init(&plan->arena);
}

void migrate_plan_release(struct migrate_plan *plan)
{
	vec_release(plan);
	arena_release(&plan->arena);
}

static int row_exists(struct db *db, const char *sql, const char *parameter, struct err *err)
{
	struct db_stmt *stmt = db_prepare(db, sql, err);
	int found;

	if (!stmt)
		return -1;
	if (parameter)
		db_bind_text(stmt, 1, parameter);
	found = db_step(stmt, err);
	db_stmt_free(stmt);
	return found;
}

static int has_rows(struct db *db, const char *table, struct err *err)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "SELECT 1 FROM ");
	db_quote(&sql, table);
	buf_text(&sql, " LIMIT 1");
	return row_exists(db, buf_string(&sql), NULL, err);
}

static void plan_own_tables(struct db *db, int64_t version, struct migrate_plan *plan)
{
	while (version++ < MIGRATION_RECORD_VERSION) {
		auto_buf struct buf sql = {0};

		migration_record_own_sql(db_dialect(db), version, &sql);
		table_diff_add_step(plan, MIGRATE_ADDITIVE, "",
		                    arena_printf(&plan->arena,
		                                 "create version %d of the program's own tables",
		                                 (int)version),
		                    buf_string(&sql));
	}
}

/* Somebody else may have changed the table since it was migrated. */
static int plan_lost_columns(struct db *db, const struct table *table,
                             const struct table_shape *recorded, struct migrate_plan *plan,
                             struct err *err)
{
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;

	buf_text(&sql, "SELECT * FROM ");
	db_quote(&sql, table->name);
	stmt = db_prepare(db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	for (size_t i = 0; i < recorded->column_count; i++) {
		int at = 0;

		while (at < db_column_count(stmt) &&
		       !str_equal(db_column_name(stmt, at), recorded->columns[i].name))
			at++;
		if (at == db_column_count(stmt))
			table_diff_add_step(
				plan, MIGRATE_IMPOSSIBLE, table->name,
				arena_printf(&plan->arena,
			                     "column '%s' of table '%s' was taken away by others",
			                     recorded->columns[i].name, table->name),
				"");
	}
	db_stmt_free(stmt);
	return 0;
}

/* A table without rows can simply be made anew, whatever changed. */
static void plan_anew(struct db *db, const struct table *table, const struct table_shape *shape,
                      struct migrate_plan *plan)
{
	auto_buf struct buf sql = {0};

	ddl_drop_table(table->name, &sql);
	table_diff_add_step(
		plan, MIGRATE_ADDITIVE, table->name,
		arena_printf(&plan->arena, "drop table '%s', which has no rows", table->name),
		buf_string(&sql));
	table_diff_create(db_dialect(db), table, shape, plan);
}

static int plan_change(struct db *db, const struct table *table, const char *recorded,
                       struct migrate_plan *plan, struct err *err)
{
	struct table_shape old, new;
	size_t first = plan->count;
	int rows;

	table_shape_of(table, &plan->arena, &new);
	if (table_shape_from_json(recorded, &plan->arena, &old, err) < 0 ||
	    plan_lost_columns(db, table, &old, plan, err) < 0)
		return -1;
	table_diff_change(db_dialect(db), table, &old, &new, plan);
	if (plan->count == first)
		return 0;
	rows = has_rows(db, table->name, err);
	if (rows < 0)
		return -1;
	if (!rows) {
		plan->count = first;
		plan_anew(db, table, &new, plan);
	}
	return 0;
}

/* The steps of one table, nothing when it is as declared. */
static int plan_table(struct db *db, const struct table *table, int64_t version,
                      struct migrate_plan *plan, struct err *err)
{
	int exists = row_exists(db, ddl_table_exists(db_dialect(db)), table->name, err);
	struct migration_record record = {0};
	struct table_shape shape;
	int recorded = 0;

	if (exists < 0)
		return -1;
	if (!exists) {
		table_shape_of(table, &plan->arena, &shape);
		table_diff_create(db_dialect(db), table, &shape, plan);
		return 0;
	}
	if (version)
		recorded = migration_record_find(db, table->name, &plan->arena, &record, err);
	if (recorded < 0)
		return -1;
	if (recorded)
		return plan_change(db, table, record.shape, plan, err);
	table_diff_add_step(
		plan, MIGRATE_IMPOSSIBLE, table->name,
		arena_printf(&plan->arena,
	                     "table '%s' is there already and was not made from the catalog",
	                     table->name),
		"");
	return 0;
}

static int plan_gone_tables(struct db *db, const struct catalog *catalog, struct migrate_plan *plan,
                            struct err *err)
{
	const char **names;
	size_t count;

	if (migration_record_tables(db, &plan->arena, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		auto_buf struct buf sql = {0};

		if (catalog_table(catalog, names[i]))
			continue;
		ddl_drop_table(names[i], &sql);
		table_diff_add_step(plan, MIGRATE_DESTRUCTIVE, names[i],
		                    arena_printf(&plan->arena,
		                                 "drop table '%s', which no file declares",
		                                 names[i]),
		                    buf_string(&sql));
	}
	return 0;
}

static int plan_all(struct db *db, const struct catalog *catalog, struct migrate_plan *plan,
                    struct err *err)
{
	int64_t version;

	if (migration_record_version(db, &version, err) < 0)
		return -1;
	plan_own_tables(db, version, plan);
	for (size_t i = 0; i < catalog->table_count; i++) {
		if (plan_table(db, catalog->tables[i], version, plan, err) < 0)
			return err_prefix(err, "table '%s'", catalog->tables[i]->name);
	}
	return version ? plan_gone_tables(db, catalog, plan, err) : 0;
}

int migrate_plan(struct db *db, const struct catalog *catalog, struct migrate_plan *plan,
                 struct err *err)
{
	int status;

	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	status = plan_all(db, catalog, plan, err);
	db_rollback(db);
	return status;
}

/* 1 when the step is to be done, 0 when it is left, -1 when it stops the table. */
static int may_do(const struct migration *migration, const struct migrate_step *step,
                  struct err *err)
{
	switch (step->kind) {
	case MIGRATE_ADDITIVE:
		return 1;
	case MIGRATE_DESTRUCTIVE:
		return (migration->flags & MIGRATE_ALLOW_DESTRUCTIVE) != 0;
	case MIGRATE_IMPOSSIBLE:
		break;
	}
	return err_set(err, ERR_CONFLICT, "%s: dump it, drop it and load it again", step->what);
}

/* Does the steps from `first` on; those that were left out leave the plan. Their SQL is in `done`. */
static int do_steps(const struct migration *migration, struct migrate_plan *plan, size_t first,
                    struct buf *done, struct err *err)
{
	size_t kept = first;

	for (size_t i = first; i < plan->count; i++) {
		struct migrate_step *step = &plan->items[i];
		int may = may_do(migration, step, err);

		if (may < 0)
			return -1;
		if (!may)
			continue;
		if (db_exec(migration->db, step->sql, err) < 0)
			return err_prefix(err, "could not %s", step->what);
		buf_printf(done, "%s%s;", done->size ? "\n" : "", step->sql);
		plan->items[kept++] = *step;
	}
	plan->count = kept;
	return 0;
}

/* The declared shape, and the columns of old that could not be dropped yet. */
static const char *shape_after(const struct table *table, const struct migrate_plan *left,
                               const struct table_shape *old, struct arena *arena)
{
	struct table_shape shape;
	struct table_shape_column *columns;

	table_shape_of(table, arena, &shape);
	columns = arena_array(arena, shape.column_count + old->column_count, sizeof(*columns));
	for (size_t i = 0; i < shape.column_count; i++)
		columns[i] = shape.columns[i];
	shape.columns = columns;
	for (size_t i = 0; left->count && i < old->column_count; i++) {
		if (!table_shape_column(&shape, old->columns[i].name))
			columns[shape.column_count++] = old->columns[i];
	}
	return table_shape_to_json(&shape, arena);
}

static int old_shape(struct db *db, const char *table, struct arena *arena,
                     struct table_shape *shape, struct err *err)
{
	struct migration_record record;
	int found = migration_record_find(db, table, arena, &record, err);

	*shape = (struct table_shape){0};
	if (found <= 0)
		return found;
	return table_shape_from_json(record.shape, arena, shape, err);
}

/* Destructive steps that are not allowed, in a plan of their own. */
static void split_refused(const struct migration *migration, const struct migrate_plan *plan,
                          size_t first, struct migrate_plan *refused)
{
	for (size_t i = first; i < plan->count; i++) {
		if (plan->items[i].kind == MIGRATE_DESTRUCTIVE &&
		    !(migration->flags & MIGRATE_ALLOW_DESTRUCTIVE))
			*vec_push(refused) = plan->items[i];
	}
}

static int change_table(const struct migration *migration, const struct table *table,
                        struct migrate_plan *plan, struct migrate_plan *refused, struct err *err)
{
	auto_buf struct buf done = {0};
	struct migration_record record = {.table = table->name,
	                                  .version = MIGRATION_RECORD_VERSION};
	struct table_shape old;
	size_t first = plan->count;

	if (plan_table(migration->db, table, record.version, plan, err) < 0)
		return -1;
	if (plan->count == first)
		return 0;
	split_refused(migration, plan, first, refused);
	if (old_shape(migration->db, table->name, &plan->arena, &old, err) < 0 ||
	    do_steps(migration, plan, first, &done, err) < 0)
		return -1;
	if (plan->count == first)
		return 0;
	record.sql = buf_string(&done);
	record.shape = shape_after(table, refused, &old, &plan->arena);
	FAULT("migrate-before-record");
	return migration_record_add(migration->db, &record, migration->now_us, err);
}

static int up_table(const struct migration *migration, const struct table *table,
                    struct migrate_plan *plan, struct err *err)
{
	struct migrate_plan refused = {0};
	size_t first = plan->count;
	int status;

	if (db_begin(migration->db, DB_WRITE, err) < 0)
		return -1;
	status = migration_record_lock(migration->db, err);
	if (status == 0)
		status = change_table(migration, table, plan, &refused, err);
	if (status == 0)
		status = db_commit(migration->db, err);
	else
		db_rollback(migration->db);
	if (status < 0)
		plan->count = first;
	else if (refused.count)
		status = err_set(err, ERR_CONFLICT, "%s would destroy data and was not allowed",
		                 refused.items[0].what);
	vec_release(&refused);
	return status;
}

static int up_own_tables(const struct migration *migration, struct migrate_plan *plan,
                         struct err *err)
{
	int64_t version;
	size_t first = plan->count;

	if (migration_record_lock(migration->db, err) < 0 ||
	    migration_record_version(migration->db, &version, err) < 0)
		return -1;
	plan_own_tables(migration->db, version, plan);
	for (size_t i = first; i < plan->count; i++) {
		struct migration_record record = {"", ++version, plan->items[i].sql, ""};

		if (db_exec(migration->db, plan->items[i].sql, err) < 0 ||
		    migration_record_add(migration->db, &record, migration->now_us, err) < 0)
			return err_prefix(err, "could not %s", plan->items[i].what);
	}
	return 0;
}

static int in_transaction(const struct migration *migration,
                          int (*work)(const struct migration *, struct migrate_plan *,
                                      struct err *),
                          struct migrate_plan *plan, struct err *err)
{
	size_t first = plan->count;

	if (db_begin(migration->db, DB_WRITE, err) < 0)
		return -1;
	if (work(migration, plan, err) < 0) {
		db_rollback(migration->db);
		plan->count = first;
		return -1;
	}
	return db_commit(migration->db, err);
}

static int up_gone_tables(const struct migration *migration, struct migrate_plan *plan,
                          struct err *err)
{
	size_t first = plan->count;

	if (migration_record_lock(migration->db, err) < 0 ||
	    plan_gone_tables(migration->db, migration->catalog, plan, err) < 0)
		return -1;
	for (size_t i = first; i < plan->count; i++) {
		const struct migrate_step *step = &plan->items[i];
		struct migration_record record = {step->table, MIGRATION_RECORD_VERSION, step->sql,
		                                  ""};

		if (db_exec(migration->db, step->sql, err) < 0 ||
		    migration_record_add(migration->db, &record, migration->now_us, err) < 0)
			return err_prefix(err, "could not %s", step->what);
	}
	return 0;
}

/* Most calls find nothing to do; they take no turn among the writers. */
static int is_due(const struct migration *migration, struct err *err)
{
	struct migrate_plan plan;
	int status, due = 0;

	migrate_plan_init(&plan);
	status = migrate_plan(migration->db, migration->catalog, &plan, err);
	for (size_t i = 0; i < plan.count; i++)
		due |= plan.items[i].kind != MIGRATE_DESTRUCTIVE ||
		       (migration->flags & MIGRATE_ALLOW_DESTRUCTIVE) ||
		       catalog_table(migration->catalog, plan.items[i].table) != NULL;
	migrate_plan_release(&plan);
	return status < 0 ? -1 : due;
}

int migrate_up(struct db *db, const struct catalog *catalog, unsigned flags, int64_t now_us,
               struct migrate_plan *plan, struct err *err)
{
	struct migration migration = {db, catalog, flags, now_us};
	int due = is_due(&migration, err);

	if (due <= 0)
		return due;
	if (in_transaction(&migration, up_own_tables, plan, err) < 0)
		return -1;
	for (size_t i = 0; i < catalog->table_count; i++) {
		if (up_table(&migration, catalog->tables[i], plan, err) < 0)
			return -1;
		FAULT("migrate-between-tables");
	}
	if (flags & MIGRATE_ALLOW_DESTRUCTIVE)
		return in_transaction(&migration, up_gone_tables, plan, err);
	return 0;
}

int migrate_check(struct db *db, const struct catalog *catalog, struct err *err)
{
	struct migrate_plan plan;
	const char *due = NULL;
	int result;

	migrate_plan_init(&plan);
	result = migrate_plan(db, catalog, &plan, err);
	for (size_t i = 0; i < plan.count && !due; i++) {
		if (plan.items[i].kind != MIGRATE_DESTRUCTIVE)
			due = plan.items[i].what;
	}
	if (result == 0 && due)
		result = err_set(err, ERR_CONFLICT,
		                 "the database is not yet as the catalog says (%s): run 'millrace "
		                 "tables migrate'",
		                 due);
	migrate_plan_release(&plan);
	return result;
}
