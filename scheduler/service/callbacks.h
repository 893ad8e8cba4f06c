/* callbacks.h - messages about runs and tasks, made with the rows they tell of
 *
 * What a DAG says under on_success, on_failure and on_retry becomes rows of the outbox in the batch that
 * stores the change, and so do logs that are to be uploaded; scheduler/service/outbox.h sends them. URL and arguments are rendered here; a secret
 * stays a name in them. One thread.
 */
#ifndef SCHEDULER_SERVICE_CALLBACKS_H
#define SCHEDULER_SERVICE_CALLBACKS_H

#include "scheduler/service/batch.h"

/* Its row is about to be stored: is there news? */
void callbacks_run(struct batch *batch, const struct batch_source *source, const struct run *run,
                   const struct run_repo_row *row);
void callbacks_task(struct batch *batch, const struct batch_source *source,
                    const struct instance *instance, const struct task_repo_row *row);
/* This try has failed and another will follow; `row` is the instance's as it is now. */
void callbacks_retry(struct batch *batch, const struct batch_source *source,
                     const struct effects_attempt *attempt, const struct task_repo_row *row);

/* The attempt has ended: its log is to be put into the object store, where that is asked for and there is
 * one. The size of the file, 0 when there is none. */
int64_t callbacks_log(struct batch *batch, const struct batch_source *source,
                      const struct effects_attempt *attempt);

/* A text in which secrets may stand, as the outbox keeps it: the text, or a list of texts and
 * `{"secret": NAME}`. Each name stands between `mark` and `end`. */
json_t *callbacks_split(const char *text, const char *mark, char end);
/* The host of a URL, with what follows it when that is no name: where messages queue up for. */
void callbacks_place(const json_t *pieces, struct buf *place);

#endif
