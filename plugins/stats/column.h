/* column.h - what is known of one column while its values go by
 *
 * A column of a table has the kind that is declared. One of a file is what all its values are: numbers,
 * else dates and times of ISO 8601, else text; its first value decides, and one that does not fit makes
 * it text. Memory does not grow with the number of values (spill.h).
 */
#ifndef PLUGINS_STATS_COLUMN_H
#define PLUGINS_STATS_COLUMN_H

#include <jansson.h>
#include <locale.h>

#include "plugins/stats/spill.h"

enum column_kind {
	COLUMN_EMPTY, /* no value has come that is not NULL */
	COLUMN_NUMBER,
	COLUMN_MOMENT,
	COLUMN_TEXT,
};

enum column_flags {
	COLUMN_HAS_FRACTIONS = 1 << 0, /* a number that is not whole has come */
	COLUMN_HAS_TIMES = 1 << 1,     /* a moment that is not midnight has come */
};

/* What all columns of one summary stand on. */
struct column_shared {
	struct spill_file file;
	locale_t classes; /* of characters: C.UTF-8, whatever the process's locale is */
};

struct column {
	const struct column_shared *shared;
	char *name;
	enum column_kind kind;
	unsigned flags;
	int64_t count, nulls;
	double mean, squares; /* of numbers and moments: sum of squared distances from the mean */
	uint64_t least, most; /* keys */
	struct spill values;
	/* of texts, characters: sums, and the shortest and longest */
	int64_t length, words, capitals, symbols, shortest, longest;
};

/* 0, or -1: out of memory. `folder` is where values are spilled to; borrowed. */
int column_shared_init(struct column_shared *shared, const char *folder);
void column_shared_release(struct column_shared *shared);

/* The name is copied. 0, or -1: out of memory. */
int column_init(struct column *column, const char *name, size_t size, struct column_shared *shared);
void column_release(struct column *column);

void column_add_null(struct column *column);
/* The adding ones give 0, or -1: errno says why. */
int column_add_number(struct column *column, double value);
int column_add_moment(struct column *column, int64_t us);
void column_add_text(struct column *column, const char *text, size_t size);
/* A field of a file, whose kind is to be found out. */
int column_add_field(struct column *column, const char *text, size_t size);

/* A new reference; NULL: errno says why. */
json_t *column_summary(struct column *column);

/* Blanks around it are fine. 1 when it is a finite number, else 0. */
int column_parse_number(const char *text, size_t size, double *value);

#endif
