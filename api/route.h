/* route.h - which handler a path and a method mean
 *
 * A route is one row of the table in api/routes.c; the router, `Allow`, the key check and body limits
 * read it. A path is literals and {placeholders} by segments; a literal wins over a placeholder. One
 * slash at the end of a request's path changes nothing. Immutable after route_table_new(); any thread.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"

struct request;

enum route_method {
	ROUTE_GET,
	ROUTE_HEAD,
	ROUTE_POST,
	ROUTE_PUT,
	ROUTE_PATCH,
	ROUTE_DELETE,
	ROUTE_OPTIONS,
	ROUTE_UNKNOWN, /* not one of ours */
};

/* What a caller must be allowed to do. */
enum route_scope {
	ROUTE_PUBLIC, /* nobody is asked for a key */
	ROUTE_READ,
	ROUTE_WRITE,   /* rows */
	ROUTE_OPERATE, /* runs and DAGs */
};

enum route_flags {
	ROUTE_IS_TABLE = 1 << 0,      /* its first placeholder names a table of the catalog */
	ROUTE_BODY_OPTIONAL = 1 << 1, /* no body is the same as {} */
	ROUTE_ALWAYS = 1 << 2,        /* also while the server starts */
	ROUTE_ANY_PARAMETER = 1 << 3, /* its handler knows the names of its query parameters */
};

enum { ROUTE_SEGMENTS = 10, ROUTE_VALUES = 6 };

struct route {
	enum route_method method;
	const char *path;
	void (*handle)(struct request *request);
	enum route_scope scope;
	unsigned flags;
	int64_t body_limit; /* bytes; 0: takes no body */
	const char *gives;  /* media type of a good answer */
	/* names of query parameters with a NULL behind; NULL: it has none */
	const char *const *parameters;
	const char *summary;
};

/* One path of the table and the routes of its methods. */
struct route_path {
	const char *segments[ROUTE_SEGMENTS]; /* NULL for a placeholder */
	size_t segment_count;
	const struct route *routes[ROUTE_UNKNOWN]; /* by method, NULL where not allowed */
	char allow[64];                            /* `GET, HEAD, OPTIONS` */
};

struct route_table {
	struct route_path *paths;
	size_t count;
};

enum route_result { ROUTE_FOUND, ROUTE_NONE, ROUTE_MALFORMED };

/* Memory is the arena's. HEAD comes with GET, OPTIONS with anything. */
void route_table_init(struct route_table *table, const struct route *routes, size_t count,
                      struct arena *arena);

/* Finds the path and gives the decoded texts of its placeholders, in order. ROUTE_MALFORMED: a bad
 * percent escape, a NUL, or bytes that are not UTF-8. */
MUST_CHECK enum route_result route_match(const struct route_table *table, const char *path,
                                         struct arena *arena, const struct route_path **found,
                                         const char *values[ROUTE_VALUES]);

enum route_method route_method(const char *name);

/* Decodes %XX, and `+` to a blank when `plus`; NULL when malformed as above. */
char *route_decode(struct arena *arena, const char *text, size_t size, int plus);

#endif
