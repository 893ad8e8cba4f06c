/* host_watermark.c - what a task remembers beside the rows it wrote */
#include "scheduler/runner/host_watermark.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"
#include "scheduler/runner/host_sql.h"
#include "storage/repo/watermark_repo.h"

/* NULL when the name cannot be one; the error says so. */
static const char *full_name(struct attempt *attempt, const char *name)
{
	size_t size = strlen(name);

	if (size && size <= LIMIT_NAME_BYTES && str_utf8_valid(name, size) == size)
		return arena_printf(&attempt->arena, "%s/%s/%s", attempt->start->dag,
		                    attempt->start->task, name);
	err_set(&attempt->err, ERR_INVALID, "'%.60s' is no name of a watermark", name);
	return NULL;
}

mr_status host_watermark_get(struct mr_task *task, const char *name, const char **json)
{
	struct attempt *attempt = host_enter(task, "watermark_get");
	struct db *current = host_sql_current(attempt), *db = current;
	const char *key;
	int found;

	host_need(attempt, name, "watermark_get", "the name");
	host_need(attempt, json, "watermark_get", "the JSON");
	key = full_name(attempt, name);
	if (!key || host_is_cancelled(attempt))
		return host_failed(attempt);
	if (!db)
		db = host_session_db(attempt->session, &attempt->err);
	if (!db)
		return host_failed(attempt);
	found = watermark_repo_get(db, key, &attempt->arena, json, &attempt->err);
	if (!current)
		host_session_db_back(attempt->session, db);
	if (found < 0)
		return host_failed(attempt);
	return found ? MR_OK : MR_END;
}

static int set(struct attempt *attempt, struct db *db, const char *key, const char *json)
{
	auto_json json_t *value = NULL;

	if (strlen(json) > LIMIT_WATERMARK_BYTES)
		return err_set(&attempt->err, ERR_LIMIT, "a watermark is at most %d bytes",
		               LIMIT_WATERMARK_BYTES);
	value = json_parse(json, strlen(json), &attempt->err);
	if (!value)
		return -1;
	if (json_is_null(value))
		return watermark_repo_remove(db, key, &attempt->err);
	return watermark_repo_set(db, key, json, clock_now_us(), &attempt->err);
}

mr_status host_watermark_set(struct mr_task *task, struct mr_db *db, const char *name,
                             const char *json)
{
	struct attempt *attempt = host_enter(task, "watermark_set");
	struct db *session = host_sql_session(attempt, db, "watermark_set");
	const char *key;

	host_need(attempt, name, "watermark_set", "the name");
	host_need(attempt, json, "watermark_set", "the JSON");
	key = full_name(attempt, name);
	if (!key || host_is_cancelled(attempt) || set(attempt, session, key, json) < 0)
		return host_failed(attempt);
	return MR_OK;
}
