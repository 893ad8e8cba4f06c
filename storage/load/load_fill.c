/* load_fill.c - when to take indexes away, and which rows can do without */
#include "storage/load/load_fill.h"

#include <string.h>

#include "storage/load/load_write.h"

/* A row may refer to one that would have to wait. */
static int refers_to_itself(const struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].references == table)
			return 1;
	return 0;
}

static int is_worth_it(const struct load *load)
{
	if (load->options.chunk_rows != LOAD_CHUNK_NONE || refers_to_itself(load->table))
		return 0;
	return load->stage.count >= LOAD_FILL_ROWS || (load->options.flags & LOAD_EXCLUSIVE);
}

int load_fill_begin(struct load_fill *fill, struct load *load, struct err *err)
{
	int dropped;

	memset(fill, 0, sizeof(*fill));
	stage_init(&fill->waiting, load->table, load->folder);
	if (!is_worth_it(load))
		return 0;
	dropped = table_indexes_drop(load->context.db, load->table, &load->arena, &fill->indexes,
	                             err);
	if (dropped <= 0)
		return dropped;
	/* rows go to the end of the table */
	if (db_set_cache_bytes(load->context.db, LOAD_FILL_CACHE_BYTES, err) < 0)
		return -1;
	load->is_filled = 1;
	stage_set_width(&fill->waiting, load->width);
	fill->filter = key_filter_new(load->table, load->columns, load->width, load->stage.count);
	return 1;
}

int load_fill_wait(struct load_fill *fill, const struct stage_entry *entry, struct err *err)
{
	if (!entry->values || !key_filter_see(fill->filter, entry->values))
		return 0;
	return stage_add(&fill->waiting, entry, err) < 0 ? -1 : 1;
}

int load_fill_end(struct load_fill *fill, struct load *load, struct err *err)
{
	key_filter_free(fill->filter);
	fill->filter = NULL;
	stage_rewind(&fill->waiting);
	if (table_indexes_make(load->context.db, &fill->indexes, err) < 0)
		return -1;
	return db_set_cache_bytes(load->context.db, LOAD_WRITE_CACHE_BYTES, err);
}

void load_fill_release(struct load_fill *fill)
{
	key_filter_free(fill->filter);
	fill->filter = NULL;
	stage_release(&fill->waiting);
}
