/* cmd_tables.c - commands of tables */
#include "cli/cmd_tables.h"

#include <stdio.h>

#include "cli/ground.h"
#include "cli/output.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/catalog/table_json.h"
#include "storage/repo/migrate.h"
#include "storage/repo/table_repo.h"

/* The table that the first argument names; NULL when that was told. */
static const struct table *find_table(struct call *call, struct ground *ground)
{
	const struct catalog *catalog = ground_catalog(ground);
	const struct table *table;
	struct err err;

	if (!catalog)
		return NULL;
	table = catalog_find_table(catalog, call_argument(call, 0), &err);
	if (!table)
		ground->exit_status = call_fail(&err);
	return table;
}

/* list */

static int count_rows(struct call *call, struct db *db, const struct table_repo *repo,
                      const struct table *table, int64_t *count)
{
	const struct table_access access = {.repo = repo,
	                                    .table = table,
	                                    .db = db,
	                                    .arena = &call->arena,
	                                    .now_us = clock_now_us()};
	struct err err;

	return table_repo_count(&access, count, &err) < 0 ? call_fail(&err) : EXIT_OK;
}

static int list_tables(struct call *call, struct ground *ground, json_t *list)
{
	struct table_repo *repo = table_repo_new(ground->catalog, db_dialect(ground->db));
	int status = EXIT_OK;

	for (size_t i = 0; status == EXIT_OK && i < ground->catalog->table_count; i++) {
		const struct table *table = ground->catalog->tables[i];
		int64_t rows;

		status = count_rows(call, ground->db, repo, table, &rows);
		if (status == EXIT_OK)
			json_array_append_new(
				list, json_pack("{s:s, s:I, s:I, s:s, s:s}", "table", table->name,
			                        "rows", (json_int_t)rows, "columns",
			                        (json_int_t)table->declared_count, "description",
			                        table->description, "file", table->file));
	}
	table_repo_free(repo);
	return status;
}

int cmd_tables_list(struct call *call)
{
	static const struct output_column columns[] = {
		{"TABLE", "table"},
		{"ROWS", "rows"},
		{"COLUMNS", "columns"},
		{"DESCRIPTION", "description"},
	};
	auto_json json_t *list = json_array();
	struct ground ground;
	int status;

	ground_init(&ground, call);
	status = ground_db(&ground) ? list_tables(call, &ground, list) : ground.exit_status;
	if (status == EXIT_OK)
		output_list(call, list, columns, countof(columns));
	ground_release(&ground);
	return status;
}

/* describe */

int cmd_tables_describe(struct call *call)
{
	static const struct output_column columns[] = {
		{"COLUMN", "column"},           {"TYPE", "type"},
		{"REQUIRED", "required"},       {"UNIQUE", "unique"},
		{"REFERENCES", "references"},   {"MAX LENGTH", "max_length"},
		{"DESCRIPTION", "description"},
	};
	auto_json json_t *object = NULL;
	struct ground ground;
	const struct table *table;
	int status;

	ground_init(&ground, call);
	table = find_table(call, &ground);
	status = ground.exit_status;
	if (table) {
		object = table_json(table);
		if (call->format == FORMAT_JSON)
			output_object(call, object, NULL, 0);
		else
			output_list(call, json_object_get(object, "columns"), columns,
			            countof(columns));
	}
	ground_release(&ground);
	return status;
}

/* head */

static int add_row(void *context, const struct table_row *row, struct err *err)
{
	json_t *list = context, *object = json_object();

	(void)err;
	for (size_t i = 0; i < row->table->column_count; i++)
		json_object_set_new(object, row->table->columns[i].name,
		                    table_json_value(&row->table->columns[i], &row->values[i]));
	json_array_append_new(list, object);
	return 0;
}

static void print_rows(struct call *call, const struct table *table, const json_t *rows)
{
	struct output_column *columns =
		arena_array(&call->arena, table->column_count + 1, sizeof(*columns));
	size_t count = 0;

	/* the bookkeeping columns would fill a terminal by themselves */
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (i != TABLE_ID && (column->flags & COLUMN_IMPLICIT) &&
		    call->format == FORMAT_TABLE)
			continue;
		columns[count++] = (struct output_column){column->name, column->name};
	}
	output_list(call, rows, columns, count);
}

static int head(struct call *call, struct ground *ground, const struct table *table, int64_t limit)
{
	struct table_repo *repo = table_repo_new(ground->catalog, db_dialect(ground->db));
	const struct table_access access = {.repo = repo,
	                                    .table = table,
	                                    .db = ground->db,
	                                    .arena = &call->arena,
	                                    .now_us = clock_now_us()};
	const struct table_list list = {.limit = limit};
	auto_json json_t *rows = json_array();
	struct err err;
	int status = EXIT_OK;

	if (table_repo_list(&access, &list, add_row, rows, &err) < 0)
		status = call_fail(&err);
	else
		print_rows(call, table, rows);
	table_repo_free(repo);
	return status;
}

int cmd_tables_head(struct call *call)
{
	enum { USUAL = 10 };
	const char *rows = call_option(call, "rows");
	const struct table *table;
	struct ground ground;
	int64_t limit = USUAL;
	struct err err;
	int status;

	if (rows && (str_to_int(rows, &limit, &err) < 0 || limit < 0))
		return call_usage("'--rows' needs a number, not '%s'", rows);
	ground_init(&ground, call);
	table = find_table(call, &ground);
	if (table && ground_db(&ground))
		status = head(call, &ground, table, limit);
	else
		status = ground.exit_status;
	ground_release(&ground);
	return status;
}

/* migrate */

static void print_plan(const struct call *call, const struct migrate_plan *plan)
{
	static const char *const kinds[] = {
		[MIGRATE_ADDITIVE] = "additive",
		[MIGRATE_DESTRUCTIVE] = "destructive",
		[MIGRATE_IMPOSSIBLE] = "impossible",
	};
	static const struct output_column columns[] = {
		{"KIND", "kind"}, {"TABLE", "table"}, {"WHAT", "what"}};
	auto_json json_t *list = json_array();

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "kind", kinds[plan->items[i].kind],
		                        "table", plan->items[i].table, "what", plan->items[i].what,
		                        "sql", plan->items[i].sql));
	if (plan->count || call->format != FORMAT_TABLE)
		output_list(call, list, columns, countof(columns));
	else
		call_say(call, "the database is as the catalog says, nothing to do");
}

static int migrate(struct call *call, struct db *db, const struct catalog *catalog)
{
	int is_allowed = call_has(call, "allow-destructive");
	struct migrate_plan plan;
	struct err err;
	int result, agreed = 1;

	if (is_allowed && !call_has(call, "plan"))
		agreed = call_confirm(call, "changes that may drop columns and tables");
	if (agreed <= 0)
		return agreed < 0 ? EXIT_USAGE : EXIT_FAILED;
	migrate_plan_init(&plan);
	if (call_has(call, "plan"))
		result = migrate_plan(db, catalog, &plan, &err);
	else
		result = migrate_up(db, catalog, is_allowed ? MIGRATE_ALLOW_DESTRUCTIVE : 0,
		                    clock_now_us(), &plan, &err);
	print_plan(call, &plan);
	migrate_plan_release(&plan);
	return result < 0 ? call_fail(&err) : EXIT_OK;
}

int cmd_tables_migrate(struct call *call)
{
	struct ground ground;
	int status;

	ground_init(&ground, call);
	status = ground_open_db(&ground) ? migrate(call, ground.db, ground.catalog)
	                                 : ground.exit_status;
	ground_release(&ground);
	return status;
}
