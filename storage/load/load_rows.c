/* load_rows.c - typed rows into a load */
#include "storage/catalog/catalog.h"
#include "storage/load/load.h"
#include "storage/load/load_state.h"
#include "storage/load/load_write.h"
#include "storage/load/record_check.h"

/* The names of the columns stand in the head of the rejects. */
static int begin(struct load *load, const struct load_rows *rows, struct err *err)
{
	const struct column **columns =
		arena_array(&load->arena, rows->width + 1, sizeof(*columns));
	const char **names = arena_array(&load->arena, rows->width + 1, sizeof(*names));

	for (size_t i = 0; i < rows->width; i++) {
		columns[i] = rows->columns[i];
		names[i] = rows->columns[i]->name;
	}
	return load_write_begin(load, columns, rows->width, names, rows->width, err);
}

static int take_rows(struct load *load, const struct load_rows *rows, struct record_check *check,
                     struct err *err)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct stage_entry entry = {.line = load->next_line};

		if (rows->sources) {
			entry.line = rows->sources[i].line;
			entry.pointer = rows->sources[i].pointer;
		}
		load->next_line = entry.line + 1;
		load->rows_read++;
		if (entry.line <= load->resume_line)
			continue;
		record_check_values(check, rows, rows->values + i * rows->width, &entry);
		if (load_write_take(load, &entry, err) < 0)
			return -1;
	}
	return 0;
}

int load_rows(struct load *load, const struct load_rows *rows, struct err *err)
{
	struct record_check check;
	int result;

	if (load_is_done(load))
		return 0;
	if (load->phase == LOAD_OPENED && begin(load, rows, err) < 0)
		return -1;
	record_check_init(&check, rows->width, "");
	result = take_rows(load, rows, &check, err);
	record_check_release(&check);
	if (result < 0)
		return -1;
	return load_write_tick(load, err);
}
