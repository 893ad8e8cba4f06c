/* mailbox.h - results of other threads, delivered on a loop
 *
 * Whoever finishes work on another thread posts a mail; it is delivered on the loop's own thread, in
 * order. The mailbox lives until its last holder lets go, so that a late answer to a loop that has
 * ended is dropped and not lost memory: mailbox_post() then says so and the sender keeps its mail.
 */
#ifndef API_MAILBOX_H
#define API_MAILBOX_H

#include <uv.h>

#include "lib/compiler.h"

struct mailbox;

/* Embedded in what is sent; the sender owns the memory until it is delivered. */
struct mail {
	struct mail *next;
	void (*deliver)(struct mail *mail);
};

/* On the loop's thread; held once. */
struct mailbox *mailbox_new(uv_loop_t *loop);
/* Delivers what has come and takes no more; the loop must run once again. */
void mailbox_close(struct mailbox *mailbox);

/* Any thread. */
void mailbox_hold(struct mailbox *mailbox);
void mailbox_drop(struct mailbox *mailbox);
/* 0, or -1 when the mailbox is closed. */
MUST_CHECK int mailbox_post(struct mailbox *mailbox, struct mail *mail);

#endif
