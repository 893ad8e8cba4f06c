/* table.c - upkeep of tables as tasks */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/plugin.h"
#include "plugins/table/archive.h"
#include "plugins/table/mirror.h"
#include "plugins/table/retention.h"

enum { COLUMNS_MOST = 1000 };

static const int64_t us_per_s = 1000000;
static const double s_per_day = 86400, keep_most_s = 86400.0 * 365 * 10000;

/* -- parameters -- */

static json_t *find_column(const struct retention *job, const char *name)
{
	json_t *column;
	size_t i;

	json_array_foreach(json_object_get(job->declared, "columns"), i, column)
	{
		if (strcmp(json_string_value(json_object_get(column, "column")), name) == 0)
			return column;
	}
	return NULL;
}

static mr_status read_table(struct retention *job)
{
	const json_t *columns, *column;
	const char *text;
	mr_status status = job->task->host->table_describe(job->task, job->table, &text);

	if (status != MR_OK)
		return status;
	job->declared = json_loads(text, 0, NULL);
	columns = json_object_get(job->declared, "columns");
	if (json_array_size(columns) > 2 * COLUMNS_MOST)
		return mr_fail(job->task, MR_FAIL, "table '%s' has too many columns", job->table);
	job->columns = calloc(json_array_size(columns) + 1, sizeof(*job->columns));
	if (!job->columns)
		return retention_no_memory(job);
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const json_t *scale;

		column = json_array_get(columns, i);
		scale = json_object_get(column, "scale");
		job->columns[i].name = json_string_value(json_object_get(column, "column"));
		job->columns[i].scale = scale ? (int)json_integer_value(scale) : -1;
		job->column_count++;
	}
	return MR_OK;
}

static mr_status read_column(struct retention *job)
{
	const json_t *retention = json_object_get(job->declared, "retention");
	const char *type;

	if (job->task->host->param_text(job->task, "column", &job->column) != MR_OK)
		job->column = json_string_value(json_object_get(retention, "column"));
	if (!job->column)
		return mr_fail(job->task, MR_FAIL,
		               "table '%s' declares no retention: give 'column' and 'keep'",
		               job->table);
	if (!find_column(job, job->column))
		return mr_fail(job->task, MR_FAIL, "table '%s' has no column '%.60s'", job->table,
		               job->column);
	type = json_string_value(json_object_get(find_column(job, job->column), "type"));
	job->is_date = strcmp(type, "date") == 0;
	if (!job->is_date && strcmp(type, "timestamp") != 0)
		return mr_fail(job->task, MR_FAIL, "column '%s' is no date and no timestamp",
		               job->column);
	return MR_OK;
}

/* `90d`, `12h`, `30m`, `15s` in seconds; 0 when it is none of them. */
static double duration(const char *text)
{
	static const struct {
		char unit;
		double seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	size_t digits = strspn(text, "0123456789");

	for (size_t i = 0; digits && digits < 12 && i < MR_COUNT(units); i++)
		if (text[digits] == units[i].unit && !text[digits + 1])
			return (double)strtoll(text, NULL, 10) * units[i].seconds;
	return 0;
}

/* In seconds, 0: for ever. */
static mr_status read_keep(const struct retention *job, double *keep_s)
{
	const json_t *declared =
		json_object_get(json_object_get(job->declared, "retention"), "keep_s");
	const char *text = NULL;
	json_t *keep;

	*keep_s = json_number_value(declared);
	if (job->task->host->param_json(job->task, "keep", &text) != MR_OK)
		return declared ? MR_OK
		                : mr_fail(job->task, MR_FAIL,
		                          "table '%s' declares no retention: give 'keep'",
		                          job->table);
	keep = json_loads(text, JSON_DECODE_ANY, NULL);
	*keep_s = json_is_string(keep) ? duration(json_string_value(keep))
	                               : json_number_value(keep) * s_per_day;
	if (json_is_string(keep) && strcmp(json_string_value(keep), "forever") == 0) {
		json_decref(keep);
		return MR_OK;
	}
	json_decref(keep);
	if (*keep_s > 0 && *keep_s <= keep_most_s)
		return MR_OK;
	return mr_fail(job->task, MR_FAIL,
	               "'keep' must be a number of days above 0, a duration like '90d', or "
	               "'forever'");
}

static mr_status check_backup(const struct retention *job)
{
	size_t size = strlen(job->backup_to);

	if (!size || size > 4096)
		return mr_fail(job->task, MR_FAIL, "'backup_to' is no name of a table and no URI");
	if (strcasecmp(job->backup_to, job->table) == 0 ||
	    strncasecmp(job->backup_to, "millrace_", 9) == 0)
		return mr_fail(job->task, MR_FAIL, "'%.60s' cannot be the backup table",
		               job->backup_to);
	return MR_OK;
}

static mr_status read_params(struct retention *job, double *keep_s)
{
	mr_status status;

	job->task->host->param_text(job->task, "table", &job->table);
	job->task->host->param_text(job->task, "backup_to", &job->backup_to);
	status = check_backup(job);
	if (status == MR_OK)
		status = read_table(job);
	if (status == MR_OK)
		status = read_column(job);
	return status == MR_OK ? read_keep(job, keep_s) : status;
}

/* -- outputs -- */

static mr_status put(const struct retention *job, const char *key, json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status =
		json ? job->task->host->output(job->task, key, json) : retention_no_memory(job);

	free(json);
	json_decref(value);
	return status;
}

static mr_status put_outputs(const struct retention *job)
{
	mr_status status = put(job, "copied", json_integer(job->copied));

	if (status == MR_OK)
		status = put(job, "deleted", json_integer(job->deleted));
	if (status == MR_OK)
		status = put(job, "changed", json_integer(job->changed));
	if (status == MR_OK)
		status = put(job, "backup", job->backup ? json_string(job->backup) : json_null());
	return status;
}

static mr_status keep_backup(struct retention *job, double keep_s)
{
	struct timespec now;
	mr_status status;

	if (!(keep_s > 0)) {
		mr_log(job->task, MR_INFO, "the rows of '%s' are kept for ever", job->table);
		return put_outputs(job);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	job->cutoff_us = (int64_t)now.tv_sec * us_per_s + now.tv_nsec / 1000 -
	                 (int64_t)(keep_s * (double)us_per_s);
	status = strstr(job->backup_to, "://") ? archive_run(job) : mirror_run(job);
	if (status != MR_OK)
		return status;
	mr_log(job->task, MR_INFO, "'%s': %lld rows deleted, their copy is '%s'", job->table,
	       (long long)job->deleted, job->backup ? job->backup : "none");
	return put_outputs(job);
}

static mr_status run_retention(struct mr_task *task)
{
	struct retention job = {.task = task};
	double keep_s = 0;
	mr_status status = read_params(&job, &keep_s);

	if (status == MR_OK)
		status = keep_backup(&job, keep_s);
	free(job.backup);
	free(job.columns);
	json_decref(job.declared);
	return status;
}

static const struct mr_param params[] = {
	{"table", MR_TEXT, 1, NULL, "table of the catalog"},
	{"column", MR_TEXT, 0, NULL,
         "date or timestamp that says how old a row is; what the catalog says"},
	{"keep", MR_JSON, 0, NULL,
         "days, a duration like '90d', or 'forever': older rows go; what the catalog says"},
	{"backup_to", MR_TEXT, 1, NULL,
         "a table of the data database, made when it is not there, or the URI of a CSV object, whose "
         "name gets time and number added"},
};

static const struct mr_output outputs[] = {
	{"copied", MR_INT, "rows in the verified copy"},
	{"deleted", MR_INT, "rows that were deleted"},
	{"changed", MR_INT, "rows that stay because they were changed since they were copied"},
	{"backup", MR_TEXT, "the table or the object that has them, null when there were none"},
};

static const struct mr_op ops[] = {
	{
		.name = "retention",
		.help = "moves old rows of a table into a backup: copied, read back, then deleted",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run_retention,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "table",
	.version = "1.0",
	.help = "upkeep of tables as tasks",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}
