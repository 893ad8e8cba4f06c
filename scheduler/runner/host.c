/* host.c - what every host call does first and last */
#include "scheduler/runner/host.h"

#include <stdio.h>
#include <stdlib.h>

static struct attempt *attempt_of(struct mr_task *task)
{
	/* a task is the first member of its attempt */
	return (struct attempt *)(void *)task;
}

struct attempt *host_enter_any(struct mr_task *task, const char *call)
{
	if (!task) {
		fprintf(stderr, "the plugin broke the contract: %s(): the task is NULL\n", call);
		fflush(stderr);
		abort();
	}
	return attempt_of(task);
}

struct attempt *host_enter(struct mr_task *task, const char *call)
{
	struct attempt *attempt = host_enter_any(task, call);

	if (!pthread_equal(attempt->thread, pthread_self()))
		host_misuse(attempt, "%s() was called from another thread than run()", call);
	attempt->err = (struct err){0};
	return attempt;
}

void host_misuse(struct attempt *attempt, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	attempt_abort(attempt, text);
}

void host_need(struct attempt *attempt, const void *pointer, const char *call, const char *what)
{
	if (!pointer)
		host_misuse(attempt, "%s(): %s is NULL", call, what);
}

void host_use(struct attempt *attempt, const void *object, const char *call, const char *what)
{
	const struct attempt_handle *handle = object;

	host_need(attempt, handle, call, what);
	if (!handle->is_open)
		host_misuse(attempt, "%s(): %s was closed before", call, what);
}

void host_close(struct attempt *attempt, struct attempt_handle *handle)
{
	if (!handle)
		return;
	if (!handle->is_open)
		host_misuse(attempt, "a closed %s was closed again", handle->what);
	handle->is_open = 0;
	handle->close(attempt, handle);
}

int host_is_cancelled(struct attempt *attempt)
{
	if (!atomic_load(&attempt->channel->cancelled))
		return 0;
	err_set(&attempt->err, ERR_CANCELLED, "the task was cancelled");
	return 1;
}

mr_status host_failed(const struct attempt *attempt)
{
	if (attempt->err.code == ERR_CANCELLED)
		return MR_CANCELLED;
	return err_is_transient(attempt->err.code) ? MR_RETRY : MR_FAIL;
}

mr_status host_refuse(struct attempt *attempt, const char *format, ...)
{
	va_list arguments;

	attempt->err.code = ERR_INVALID;
	va_start(arguments, format);
	vsnprintf(attempt->err.text, sizeof(attempt->err.text), format, arguments);
	va_end(arguments);
	return MR_FAIL;
}
