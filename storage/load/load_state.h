/* load_state.h - a load in progress, for the load_*.c files only
 *
 * Counts exist twice: `now` runs ahead with the rows of the open transaction, `stored` is what the last
 * commit made true; a rollback copies back. Staged rows are in neither.
 */
#ifndef STORAGE_LOAD_LOAD_STATE_H
#define STORAGE_LOAD_LOAD_STATE_H

#include <stdint.h>

#include "lib/arena.h"
#include "storage/load/load.h"
#include "storage/load/reject_spool.h"
#include "storage/load/stage.h"
#include "storage/repo/load_repo.h"
#include "storage/repo/table_repo.h"
#include "storage/repo/table_writer.h"

enum load_phase {
	LOAD_OPENED,  /* no source yet */
	LOAD_FEEDING, /* columns are known */
	LOAD_STORED, /* all rows are, by this attempt or an earlier one; rejects may not be published */
	LOAD_DONE,
};

struct load_counts {
	int64_t inserted, updated, skipped, rejected;
	int64_t reasons[FLAW_COUNT];
	int64_t chunks;
	int64_t line; /* of the last row */
	size_t error_count;
	int errors_truncated;
};

struct load {
	struct arena arena;
	struct load_context context;
	struct load_options options;
	unsigned request_flags; /* of enum load_request_flags */
	enum load_phase phase;
	const struct table *table;
	char *folder; /* of stage and spool */

	struct load_record record;
	int has_record;      /* the database knows this load */
	int64_t resume_line; /* rows up to here are stored by an earlier attempt */
	int64_t next_line;   /* of load_rows() without sources */

	struct table_writer *writer; /* NULL until the columns are known */
	struct table_repo *repo;     /* for `truncate`; else NULL */
	const struct column *const *columns;
	size_t width;
	const char *const *names; /* of the input's fields, for the head of the rejects */
	size_t name_count;

	struct stage stage;
	int64_t staged_rejects;
	struct reject_spool spool;
	struct object_ref rejects;

	struct load_counts now, stored;
	struct load_error *errors;
	struct load_result result;
	const char *strategy; /* of the last chunk, where the database has more than one; or NULL */
	char strategy_how[LOAD_REASON_SIZE / 2];
	int is_filled;    /* the table was empty, and filled without its indexes */
	int is_relaxed;   /* commits of this connection wait for no disk */
	int is_truncated; /* the table was emptied in the open transaction */

	int64_t began_us, bytes, bytes_total;
	int64_t rows_read; /* of the source, by this attempt */
	int64_t told_us;   /* when progress was told last */
	int64_t turn_us;   /* when the open transaction began */
	int64_t given_us;  /* what giving way took: commit, and the turns of others */
	int64_t turn_rows; /* of the open transaction */
};

#endif
