/* tz.c - time zones by their IANA names, by GLib */
#include "lib/tz.h"

#include <glib.h>
#include <string.h>

#include "lib/str.h"

/* GLib would also take offsets, POSIX rules and paths. */
static int looks_like_a_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char others[] = "0123456789_+-/";
	char known[sizeof(letters) + sizeof(others)];

	str_copy(known, sizeof(known), letters);
	str_copy(known + sizeof(letters) - 1, sizeof(others), others);
	return *name && strchr(letters, *name) && name[strspn(name, known)] == '\0';
}

int tz_check(const char *name, struct err *err)
{
	GTimeZone *zone = looks_like_a_name(name) ? g_time_zone_new_identifier(name) : NULL;

	if (!zone)
		return err_set(err, ERR_INVALID,
		               "unknown time zone '%.64s', it is a name such as Europe/Berlin",
		               name);
	g_time_zone_unref(zone);
	return 0;
}
