/* host.h - what every host call does first and last
 *
 * Each function of the host table begins with host_enter() (or host_enter_blocking(), which ends at
 * once when the task is cancelled), checks its pointers with host_need() and its handles with
 * host_use(), and turns a storage error into an mr_status with host_failed(). Misuse does not return.
 */
#ifndef SCHEDULER_RUNNER_HOST_H
#define SCHEDULER_RUNNER_HOST_H

#include "scheduler/runner/attempt.h"

/* The attempt of a task. NULL, a task that is not the running one, and another thread than the one
 * that entered run() are misuse. Forgets the error of the call before. */
struct attempt *host_enter(struct mr_task *task, const char *call);
/* The same for calls that any thread may make; leaves the error alone. */
struct attempt *host_enter_any(struct mr_task *task, const char *call);

/* Misuse when `pointer` is NULL. */
void host_need(struct attempt *attempt, const void *pointer, const char *call, const char *what);
/* Misuse when `object`, which begins with its struct attempt_handle, is NULL or closed. */
void host_use(struct attempt *attempt, const void *object, const char *call, const char *what);
NORETURN void host_misuse(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

/* Closes a handle, once. */
void host_close(struct attempt *attempt, struct attempt_handle *handle);

/* 1 when the task is cancelled; the error says so then. */
int host_is_cancelled(struct attempt *attempt);
/* MR_CANCELLED, MR_RETRY or MR_FAIL, by the code of attempt->err. */
mr_status host_failed(const struct attempt *attempt);
/* Sets the error and gives MR_FAIL. */
mr_status host_refuse(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
