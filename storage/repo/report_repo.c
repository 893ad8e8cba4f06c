/* report_repo.c - runs the reports of the catalog */
#include "storage/repo/report_repo.h"

#include "lib/arena.h"
#include "storage/repo/row_binding.h"

static const enum catalog_dialect texts[] = {
	[DB_DIALECT_SQLITE] = CATALOG_SQLITE,
	[DB_DIALECT_POSTGRES] = CATALOG_POSTGRES,
};

static struct db_stmt *prepare(struct db *db, const struct report *report, struct err *err)
{
	const char *sql = report->sql[texts[db_dialect(db)]];
	struct db_stmt *stmt;

	if (!sql) {
		err_set(err, ERR_INVALID, "'%s' has no text for this database", report->file);
		return NULL;
	}
	stmt = db_cached(db, sql, err);
	if (!stmt)
		return NULL;
	if ((size_t)db_column_count(stmt) != report->column_count) {
		err_set(err, ERR_INVALID, "'%s' declares %zu columns, its text gives %d",
		        report->file, report->column_count, db_column_count(stmt));
		return NULL;
	}
	return stmt;
}

/* What the text gives is wrong by the report's own declaration, not by damage. */
static int read_row(struct db_stmt *stmt, const struct report *report, struct value *values,
                    struct err *err)
{
	for (size_t i = 0; i < report->column_count; i++) {
		const struct column *column = &report->columns[i];

		if (row_binding_get(stmt, (int)i, column, &values[i], err) < 0)
			return err_set(err, ERR_INVALID,
			               "'%s' declares column '%s' as %s, its text gives "
			               "something else",
			               report->file, column->name, catalog_type_name(column->type));
	}
	return 0;
}

static int run(struct db_stmt *stmt, const struct report *report, report_repo_row_fn on_row,
               void *context, struct err *err)
{
	struct arena arena;
	struct value *values;
	int row;

	arena_init(&arena);
	values = arena_array(&arena, report->column_count, sizeof(*values));
	while ((row = db_step(stmt, err)) > 0) {
		if (read_row(stmt, report, values, err) < 0 || on_row(context, values, err) < 0) {
			row = -1;
			break;
		}
	}
	db_reset(stmt);
	arena_release(&arena);
	return row;
}

int report_repo_run(struct db *db, const struct report *report, const struct value *params,
                    report_repo_row_fn on_row, void *context, struct err *err)
{
	struct db_stmt *stmt = prepare(db, report, err);

	if (!stmt)
		return err_prefix(err, "report '%s'", report->name);
	for (size_t i = 0; i < report->param_count; i++)
		row_binding_set(stmt, (int)i + 1, &report->params[i], &params[i]);
	if (run(stmt, report, on_row, context, err) < 0)
		return err_prefix(err, "report '%s'", report->name);
	return 0;
}
