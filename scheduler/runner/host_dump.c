/* host_dump.c - the group "dump" of the host table */
#include "scheduler/runner/host_dump.h"

#include <string.h>

#include "lib/clock.h"
#include "scheduler/runner/host.h"
#include "storage/db/db.h"
#include "storage/load/dump.h"
#include "storage/object/object_registry.h"

/* What one dump works with. */
struct dumping {
	struct attempt *attempt;
	struct dump_request request;
	struct object_ref ref;
	struct object_stat stat;
	struct dump_result result;
};

struct sink {
	struct attempt *attempt;
	struct object_writer *writer;
};

static int write_sink(void *data, const void *bytes, size_t size, struct err *err)
{
	struct sink *sink = data;

	if (atomic_load(&sink->attempt->channel->cancelled))
		return err_set(err, ERR_CANCELLED, "the task was cancelled");
	return object_store_write(sink->writer, bytes, size, err);
}

static int run_dump(struct dumping *dumping, struct db *db, struct object_writer *writer,
                    struct err *err)
{
	struct sink sink = {dumping->attempt, writer};
	struct dump_output output = {write_sink, &sink};
	const struct catalog *catalog = host_session_catalog(dumping->attempt->session, err);

	if (!catalog)
		return -1;
	return dump_run(db, catalog, &dumping->request, &output, &dumping->result, err);
}

static int dump_object(struct dumping *dumping, struct db *db)
{
	struct err *err = &dumping->attempt->err;
	struct object_writer *writer;

	if (object_store_create(&dumping->ref, &writer, err) < 0)
		return -1;
	if (run_dump(dumping, db, writer, err) < 0) {
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, &dumping->stat, err);
}

static int dump(struct dumping *dumping, const char *uri)
{
	struct attempt *attempt = dumping->attempt;
	struct db *db;
	int result;

	if (host_is_cancelled(attempt) ||
	    host_session_ref(attempt->session, arena_strdup(&attempt->arena, uri), &attempt->arena,
	                     &dumping->ref, &attempt->err) < 0)
		return -1;
	db = host_session_db(attempt->session, &attempt->err);
	if (!db)
		return -1;
	result = dump_object(dumping, db);
	host_session_db_back(attempt->session, db);
	return result;
}

mr_status host_dump_file(struct mr_task *task, const char *uri,
                         const struct mr_dump_options *options, struct mr_dump_result *result)
{
	struct attempt *attempt = host_enter(task, "dump_file");
	struct dumping dumping = {.attempt = attempt};
	auto_json json_t *params = NULL;

	host_need(attempt, uri, "dump_file", "the URI");
	host_need(attempt, options, "dump_file", "the options");
	if (!options->table + !options->query + !options->report != 2)
		host_misuse(attempt, "dump_file(): not one of table, query and report");
	if (options->params) {
		params = json_parse(options->params, strlen(options->params), &attempt->err);
		if (!params)
			return host_failed(attempt);
	}
	dumping.request = (struct dump_request){.now_us = clock_now_us(),
	                                        .table = options->table,
	                                        .query = options->query,
	                                        .report = options->report,
	                                        .params = params};
	if (dump(&dumping, uri) < 0)
		return host_failed(attempt);
	if (result) {
		struct mr_dump_result full = {
			.size = result->size,
			.uri = dumping.ref.text,
			.etag = arena_strdup(&attempt->arena, dumping.stat.etag),
			.rows = dumping.result.rows,
			.bytes = dumping.result.bytes,
		};

		memcpy(result, &full, result->size < sizeof(full) ? result->size : sizeof(full));
	}
	return MR_OK;
}
