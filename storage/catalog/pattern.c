/* pattern.c - a POSIX extended regular expression over characters */
#include "storage/catalog/pattern.h"

#include <ctype.h>
#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"

struct pattern {
	char *text;
	regex_t ascii;      /* by bytes */
	regex_t characters; /* by UTF-8 characters, under `utf8` */
	locale_t utf8;      /* the expression is matched under the locale it was compiled in */
};

static int refuse_back_references(const char *text, struct err *err)
{
	for (const char *at = text; *at; at++) {
		if (*at != '\\')
			continue;
		at++;
		if (isdigit((unsigned char)*at))
			return err_set(err, ERR_INVALID,
			               "a back reference ('\\%c') is not supported", *at);
		if (!*at)
			break;
	}
	return 0;
}

static int compile(regex_t *regex, const char *text, struct err *err)
{
	char reason[160];
	int failed = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);

	if (!failed)
		return 0;
	regerror(failed, regex, reason, sizeof(reason));
	reason[0] = (char)tolower((unsigned char)reason[0]);
	return err_set(err, ERR_INVALID, "not a POSIX extended regular expression: %s", reason);
}

static int compile_by_characters(struct pattern *pattern, struct err *err)
{
	locale_t before = uselocale(pattern->utf8);
	int status = compile(&pattern->characters, pattern->text, err);

	uselocale(before);
	return status;
}

struct pattern *pattern_new(const char *text, struct err *err)
{
	struct pattern *pattern;
	locale_t utf8;

	if (strlen(text) > LIMIT_PATTERN_BYTES) {
		err_set(err, ERR_LIMIT, "a pattern is at most %d bytes", LIMIT_PATTERN_BYTES);
		return NULL;
	}
	if (refuse_back_references(text, err) < 0)
		return NULL;
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8) {
		err_set(err, ERR_FAILED, "the system has no locale 'C.UTF-8'");
		return NULL;
	}

	pattern = mem_alloc(sizeof(*pattern));
	pattern->text = mem_strdup(text);
	pattern->utf8 = utf8;
	if (compile(&pattern->ascii, text, err) < 0)
		goto free_pattern;
	if (compile_by_characters(pattern, err) < 0)
		goto free_ascii;
	return pattern;

free_ascii:
	regfree(&pattern->ascii);
free_pattern:
	freelocale(pattern->utf8);
	free(pattern->text);
	free(pattern);
	return NULL;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	regfree(&pattern->ascii);
	regfree(&pattern->characters);
	freelocale(pattern->utf8);
	free(pattern->text);
	free(pattern);
}

const char *pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}

static int is_ascii(const char *text, size_t size)
{
	unsigned char seen = 0;

	for (size_t i = 0; i < size; i++)
		seen |= (unsigned char)text[i];
	return seen < 0x80;
}

static int matches(const regex_t *regex, const char *text, size_t size)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)size};

	return regexec(regex, text, 1, &range, REG_STARTEND) == 0;
}

int pattern_matches(const struct pattern *pattern, const char *text, size_t size)
{
	locale_t before;
	int found;

	if (is_ascii(text, size))
		return matches(&pattern->ascii, text, size);
	before = uselocale(pattern->utf8);
	found = matches(&pattern->characters, text, size);
	uselocale(before);
	return found;
}
