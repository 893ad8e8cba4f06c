/* postgres_text.c - what a text of SQL holds, as far as the driver must know before it is sent */
#include "storage/db/postgres_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/compiler.h"

/* First words of statements that only look. */
static const char *const looking[] = {"select", "values", "table", "show", "with", "explain"};
/* Inside of WITH and EXPLAIN they make it a write. */
static const char *const changing[] = {"insert", "update", "delete", "merge"};
static const char *const ending[] = {"begin", "start",     "commit",  "end",    "rollback",
                                     "abort", "savepoint", "release", "prepare"};

struct word {
	const char *text;
	size_t size;
};

static int is_listed(struct word word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(list[i]) == word.size && strncasecmp(list[i], word.text, word.size) == 0)
			return 1;
	}
	return 0;
}

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static const char *after_line(const char *at)
{
	return at + strcspn(at, "\n");
}

/* Comments in slashes and stars nest. */
static const char *after_comment(const char *at)
{
	int depth = 0;

	while (*at) {
		if (at[0] == '/' && at[1] == '*') {
			depth++;
			at += 2;
		} else if (at[0] == '*' && at[1] == '/') {
			at += 2;
			if (--depth == 0)
				break;
		} else {
			at++;
		}
	}
	return at;
}

static const char *after_quote(const char *at, int has_escapes)
{
	char quote = *at++;

	while (*at && *at != quote)
		at += has_escapes && at[0] == '\\' && at[1] ? 2 : 1;
	/* a doubled quote begins a quote again, which is as good */
	return *at ? at + 1 : at;
}

/* `$tag$ … $tag$`; what is no such quote is one character. */
static const char *after_dollars(const char *at)
{
	const char *tag = at + 1, *end;
	size_t size;

	while (is_word(*tag))
		tag++;
	if (*tag != '$' || isdigit((unsigned char)at[1]))
		return at + 1;
	size = (size_t)(tag + 1 - at);
	for (end = tag + 1; *end; end++) {
		if (*end == '$' && strncmp(end, at, size) == 0)
			return end + size;
	}
	return end;
}

struct scan {
	struct postgres_text text;
	int words; /* of the statement so far */
};

static const char *take_word(struct scan *scan, const char *at)
{
	struct word word = {at, 0};

	while (is_word(at[word.size]) || at[word.size] == '$')
		word.size++;
	if (at[word.size] == '\'' && word.size == 1 && (*at == 'e' || *at == 'E'))
		return after_quote(at + 1, 1);
	if (scan->words++ == 0) {
		if (!is_listed(word, looking, countof(looking)))
			scan->text.flags |= POSTGRES_TEXT_WRITES;
		if (is_listed(word, ending, countof(ending)))
			scan->text.flags |= POSTGRES_TEXT_TRANSACTION;
	}
	if (is_listed(word, changing, countof(changing)))
		scan->text.flags |= POSTGRES_TEXT_WRITES;
	return at + word.size;
}

/* A parameter is a dollar and digits; `?` is an operator of json, so it is no error here. */
static const char *take_dollar(struct scan *scan, const char *at)
{
	const char *end = after_dollars(at);

	scan->words++;
	if (end == at + 1 && !isdigit((unsigned char)*end))
		scan->text.flags |= POSTGRES_TEXT_OTHER_MARKS;
	while (end > at && isdigit((unsigned char)*end))
		end++;
	return end;
}

static const char *take(struct scan *scan, const char *at)
{
	if (*at == '\'' || *at == '"') {
		scan->words++;
		return after_quote(at, 0);
	}
	if (*at == '$')
		return take_dollar(scan, at);
	if (at[0] == '-' && at[1] == '-')
		return after_line(at);
	if (at[0] == '/' && at[1] == '*')
		return after_comment(at);
	if (is_word(*at))
		return take_word(scan, at);
	if (!isspace((unsigned char)*at) && *at != '(')
		scan->words++;
	return at + 1;
}

struct postgres_text postgres_text_scan(const char *sql)
{
	struct scan scan = {0};

	while (*sql) {
		if (*sql != ';') {
			sql = take(&scan, sql);
			continue;
		}
		scan.text.statements += scan.words > 0;
		scan.words = 0;
		sql++;
	}
	scan.text.statements += scan.words > 0;
	return scan.text;
}
