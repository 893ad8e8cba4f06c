/* shelf.h - a catalog and a migrated database of a test's own
 *
 * A small language over the repositories: shelf_post(&shelf, "department", "{\"department\": \"A\"}")
 * answers with the row as JSON without its times, or with the error. Answers live until the next one.
 */
#ifndef TESTS_DRIVERS_SHELF_H
#define TESTS_DRIVERS_SHELF_H

#include <check.h>

#include "lib/file.h"
#include "lib/mem.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/value_parse.h"
#include "storage/repo/migrate.h"
#include "storage/repo/table_repo.h"
#include "tests/place.h"

#define SHELF_NOW INT64_C(1612182493000000) /* 2021-02-01T12:28:13Z */

struct shelf {
	struct place place;
	char folder[96]; /* of the catalog */
	struct catalog *catalog;
	struct table_repo *repo;
	struct db *db;
	struct arena arena;
	struct table_reject reject;
	struct buf answer;
	struct err err;
};

static inline void shelf_declare(struct shelf *shelf, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", shelf->folder, file);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), &shelf->err), 0);
}

/* Reads the catalog again, also after a change. */
static inline void shelf_read(struct shelf *shelf)
{
	struct yaml_errors errors;
	struct buf text = {0};

	table_repo_free(shelf->repo);
	catalog_free(shelf->catalog);
	yaml_errors_init(&errors);
	shelf->catalog = catalog_read(shelf->folder, &errors);
	yaml_errors_format(&errors, &text);
	ck_assert_msg(shelf->catalog != NULL, "%s", buf_string(&text));
	buf_release(&text);
	yaml_errors_release(&errors);
	shelf->repo = table_repo_new(shelf->catalog, db_dialect(shelf->db));
}

static inline void shelf_open(struct shelf *shelf)
{
	char reports[112];

	*shelf = (struct shelf){0};
	place_make(&shelf->place);
	snprintf(shelf->folder, sizeof(shelf->folder), "%s/catalog", shelf->place.folder);
	snprintf(reports, sizeof(reports), "%s/reports", shelf->folder);
	ck_assert_int_eq(file_make_folder(reports, &shelf->err), 0);
	shelf->db = place_open(&shelf->place);
	arena_init(&shelf->arena);
}

static inline void shelf_close(struct shelf *shelf)
{
	buf_release(&shelf->answer);
	arena_release(&shelf->arena);
	table_repo_free(shelf->repo);
	catalog_free(shelf->catalog);
	db_close(shelf->db);
	place_remove(&shelf->place);
}

/* "ok" with the number of steps, or the error. */
static inline const char *shelf_migrate(struct shelf *shelf, unsigned flags)
{
	struct migrate_plan plan;

	migrate_plan_init(&plan);
	buf_clear(&shelf->answer);
	if (migrate_up(shelf->db, shelf->catalog, flags, SHELF_NOW, &plan, &shelf->err) < 0)
		buf_printf(&shelf->answer, "%s: %s", err_name(shelf->err.code), shelf->err.text);
	else
		buf_printf(&shelf->answer, "ok, %zu steps", plan.count);
	migrate_plan_release(&plan);
	return buf_string(&shelf->answer);
}

static inline struct table_access shelf_access(struct shelf *shelf, const char *table)
{
	struct table_access access = {
		.repo = shelf->repo,
		.table = catalog_table(shelf->catalog, table),
		.db = shelf->db,
		.arena = &shelf->arena,
		.now_us = SHELF_NOW,
		.reject = &shelf->reject,
	};

	ck_assert_ptr_nonnull(access.table);
	return access;
}

/* A JSON object as values by column position. */
static inline struct value *shelf_values(struct shelf *shelf, const struct table *table,
                                         const char *text)
{
	struct value *values = arena_array(&shelf->arena, table->column_count, sizeof(*values));
	json_t *json = json_parse(text, strlen(text), &shelf->err), *member;
	struct flaw flaw = {0};
	const char *name;

	ck_assert_msg(json != NULL, "%s", shelf->err.text);
	json_object_foreach(json, name, member)
	{
		const struct column *column = catalog_column(table, name);
		struct value *value = &values[column->position];

		ck_assert_msg(value_parse_json(column, member, &shelf->arena, value, &flaw) == 0,
		              "%s: %s", name, flaw.detail);
		if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
			value->as.text = arena_strndup(&shelf->arena, value->as.text, value->size);
	}
	json_decref(json);
	return values;
}

static inline void shelf_write(const struct table_row *row, struct json_writer *writer)
{
	json_writer_object(writer);
	for (size_t i = 0; i < row->table->column_count; i++) {
		const struct column *column = &row->table->columns[i];

		if (column == row->table->created_at || column == row->table->updated_at ||
		    (column == row->table->deleted_at && row->values[i].kind == VALUE_NULL))
			continue;
		json_writer_key(writer, column->name);
		value_write_json(column, &row->values[i], writer);
		if (!row->expanded || !column->references)
			continue;
		json_writer_key(writer, column->expand_name);
		if (row->expanded[i])
			shelf_write(row->expanded[i], writer);
		else
			json_writer_null(writer);
	}
	json_writer_object_end(writer);
}

/* Ends the write that gave `status`, and says what it gave; `row` may be NULL. */
static inline const char *shelf_answer(struct shelf *shelf, int status, const struct table_row *row)
{
	struct json_writer writer;

	buf_clear(&shelf->answer);
	if (status < 0) {
		db_rollback(shelf->db);
		buf_printf(&shelf->answer, "%s: %s", err_name(shelf->err.code), shelf->err.text);
		return buf_string(&shelf->answer);
	}
	if (row) {
		json_writer_init(&writer, &shelf->answer);
		shelf_write(row, &writer);
	}
	ck_assert_int_eq(db_commit(shelf->db, &shelf->err), 0);
	return buf_string(&shelf->answer);
}

static inline const char *shelf_post(struct shelf *shelf, const char *table, const char *json)
{
	struct table_access access = shelf_access(shelf, table);
	struct table_row row;
	int status;

	ck_assert_int_eq(db_begin(shelf->db, DB_WRITE, &shelf->err), 0);
	status = table_repo_create(&access, shelf_values(shelf, access.table, json), 0, &row,
	                           &shelf->err);
	return shelf_answer(shelf, status, &row);
}

#endif
