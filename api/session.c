/* session.c - what the requests of one API thread share */
#include "api/session.h"

#include "lib/str.h"
#include "storage/db/writer.h"
#include "storage/repo/table_repo.h"

enum { READ_TIMEOUT_MS = 5000 };

void session_init(struct session *session, struct session_shared *shared, uv_loop_t *loop)
{
	*session = (struct session){.shared = shared, .loop = loop, .mailbox = mailbox_new(loop)};
}

void session_release(struct session *session)
{
	db_close(session->data);
	db_close(session->metadata);
	session->data = session->metadata = NULL;
}

static struct db *open_reader(struct db **db, const char *url, struct err *err)
{
	const struct db_options options = {.flags = DB_READ_ONLY, .timeout_ms = READ_TIMEOUT_MS};

	if (!*db) {
		*db = db_open(url, &options, err);
		if (*db)
			db_set_budget(*db, SESSION_BUDGET);
	}
	return *db;
}

struct db *session_data(struct session *session, struct err *err)
{
	return open_reader(&session->data, session->shared->options->data_url, err);
}

struct db *session_metadata(struct session *session, struct err *err)
{
	return open_reader(&session->metadata, session->shared->options->metadata_url, err);
}

void session_forget(struct session *session, const struct err *err)
{
	if (err->code == ERR_UNAVAILABLE || err->code == ERR_DAMAGED)
		session_release(session);
}

const struct table_repo *session_tables(struct session_shared *shared, enum db_dialect dialect)
{
	const struct table_repo *tables;

	pthread_mutex_lock(&shared->lock);
	if (!shared->tables)
		shared->tables = table_repo_new(shared->options->catalog, dialect);
	tables = shared->tables;
	pthread_mutex_unlock(&shared->lock);
	return tables;
}

struct writer *session_writer(struct session_shared *shared, struct err *err)
{
	const struct writer_options options = {.url = shared->options->data_url};
	struct writer *writer;

	pthread_mutex_lock(&shared->lock);
	if (!shared->writer)
		shared->writer = writer_start(&options, err);
	writer = shared->writer;
	pthread_mutex_unlock(&shared->lock);
	return writer;
}

enum api_state session_state(struct session_shared *shared, char *reason, size_t reason_size)
{
	enum api_state state;

	pthread_mutex_lock(&shared->lock);
	state = shared->state;
	if (reason)
		str_copy(reason, reason_size, shared->reason);
	pthread_mutex_unlock(&shared->lock);
	return state;
}
