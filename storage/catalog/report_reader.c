/* report_reader.c - a report out of a catalog file */
#include "storage/catalog/report_reader.h"

#include <ctype.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "storage/catalog/column_reader.h"
#include "storage/catalog/report_sql.h"

static const char *const dialect_keys[CATALOG_DIALECT_COUNT] = {
	[CATALOG_SQLITE] = "sqlite",
	[CATALOG_POSTGRES] = "postgres",
};

/* Names of reports are also names of files, names of parameters stand in SQL. */
static int is_word(const char *name, const char *others)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr(others, *name))
			return 0;
	}
	return 1;
}

static void check_param_name(const struct source *source, const struct yaml_node *node,
                             const char *name)
{
	if (!is_word(name, "_") || isdigit((unsigned char)name[0]))
		yaml_error(
			source->yaml, yaml_get(node, "name"), source->errors,
			"a parameter's name has letters, digits and '_', and begins with no digit");
}

static struct column *read_columns(const struct source *source, const struct yaml_node *list,
                                   enum column_reader_use use, size_t *count)
{
	struct column *columns;

	if (list->as.list.count > LIMIT_TABLE_COLUMNS) {
		yaml_error(source->yaml, list, source->errors, "more than %d", LIMIT_TABLE_COLUMNS);
		return NULL;
	}
	columns = arena_array(source->arena, list->as.list.count, sizeof(*columns));
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct yaml_node *node = list->as.list.items[i];
		struct column *column = &columns[i];

		column_reader_read(source, node, use, column);
		column->position = i;
		if (*column->name && use == COLUMN_READER_PARAM)
			check_param_name(source, node, column->name);
		for (size_t k = 0; k < i && *column->name; k++) {
			if (str_equal(columns[k].name, column->name))
				yaml_error(source->yaml, yaml_get(node, "name"), source->errors,
				           "'%s' is declared twice", column->name);
		}
	}
	*count = list->as.list.count;
	return columns;
}

static void read_name(const struct source *source, const struct yaml_node *root,
                      struct report *report)
{
	const struct yaml_node *node = source_needed(source, root, "report");
	const char *name = node ? source_name(source, node) : NULL;

	if (!name)
		return;
	report->name = name;
	if (!is_word(name, "_-"))
		yaml_error(source->yaml, node, source->errors,
		           "a report's name has letters, digits, '_' and '-'");
}

/* One text for one database or all; faults inside it are shown at their place. */
static const char *read_text(const struct source *source, const struct yaml_node *node,
                             const struct report *report, struct report_sql *result)
{
	const char *sql = NULL;

	if (node->kind != YAML_STRING) {
		yaml_error(source->yaml, node, source->errors, "'sql' must be text, not %s",
		           yaml_kind_name(node->kind));
		return NULL;
	}
	if (report_sql_number(node->text, report, result) == 0)
		sql = arena_strndup(source->arena, buf_string(&result->sql), result->sql.size);
	else
		yaml_error_at(source->yaml, node, result->offset, source->errors, "%s",
		              result->fault);
	buf_release(&result->sql);
	return sql;
}

static void check_params_used(const struct source *source, const struct yaml_node *root,
                              const struct report *report, const char *used)
{
	const struct yaml_node *list = yaml_get(root, "params");

	for (size_t i = 0; i < report->param_count; i++) {
		if (!used[i] && *report->params[i].name)
			yaml_error(source->yaml, list->as.list.items[i], source->errors,
			           "'sql' does not use parameter '%s'", report->params[i].name);
	}
}

static void read_sql(const struct source *source, const struct yaml_node *root,
                     struct report *report)
{
	const struct yaml_node *node = source_needed(source, root, "sql");
	size_t faults = source->errors->count;

	if (!node)
		return;
	if (node->kind == YAML_MAP)
		yaml_check_keys(source->yaml, node, dialect_keys, countof(dialect_keys),
		                source->errors);
	for (size_t i = 0; i < CATALOG_DIALECT_COUNT; i++) {
		struct report_sql result = {
			.used = arena_alloc(source->arena, report->param_count + 1)};
		const struct yaml_node *text = node;

		if (node->kind == YAML_MAP)
			text = yaml_get(node, dialect_keys[i]);
		if (!text)
			continue;
		report->sql[i] = read_text(source, text, report, &result);
		if (source->errors->count == faults)
			check_params_used(source, root, report, result.used);
		/* the same text has the same faults */
		if (source->errors->count > faults && node->kind != YAML_MAP)
			return;
	}
	if (source->errors->count == faults && !report->sql[CATALOG_SQLITE] &&
	    !report->sql[CATALOG_POSTGRES])
		yaml_error(source->yaml, node, source->errors, "'sql' has no text");
}

void report_reader_read(const struct source *source, const char *file, const struct yaml_node *root,
                        struct report *report)
{
	static const char *const known[] = {"report", "description", "params", "columns", "sql"};
	const struct yaml_node *list;

	*report = (struct report){.name = "", .description = ""};
	report->file = arena_strdup(source->arena, file);
	if (root->kind != YAML_MAP) {
		yaml_error(source->yaml, root, source->errors,
		           "a report file must be a map with 'report', 'columns' and 'sql', not %s",
		           yaml_kind_name(root->kind));
		return;
	}
	yaml_check_keys(source->yaml, root, known, countof(known), source->errors);
	read_name(source, root, report);
	if (yaml_get(root, "description")) {
		const char *text = source_text(source, root, "description");

		report->description = text ? text : "";
	}
	list = source_list(source, root, "params");
	if (list)
		report->params =
			read_columns(source, list, COLUMN_READER_PARAM, &report->param_count);
	if (source_needed(source, root, "columns")) {
		list = source_list(source, root, "columns");
		if (list)
			report->columns = read_columns(source, list, COLUMN_READER_RESULT,
			                               &report->column_count);
		if (list && !list->as.list.count)
			yaml_error(source->yaml, list, source->errors,
			           "a report has at least one column");
	}
	read_sql(source, root, report);
}

void report_reader_release(const struct report *report)
{
	for (size_t i = 0; i < report->param_count; i++)
		pattern_free(report->params[i].pattern);
}
