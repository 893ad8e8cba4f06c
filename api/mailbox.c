/* mailbox.c - results of other threads, delivered on a loop */
#include "api/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/mem.h"

struct mailbox {
	uv_async_t async;
	pthread_mutex_t lock; /* guards what follows */
	struct mail *first, **last;
	int holders; /* the loop's handle is one of them until it is closed */
	int closed;
};

static void deliver_all(struct mailbox *mailbox)
{
	struct mail *mail;

	pthread_mutex_lock(&mailbox->lock);
	mail = mailbox->first;
	mailbox->first = NULL;
	mailbox->last = &mailbox->first;
	pthread_mutex_unlock(&mailbox->lock);
	while (mail) {
		struct mail *next = mail->next;

		mail->deliver(mail);
		mail = next;
	}
}

static void on_async(uv_async_t *async)
{
	deliver_all(async->data);
}

struct mailbox *mailbox_new(uv_loop_t *loop)
{
	struct mailbox *mailbox = mem_alloc(sizeof(*mailbox));

	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->last = &mailbox->first;
	mailbox->holders = 2;
	if (uv_async_init(loop, &mailbox->async, on_async) < 0)
		abort(); /* no descriptor left at start */
	mailbox->async.data = mailbox;
	return mailbox;
}

static void on_closed(uv_handle_t *handle)
{
	mailbox_drop(handle->data);
}

void mailbox_close(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->closed = 1;
	pthread_mutex_unlock(&mailbox->lock);
	deliver_all(mailbox);
	uv_close((uv_handle_t *)&mailbox->async, on_closed);
}

void mailbox_hold(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->holders++;
	pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_drop(struct mailbox *mailbox)
{
	int left;

	pthread_mutex_lock(&mailbox->lock);
	left = --mailbox->holders;
	pthread_mutex_unlock(&mailbox->lock);
	if (left)
		return;
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

int mailbox_post(struct mailbox *mailbox, struct mail *mail)
{
	int closed;

	mail->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	closed = mailbox->closed;
	if (!closed) {
		*mailbox->last = mail;
		mailbox->last = &mail->next;
		uv_async_send(&mailbox->async);
	}
	pthread_mutex_unlock(&mailbox->lock);
	return closed ? -1 : 0;
}
