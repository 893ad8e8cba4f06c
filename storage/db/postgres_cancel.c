/* postgres_cancel.c - how the PostgreSQL driver ends a statement early
 *
 * libpq blocks until a server has taken the request, and a frozen one never does: a thread waits for
 * it. The server closes that connection after it has told the other one, so what is sent after that
 * is safe from the request.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "storage/db/postgres.h"

/* Belongs to the driver and to the thread, the last one frees it. */
struct postgres_cancel {
	const struct postgres_library *pq;
	PGcancel *request;
	int done_fd; /* eventfd */
	atomic_int owners;
};

static void give_up(struct postgres_cancel *cancel)
{
	if (atomic_fetch_sub(&cancel->owners, 1) > 1)
		return;
	cancel->pq->free_cancel(cancel->request);
	if (cancel->done_fd >= 0)
		close(cancel->done_fd);
	free(cancel);
}

static void *send_request(void *argument)
{
	struct postgres_cancel *cancel = argument;
	uint64_t one = 1;
	char text[256];

	cancel->pq->cancel(cancel->request, text, (int)sizeof(text));
	/* who waits in vain closes the connection */
	(void)!write(cancel->done_fd, &one, sizeof(one));
	give_up(cancel);
	return NULL;
}

void postgres_cancel_request(struct postgres *pg)
{
	struct postgres_cancel *cancel;
	PGcancel *request;
	pthread_t thread;

	if (pg->cancel)
		return;
	request = pg->pq->get_cancel(pg->conn);
	if (!request)
		return;
	cancel = mem_alloc(sizeof(*cancel));
	cancel->pq = pg->pq;
	cancel->request = request;
	cancel->done_fd = eventfd(0, EFD_CLOEXEC);
	atomic_init(&cancel->owners, 2);
	if (cancel->done_fd < 0 || pthread_create(&thread, NULL, send_request, cancel) != 0) {
		atomic_store(&cancel->owners, 1);
		give_up(cancel);
		return;
	}
	pthread_detach(thread);
	pg->cancel = cancel;
}

int postgres_cancel_settle(struct postgres *pg, int64_t deadline_us)
{
	struct pollfd done = {.fd = pg->cancel ? pg->cancel->done_fd : -1, .events = POLLIN};
	int got = 0;

	if (!pg->cancel)
		return 0;
	while (got <= 0) {
		int64_t left_us = deadline_us - clock_monotonic_us();

		got = poll(&done, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
		if (got <= 0 && left_us <= 0)
			return -1;
	}
	postgres_cancel_forget(pg);
	return 0;
}

void postgres_cancel_forget(struct postgres *pg)
{
	if (pg->cancel)
		give_up(pg->cancel);
	pg->cancel = NULL;
}
