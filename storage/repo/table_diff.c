/* table_diff.c - the steps from one shape of a table to another */
#include "storage/repo/table_diff.h"

#include "lib/str.h"
#include "lib/vec.h"

void table_diff_add_step(struct migrate_plan *plan, enum migrate_kind kind, const char *table,
                         const char *what, const char *sql)
{
	*vec_push(plan) = (struct migrate_step){
		.kind = kind,
		.table = arena_strdup(&plan->arena, table),
		.what = arena_strdup(&plan->arena, what),
		.sql = arena_strdup(&plan->arena, sql),
	};
}

static void add_column_step(struct migrate_plan *plan, enum migrate_kind kind, const char *table,
                            const char *words, const char *column, const struct buf *sql)
{
	const char *what =
		arena_printf(&plan->arena, "%s column '%s' of table '%s'", words, column, table);

	table_diff_add_step(plan, kind, table, what, sql ? buf_string(sql) : "");
}

static void index_step(struct migrate_plan *plan, const char *table, const struct ddl_index *index,
                       int is_new)
{
	const char *name = ddl_index_name(table, index, &plan->arena);
	auto_buf struct buf sql = {0};

	if (is_new)
		ddl_create_index(name, table, index, &sql);
	else
		ddl_drop_index(name, &sql);
	table_diff_add_step(
		plan, MIGRATE_ADDITIVE, table,
		arena_printf(&plan->arena, "%s index '%s'", is_new ? "create" : "drop", name),
		buf_string(&sql));
}

void table_diff_create(enum db_dialect dialect, const struct table *table,
                       const struct table_shape *shape, struct migrate_plan *plan)
{
	auto_buf struct buf sql = {0};

	ddl_create_table(dialect, table, &sql);
	table_diff_add_step(plan, MIGRATE_ADDITIVE, table->name,
	                    arena_printf(&plan->arena, "create table '%s'", table->name),
	                    buf_string(&sql));
	for (size_t i = 0; i < shape->index_count; i++)
		index_step(plan, table->name, &shape->indexes[i], 1);
}

static void drop_columns(const char *table, const struct table_shape *old,
                         const struct table_shape *new, struct migrate_plan *plan)
{
	for (size_t i = 0; i < old->column_count; i++) {
		const char *name = old->columns[i].name;
		auto_buf struct buf sql = {0};

		if (table_shape_column(new, name))
			continue;
		ddl_drop_column(table, name, &sql);
		add_column_step(plan, MIGRATE_DESTRUCTIVE, table, "drop", name, &sql);
	}
}

static void add_column(enum db_dialect dialect, const char *table, const struct column *column,
                       struct migrate_plan *plan)
{
	auto_buf struct buf sql = {0};

	if (!ddl_can_add_column(column)) {
		add_column_step(plan, MIGRATE_IMPOSSIBLE, table,
		                "rows are there, which have no value for the required",
		                column->name, NULL);
		return;
	}
	ddl_add_column(dialect, table, column, &sql);
	add_column_step(plan, MIGRATE_ADDITIVE, table, "add", column->name, &sql);
}

/* What cannot be changed under a column that keeps its name. */
static void compare_column(const char *table, const struct table_shape_column *old,
                           const struct table_shape_column *new, struct migrate_plan *plan)
{
	if (!str_equal(old->kind, new->kind))
		add_column_step(plan, MIGRATE_IMPOSSIBLE, table,
		                arena_printf(&plan->arena,
		                             "rows are there, so '%s' cannot become '%s' in",
		                             old->kind, new->kind),
		                new->name, NULL);
	if (!str_equal(old->references, new->references))
		add_column_step(plan, MIGRATE_IMPOSSIBLE, table,
		                "rows are there, so the reference cannot change of", new->name,
		                NULL);
	if (old->is_required != new->is_required)
		add_column_step(plan, MIGRATE_IMPOSSIBLE, table,
		                "rows are there, so 'required' cannot change of", new->name, NULL);
}

void table_diff_change(enum db_dialect dialect, const struct table *table,
                       const struct table_shape *old, const struct table_shape *new,
                       struct migrate_plan *plan)
{
	for (size_t i = 0; i < old->index_count; i++) {
		if (!table_shape_has_index(new, &old->indexes[i]))
			index_step(plan, table->name, &old->indexes[i], 0);
	}
	drop_columns(table->name, old, new, plan);
	for (size_t i = 0; i < new->column_count; i++) {
		const struct table_shape_column *before =
			table_shape_column(old, new->columns[i].name);

		if (before)
			compare_column(table->name, before, &new->columns[i], plan);
		else
			add_column(dialect, table->name, &table->columns[TABLE_FIRST_DECLARED + i],
			           plan);
	}
	for (size_t i = 0; i < new->index_count; i++) {
		if (!table_shape_has_index(old, &new->indexes[i]))
			index_step(plan, table->name, &new->indexes[i], 1);
	}
}
