/* route.c - which handler a path and a method mean */
#include "api/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

static const char *const methods[ROUTE_UNKNOWN] = {
	[ROUTE_GET] = "GET",         [ROUTE_HEAD] = "HEAD",   [ROUTE_POST] = "POST",
	[ROUTE_PUT] = "PUT",         [ROUTE_PATCH] = "PATCH", [ROUTE_DELETE] = "DELETE",
	[ROUTE_OPTIONS] = "OPTIONS",
};

/* A path cut at its slashes. */
struct cut {
	const char *start[ROUTE_SEGMENTS];
	size_t size[ROUTE_SEGMENTS];
	size_t count;
};

enum route_method route_method(const char *name)
{
	for (size_t i = 0; i < countof(methods); i++)
		if (str_equal(name, methods[i]))
			return (enum route_method)i;
	return ROUTE_UNKNOWN;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of `%XX`, or -1. */
static int escaped_byte(const char *text, size_t size)
{
	int high = size > 2 ? hex_value(text[1]) : -1;
	int low = size > 2 ? hex_value(text[2]) : -1;

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int decoded_byte(const char *text, size_t size, int plus)
{
	if (*text == '%')
		return escaped_byte(text, size);
	return *text == '+' && plus ? ' ' : (unsigned char)*text;
}

char *route_decode(struct arena *arena, const char *text, size_t size, int plus)
{
	char *out = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int c = decoded_byte(text + i, size - i, plus);

		if (c <= 0)
			return NULL;
		if (text[i] == '%')
			i += 2;
		out[used++] = (char)c;
	}
	return str_utf8_valid(out, used) == used ? out : NULL;
}

/* 0, or -1 when there are more segments than any route has. */
static int cut_path(const char *path, struct cut *cut)
{
	cut->count = 0;
	if (*path != '/')
		return -1;
	for (const char *at = path; *at == '/' && at[1];) {
		size_t size = strcspn(at + 1, "/");

		if (cut->count == ROUTE_SEGMENTS)
			return -1;
		cut->start[cut->count] = at + 1;
		cut->size[cut->count++] = size;
		at += 1 + size;
	}
	return 0;
}

static struct route_path *path_of(struct route_table *table, const char *text, struct arena *arena)
{
	struct route_path *path;
	struct cut cut;
	int malformed = cut_path(text, &cut);

	assert(malformed == 0);
	path = &table->paths[table->count];
	path->segment_count = cut.count;
	for (size_t i = 0; i < cut.count; i++)
		path->segments[i] = *cut.start[i] == '{'
		                            ? NULL
		                            : arena_strndup(arena, cut.start[i], cut.size[i]);
	table->count++;
	return path;
}

static void list_methods(struct route_path *path)
{
	path->routes[ROUTE_HEAD] = path->routes[ROUTE_GET];
	for (size_t i = 0; i < ROUTE_UNKNOWN; i++) {
		size_t used = strlen(path->allow);

		if (path->routes[i] || i == ROUTE_OPTIONS)
			snprintf(path->allow + used, sizeof(path->allow) - used, "%s%s",
			         used ? ", " : "", methods[i]);
	}
}

void route_table_init(struct route_table *table, const struct route *routes, size_t count,
                      struct arena *arena)
{
	struct route_path *path = NULL;

	table->paths = arena_array(arena, count, sizeof(*table->paths));
	table->count = 0;
	/* the rows of one path stand together */
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !str_equal(routes[i].path, routes[i - 1].path))
			path = path_of(table, routes[i].path, arena);
		path->routes[routes[i].method] = &routes[i];
	}
	for (size_t i = 0; i < table->count; i++)
		list_methods(&table->paths[i]);
}

static int fits(const struct route_path *path, const struct cut *cut)
{
	if (path->segment_count != cut->count)
		return 0;
	for (size_t i = 0; i < cut->count; i++) {
		const char *literal = path->segments[i];

		if (literal && (strlen(literal) != cut->size[i] ||
		                memcmp(literal, cut->start[i], cut->size[i]) != 0))
			return 0;
		if (!literal && cut->size[i] == 0)
			return 0;
	}
	return 1;
}

/* Whether `a` is nearer than `b`: the first segment that differs is a literal in `a`. */
static int is_nearer(const struct route_path *a, const struct route_path *b)
{
	for (size_t i = 0; b && i < a->segment_count; i++)
		if (!a->segments[i] != !b->segments[i])
			return a->segments[i] != NULL;
	return 1;
}

enum route_result route_match(const struct route_table *table, const char *path,
                              struct arena *arena, const struct route_path **found,
                              const char *values[ROUTE_VALUES])
{
	const struct route_path *best = NULL;
	struct cut cut;
	size_t count = 0;

	*found = NULL;
	if (cut_path(path, &cut) < 0)
		return ROUTE_NONE;
	for (size_t i = 0; i < table->count; i++)
		if (fits(&table->paths[i], &cut) && is_nearer(&table->paths[i], best))
			best = &table->paths[i];
	if (!best)
		return ROUTE_NONE;
	for (size_t i = 0; i < cut.count; i++) {
		if (best->segments[i])
			continue;
		values[count] = route_decode(arena, cut.start[i], cut.size[i], 0);
		if (!values[count++])
			return ROUTE_MALFORMED;
	}
	*found = best;
	return ROUTE_FOUND;
}
