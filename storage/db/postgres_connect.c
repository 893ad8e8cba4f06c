/* postgres_connect.c - how the PostgreSQL driver gets a connection */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "storage/db/postgres.h"

enum {
	CONNECT_TIMEOUT_MS = 10000, /* unless the URL says another */
	OLDEST_SERVER = 130000,
};

static void ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* libpq's own names of what the URL left out. */
static const struct {
	const char *name, *value;
} defaults[] = {
	{"application_name", "millrace"}, {"client_encoding", "UTF8"},
	{"keepalives_idle", "30"},        {"keepalives_interval", "10"},
	{"keepalives_count", "3"},        {"tcp_user_timeout", "30000"},
};

/* What the driver reads and relies on; a client that was frozen holds no locks for ever. Whatever the server, the role or the URL say. */
static const char settings[] =
	"SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601';"
	"SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;"
	"SET default_transaction_read_only = on; SET default_transaction_isolation = 'read committed';"
	"SET idle_in_transaction_session_timeout = 300000";

static int64_t connect_timeout_ms(const PQconninfoOption *option)
{
	for (; option->keyword; option++) {
		if (str_equal(option->keyword, "connect_timeout") && option->val)
			return strtoll(option->val, NULL, 10) * 1000;
	}
	return CONNECT_TIMEOUT_MS;
}

static int poll_connection(struct postgres *pg, int64_t deadline_us, struct err *err)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK) {
		short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (status == PGRES_POLLING_FAILED || pg->pq->status(pg->conn) == CONNECTION_BAD)
			return postgres_error_connection(pg, "could not connect", err);
		/* the socket may be another one after each step */
		if (!postgres_wait(pg, events, deadline_us, 1))
			return err_set(err, ERR_UNAVAILABLE,
			               "could not connect: the database does not answer");
		status = pg->pq->connect_poll(pg->conn);
	}
	return 0;
}

static int connect_with(struct postgres *pg, const PQconninfoOption *options, struct err *err)
{
	enum { MOST = 64 };
	const char *names[MOST + 1], *values[MOST + 1];
	int64_t timeout_ms = connect_timeout_ms(options);
	size_t count = 0;

	for (size_t i = 0; i < countof(defaults); i++) {
		names[count] = defaults[i].name;
		values[count++] = defaults[i].value;
	}
	/* what stands later wins */
	for (; options->keyword && count < MOST; options++) {
		if (!options->val)
			continue;
		names[count] = options->keyword;
		values[count++] = options->val;
	}
	names[count] = values[count] = NULL;
	pg->conn = pg->pq->connect_start_params(names, values, 0);
	return poll_connection(
		pg, timeout_ms ? clock_monotonic_us() + timeout_ms * INT64_C(1000) : 0, err);
}

static int check_server(struct postgres *pg, struct err *err)
{
	int version = pg->pq->server_version(pg->conn);

	if (version < OLDEST_SERVER)
		return err_set(err, ERR_FAILED,
		               "the server is PostgreSQL %d, it has to be 13 or newer",
		               version / 10000);
	pg->pq->set_nonblocking(pg->conn, 1);
	pg->pq->set_notice_receiver(pg->conn, ignore_notice, NULL);
	pg->told_timeout_ms = -1;
	pg->life++;
	return postgres_run(pg, settings, err);
}

int postgres_connect(struct postgres *pg, struct err *err)
{
	char *said = NULL;
	PQconninfoOption *options = pg->pq->conninfo_parse(pg->conninfo, &said);
	int result = -1;

	if (!options) {
		err_set(err, ERR_USAGE, "the database's URL cannot be read: %.*s",
		        said ? (int)strcspn(said, "\n") : 0, said ? said : "");
		pg->pq->freemem(said);
		return -1;
	}
	if (connect_with(pg, options, err) == 0 && check_server(pg, err) == 0)
		result = 0;
	else
		postgres_drop(pg);
	pg->pq->conninfo_free(options);
	return result;
}
