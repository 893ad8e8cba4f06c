/* plugin.h - the contract between Millrace and a plugin, ABI 1.0
 *
 * A plugin is one shared object, `<name>.so`, that exports mr_plugin_entry() and needs nothing but
 * this header. It is loaded in a runner process, a child of the server: it may crash or hang, the
 * server sees a failed attempt. Build it with
 *
 *   cc -std=c11 -shared -fPIC -fvisibility=hidden -Wl,-Bsymbolic -Wl,-z,defs -Wl,--exclude-libs,ALL
 *
 * Text is NUL-terminated UTF-8. Times are int64_t microseconds since the epoch, UTC.
 *
 * Memory: neither side frees what the other allocated. What the host hands out lives until run()
 * returns unless said otherwise; what the plugin hands over is borrowed for the call.
 *
 * Errors: a host call returns MR_OK, or an mr_status that says what the task should end with;
 * error() then has the reason. On failure no out parameter is written. MR_CANCELLED comes from any
 * call that can block once the task is cancelled: clean up and return it. Misuse - NULL where it is
 * not allowed, a closed handle, a parameter that was not declared - ends the attempt and the process.
 *
 * Threads: host calls are made from the thread that entered run(), except those marked any thread.
 * All threads and children must have ended when run() returns; what is left is killed.
 *
 * Versions: a plugin is refused when its major differs from the host's or its minor is newer.
 * Structs that the plugin fills grow only at their end (mr_abi says how large they were); options
 * and results start with their own size. mr_value, mr_rows, mr_source and mr_counts never change
 * within major 1. C11 and C++17.
 */
#ifndef MILLRACE_PLUGIN_H
#define MILLRACE_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MR_ABI_MAJOR 1
#define MR_ABI_MINOR 0

typedef int32_t mr_status;

/* MR_AGAIN: run() is called again after again_after(); meanwhile the task waits as
 * up_for_reschedule and holds no runner. MR_RETRY (and a crash or a timeout): tried again while
 * `retries` last. MR_FAIL: failed for good. MR_END: of host calls only, there is no (more) such. */
enum {
	MR_OK = 0,
	MR_END = 1,
	MR_SKIP = 2,
	MR_AGAIN = 3,
	MR_FAIL = -1,
	MR_RETRY = -2,
	MR_CANCELLED = -3,
};

/* Types of parameters, outputs and values. */
enum {
	MR_TEXT = 1,
	MR_INT = 2,
	MR_FLOAT = 3,
	MR_BOOL = 4,
	MR_JSON = 5,
	MR_SECRET = 6, /* text that is masked in logs */
	MR_BYTES = 7,
	/* i: microseconds since the epoch, UTC; of a parameter the text 2026-11-21T08:42:00.123456Z */
	MR_TIMESTAMP = 8,
	MR_DATE = 9,     /* i: days since the epoch */
	MR_DECIMAL = 10, /* s: text */
	MR_UUID = 11,    /* s: text */
};

enum { MR_DEBUG = 0, MR_INFO = 1, MR_WARN = 2, MR_ERROR = 3 };

enum {
	MR_OP_WARM =
		1 << 0, /* run() may be called many times in one process; keeps nothing between */
};

/* Modes of object_open. */
enum { MR_READ = 0, MR_WRITE = 1 };

/* Flags of db_open. */
enum { MR_DB_READ_ONLY = 1 << 0 };

/* "Not given" in the times of mr_info. */
#define MR_NO_TIME INT64_MIN

struct mr_abi {
	uint32_t major, minor, plugin_size, op_size, param_size, output_size;
};

struct mr_param {
	const char *name;
	int32_t type, required;
	const char *fallback; /* JSON, e.g. "\"reject\"" or "3"; NULL: none */
	const char *help;
};

struct mr_output {
	const char *name;
	int32_t type;
	const char *help;
};

struct mr_task;

struct mr_op {
	const char *name, *help;
	const struct mr_param *params;
	size_t param_count;
	const struct mr_output *outputs;
	size_t output_count;
	uint32_t flags;
	mr_status (*run)(struct mr_task *task);
};

struct mr_plugin {
	struct mr_abi abi;
	const char *name, *version, *help; /* the name is the file's, without .so */
	const struct mr_op *ops;
	size_t op_count;
};

/* One field; `is_null` wins. Text and bytes (s) are borrowed for the call. */
struct mr_value {
	int32_t type, is_null;
	union {
		int64_t i; /* MR_INT, MR_BOOL, MR_TIMESTAMP, MR_DATE */
		double f;
		struct {
			const char *p;
			size_t n;
		} s;
	} as;
};

/* Where a row came from, for rejects: its physical line from 1 and its original text. */
struct mr_source {
	int64_t line;
	const char *raw;
	size_t raw_size;
};

/* `count` rows of `columns` values each, row by row. `table` counts from 0 in the order opened. */
struct mr_rows {
	int32_t table;
	size_t columns, count;
	const struct mr_value *values;
	const struct mr_source *sources; /* one per row, or NULL */
};

/* received is the sum of the rest */
struct mr_counts {
	int64_t received, inserted, updated, skipped, rejected;
};

/* What this attempt is about. Texts are never NULL, "" when there is none. */
struct mr_info {
	size_t size;
	const char *dag, *run_id, *task, *operator_name;
	int64_t map_index; /* -1 when not mapped */
	int64_t attempt;   /* from 1 */
	int64_t logical_us, interval_start_us, interval_end_us;
	int64_t grace_ms; /* from cancel to SIGKILL */
};

struct mr_host;

struct mr_task {
	const struct mr_host *host;
	const struct mr_info *info;
	void *data; /* the plugin's own; NULL when run() begins */
};

struct mr_object;
struct mr_load;
struct mr_scan;
struct mr_restore;
struct mr_db;

/* Set `size` to sizeof before the call. */
struct mr_object_stat {
	size_t size;
	const char *uri;
	int64_t bytes, modified_us;
	const char *etag;
	const char *content_type; /* "" when unknown */
};

/* `words` is a JSON object of the options that docs/ list for `millrace load`; NULL: defaults. */
struct mr_load_options {
	size_t size;
	const char *
		words; /* on_error, on_conflict, conflict_key, max_rejects, rejects, chunk_rows, … */
	const char *const *columns; /* what load_rows brings, by position; NULL with load_file */
	size_t column_count;
};

struct mr_file_options {
	size_t size;
	const char *words; /* columns, header, map, delimiter, quote, null */
};

/* One of table, query and report. */
struct mr_dump_options {
	size_t size;
	const char *table, *query, *report;
	const char *params; /* JSON: an object for a report, a list for a query; NULL: none */
};

struct mr_dump_result {
	size_t size;
	const char *uri, *etag;
	int64_t rows, bytes;
};

struct mr_scan_options {
	size_t size;
	const char *words; /* JSON object: columns, deleted (soft-deleted rows too); NULL: all */
};

struct mr_restore_options {
	size_t size;
	const char *mode; /* replace, append or verify */
};

struct mr_db_options {
	size_t size;
	uint32_t flags;
};

/* What the host does for a task. `size` is that of this struct on the host's side. */
struct mr_host {
	size_t size;

	/* -- talk -- */

	/* One line in the attempt's log. Any thread. */
	void (*log)(struct mr_task *task, int32_t level, const char *text);
	/* How far it is; total 0 when unknown. `unit` ("rows") and `note` may be NULL. Cheap: what comes
	 * too fast is thinned out. Any thread. */
	void (*progress)(struct mr_task *task, int64_t done, int64_t total, const char *unit,
	                 const char *note);
	/* 1 once the task is cancelled or timed out: for loops. Any thread. */
	int32_t (*is_cancelled)(struct mr_task *task);
	/* Becomes readable then: for poll(2). The host's; do not read or close it. */
	int (*cancel_fd)(struct mr_task *task);
	/* Why the last host call of this task failed; "" before. Lives until the next host call. */
	const char *(*error)(struct mr_task *task);
	/* Why the attempt ends as it does; shown beside its state. Cut at 1 KiB. */
	void (*set_reason)(struct mr_task *task, const char *text);
	/* With MR_AGAIN: when to call run() again, in seconds (default 60). */
	void (*again_after)(struct mr_task *task, double seconds);
	/* JSON that the call before left with set_resume(); NULL in the first call. */
	const char *(*resume_text)(struct mr_task *task);
	/* JSON of at most 4 KiB for the next call of an MR_AGAIN task. */
	mr_status (*set_resume)(struct mr_task *task, const char *json);

	/* -- parameters: types were checked and fallbacks filled in before run(); MR_END when it was not
	 * given and has no fallback (null and, for `columns`, an empty list are "not given") -- */

	/* MR_TEXT and MR_SECRET. */
	mr_status (*param_text)(struct mr_task *task, const char *name, const char **value);
	mr_status (*param_int)(struct mr_task *task, const char *name, int64_t *value);
	mr_status (*param_float)(struct mr_task *task, const char *name, double *value);
	mr_status (*param_bool)(struct mr_task *task, const char *name, int32_t *value);
	/* Any parameter, as JSON text. */
	mr_status (*param_json)(struct mr_task *task, const char *name, const char **json);
	/* A declared output; all together at most 64 KiB. The tasks behind see it if this one succeeds.
	 * A second call with the same key replaces. */
	mr_status (*output)(struct mr_task *task, const char *key, const char *json);

	/* -- objects: objects://bucket/key, <store>://bucket/key, file:///path below files.roots -- */

	/* MR_WRITE: nobody sees it before object_commit(). MR_FAIL when it is not there. */
	mr_status (*object_open)(struct mr_task *task, const char *uri, int32_t mode,
	                         struct mr_object **object);
	/* At least one byte, or MR_END. */
	mr_status (*object_read)(struct mr_task *task, struct mr_object *object, void *bytes,
	                         size_t size, size_t *got);
	mr_status (*object_write)(struct mr_task *task, struct mr_object *object, const void *bytes,
	                          size_t size);
	/* Publishes; `stat` may be NULL. The handle must still be closed. */
	mr_status (*object_commit)(struct mr_task *task, struct mr_object *object,
	                           struct mr_object_stat *stat);
	/* Without commit: what was written is dropped. NULL is fine. */
	void (*object_close)(struct mr_task *task, struct mr_object *object);
	/* MR_END when it is not there. */
	mr_status (*object_stat)(struct mr_task *task, const char *uri,
	                         struct mr_object_stat *stat);
	/* Up to 1000 objects whose URI begins with `uri`, in key order behind the URI `after` (NULL: from
	 * the first). MR_END when there are none. `items` lives until the next object_list(). */
	mr_status (*object_list)(struct mr_task *task, const char *uri, const char *after,
	                         const struct mr_object_stat *const **items, size_t *count);
	/* MR_END when it was not there. */
	mr_status (*object_delete)(struct mr_task *task, const char *uri);
	/* `stat` of the copy may be NULL. */
	mr_status (*object_copy)(struct mr_task *task, const char *from, const char *to,
	                         struct mr_object_stat *stat);
	/* `method` is GET or PUT. */
	mr_status (*object_presign)(struct mr_task *task, const char *uri, const char *method,
	                            int64_t seconds, const char **url);

	/* -- load: rows into a table, all or nothing unless `chunk_rows` says otherwise -- */

	/* `options` may be NULL. */
	mr_status (*load_open)(struct mr_task *task, const char *table,
	                       const struct mr_load_options *options, struct mr_load **load);
	/* A whole CSV object, parsed by the host; reports progress by itself. `options` may be NULL. */
	mr_status (*load_file)(struct mr_task *task, struct mr_load *load, const char *uri,
	                       const struct mr_file_options *options);
	/* MR_TEXT is accepted for any column and parsed as its type. A bad row is a reject, no error. */
	mr_status (*load_rows)(struct mr_task *task, struct mr_load *load,
	                       const struct mr_rows *rows);
	/* Rows up to this line are stored already, by an attempt before; 0 when none. */
	mr_status (*load_resume)(struct mr_task *task, struct mr_load *load, int64_t *line);
	/* `counts` may be NULL. */
	mr_status (*load_commit)(struct mr_task *task, struct mr_load *load,
	                         struct mr_counts *counts);
	/* After load_commit(): the whole reply of a load as a JSON object. */
	mr_status (*load_result)(struct mr_task *task, struct mr_load *load, const char **json);
	/* Without commit nothing happened, but for chunks committed already. NULL is fine. */
	void (*load_close)(struct mr_task *task, struct mr_load *load);

	/* -- dump -- */

	/* Writes a table, a query or a catalog report as CSV with a header line. `result` may be NULL. */
	mr_status (*dump_file)(struct mr_task *task, const char *uri,
	                       const struct mr_dump_options *options,
	                       struct mr_dump_result *result);

	/* -- scan: tables in one snapshot -- */

	/* The catalog's declaration of a table as JSON. */
	mr_status (*table_describe)(struct mr_task *task, const char *table, const char **json);
	/* `options` may be NULL. */
	mr_status (*scan_open)(struct mr_task *task, const char *const *tables, size_t count,
	                       const struct mr_scan_options *options, struct mr_scan **scan);
	/* One table after the other; at most 4096 rows and 1 MiB, valid until the next call; MR_END. */
	mr_status (*scan_next)(struct mr_task *task, struct mr_scan *scan,
	                       const struct mr_rows **rows);
	void (*scan_close)(struct mr_task *task, struct mr_scan *scan);

	/* -- restore: tables replaced in one transaction -- */

	mr_status (*restore_open)(struct mr_task *task, const char *const *tables, size_t count,
	                          const struct mr_restore_options *options,
	                          struct mr_restore **restore);
	mr_status (*restore_rows)(struct mr_task *task, struct mr_restore *restore,
	                          const struct mr_rows *rows);
	/* One mr_counts per table. */
	mr_status (*restore_commit)(struct mr_task *task, struct mr_restore *restore,
	                            struct mr_counts *counts);
	/* Without commit nothing happened. */
	void (*restore_close)(struct mr_task *task, struct mr_restore *restore);

	/* -- sql: one transaction on the data database; parameters are $1, $2, … -- */

	/* `options` may be NULL. One at a time per task. */
	mr_status (*db_open)(struct mr_task *task, const struct mr_db_options *options,
	                     struct mr_db **db);
	/* One statement; `affected` (rows) may be NULL. */
	mr_status (*db_exec)(struct mr_task *task, struct mr_db *db, const char *sql,
	                     const struct mr_value *values, size_t count, int64_t *affected);
	/* Begins a query; the one before ends. `names` of the columns live until the next db_query(). */
	mr_status (*db_query)(struct mr_task *task, struct mr_db *db, const char *sql,
	                      const struct mr_value *values, size_t count,
	                      const char *const **names, size_t *columns);
	/* Its next rows, as scan_next(). */
	mr_status (*db_next)(struct mr_task *task, struct mr_db *db, const struct mr_rows **rows);
	mr_status (*db_commit)(struct mr_task *task, struct mr_db *db);
	/* Without commit: rolled back. NULL is fine. */
	void (*db_close)(struct mr_task *task, struct mr_db *db);

	/* -- runs -- */

	/* Starts a run of another DAG. This task instance has one of each DAG: a second call, also in a
	 * later attempt, finds it; after a clear it gets another. `params` is a JSON object of at most
	 * 32 KiB, or NULL. The end of the run wakes a task that waits with MR_AGAIN. */
	mr_status (*run_start)(struct mr_task *task, const char *dag, const char *params,
	                       const char **run_id);
	/* Of a run started so: {"dag", "run_id", "state", "reason", "outputs"}, the outputs by task; null
	 * when they are over 32 KiB. MR_END when there is no such run. */
	mr_status (*run_state)(struct mr_task *task, const char *run_id, const char **json);

	/* -- other -- */

	/* A configured secret; its value is masked in the log from now on. MR_FAIL when unknown. */
	mr_status (*secret)(struct mr_task *task, const char *name, const char **value);
	/* An empty folder of this attempt, removed when it ends. */
	mr_status (*temp_dir)(struct mr_task *task, const char **path);
	/* A stored JSON value, MR_END when there is none; set with the transaction of `db`. */
	mr_status (*watermark_get)(struct mr_task *task, const char *name, const char **json);
	mr_status (*watermark_set)(struct mr_task *task, struct mr_db *db, const char *name,
	                           const char *json);
};

/* The one function a plugin exports: returns static data and does nothing else. */
__attribute__((visibility("default"))) const struct mr_plugin *mr_plugin_entry(void);

/* -- helpers -- */

#define MR_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MR_ABI                                                                                     \
	{                                                                                          \
		MR_ABI_MAJOR, MR_ABI_MINOR, sizeof(struct mr_plugin), sizeof(struct mr_op),        \
			sizeof(struct mr_param), sizeof(struct mr_output)                          \
	}

/* A formatted line in the log, cut at 1 KiB. Any thread. */
__attribute__((format(printf, 3, 4))) static inline void mr_log(struct mr_task *task, int32_t level,
                                                                const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	task->host->log(task, level, text);
}

/* Sets the reason and gives `status` back: return mr_fail(task, MR_FAIL, "no rows in '%s'", uri); */
__attribute__((format(printf, 3, 4))) static inline mr_status mr_fail(struct mr_task *task,
                                                                      mr_status status,
                                                                      const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	task->host->set_reason(task, text);
	return status;
}

/* `90s`, `1.5h`, `250ms`, `2d`, or seconds: as durations stand in DAG files. MR_FAIL: it is none. */
static inline mr_status mr_duration(const char *text, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	double number = 0, place = 1;
	size_t i;

	if (*text < '0' || *text > '9')
		return MR_FAIL;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (*text - '0');
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++)
			number += (*text - '0') * (place /= 10);
	for (i = 0; i < MR_COUNT(units); i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		*seconds = number * units[i].seconds;
		return MR_OK;
	}
	return MR_FAIL;
}

#ifdef __cplusplus
}
#endif

#endif
