/* load_parents.c - ids are asked for once, as far as is remembered, and the missing ones kept */
#include "storage/load/load_parents.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "storage/load/load_write.h"
#include "storage/repo/bulk_look.h"

enum { ASKED_BITS = 16, TICK_ROWS = 1024 };

struct load_parent {
	const struct column *column;
	size_t place;   /* in a row */
	int64_t *asked; /* by hash; 0: free */
	int64_t *pending;
	size_t pending_count;
	int64_t *missing; /* by hash, open; 0: free */
	size_t missing_count, missing_capacity;
	int64_t kept;
	int is_kept; /* the whole of it */
};

static uint64_t hash_of(int64_t id)
{
	return (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
}

static void add_parent(struct load_parents *parents, const struct column *column, size_t place)
{
	struct load_parent *parent = &parents->items[parents->count++];

	parent->column = column;
	parent->place = place;
	parent->asked = mem_array((size_t)1 << ASKED_BITS, sizeof(int64_t));
	parent->pending = mem_array(LOAD_PARENTS_BATCH, sizeof(int64_t));
}

void load_parents_init(struct load_parents *parents, const struct load *load)
{
	const struct table *table = load->table;

	memset(parents, 0, sizeof(*parents));
	parents->items = mem_array(load->width + 1, sizeof(*parents->items));
	for (size_t i = 0; i < table->column_count; i++)
		for (size_t j = 0; table->columns[i].references && j < load->width; j++)
			if (load->columns[j] == &table->columns[i])
				add_parent(parents, load->columns[j], j);
}

void load_parents_release(struct load_parents *parents)
{
	for (size_t i = 0; i < parents->count; i++) {
		free(parents->items[i].asked);
		free(parents->items[i].pending);
		free(parents->items[i].missing);
	}
	free(parents->items);
	memset(parents, 0, sizeof(*parents));
}

/* Where the id is, or would be. */
static int64_t *slot_of(int64_t *table, size_t capacity, int64_t id)
{
	size_t at = (size_t)(hash_of(id) >> 20) & (capacity - 1);

	while (table[at] && table[at] != id)
		at = (at + 1) & (capacity - 1);
	return &table[at];
}

static void grow_missing(struct load_parent *parent)
{
	size_t capacity = parent->missing_capacity ? parent->missing_capacity * 2 : 1024;
	int64_t *grown = mem_array(capacity, sizeof(*grown));

	for (size_t i = 0; i < parent->missing_capacity; i++)
		if (parent->missing[i])
			*slot_of(grown, capacity, parent->missing[i]) = parent->missing[i];
	free(parent->missing);
	parent->missing = grown;
	parent->missing_capacity = capacity;
}

static void add_missing(struct load_parents *parents, struct load_parent *parent, int64_t id)
{
	int64_t *slot;

	if (parent->missing_count * 2 >= parent->missing_capacity)
		grow_missing(parent);
	slot = slot_of(parent->missing, parent->missing_capacity, id);
	if (*slot == id)
		return;
	*slot = id;
	parent->missing_count++;
	parents->missing++;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Those of the pending that were not found. Ids in `found` are as often as they were asked for. */
static void note_missing(struct load_parents *parents, struct load_parent *parent, int64_t *found,
                         size_t count)
{
	if (count > 0)
		qsort(found, count, sizeof(*found), compare_ids);
	for (size_t i = 0; i < parent->pending_count; i++)
		if (count == 0 ||
		    !bsearch(&parent->pending[i], found, count, sizeof(*found), compare_ids))
			add_missing(parents, parent, parent->pending[i]);
}

static int keep_table(struct load *load, struct load_parent *parent, enum load_parents_keep keep,
                      struct err *err)
{
	if (keep != LOAD_PARENTS_KEEP_ALL || parent->is_kept ||
	    parent->kept <= LOAD_PARENTS_ROW_LOCKS)
		return 0;
	parent->is_kept = 1;
	return bulk_look_keep_all(load->context.db, parent->column->references, err);
}

static int ask(struct load_parents *parents, struct load_parent *parent, struct load *load,
               enum load_parents_keep keep, struct err *err)
{
	const struct bulk_look_ids ids = {parent->pending, parent->pending_count};
	int64_t *found = mem_array(LOAD_PARENTS_BATCH, sizeof(*found));
	enum bulk_look_keep how;
	int64_t count = -1;

	parent->kept += (int64_t)parent->pending_count;
	if (keep_table(load, parent, keep, err) == 0) {
		how = keep != LOAD_PARENTS_KEEP_NONE && parent->kept <= LOAD_PARENTS_ROW_LOCKS
		              ? BULK_LOOK_KEEP
		              : BULK_LOOK_ONLY;
		count = bulk_look_parents(load->context.db, parent->column->references, &ids, how,
		                          found, err);
	}
	if (count >= 0)
		note_missing(parents, parent, found, (size_t)count);
	parent->pending_count = 0;
	free(found);
	return count < 0 ? -1 : 0;
}

static int take(struct load_parents *parents, struct load_parent *parent,
                const struct stage_entry *entry, struct load *load, enum load_parents_keep keep,
                struct err *err)
{
	const struct value *value = &entry->values[parent->place];
	int64_t *asked;

	if (value->kind != VALUE_INT)
		return 0;
	asked = &parent->asked[hash_of(value->as.integer) >> (64 - ASKED_BITS)];
	if (*asked == value->as.integer)
		return 0;
	*asked = value->as.integer;
	parent->pending[parent->pending_count++] = value->as.integer;
	if (parent->pending_count < LOAD_PARENTS_BATCH)
		return 0;
	return ask(parents, parent, load, keep, err);
}

static int take_all(struct load_parents *parents, const struct stage_entry *entry,
                    struct load *load, enum load_parents_keep keep, struct err *err)
{
	for (size_t i = 0; i < parents->count; i++)
		if (take(parents, &parents->items[i], entry, load, keep, err) < 0)
			return -1;
	return 0;
}

int load_parents_find(struct load_parents *parents, struct load *load, enum load_parents_keep keep,
                      struct err *err)
{
	struct stage_entry entry;
	int64_t rows = 0;
	int more;

	if (parents->count == 0)
		return 1;
	stage_rewind(&load->stage);
	while ((more = stage_next(&load->stage, &entry, err)) > 0) {
		if (entry.values && take_all(parents, &entry, load, keep, err) < 0)
			return -1;
		if (++rows % TICK_ROWS == 0 && load_write_tick(load, err) < 0)
			return -1;
		if (parents->missing > LOAD_PARENTS_MISSING_MAX)
			return 0;
	}
	for (size_t i = 0; more == 0 && i < parents->count; i++)
		if (parents->items[i].pending_count > 0)
			more = ask(parents, &parents->items[i], load, keep, err);
	return more < 0 ? -1 : 1;
}

const struct column *load_parents_missing(const struct load_parents *parents,
                                          const struct value *values, int64_t *id)
{
	for (size_t i = 0; parents->missing > 0 && i < parents->count; i++) {
		const struct load_parent *parent = &parents->items[i];
		const struct value *value = &values[parent->place];

		if (value->kind != VALUE_INT || parent->missing_count == 0)
			continue;
		*id = value->as.integer;
		if (*slot_of(parent->missing, parent->missing_capacity, *id) == *id)
			return parent->column;
	}
	return NULL;
}
