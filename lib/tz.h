/* tz.h - time zones by their IANA names, by GLib
 *
 * Thread safe.
 */
#ifndef LIB_TZ_H
#define LIB_TZ_H

#include "lib/compiler.h"
#include "lib/err.h"

/* 0 when the machine knows the zone, else ERR_INVALID. Offsets such as `+02:00` are not names. */
MUST_CHECK int tz_check(const char *name, struct err *err);

#endif
