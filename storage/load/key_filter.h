/* key_filter.h - whether the keys of a row were seen before, or may have been
 *
 * A Bloom filter over `id` and the unique keys of a table. "No" is certain; "perhaps" is right nearly
 * always, as long as the rows are not many times more than it was made for. Memory is bounded by
 * KEY_FILTER_BYTES. One thread.
 */
#ifndef STORAGE_LOAD_KEY_FILTER_H
#define STORAGE_LOAD_KEY_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "storage/catalog/catalog.h"

enum { KEY_FILTER_BYTES = 8 * 1024 * 1024 };

struct key_filter;

/* For rows of these columns; others of the table have their default in all of them. */
struct key_filter *key_filter_new(const struct table *table, const struct column *const *columns,
                                  size_t width, int64_t rows);
void key_filter_free(struct key_filter *filter);

/* 1 when a row that was told of before may have one of the keys of this one; remembers this one. */
int key_filter_see(struct key_filter *filter, const struct value *values);

#endif
