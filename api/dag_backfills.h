/* dag_backfills.h - handlers of backfills */
#ifndef API_DAG_BACKFILLS_H
#define API_DAG_BACKFILLS_H

#include "api/request.h"

/* With `plan: true` nothing is made: the answer says what would be. */
void dag_backfills_create(struct request *request);
void dag_backfills_list(struct request *request);
void dag_backfills_show(struct request *request);
void dag_backfills_update(struct request *request);

#endif
