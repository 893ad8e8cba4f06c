/* load_result.c - counts as a struct, as JSON, and back */
#include "storage/load/load_result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "storage/load/load_state.h"

/* Which way the rows went, and why. */
static void explain(const struct load *load, struct load_result *result)
{
	const char *how = "inserted row by row";
	const char *end = "in one transaction";
	const char *strategy = load->is_filled ? "fill" : "insert";
	int is_postgres = db_dialect(load->context.db) == DB_DIALECT_POSTGRES;

	if (load->is_filled)
		how = "inserted without its indexes, which were made anew after them, because the table was empty";
	if (load->strategy) {
		strategy = load->strategy;
		how = load->strategy_how;
	}
	if (load->options.flags & LOAD_DRY_RUN)
		end = "in a transaction that was rolled back";
	else if (load->options.chunk_rows != LOAD_CHUNK_NONE)
		end = "in chunks";
	str_copy(result->strategy, sizeof(result->strategy), strategy);
	snprintf(result->strategy_reason, sizeof(result->strategy_reason),
	         "%s: rows were prepared in %s, then %s, %s", is_postgres ? "PostgreSQL" : "SQLite",
	         load->stage.fd >= 0 ? "a file" : "memory", how, end);
}

const struct load_result *load_result(struct load *load)
{
	struct load_result *result = &load->result;
	const struct load_counts *counts = &load->now;

	/* an earlier attempt's result stands as it was */
	if (load->phase == LOAD_DONE && result->load_id)
		return result;
	result->load_id = load->record.load_id;
	result->table = load->table->name;
	result->inserted = counts->inserted;
	result->updated = counts->updated;
	result->skipped = counts->skipped;
	result->rejected = counts->rejected;
	result->received = counts->inserted + counts->updated + counts->skipped + counts->rejected;
	memcpy(result->reasons, counts->reasons, sizeof(result->reasons));
	result->rejects = reject_spool_is_begun(&load->spool) ? load->rejects.text : NULL;
	result->chunks = counts->chunks;
	result->bytes = load->bytes;
	result->seconds = (double)(clock_monotonic_us() - load->began_us) / 1e6;
	result->errors = load->request_flags & LOAD_KEEP_ERRORS ? load->errors : NULL;
	result->error_count = counts->error_count;
	result->errors_truncated = counts->errors_truncated;
	explain(load, result);
	return result;
}

static json_t *reasons_json(const int64_t *reasons)
{
	json_t *object = json_object();

	for (int i = 0; i < FLAW_COUNT; i++)
		if (reasons[i] > 0)
			json_object_set_new(object, flaw_name((enum flaw_code)i),
			                    json_integer(reasons[i]));
	return object;
}

static json_t *errors_json(const struct load_result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->error_count; i++) {
		const struct load_error *error = &result->errors[i];
		json_t *object = json_object();

		if (error->pointer)
			json_object_set_new(object, "pointer", json_string(error->pointer));
		else
			json_object_set_new(object, "line", json_integer(error->line));
		json_object_set_new(object, "column", json_string(error->column));
		json_object_set_new(object, "code", json_string(flaw_name(error->code)));
		json_object_set_new(object, "detail", json_string(error->detail));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *load_result_json(const struct load_result *result)
{
	json_t *object = json_object();
	double rate = result->seconds > 0 ? (double)result->received / result->seconds : 0;

	json_object_set_new(object, "load_id", json_string(result->load_id));
	json_object_set_new(object, "table", json_string(result->table));
	json_object_set_new(object, "received", json_integer(result->received));
	json_object_set_new(object, "inserted", json_integer(result->inserted));
	json_object_set_new(object, "updated", json_integer(result->updated));
	json_object_set_new(object, "skipped", json_integer(result->skipped));
	json_object_set_new(object, "rejected", json_integer(result->rejected));
	json_object_set_new(object, "reasons", reasons_json(result->reasons));
	json_object_set_new(object, "rejects",
	                    result->rejects ? json_string(result->rejects) : json_null());
	json_object_set_new(object, "committed", json_boolean(result->committed));
	json_object_set_new(object, "chunks", json_integer(result->chunks));
	json_object_set_new(object, "strategy", json_string(result->strategy));
	json_object_set_new(object, "strategy_reason", json_string(result->strategy_reason));
	json_object_set_new(object, "bytes", json_integer(result->bytes));
	json_object_set_new(object, "seconds", json_real(result->seconds));
	json_object_set_new(object, "rows_per_s", json_integer((json_int_t)rate));
	if (result->errors) {
		json_object_set_new(object, "errors", errors_json(result));
		json_object_set_new(object, "errors_truncated",
		                    json_boolean(result->errors_truncated));
	}
	return object;
}

static void restore_counts(struct load *load, const json_t *object)
{
	struct load_counts *counts = &load->stored;
	const json_t *reasons = json_object_get(object, "reasons");

	counts->inserted = json_get_int(object, "inserted", 0);
	counts->updated = json_get_int(object, "updated", 0);
	counts->skipped = json_get_int(object, "skipped", 0);
	counts->rejected = json_get_int(object, "rejected", 0);
	counts->chunks = json_get_int(object, "chunks", 0);
	counts->line = load->record.line;
	load->bytes = json_get_int(object, "bytes", 0);
	for (int i = 0; i < FLAW_COUNT; i++)
		counts->reasons[i] = json_get_int(reasons, flaw_name((enum flaw_code)i), 0);
	load->now = *counts;
}

/* A load that is done answers as it did the first time. */
static void restore_result(struct load *load, const json_t *object)
{
	struct load_result *result = &load->result;
	const json_t *rejects = json_object_get(object, "rejects");

	load_result(load);
	if (json_is_string(rejects))
		result->rejects = arena_strdup(&load->arena, json_string_value(rejects));
	result->committed = json_is_true(json_object_get(object, "committed"));
	result->seconds = json_number_value(json_object_get(object, "seconds"));
	str_copy(result->strategy, sizeof(result->strategy), json_get_text(object, "strategy", ""));
	str_copy(result->strategy_reason, sizeof(result->strategy_reason),
	         json_get_text(object, "strategy_reason", ""));
}

int load_result_restore(struct load *load, const char *json, struct err *err)
{
	struct err why;
	auto_json json_t *object = json_parse(json, strlen(json), &why);

	if (!json_is_object(object))
		return err_set(err, ERR_DAMAGED, "the checkpoint of load '%.100s' cannot be read",
		               load->record.load_id);
	if (!str_equal(json_get_text(object, "table", ""), load->table->name))
		return err_set(err, ERR_CONFLICT, "load '%.80s' is one into table '%.60s'",
		               load->record.load_id, json_get_text(object, "table", ""));
	restore_counts(load, object);
	restore_result(load, object);
	return 0;
}
