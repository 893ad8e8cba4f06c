/* load_options.h - how a load is to be done
 *
 * The words of formats.md §2, the same in YAML, in queries and on the command line: all of them make
 * a JSON object and give it to load_options_parse(). Members may have their own type or be text
 * (`"max_rejects": "10"`, `"header": "false"`, `"columns": "id,name"`); null, and an empty `columns`,
 * count as not given. A plain value once parsed; texts are the arena's.
 */
#ifndef STORAGE_LOAD_LOAD_OPTIONS_H
#define STORAGE_LOAD_LOAD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"

enum load_conflict { LOAD_CONFLICT_ERROR, LOAD_CONFLICT_SKIP, LOAD_CONFLICT_UPDATE };

enum load_flags {
	LOAD_NO_HEADER = 1 << 0,     /* the first record is data */
	LOAD_STOP_ON_ERROR = 1 << 1, /* any bad row stops the load and nothing stays */
	LOAD_EXCLUSIVE = 1 << 2,
	LOAD_DRY_RUN = 1 << 3,
	LOAD_TRUNCATE = 1 << 4,
};

enum {
	LOAD_CHUNK_NONE = 0, /* the load is one transaction */
	LOAD_CHUNK_AUTO = -1,
	LOAD_CHUNK_AUTO_ROWS = 100000, /* a commit at least every so many rows */
};

struct load_map {
	const char *from, *to; /* a name in the file, a column or "-" */
};

struct load_options {
	unsigned flags;             /* of enum load_flags */
	const char *const *columns; /* by position, "-" skips; NULL: the header says */
	size_t column_count;
	const struct load_map *map;
	size_t map_count;
	char delimiter, quote;
	const char *null_text; /* means NULL when unquoted; "" unless told */
	int64_t max_rejects;   /* -1: as many as there are */
	enum load_conflict on_conflict;
	const char *const *conflict_key; /* columns; NULL: the default of formats.md */
	size_t conflict_key_count;
	const char *rejects; /* URI; NULL: `objects://rejects/<load_id>.csv` */
	int64_t chunk_rows;  /* rows, or one of the two above */
};

/* What holds when nothing is said. */
void load_options_init(struct load_options *options);

/* `object` may be NULL. ERR_USAGE names the option: unknown, of a wrong type, out of range, or
 * refused beside another. */
MUST_CHECK int load_options_parse(const json_t *object, struct arena *arena,
                                  struct load_options *options, struct err *err);

/* The names of all options, for help and completion. */
const char *const *load_options_names(size_t *count);

#endif
