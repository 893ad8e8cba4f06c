/* routes.h - the table of everything the service answers to */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/route.h"

void routes_init(struct route_table *table, struct arena *arena);

#endif
