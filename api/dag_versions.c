/* dag_versions.c - handlers of the versions of a DAG */
#include "api/dag_versions.h"

#include <string.h>

#include "api/dags.h"
#include "api/respond.h"
#include "lib/json_writer.h"
#include "lib/str.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/run_json.h"
#include "storage/repo/version_repo.h"

enum { SHORTEST_VERSION = 4 };

static int read_versions(struct request *request, struct db *db, struct version_repo_rows *rows,
                         struct err *err)
{
	if (dags_check(request, db, err) < 0)
		return -1;
	return version_repo_list(db, request->values[0], &request->arena, rows, err);
}

/* The object stays open. */
static void write_version(const struct request *request, const struct version_repo_row *row,
                          struct json_writer *w)
{
	json_writer_object(w);
	json_writer_key(w, "dag");
	json_writer_text(w, request->values[0]);
	json_writer_key(w, "dag_version");
	json_writer_text(w, row->hash);
	run_json_time(w, "created_at", row->created_at_us);
	json_writer_key(w, "runs");
	json_writer_int(w, row->runs);
	json_writer_key(w, "is_current");
	json_writer_bool(w, row->is_current);
}

/* GET /v1/dags/{dag}/versions */

static int list_work(struct request *request, struct db *db, struct err *err)
{
	struct version_repo_rows rows = {0};
	struct json_writer w;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	if (read_versions(request, db, &rows, err) < 0)
		return -1;
	json_writer_array(&w);
	for (size_t i = 0; i < rows.count; i++) {
		write_version(request, &rows.items[i], &w);
		json_writer_object_end(&w);
	}
	json_writer_array_end(&w);
	return 0;
}

void dag_versions_list(struct request *request)
{
	request_read(request, REQUEST_METADATA, list_work, respond_done);
}

/* GET /v1/dags/{dag}/versions/{version} */

static int is_meant(const struct version_repo_row *row, const char *version)
{
	if (str_equal(version, "current"))
		return row->is_current;
	return strlen(version) >= SHORTEST_VERSION && str_starts_with(row->hash, version);
}

static const struct version_repo_row *find_version(const struct request *request,
                                                   const struct version_repo_rows *rows,
                                                   struct err *err)
{
	const char *version = request->values[1];
	const struct version_repo_row *found = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		if (!is_meant(&rows->items[i], version))
			continue;
		if (found) {
			err_set(err, ERR_CONFLICT,
			        "several versions of '%s' begin with '%.64s', write more of it",
			        request->values[0], version);
			return NULL;
		}
		found = &rows->items[i];
	}
	if (!found)
		err_set(err, ERR_NOT_FOUND, "the DAG '%s' has no version '%.64s'",
		        request->values[0], version);
	return found;
}

/* As it was written; of versions that older programs stored there is the JSON alone. */
static int write_text(const struct dag_repo_version *version, struct json_writer *w,
                      struct err *err)
{
	auto_json json_t *definition = NULL;
	auto_free char *pretty = NULL;

	json_writer_key(w, "text");
	if (version->source) {
		json_writer_text(w, version->source);
		return 0;
	}
	definition = json_parse(version->definition, strlen(version->definition), err);
	if (!definition)
		return -1;
	pretty = json_text_pretty(definition);
	json_writer_text(w, pretty);
	return 0;
}

static int show_work(struct request *request, struct db *db, struct err *err)
{
	struct version_repo_rows rows = {0};
	const struct version_repo_row *row;
	struct dag_repo_version version;
	struct json_writer w;
	int found;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	if (read_versions(request, db, &rows, err) < 0)
		return -1;
	row = find_version(request, &rows, err);
	if (!row)
		return -1;
	found = dag_repo_get_version(db, row->hash, &request->arena, &version, err);
	if (found == 0)
		return err_set(err, ERR_GONE, "the text of version '%.12s' is not kept any more",
		               row->hash);
	if (found < 0)
		return -1;
	write_version(request, row, &w);
	if (write_text(&version, &w, err) < 0)
		return -1;
	json_writer_object_end(&w);
	return 0;
}

void dag_versions_show(struct request *request)
{
	request_read(request, REQUEST_METADATA, show_work, respond_done);
}
