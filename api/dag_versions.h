/* dag_versions.h - handlers of the versions of a DAG */
#ifndef API_DAG_VERSIONS_H
#define API_DAG_VERSIONS_H

#include "api/request.h"

void dag_versions_list(struct request *request);
/* The version may be shortened to what names one alone, or be `current`. */
void dag_versions_show(struct request *request);

#endif
