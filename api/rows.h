/* rows.h - the tables of the catalog: handlers of /v1/{table} */
#ifndef API_ROWS_H
#define API_ROWS_H

struct request;

void rows_create(struct request *request);
void rows_show(struct request *request);
void rows_list(struct request *request);

#endif
