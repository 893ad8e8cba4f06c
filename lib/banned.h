/* banned.h - calls that are never right here
 *
 * The build includes this in front of every C file: a call of one of these is a compile error that
 * names what to use. Where a call is right in one place only (getenv, fork, dlopen), tests/lint
 * holds it to that place instead.
 */
#ifndef LIB_BANNED_H
#define LIB_BANNED_H

/* Declaring again what the C library declares is the whole point. */
#pragma GCC system_header

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name, instead)                                                                      \
	extern __typeof__(name) name __attribute__((deprecated("banned, " instead)))

BANNED(sprintf, "use snprintf or buf_printf");
BANNED(vsprintf, "use vsnprintf or buf_vprintf");
BANNED(strcpy, "use str_copy or mem_strdup");
BANNED(stpcpy, "use str_copy or a struct buf");
BANNED(strcat, "use a struct buf");
BANNED(strncat, "use a struct buf");
BANNED(strncpy, "use str_copy: this one may leave out the NUL");
BANNED(strtok, "use strchr or strcspn: this one keeps state and writes into its input");
BANNED(strerror, "use err_errno: this one is not thread safe");
BANNED(atoi, "use str_to_int: this one cannot fail");
BANNED(atol, "use str_to_int: this one cannot fail");
BANNED(atoll, "use str_to_int: this one cannot fail");
BANNED(atof, "use str_to_float: this one cannot fail");
BANNED(rand, "use crypto_random");
BANNED(srand, "use crypto_random");
BANNED(random, "use crypto_random");
BANNED(srandom, "use crypto_random");
BANNED(system, "start a process with its argument vector: a shell reads names as code");
BANNED(popen, "start a process with its argument vector: a shell reads names as code");
BANNED(tmpnam, "use mkstemp or O_TMPFILE");
BANNED(tempnam, "use mkstemp or O_TMPFILE");
BANNED(mktemp, "use mkstemp or O_TMPFILE");
BANNED(gmtime, "use lib/timestamp.h or gmtime_r");
BANNED(localtime, "use lib/tz.h: local time is no time of ours");
BANNED(localtime_r, "use lib/tz.h: local time is no time of ours");
BANNED(mktime, "use lib/tz.h: local time is no time of ours");
BANNED(asctime, "use lib/timestamp.h");
BANNED(ctime, "use lib/timestamp.h");

#undef BANNED

#endif
