/* spill.h - all values of one column, and which of them stands at a rank
 *
 * A value is a 64-bit key that orders as the values do (spill_number(), spill_integer()). Up to
 * SPILL_KEYS of a column stay in memory; more go in blocks to one temporary file that all columns
 * share. Ranks are exact: a radix search that reads a column's blocks four times, 16 bits each, in
 * memory that does not depend on their number. One thread.
 */
#ifndef PLUGINS_STATS_SPILL_H
#define PLUGINS_STATS_SPILL_H

#include <stddef.h>
#include <stdint.h>

enum {
	SPILL_KEYS = 511, /* of a block, which is 4 KiB with the link to the one before */
	SPILL_RANKS = 6,  /* asked for at once, at most */
};

struct spill_file {
	const char *folder; /* where the file is made when it is needed; borrowed */
	int fd;             /* -1: none yet */
	int64_t size_bytes;
};

struct spill_block {
	int64_t before; /* where the block before it begins in the file; -1: there is none */
	uint64_t keys[SPILL_KEYS];
};

struct spill {
	struct spill_file *file;
	int64_t total;             /* keys */
	size_t count;              /* of them in `block` */
	struct spill_block *block; /* NULL: none yet */
};

void spill_file_init(struct spill_file *file);
void spill_file_release(struct spill_file *file);

void spill_init(struct spill *spill, struct spill_file *file);
void spill_release(struct spill *spill);

/* 0, or -1: errno says why. */
int spill_add(struct spill *spill, uint64_t key);

/* The keys at `count` ranks, which count from 0 in ascending order of keys. 0, or -1: errno. */
int spill_find(struct spill *spill, const int64_t *ranks, size_t count, uint64_t *keys);

uint64_t spill_number(double value);
double spill_to_number(uint64_t key);
uint64_t spill_integer(int64_t value);
int64_t spill_to_integer(uint64_t key);

#endif
