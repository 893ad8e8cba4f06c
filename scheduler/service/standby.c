/* standby.c - a server that waits while another leads */
#include "scheduler/service/standby.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	LOOK_MS = 500,
	LOST_AFTER_US = 8000000,
	/* Longer between two looks, and this process was not awake to see the lease move. */
	LONGEST_LOOK_US = 2 * LOOK_MS * 1000,
	TIMEOUT_MS = 2000,
};

struct standby {
	const struct config *config;
	char home[LEASE_REPO_HOME_SIZE];
	struct db *db; /* NULL: could not be opened */
	struct lease_repo_row seen;
	int64_t looked_us, still_us; /* when, and for how long nothing has moved */
	int must_wait;
	int is_blind; /* the database cannot be asked */

	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t on_term, on_int, on_hup;
	standby_fn tell;
	void *context;
	int is_told_to_end;
};

static int open_database(struct standby *standby, struct err *err)
{
	struct db_options options = {.flags = DB_READ_ONLY, .timeout_ms = TIMEOUT_MS};

	if (!standby->db)
		standby->db =
			db_open(config_text(standby->config, CONFIG_METADATA_URL), &options, err);
	return standby->db ? 0 : -1;
}

static int has_moved(const struct lease_repo_row *before, const struct lease_repo_row *now)
{
	return before->epoch != now->epoch || before->batch != now->batch ||
	       before->beat != now->beat;
}

static void compare(struct standby *standby, const struct lease_repo_row *row)
{
	int64_t now_us = clock_monotonic_us();
	int64_t passed_us = now_us - standby->looked_us;

	if (has_moved(&standby->seen, row))
		standby->still_us = 0;
	else
		standby->still_us += passed_us < LONGEST_LOOK_US ? passed_us : LONGEST_LOOK_US;
	standby->looked_us = now_us;
	standby->seen = *row;
}

static int is_free(const struct standby *standby)
{
	const struct lease_repo_row *row = &standby->seen;

	return !row->epoch || !*row->home || str_equal(row->home, standby->home) ||
	       standby->still_us >= LOST_AFTER_US;
}

static int look(struct standby *standby, struct err *err)
{
	struct lease_repo_row row = {0};

	if (open_database(standby, err) < 0)
		return -1;
	/* a schema without that table, or an older one: nobody who could stand by has led */
	if (lease_repo_read(standby->db, &row, err) < 0 && err->code != ERR_FAILED)
		return -1;
	compare(standby, &row);
	standby->must_wait = !is_free(standby);
	return 0;
}

struct standby *standby_open(const struct config *config, struct err *err)
{
	struct standby *standby = mem_alloc(sizeof(*standby));

	standby->config = config;
	standby->looked_us = clock_monotonic_us();
	if (lead_home(config, standby->home, err) == 0 && look(standby, err) == 0)
		return standby;
	err_prefix(err, "metadata database");
	standby_close(standby);
	return NULL;
}

void standby_close(struct standby *standby)
{
	if (!standby)
		return;
	db_close(standby->db);
	free(standby);
}

int standby_must_wait(const struct standby *standby)
{
	return standby->must_wait;
}

int64_t standby_epoch(const struct standby *standby)
{
	return standby->seen.epoch;
}

/* --- waiting --- */

static void say_who_leads(struct standby *standby)
{
	log_info("scheduler", "standby: '%s' leads", standby->seen.holder);
	standby->tell(standby->context, standby->seen.holder);
}

static void on_look(uv_timer_t *timer)
{
	struct standby *standby = timer->data;
	int64_t epoch = standby->seen.epoch;
	struct err err;

	if (look(standby, &err) < 0) {
		if (!standby->is_blind)
			log_warn("scheduler", "standby: cannot see who leads: %s", err.text);
		standby->is_blind = 1;
		/* nor could the leader tell that it lives */
		standby->still_us = 0;
		standby->looked_us = clock_monotonic_us();
		return;
	}
	standby->is_blind = 0;
	if (!standby->must_wait)
		uv_stop(&standby->loop);
	else if (standby->seen.epoch != epoch)
		say_who_leads(standby);
}

static void on_end(uv_signal_t *handle, int number)
{
	struct standby *standby = handle->data;

	log_info("scheduler", "signal %d, standing by no longer", number);
	standby->is_told_to_end = 1;
	uv_stop(&standby->loop);
}

/* There is nothing to read again yet. */
static void on_reload(uv_signal_t *handle, int number)
{
	(void)handle;
	(void)number;
}

static void watch_signal(struct standby *standby, uv_signal_t *handle, uv_signal_cb callback,
                         int number)
{
	uv_signal_init(&standby->loop, handle);
	handle->data = standby;
	uv_signal_start(handle, callback, number);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	uv_close(handle, NULL);
}

int standby_wait(struct standby *standby, standby_fn tell, void *context)
{
	(void)signal(SIGPIPE, SIG_IGN);
	standby->tell = tell;
	standby->context = context;
	uv_loop_init(&standby->loop);
	uv_timer_init(&standby->loop, &standby->timer);
	standby->timer.data = standby;
	uv_timer_start(&standby->timer, on_look, LOOK_MS, LOOK_MS);
	watch_signal(standby, &standby->on_term, on_end, SIGTERM);
	watch_signal(standby, &standby->on_int, on_end, SIGINT);
	watch_signal(standby, &standby->on_hup, on_reload, SIGHUP);
	say_who_leads(standby);
	uv_run(&standby->loop, UV_RUN_DEFAULT);
	uv_walk(&standby->loop, close_handle, NULL);
	uv_run(&standby->loop, UV_RUN_DEFAULT);
	uv_loop_close(&standby->loop);
	if (!standby->is_told_to_end)
		log_info("scheduler", "the lead is free, taking it");
	return standby->is_told_to_end;
}
