/* url.h - what of a URL may be shown, and where it leads. Pure. */
#ifndef PLUGINS_HTTP_URL_H
#define PLUGINS_HTTP_URL_H

/* The URL for logs and reasons: without user, password, query and fragment. free(3) it. */
char *url_shown(const char *url);

/* Whether scheme, host and port are the same. */
int url_same_origin(const char *from, const char *to);

#endif
