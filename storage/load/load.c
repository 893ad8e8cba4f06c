/* load.c - the life of a load: opened under a fence, fed, committed, closed */
#include "storage/load/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/load/load_result.h"
#include "storage/load/load_state.h"
#include "storage/load/load_write.h"

static int check_load_id(const char *load_id, struct err *err)
{
	size_t size = strlen(load_id);

	if (size == 0 || size > LOAD_ID_BYTES || str_utf8_valid(load_id, size) < size)
		return err_set(err, ERR_USAGE, "a load_id must have 1 to %d bytes of UTF-8",
		               LOAD_ID_BYTES);
	return 0;
}

static const char *name_load(struct load *load, const struct load_request *request)
{
	char ulid[CRYPTO_ULID_SIZE];

	if (request->load_id)
		return arena_strdup(&load->arena, request->load_id);
	crypto_ulid(clock_now_us(), ulid);
	return arena_strdup(&load->arena, ulid);
}

/* Where rejects go is known, and can be told to be wrong, before the first row. */
static int resolve_rejects(struct load *load, struct err *err)
{
	const char *uri = load->options.rejects;

	if (!uri)
		uri = arena_printf(&load->arena, "objects://rejects/%s.csv", load->record.load_id);
	if (object_registry_resolve(load->context.objects, uri, &load->arena, &load->rejects, err) <
	    0)
		return err_prefix(err, "'rejects'");
	return 0;
}

/* What an earlier attempt left: everything, some chunks, or a mere name. */
static int go_on(struct load *load, struct err *err)
{
	load->has_record = 1;
	if (load->record.counts[0] && load_result_restore(load, load->record.counts, err) < 0)
		return -1;
	if (load->record.state == LOAD_REPO_DONE) {
		load->phase = LOAD_DONE;
		/* nobody needs its spool any more */
		return reject_spool_resume(&load->spool, load->record.fence + 1, 0, err);
	}
	load->resume_line = load->record.line;
	if (load->record.state == LOAD_REPO_LOADED)
		load->phase = LOAD_STORED;
	return reject_spool_resume(&load->spool, load->record.fence, load->record.spool_bytes, err);
}

/* In a write transaction: begins the load, or takes it over from an earlier attempt. */
static int raise_fence(struct load *load, const struct load_request *request, struct err *err)
{
	struct db *db = load->context.db;
	struct load_record found;
	int known = load_repo_find(db, load->record.load_id, &load->arena, &found, err);

	if (known < 0)
		return -1;
	if (known == 0 && (request->flags & LOAD_MUST_EXIST))
		return err_set(err, ERR_NOT_FOUND, "there is no load '%.120s' to go on with",
		               load->record.load_id);
	if (known == 0)
		return load_repo_begin(db, &load->record, err);
	load->record = found;
	return found.state == LOAD_REPO_DONE ? 0 : load_repo_take_over(db, &load->record, err);
}

/* A load that was named may be tried again, or be given up and still run: it needs its fence first. One
 * with chunks can be gone on with, even when it is killed before its first. */
static int enter(struct load *load, const struct load_request *request, struct err *err)
{
	struct db *db = load->context.db;

	if (load->options.flags & LOAD_DRY_RUN)
		return 0;
	if (!request->load_id && load->options.chunk_rows == LOAD_CHUNK_NONE)
		return 0;
	if (load_write_turn(load, err) < 0)
		return -1;
	if (raise_fence(load, request, err) < 0) {
		db_rollback(db);
		return -1;
	}
	if (db_commit(db, err) < 0)
		return -1;
	return go_on(load, err);
}

static struct load *load_new(const struct load_context *context, const struct load_request *request,
                             const struct load_options *options, const struct table *table)
{
	struct load *load = mem_alloc(sizeof(*load));
	struct buf folder = {0};

	arena_init(&load->arena);
	load->context = *context;
	load->options = *options;
	load->request_flags = request->flags;
	load->table = table;
	buf_printf(&folder, "%s/tmp", context->state_dir);
	load->folder = buf_take(&folder);
	load->record.load_id = name_load(load, request);
	load->record.fence = 1;
	load->record.source = load->record.counts = "";
	load->record.stamp_us = clock_now_us();
	load->began_us = clock_monotonic_us();
	load->bytes_total = -1;
	load->next_line = 1;
	if (request->flags & LOAD_KEEP_ERRORS)
		load->errors = arena_array(&load->arena, LOAD_ERRORS_KEPT, sizeof(*load->errors));
	if (options->flags & LOAD_TRUNCATE)
		load->repo = table_repo_new(context->catalog, db_dialect(context->db));
	stage_init(&load->stage, table, load->folder);
	reject_spool_init(&load->spool, load->folder, load->record.load_id, load->record.fence);
	return load;
}

int load_open(const struct load_context *context, const struct load_request *request,
              const struct load_options *options, struct load **load, struct err *err)
{
	const struct table *table = catalog_find_table(context->catalog, request->table, err);
	struct load *made;

	if (!table)
		return -1;
	if (request->load_id && check_load_id(request->load_id, err) < 0)
		return -1;
	made = load_new(context, request, options, table);
	if (resolve_rejects(made, err) < 0 || enter(made, request, err) < 0) {
		load_close(made);
		return -1;
	}
	*load = made;
	return 0;
}

int64_t load_resume_line(const struct load *load)
{
	return load->resume_line;
}

int load_is_done(const struct load *load)
{
	return load->phase == LOAD_STORED || load->phase == LOAD_DONE;
}

int load_commit(struct load *load, struct err *err)
{
	if (load->phase == LOAD_OPENED)
		return err_set(err, ERR_CONFLICT, "nothing was given to the load to store");
	if (load->phase == LOAD_FEEDING && load_write_staged(load, LOAD_WRITE_LAST, err) < 0)
		return -1;
	if (load->phase == LOAD_STORED)
		return load_write_finish(load, err);
	return 0;
}

void load_close(struct load *load)
{
	struct err unimportant;

	if (!load)
		return;
	/* the connection may stay with a cache that is too large, no more */
	if (load->phase != LOAD_OPENED && db_set_cache_bytes(load->context.db, 0, &unimportant) < 0)
		load->phase = LOAD_OPENED;
	if (load->is_relaxed && db_set_relaxed(load->context.db, 0, &unimportant) < 0)
		log_warn("load", "the connection's commits stay relaxed cause=\"%s\"",
		         unimportant.text);
	/* nobody can go on with a load the database does not know */
	if (!load->has_record)
		reject_spool_remove(&load->spool);
	table_writer_close(load->writer);
	table_repo_free(load->repo);
	stage_release(&load->stage);
	reject_spool_release(&load->spool);
	free(load->folder);
	arena_release(&load->arena);
	free(load);
}
