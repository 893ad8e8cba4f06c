/* stage.h - rows that were read and checked, waiting to be written
 *
 * So that the database is locked only while rows are written and never while a source trickles in.
 * Entries come out in the order they went in, good rows and bad ones alike. Up to STAGE_MEMORY_BYTES
 * stay in memory, the rest goes to an unnamed file, which vanishes with its process. One thread.
 */
#ifndef STORAGE_LOAD_STAGE_H
#define STORAGE_LOAD_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"

enum { STAGE_MEMORY_BYTES = 2 * 1024 * 1024 };

struct stage_entry {
	int64_t line;
	const char *pointer; /* into a JSON array; NULL when there is none */
	const char *raw;     /* the record's own text, for rejects */
	size_t raw_size;
	const struct value *values; /* `width` of a good row; NULL: it is bad */
	/* of a bad one */
	enum flaw_code code;
	const struct column *column; /* NULL: the whole record */
	const char *detail;
};

struct stage {
	size_t width;
	const char *folder; /* where the file goes */
	const struct table *table;
	int fd;             /* -1: all is in memory */
	int64_t file_bytes; /* of whole entries */
	struct buf memory;  /* what comes behind the file's */
	int64_t count;
	/* reading */
	struct buf window; /* of the file */
	int64_t read_bytes;
	size_t window_at, memory_at;
	struct value *values; /* of the entry that was given last */
};

void stage_init(struct stage *stage, const struct table *table, const char *folder);
void stage_release(struct stage *stage);

/* Values a row has. Before the first row; again only while the stage is empty. */
void stage_set_width(struct stage *stage, size_t width);

/* Copies all that the entry points to. Text that lies in `raw` costs nothing more. */
MUST_CHECK int stage_add(struct stage *stage, const struct stage_entry *entry, struct err *err);

/* 1: the next entry, good until the next call; 0: there is none; -1. */
MUST_CHECK int stage_next(struct stage *stage, struct stage_entry *entry, struct err *err);

/* Starts reading at the first entry. */
void stage_rewind(struct stage *stage);

/* Forgets all entries. */
MUST_CHECK int stage_clear(struct stage *stage, struct err *err);

#endif
