/* reports.h - the reports of the catalog: handler of /v1/report/{report} */
#ifndef API_REPORTS_H
#define API_REPORTS_H

struct request;

void reports_show(struct request *request);

#endif
