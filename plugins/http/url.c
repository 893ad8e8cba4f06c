/* url.c - what of a URL may be shown, and where it leads */
#include "plugins/http/url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

char *url_shown(const char *url)
{
	CURLU *parts = curl_url();
	char *text = NULL, *copy;

	if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
		curl_url_set(parts, CURLUPART_USER, NULL, 0);
		curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
		curl_url_set(parts, CURLUPART_QUERY, NULL, 0);
		curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0);
		curl_url_get(parts, CURLUPART_URL, &text, 0);
	}
	copy = strdup(text ? text : "the URL");
	curl_free(text);
	curl_url_cleanup(parts);
	return copy;
}

static int same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *one = NULL, *two = NULL;
	int same;

	curl_url_get(a, part, &one, CURLU_DEFAULT_PORT);
	curl_url_get(b, part, &two, CURLU_DEFAULT_PORT);
	same = one && two && strcasecmp(one, two) == 0;
	curl_free(one);
	curl_free(two);
	return same;
}

int url_same_origin(const char *from, const char *to)
{
	CURLU *a = curl_url(), *b = curl_url();
	int same = a && b && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
	           curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK &&
	           same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	           same_part(a, b, CURLUPART_PORT);

	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}
