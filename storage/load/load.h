/* load.h - the one loader: rows from outside into a table
 *
 * Used by csv.load, `millrace load` and POST …/bulk. Rows come from one source (load_csv() or
 * load_rows()), are validated against the catalog, written in the order they came, and what is bad
 * becomes a reject with line, column, code and reason. Shapes and rules: formats.md §2, storage.md §3.
 *
 *   load_open() → load_csv() once, or load_rows() again and again → load_commit() → load_close()
 *
 * Without `chunk_rows` nothing is visible before load_commit(), and the database is locked only
 * while prepared rows are written. Memory does not grow with the input. One thread owns a load; the
 * callbacks of the context may be called on another one. Everything in context and request is
 * borrowed until load_close().
 *
 * Errors: ERR_INVALID the input is unusable, or bad rows stopped the load (load_result() says
 * how far it came) · ERR_NOT_FOUND no such table, object or load to resume · ERR_USAGE options ·
 * ERR_CONFLICT the source changed since the load began · ERR_STALE another attempt took the load
 * over · ERR_BUSY no turn at the database · ERR_CANCELLED · ERR_NO_SPACE. After an error only
 * load_result() and load_close() may follow; what earlier chunks committed stays.
 */
#ifndef STORAGE_LOAD_LOAD_H
#define STORAGE_LOAD_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "storage/catalog/catalog.h"
#include "storage/load/load_options.h"
#include "storage/object/object_registry.h"

struct db;
struct load;

enum {
	LOAD_ID_BYTES = 512,     /* of a load_id, at most */
	LOAD_ERRORS_KEPT = 1000, /* bad rows that a result tells one by one */
	LOAD_REASON_SIZE = 200,
};

struct load_progress {
	/* first the source is read (rows_total -1: not known), then what was read is written */
	int64_t rows, rows_total;
	int64_t rejected;
	int64_t bytes_done, bytes_total; /* of the source as it is stored; total -1: not known */
};

/* What a load stands on. */
struct load_context {
	struct db *db; /* a session of its own on the data database, outside of any transaction */
	const struct catalog *catalog;
	const struct object_registry *objects; /* where rejects go */
	const char *state_dir;                 /* its `tmp` holds spools and prepared rows */
	/* from so many rows on PostgreSQL gets them at once; 0: where that begins to be quicker */
	int64_t bulk_rows;
	/* asked now and then on any thread; non-zero ends the load with ERR_CANCELLED. NULL: never */
	int (*is_cancelled)(void *data);
	/* told at most ten times a second, on any thread. NULL: not */
	void (*progress)(void *data, const struct load_progress *progress);
	void *data;
};

enum load_request_flags {
	LOAD_MUST_EXIST = 1 << 0,  /* `--resume`: a load_id nobody began is ERR_NOT_FOUND */
	LOAD_KEEP_ERRORS = 1 << 1, /* keep the first LOAD_ERRORS_KEPT bad rows for the result */
};

struct load_request {
	const char *table;
	/* Names this load for ever: a load_id that is done gives its first result again, one that was
	 * cut off goes on behind its last chunk. NULL: a new one; its name is in the result at once, and
	 * when it has chunks it can be gone on with. */
	const char *load_id;
	unsigned flags; /* of enum load_request_flags */
};

/* Bytes of a CSV source, compressed or not; load_input.h makes them. `read` gives up to `size` bytes
 * and 0 at the end. */
struct load_input {
	int (*read)(void *data, void *bytes, size_t size, size_t *got, struct err *err);
	void *data;
	int64_t size_bytes; /* -1 when not known */
	/* What is read and in which state, e.g. URI and etag: a load goes on only where this is the same.
	 * NULL: cannot be told. */
	const char *source;
};

/* Where a row of load_rows() came from; shown in rejects. */
struct load_source {
	int64_t line;        /* ascending from 1 */
	const char *pointer; /* of a JSON array, else NULL */
};

struct load_rows {
	const struct column *const *columns; /* `width` of them: the same in every call */
	size_t width, count;
	/* count × width, row by row. VALUE_TEXT is accepted for any column and parsed by it; other kinds
	 * are checked as stored values of the column. Borrowed for the call. */
	const struct value *values;
	const struct load_source *sources; /* NULL: rows count from 1 */
};

/* One bad row, as REST tells it. */
struct load_error {
	int64_t line;
	const char *pointer; /* NULL unless the source is a JSON array */
	const char *column;  /* "" when the whole record is meant */
	enum flaw_code code;
	const char *detail;
};

struct load_result {
	const char *load_id, *table;
	int64_t received, inserted, updated, skipped, rejected; /* received = sum of the rest */
	int64_t reasons[FLAW_COUNT];                            /* rejected rows by code */
	const char *rejects;                                    /* URI, NULL when there are none */
	int committed; /* the whole load is stored; with chunks an unfinished one may be in part */
	int64_t chunks;
	char strategy[32], strategy_reason[LOAD_REASON_SIZE];
	int64_t bytes; /* read from the source, as it is stored */
	double seconds;
	const struct load_error *errors; /* only with LOAD_KEEP_ERRORS */
	size_t error_count;
	int errors_truncated;
};

/* Raises the fence of the load: an older attempt of the same load_id can commit nothing any more. */
MUST_CHECK int load_open(const struct load_context *context, const struct load_request *request,
                         const struct load_options *options, struct load **load, struct err *err);

/* Everything from a CSV source, once per load. `format` says how it is written (columns, header, map,
 * delimiter, quote, null); NULL: as the options of load_open(). */
MUST_CHECK int load_csv(struct load *load, const struct load_input *input,
                        const struct load_options *format, struct err *err);

/* Some typed rows; a bad one is a reject, not an error. */
MUST_CHECK int load_rows(struct load *load, const struct load_rows *rows, struct err *err);

/* Rows up to this line are stored already and may be left out by the source; 0 when none are. A load
 * that is done (load_is_done()) needs no rows at all. load_csv() and load_rows() skip them themselves. */
int64_t load_resume_line(const struct load *load);
int load_is_done(const struct load *load);

/* Stores what is still prepared, publishes the rejects, marks the load done. Then see load_result(). */
MUST_CHECK int load_commit(struct load *load, struct err *err);

/* Valid at any time after load_open(), also after an error; lives until load_close(). */
const struct load_result *load_result(struct load *load);

/* The reply of formats.md §2, a new reference; with `errors` when they were kept. */
json_t *load_result_json(const struct load_result *result);

/* Without load_commit() nothing happened, except for chunks that were committed. NULL is fine. */
void load_close(struct load *load);

#endif
