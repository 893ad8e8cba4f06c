/* service.c - the scheduler as a service */
#include "scheduler/service/service.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "scheduler/service/commands.h"
#include "scheduler/service/dags_watch.h"
#include "scheduler/service/leader.h"
#include "scheduler/service/recovery.h"
#include "scheduler/service/reload.h"
#include "scheduler/service/retention.h"
#include "scheduler/service/standby.h"
#include "scheduler/service/state_lock.h"

enum {
	COMMANDS_PER_TURN = 256, /* then what they caused is committed */
	DRAIN_LOOK_MS = 20,
};

struct service {
	struct service_events events;
	struct config *config;
	uv_loop_t loop;
	struct leader *leader;
	struct standby *standby; /* NULL: nobody else may lead */
	int lock_fd;             /* state_lock.h */
	enum service_state state;

	uv_async_t wake;
	uv_prepare_t turn;
	uv_signal_t on_child, on_term, on_int, on_hup;
	struct dags_watch dags_watch;
	uv_timer_t drain; /* looks whether all is done, and when the grace is over */
	int64_t drain_left_ms;
	int is_killed;
	int is_deposed; /* another leads */

	pthread_mutex_t mutex; /* guards what follows */
	struct command *first, **end;
	uint32_t waiting;
	int is_released, is_closed;
};

static void set_state(struct service *service, enum service_state state, const char *reason)
{
	if (service->state == state || service->state == SERVICE_DRAINING)
		return;
	service->state = state;
	service->events.state(service->events.context, state, reason);
}

/* --- from other threads --- */

int service_submit(struct service *service, struct command *command, struct err *err)
{
	int result = 0;

	pthread_mutex_lock(&service->mutex);
	if (service->is_closed) {
		result = err_set(err, ERR_STOPPING, "the server is stopping");
	} else if (service->waiting >= LIMIT_WAITING_COMMANDS) {
		result = err_set(err, ERR_BUSY, "too many commands wait");
	} else {
		command->next = NULL;
		*service->end = command;
		service->end = &command->next;
		service->waiting++;
	}
	pthread_mutex_unlock(&service->mutex);
	if (result == 0)
		uv_async_send(&service->wake);
	return result;
}

void service_release(struct service *service)
{
	pthread_mutex_lock(&service->mutex);
	service->is_released = 1;
	pthread_mutex_unlock(&service->mutex);
	uv_async_send(&service->wake);
}

int service_progress(struct service *service, const char *key, struct progress_value *value)
{
	return progress_get(service->leader->progress, key, value);
}

/* --- on the loop --- */

static struct command *next_command(struct service *service)
{
	struct command *command;

	pthread_mutex_lock(&service->mutex);
	command = service->first;
	if (command) {
		service->first = command->next;
		if (!service->first)
			service->end = &service->first;
		service->waiting--;
	}
	pthread_mutex_unlock(&service->mutex);
	return command;
}

static void do_commands(struct service *service)
{
	struct command *command = NULL;

	for (int i = 0; i < COMMANDS_PER_TURN && (command = next_command(service)); i++) {
		command->next = NULL;
		commands_do(service->leader, command);
	}
	if (command)
		uv_async_send(&service->wake);
}

/* Nothing of ours can be stored any more, so nothing of ours may go on. */
static void step_down(struct service *service, const char *why)
{
	service->is_deposed = 1;
	log_error("scheduler",
	          "another scheduler leads on this database: %s; killing what runs here and ending",
	          why);
	fleet_drain(service->leader->fleet);
	fleet_kill(service->leader->fleet);
	batch_refuse(service->leader->under_way, "another scheduler leads on this database");
	batch_refuse(service->leader->next, "another scheduler leads on this database");
	raise(SIGTERM);
}

static void look_for_trouble(struct service *service)
{
	struct err trouble;

	journal_trouble(service->leader->journal, &trouble);
	if (trouble.code == ERR_STALE && !service->is_deposed)
		step_down(service, trouble.text);
	if (trouble.code == ERR_NONE)
		set_state(service, SERVICE_READY, "");
	else
		set_state(service, SERVICE_IN_TROUBLE, trouble.text);
}

static void on_wake(uv_async_t *wake)
{
	struct service *service = wake->data;

	leader_committed(service->leader);
	look_for_trouble(service);
	do_commands(service);
}

/* After timers and before the loop sleeps, so that what a timer has caused does not wait for the next event. */
static void on_turn(uv_prepare_t *turn)
{
	struct service *service = turn->data;

	leader_turn(service->leader);
}

static int is_known(void *context, pid_t pid)
{
	const struct leader *leader = context;

	return fleet_knows(leader->fleet, pid) || outbox_knows(leader->outbox, pid);
}

/* Runners are the fleet's, commands the outbox's; whatever else ends here was left by one and is only reaped. */
static void on_child(uv_signal_t *handle, int number)
{
	struct service *service = handle->data;
	int status, others = 0;
	pid_t pid;

	(void)number;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (outbox_reaped(service->leader->outbox, pid, status))
			continue;
		(void)fleet_reaped(service->leader->fleet, pid, status);
		others = 1;
	}
	if (others)
		process_kill_strangers(is_known, service->leader);
}

static void on_hup(uv_signal_t *handle, int number)
{
	struct service *service = handle->data;

	(void)number;
	log_info("scheduler", "reading DAGs and plugins again");
	reload(service->leader, RELOAD_PLUGINS);
	dags_watch_start(&service->dags_watch);
}

static void on_dags_changed(void *context)
{
	struct service *service = context;

	reload(service->leader, 0);
}

static void on_dags_settled(void *context)
{
	struct service *service = context;

	registry_tell(&service->leader->registry);
}

/* --- ending --- */

static int is_released(struct service *service)
{
	int released;

	pthread_mutex_lock(&service->mutex);
	released = service->is_released;
	pthread_mutex_unlock(&service->mutex);
	return released;
}

static void on_drain(uv_timer_t *timer)
{
	struct service *service = timer->data;
	struct leader *leader = service->leader;
	int is_over;

	service->drain_left_ms -= DRAIN_LOOK_MS;
	is_over = service->drain_left_ms <= 0;
	if (is_over && !service->is_killed) {
		service->is_killed = 1;
		if (fleet_busy(leader->fleet))
			log_warn("scheduler",
			         "%u attempts did not end in time and will be tried again",
			         (unsigned)fleet_busy(leader->fleet));
		fleet_kill(leader->fleet);
	}
	if (fleet_is_empty(leader->fleet) && (leader_is_quiet(leader) || service->is_deposed) &&
	    (is_released(service) || is_over))
		uv_stop(&service->loop);
}

static void on_end_signal(uv_signal_t *handle, int number)
{
	struct service *service = handle->data;

	if (service->state == SERVICE_DRAINING) {
		log_warn("scheduler", "second signal %d, ending at once", number);
		fleet_kill(service->leader->fleet);
		uv_stop(&service->loop);
		return;
	}
	log_info("scheduler", "signal %d, finishing what runs", number);
	set_state(service, SERVICE_DRAINING, "the server is stopping");
	service->leader->is_draining = 1;
	fleet_drain(service->leader->fleet);
	outbox_drain(service->leader->outbox);
	service->drain_left_ms = config_int(service->config, CONFIG_SHUTDOWN_GRACE);
	uv_timer_start(&service->drain, on_drain, DRAIN_LOOK_MS, DRAIN_LOOK_MS);
}

/* --- opening and closing --- */

static void wake_up(void *context)
{
	struct service *service = context;

	uv_async_send(&service->wake);
}

static void watch_signal(struct service *service, uv_signal_t *handle, uv_signal_cb callback,
                         int number)
{
	uv_signal_init(&service->loop, handle);
	handle->data = service;
	uv_signal_start(handle, callback, number);
}

static void add_handles(struct service *service)
{
	uv_async_init(&service->loop, &service->wake, on_wake);
	service->wake.data = service;
	uv_prepare_init(&service->loop, &service->turn);
	service->turn.data = service;
	uv_prepare_start(&service->turn, on_turn);
	uv_timer_init(&service->loop, &service->drain);
	service->drain.data = service;
	dags_watch_init(&service->dags_watch, &service->loop,
	                config_text(service->config, CONFIG_DAGS_DIR),
	                &(struct dags_watch_events){on_dags_changed, on_dags_settled, service});
}

static int take_lead(struct service *service, struct err *err)
{
	struct leader_owner owner = {
		.wake = wake_up,
		.context = service,
		.epoch = service->standby ? standby_epoch(service->standby) : LEASE_REPO_ANY,
	};

	service->leader = leader_open(service->config, &service->loop, &owner, err);
	if (!service->leader)
		return -1;
	outbox_set_upload(service->leader->outbox, service->events.upload_log,
	                  service->events.context);
	standby_close(service->standby);
	service->standby = NULL;
	return 0;
}

static int open_lead(struct service *service, struct err *err)
{
	if (lead_is_shared(service->config)) {
		service->standby = standby_open(service->config, err);
		if (!service->standby)
			return -1;
		if (standby_must_wait(service->standby))
			return 0;
	}
	return take_lead(service, err);
}

struct service *service_open(struct config *config, const struct service_events *events,
                             struct err *err)
{
	struct service *service = mem_alloc(sizeof(*service));

	service->config = config;
	service->events = *events;
	service->end = &service->first;
	pthread_mutex_init(&service->mutex, NULL);
	uv_loop_init(&service->loop);
	add_handles(service);
	service->lock_fd = state_lock_take(config_text(config, CONFIG_STATE_DIR), err);
	if (service->lock_fd >= 0 && open_lead(service, err) == 0)
		return service;
	service_close(service);
	return NULL;
}

int service_must_stand_by(const struct service *service)
{
	return service->standby != NULL;
}

static void on_standby(void *context, const char *who)
{
	struct service *service = context;
	auto_buf struct buf reason = {0};

	buf_printf(&reason, "standby: '%s' leads", who);
	service->state = SERVICE_STANDBY;
	service->events.state(service->events.context, SERVICE_STANDBY, reason.data);
}

int service_stand_by(struct service *service, struct err *err)
{
	for (;;) {
		if (standby_wait(service->standby, on_standby, service))
			return 1;
		if (take_lead(service, err) == 0)
			break;
		/* another standby was quicker, or the database has gone again */
		if (err->code != ERR_STALE && err->code != ERR_UNAVAILABLE)
			return -1;
	}
	set_state(service, SERVICE_STARTING, "");
	return 0;
}

int service_run(struct service *service, struct err *err)
{
	/* both show as errors of the write */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (recovery_run(service->leader, err) < 0)
		return -1;
	service->leader->retention = retention_start(service->leader);
	watch_signal(service, &service->on_child, on_child, SIGCHLD);
	watch_signal(service, &service->on_term, on_end_signal, SIGTERM);
	watch_signal(service, &service->on_int, on_end_signal, SIGINT);
	watch_signal(service, &service->on_hup, on_hup, SIGHUP);
	dags_watch_start(&service->dags_watch);
	leader_turn(service->leader);
	/* else with the commit: who asks a ready server finds every DAG */
	if (leader_is_quiet(service->leader))
		set_state(service, SERVICE_READY, "");
	uv_run(&service->loop, UV_RUN_DEFAULT);
	/* runners have gone; what their tasks have started goes with them */
	process_kill_all();
	if (service->is_deposed)
		return err_set(err, ERR_CONFLICT, "another scheduler leads on this database");
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Commands that came too late are refused, each exactly once. */
static void refuse_commands(struct service *service)
{
	struct command *command;

	pthread_mutex_lock(&service->mutex);
	service->is_closed = 1;
	pthread_mutex_unlock(&service->mutex);
	while ((command = next_command(service))) {
		err_set(&command->err, ERR_STOPPING, "the server is stopping");
		command->done(command);
	}
}

void service_close(struct service *service)
{
	if (!service)
		return;
	refuse_commands(service);
	leader_close(service->leader);
	standby_close(service->standby);
	/* no callback of ours may run any more: the leader is gone */
	uv_walk(&service->loop, close_handle, NULL);
	uv_run(&service->loop, UV_RUN_DEFAULT);
	uv_loop_close(&service->loop);
	state_lock_release(service->lock_fd);
	pthread_mutex_destroy(&service->mutex);
	free(service);
}
