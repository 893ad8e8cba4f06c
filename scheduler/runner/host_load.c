/* host_load.c - the group "load" of the host table */
#include "scheduler/runner/host_load.h"

#include <stdlib.h>
#include <string.h>

#include "scheduler/runner/host.h"
#include "scheduler/runner/host_talk.h"
#include "scheduler/runner/host_value.h"
#include "storage/db/db.h"
#include "storage/load/load_input.h"

struct mr_load {
	struct attempt_handle handle; /* first */
	struct attempt *attempt;
	struct db *db;
	const struct table *table;
	struct load_context context;
	struct load_options options;
	const struct column **columns; /* of load_rows() */
	size_t width;
	struct load *load;
};

static int ask_cancelled(void *data)
{
	const struct mr_load *load = data;

	return atomic_load(&load->attempt->channel->cancelled);
}

static void tell_progress(void *data, const struct load_progress *progress)
{
	struct mr_load *load = data;
	int64_t total = progress->rows_total;

	/* while the source is read its end is known in bytes alone */
	if (total < 0 && progress->bytes_total > 0 && progress->bytes_done > 0)
		total = (int64_t)((double)progress->rows * (double)progress->bytes_total /
		                  (double)progress->bytes_done);
	host_talk_progress(&load->attempt->task, progress->rows, total < 0 ? 0 : total, "rows",
	                   NULL);
}

static void close_load(struct attempt *attempt, struct attempt_handle *handle)
{
	struct mr_load *load = container_of(handle, struct mr_load, handle);

	load_close(load->load);
	load->load = NULL;
	if (load->db)
		host_session_db_back(attempt->session, load->db);
	load->db = NULL;
}

/* A JSON object of options; NULL: none are given. */
static int parse_words(struct attempt *attempt, const char *words, struct load_options *options)
{
	auto_json json_t *object = NULL;

	if (words) {
		object = json_parse(words, strlen(words), &attempt->err);
		if (!object)
			return err_prefix(&attempt->err, "options");
	}
	return load_options_parse(object, &attempt->arena, options, &attempt->err);
}

static int fill_context(struct mr_load *load)
{
	struct attempt *attempt = load->attempt;
	struct load_context *context = &load->context;

	context->catalog = host_session_catalog(attempt->session, &attempt->err);
	if (!context->catalog)
		return -1;
	context->objects = host_session_objects(attempt->session, &attempt->err);
	if (!context->objects)
		return -1;
	context->state_dir = host_session_text(attempt->session, "state_dir", &attempt->err);
	if (!context->state_dir)
		return -1;
	context->is_cancelled = ask_cancelled;
	context->progress = tell_progress;
	context->data = load;
	return 0;
}

/* `load_id` of a task's first load is the task's, of later ones `.2`, `.3`, … */
static const char *next_load_id(struct attempt *attempt)
{
	const char *id = attempt->start->load_id;

	attempt->load_count++;
	if (!id || attempt->load_count == 1)
		return id;
	return arena_printf(&attempt->arena, "%s.%u", id, attempt->load_count);
}

static int find_columns(struct mr_load *load, const struct mr_load_options *options)
{
	struct attempt *attempt = load->attempt;

	load->width = options->column_count;
	load->columns =
		arena_array(&attempt->arena, load->width + 1, sizeof(const struct column *));
	for (size_t i = 0; i < load->width; i++) {
		load->columns[i] = catalog_column(load->table, options->columns[i]);
		if (!load->columns[i])
			return err_set(&attempt->err, ERR_USAGE, "table '%s' has no column '%s'",
			               load->table->name, options->columns[i]);
	}
	return 0;
}

static int open_loader(struct mr_load *load)
{
	struct attempt *attempt = load->attempt;
	struct load_request request = {
		.table = load->table->name,
		.load_id = next_load_id(attempt),
	};

	load->db = host_session_db(attempt->session, &attempt->err);
	if (!load->db)
		return -1;
	load->context.db = load->db;
	return load_open(&load->context, &request, &load->options, &load->load, &attempt->err);
}

static int prepare(struct mr_load *load, const char *table, const struct mr_load_options *options)
{
	struct attempt *attempt = load->attempt;

	if (host_is_cancelled(attempt) || fill_context(load) < 0)
		return -1;
	load->table = catalog_find_table(load->context.catalog, table, &attempt->err);
	if (!load->table)
		return -1;
	if (parse_words(attempt, options ? options->words : NULL, &load->options) < 0 ||
	    (options && find_columns(load, options) < 0))
		return -1;
	return open_loader(load);
}

mr_status host_load_open(struct mr_task *task, const char *table,
                         const struct mr_load_options *options, struct mr_load **load)
{
	struct attempt *attempt = host_enter(task, "load_open");
	struct mr_load *made;

	host_need(attempt, table, "load_open", "the table");
	host_need(attempt, load, "load_open", "the load");
	made = arena_alloc(&attempt->arena, sizeof(*made));
	*made = (struct mr_load){
		.handle = {.what = "load", .close = close_load},
		.attempt = attempt,
	};
	if (prepare(made, table, options) < 0) {
		close_load(attempt, &made->handle);
		return host_failed(attempt);
	}
	attempt_opened(attempt, &made->handle);
	*load = made;
	return MR_OK;
}

static struct attempt *enter(struct mr_task *task, struct mr_load *load, const char *call)
{
	struct attempt *attempt = host_enter(task, call);

	host_use(attempt, load, call, "the load");
	return attempt;
}

static int load_object(struct mr_load *load, const char *uri, const struct load_options *format)
{
	struct attempt *attempt = load->attempt;
	const char *name = arena_strdup(&attempt->arena, uri);
	struct object_range all = {0, -1};
	struct object_reader *reader;
	struct object_ref ref;
	struct load_input input;
	int result;

	if (host_session_ref(attempt->session, name, &attempt->arena, &ref, &attempt->err) < 0 ||
	    object_store_open(&ref, all, &reader, &attempt->err) < 0)
		return -1;
	input = load_input_object(reader, name, &attempt->arena);
	result = load_csv(load->load, &input, format, &attempt->err);
	object_store_close(reader);
	return result < 0 ? err_prefix(&attempt->err, "could not load '%.80s'", name) : 0;
}

mr_status host_load_file(struct mr_task *task, struct mr_load *load, const char *uri,
                         const struct mr_file_options *options)
{
	struct attempt *attempt = enter(task, load, "load_file");
	struct load_options format;

	host_need(attempt, uri, "load_file", "the URI");
	if (host_is_cancelled(attempt) ||
	    parse_words(attempt, options ? options->words : NULL, &format) < 0 ||
	    load_object(load, uri, &format) < 0)
		return host_failed(attempt);
	return MR_OK;
}

mr_status host_load_rows(struct mr_task *task, struct mr_load *load, const struct mr_rows *rows)
{
	struct attempt *attempt = enter(task, load, "load_rows");
	struct arena arena;
	struct load_rows batch;
	int result;

	host_need(attempt, rows, "load_rows", "the rows");
	if (!load->width || rows->columns != load->width)
		host_misuse(attempt, "load_rows(): %zu values a row, but the load has %zu columns",
		            rows->columns, load->width);
	if (host_is_cancelled(attempt))
		return host_failed(attempt);
	arena_init(&arena);
	batch = (struct load_rows){.columns = load->columns,
	                           .width = load->width,
	                           .count = rows->count,
	                           .values = host_value_load(rows, &arena),
	                           .sources = host_value_sources(rows, &arena)};
	result = load_rows(load->load, &batch, &attempt->err);
	arena_release(&arena);
	return result < 0 ? host_failed(attempt) : MR_OK;
}

mr_status host_load_resume(struct mr_task *task, struct mr_load *load, int64_t *line)
{
	struct attempt *attempt = enter(task, load, "load_resume");

	host_need(attempt, line, "load_resume", "the line");
	*line = load_resume_line(load->load);
	return MR_OK;
}

mr_status host_load_commit(struct mr_task *task, struct mr_load *load, struct mr_counts *counts)
{
	struct attempt *attempt = enter(task, load, "load_commit");
	const struct load_result *result;

	if (host_is_cancelled(attempt) || load_commit(load->load, &attempt->err) < 0)
		return host_failed(attempt);
	result = load_result(load->load);
	if (counts)
		*counts = (struct mr_counts){
			.received = result->received,
			.inserted = result->inserted,
			.updated = result->updated,
			.skipped = result->skipped,
			.rejected = result->rejected,
		};
	return MR_OK;
}

mr_status host_load_result(struct mr_task *task, struct mr_load *load, const char **json)
{
	struct attempt *attempt = enter(task, load, "load_result");
	json_t *result;
	char *text;

	host_need(attempt, json, "load_result", "the JSON");
	result = load_result_json(load_result(load->load));
	text = json_text(result);
	*json = arena_strdup(&attempt->arena, text);
	free(text);
	json_decref(result);
	return MR_OK;
}

void host_load_close(struct mr_task *task, struct mr_load *load)
{
	struct attempt *attempt = host_enter_any(task, "load_close");

	if (load)
		host_close(attempt, &load->handle);
}
