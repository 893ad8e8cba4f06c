/* uri.c - names of objects and files */
#include "storage/object/uri.h"

#include <ctype.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"

enum { BUCKET_BYTES = 63 };

static int is_scheme_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '+' || c == '.';
}

/* Bytes in front of `://`, 0 when there is no scheme. */
static size_t scheme_size(const char *text)
{
	size_t size = 0;

	while (is_scheme_char(text[size]))
		size++;
	return str_starts_with(text + size, "://") ? size : 0;
}

int uri_has_scheme(const char *text)
{
	return scheme_size(text) > 0;
}

int uri_check_bucket(const char *bucket, struct err *err)
{
	size_t size = strlen(bucket);

	if (size == 0)
		return err_set(err, ERR_USAGE, "the bucket is missing");
	if (size > BUCKET_BYTES)
		return err_set(err, ERR_USAGE,
		               "the bucket's name has %zu bytes, at most %d are allowed", size,
		               BUCKET_BYTES);
	if (!isalnum((unsigned char)bucket[0]))
		return err_set(err, ERR_USAGE,
		               "the name of bucket '%s' must begin with a letter or digit", bucket);
	for (const char *c = bucket; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '_' && *c != '-')
			return err_set(
				err, ERR_USAGE,
				"the name of bucket '%s' may only have letters, digits, '.', '_' and '-'",
				bucket);
	return 0;
}

int uri_check_key(const char *key, struct err *err)
{
	size_t size = strlen(key);

	if (size == 0)
		return err_set(err, ERR_USAGE, "the key is missing");
	if (size > LIMIT_OBJECT_KEY_BYTES)
		return err_set(err, ERR_USAGE, "the key has %zu bytes, at most %d are allowed",
		               size, LIMIT_OBJECT_KEY_BYTES);
	if (str_utf8_valid(key, size) < size)
		return err_set(err, ERR_USAGE, "the key is not UTF-8");
	return 0;
}

static int parse_file(const char *rest, const char *text, struct uri *uri, struct err *err)
{
	if (*rest != '/')
		return err_set(
			err, ERR_USAGE,
			"'%s' is no file URI: three slashes and an absolute path are due, as in "
			"'file:///data/x.csv'",
			text);
	if (strlen(rest) > LIMIT_PATH_BYTES)
		return err_set(err, ERR_USAGE, "the path has more than %d bytes", LIMIT_PATH_BYTES);
	uri->bucket = "";
	uri->key = rest;
	return 0;
}

/* Everything but the rule that a key must be there. */
static int parse(const char *text, struct arena *arena, struct uri *uri, struct err *err)
{
	size_t scheme = scheme_size(text);
	const char *rest, *slash;

	if (scheme == 0)
		return err_set(err, ERR_USAGE,
		               "'%.200s' is no object: a URI is due, as in 'objects://bucket/key'",
		               text);
	if (scheme > LIMIT_NAME_BYTES)
		return err_set(err, ERR_USAGE, "the store's name has more than %d bytes",
		               LIMIT_NAME_BYTES);
	uri->text = arena_strdup(arena, text);
	uri->store = arena_strndup(arena, text, scheme);
	rest = uri->text + scheme + strlen("://");
	if (str_equal(uri->store, "file"))
		return parse_file(rest, uri->text, uri, err);

	slash = strchr(rest, '/');
	uri->bucket = slash ? arena_strndup(arena, rest, (size_t)(slash - rest)) : rest;
	uri->key = slash ? slash + 1 : "";
	if (uri_check_bucket(uri->bucket, err) < 0)
		return err_prefix(err, "'%.120s'", text);
	return 0;
}

int uri_parse(const char *text, struct arena *arena, struct uri *uri, struct err *err)
{
	if (parse(text, arena, uri, err) < 0)
		return -1;
	if (str_equal(uri->store, "file"))
		return 0;
	if (uri_check_key(uri->key, err) < 0)
		return err_prefix(err, "'%.120s'", text);
	return 0;
}

int uri_parse_prefix(const char *text, struct arena *arena, struct uri *uri, struct err *err)
{
	if (parse(text, arena, uri, err) < 0)
		return -1;
	if (*uri->key && !str_equal(uri->store, "file") && uri_check_key(uri->key, err) < 0)
		return err_prefix(err, "'%.120s'", text);
	return 0;
}
