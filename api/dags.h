/* dags.h - handlers of DAGs */
#ifndef API_DAGS_H
#define API_DAGS_H

#include "lib/compiler.h"
#include "lib/err.h"

struct db;
struct request;

void dags_list(struct request *request);
void dags_show(struct request *request);

/* For what is below a DAG: 0 when the DAG of the path is known, be its file there or not, or when the
 * path names none. */
MUST_CHECK int dags_check(struct request *request, struct db *db, struct err *err);

#endif
