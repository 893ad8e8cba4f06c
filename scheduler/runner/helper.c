/* helper.c - the second thread of a runner */
#include "scheduler/runner/helper.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "lib/clock.h"
#include "scheduler/runner/remains.h"

enum { POLL_WIRE, POLL_LOG, POLL_WAKE, POLL_WATCH, POLL_COUNT };

static void cancel_work(struct helper *helper)
{
	host_session_cancel(helper->session);
	remains_terminate();
}

static void say_alive(struct helper *helper)
{
	struct wire_frame frame = {.type = WIRE_ALIVE};

	frame.as.alive.attempt = channel_current(helper->channel);
	channel_send(helper->channel, &frame);
}

static int timeout_ms(int64_t until_us)
{
	int64_t left_us = until_us - clock_monotonic_us();

	return left_us <= 0 ? 0 : (int)(left_us / 1000 + 1);
}

/* Receives and says what to wait for next. -1: the service is gone. */
static int receive(struct helper *helper, struct pollfd *wire)
{
	switch (channel_receive(helper->channel)) {
	case CHANNEL_TAKEN:
		break;
	case CHANNEL_CANCELLED:
		cancel_work(helper);
		break;
	case CHANNEL_UNWATCHED:
		wire->events = (short)(wire->events & ~POLLIN);
		return 0;
	case CHANNEL_GONE:
		return -1;
	}
	wire->events |= POLLIN;
	return 0;
}

/* What one poll(2) has found; -1: the service is gone. */
static int act(struct helper *helper, struct pollfd fds[POLL_COUNT])
{
	struct pollfd *wire = &fds[POLL_WIRE];

	if (fds[POLL_LOG].revents & POLLIN)
		attempt_log_pump(helper->log);
	else if (fds[POLL_LOG].revents)
		fds[POLL_LOG].fd = -1;
	if ((fds[POLL_WATCH].revents || wire->revents & ~POLLOUT) && receive(helper, wire) < 0)
		return -1;
	if (fds[POLL_WAKE].revents || wire->revents & POLLOUT)
		wire->events = (short)((wire->events & POLLIN) |
		                       (channel_flush(helper->channel) ? POLLOUT : 0));
	/* without events it would still tell of the end */
	wire->fd = wire->events ? helper->channel->fd : -1;
	return 0;
}

/* Until the service is gone. */
static void serve(struct helper *helper)
{
	struct pollfd fds[POLL_COUNT] = {
		[POLL_WIRE] = {.fd = -1},
		[POLL_LOG] = {.fd = helper->log->pipe_fd, .events = POLLIN},
		[POLL_WAKE] = {.fd = helper->channel->wake_fd, .events = POLLIN},
		[POLL_WATCH] = {.fd = helper->channel->watch_fd, .events = POLLIN},
	};
	int64_t said_us = clock_monotonic_us();

	do {
		if (timeout_ms(said_us + helper->channel->alive_ms * 1000) == 0) {
			say_alive(helper);
			said_us = clock_monotonic_us();
		}
		poll(fds, POLL_COUNT, timeout_ms(said_us + helper->channel->alive_ms * 1000));
	} while (act(helper, fds) == 0);
}

/* The main thread ends the process when the attempt gives in before the grace is over. */
static void outlive(struct helper *helper)
{
	struct pollfd log = {.fd = helper->log->pipe_fd, .events = POLLIN};
	int64_t until_us = clock_monotonic_us() + helper->channel->grace_ms * 1000;
	int left_ms;

	while ((left_ms = timeout_ms(until_us)) > 0) {
		poll(&log, 1, left_ms);
		if (log.revents & POLLIN)
			attempt_log_pump(helper->log);
		else if (log.revents)
			log.fd = -1;
	}
}

static void *run(void *argument)
{
	struct helper *helper = argument;

	serve(helper);
	channel_end(helper->channel);
	cancel_work(helper);
	outlive(helper);
	remains_kill();
	kill(0, SIGKILL);
	return NULL;
}

int helper_start(struct helper *helper, struct err *err)
{
	sigset_t all, before;
	pthread_t thread;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, NULL, run, helper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return err_errno(err, failed, "could not start the helper thread");
	pthread_detach(thread);
	return 0;
}
