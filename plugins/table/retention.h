/* retention.h - old rows of a table: which they are, and how one of them is told from another
 *
 * Rows are looked at as the database stores them, all columns of the catalog's order. Both ways of
 * keeping a copy (archive.h, mirror.h) stand on this. Statuses are those of plugin.h; a call that fails
 * has set the reason or left the host's error to be the reason.
 */
#ifndef PLUGINS_TABLE_RETENTION_H
#define PLUGINS_TABLE_RETENTION_H

#include <jansson.h>

#include "plugins/plugin.h"

enum {
	RETENTION_BATCH_ROWS = 500, /* deleted in one transaction */
	RETENTION_HASH_SIZE = 65,   /* of a SHA-256 in hexadecimal digits, with NUL */
};

struct retention_column {
	const char *name;
	int scale; /* of a decimal that is stored as an integer; -1: none */
};

struct retention {
	struct mr_task *task;
	const char *table, *column, *backup_to;
	json_t *declared;                 /* what the catalog declares; owns the names */
	struct retention_column *columns; /* the id first */
	size_t column_count;
	int is_date;       /* the column has dates, not timestamps */
	int64_t cutoff_us; /* older rows go */
	/* what was done */
	int64_t copied, deleted, changed;
	char *backup; /* where the rows are, owned; NULL: none were copied */
};

/* A statement or a line of CSV that grows. */
struct retention_text {
	char *text;
	size_t size;
	FILE *stream;
};

/* 0, or -1: out of memory. After fclose(3) of the stream `text` and `size` are good; free(3) it. */
int retention_text_open(struct retention_text *text);
void retention_add_name(FILE *sql, const char *name);
/* `"a", "b"`: all columns. */
void retention_add_columns(const struct retention *job, FILE *sql);

/* The moment that older rows are below. */
struct mr_value retention_cutoff(const struct retention *job);

void retention_set_backup(struct retention *job, const char *backup);

/* A field of text, in quotes where it needs them. */
void retention_add_text(const char *text, size_t size, FILE *line);
/* One row as a line of CSV that csv.load reads back: NULL is empty, the empty text is `""`. */
void retention_add_line(const struct retention *job, const struct mr_value *row, FILE *line);

/* SHA-256 of texts, in order. */
struct retention_hash;
struct retention_hash *retention_hash_new(void);
void retention_hash_add(struct retention_hash *hash, const void *bytes, size_t size);
/* Ends and frees it. */
void retention_hash_end(struct retention_hash *hash, char hex[RETENTION_HASH_SIZE]);

/* Sets a reason of what and the host's error; gives `status` back. */
mr_status retention_failed(const struct retention *job, mr_status status, const char *what);
mr_status retention_no_memory(const struct retention *job);

#endif
