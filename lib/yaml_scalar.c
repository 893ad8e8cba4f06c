/* yaml_scalar.c - what an unquoted YAML scalar means: YAML 1.2.2, chapter 10.3.2, core schema */
#include "lib/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

static int is_one_of(const char *text, const char *const names[3])
{
	return str_equal(text, names[0]) || str_equal(text, names[1]) || str_equal(text, names[2]);
}

static int all_of(const char *text, const char *set)
{
	return *text && text[strspn(text, set)] == '\0';
}

static int looks_int(const char *text)
{
	if (str_starts_with(text, "0x"))
		return all_of(text + 2, "0123456789abcdefABCDEF");
	if (str_starts_with(text, "0o"))
		return all_of(text + 2, "01234567");
	return all_of(*text == '-' || *text == '+' ? text + 1 : text, "0123456789");
}

static int looks_float(const char *text)
{
	size_t whole, fraction = 0;

	if (*text == '-' || *text == '+')
		text++;
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		fraction = strspn(++text, "0123456789");
		text += fraction;
	}
	if (!whole && !fraction)
		return 0;
	if (*text != 'e' && *text != 'E')
		return *text == '\0';
	text++;
	if (*text == '-' || *text == '+')
		text++;
	return all_of(text, "0123456789");
}

static int looks_unbounded(const char *text)
{
	static const char *const nan[] = {".nan", ".NaN", ".NAN"};
	static const char *const infinite[] = {".inf", ".Inf", ".INF"};

	return is_one_of(text, nan) ||
	       is_one_of(*text == '-' || *text == '+' ? text + 1 : text, infinite);
}

static const char *read_int(struct yaml_node *node)
{
	const char *text = node->text;
	int base = str_starts_with(text, "0x") ? 16 : str_starts_with(text, "0o") ? 8 : 10;

	errno = 0;
	node->kind = YAML_INT;
	node->as.integer = strtoll(text + (base == 10 ? 0 : 2), NULL, base);
	return errno == ERANGE ? "the number does not fit 64 bits; in quotes it is text" : NULL;
}

static const char *read_float(struct yaml_node *node)
{
	node->kind = YAML_FLOAT;
	node->as.real = strtod(node->text, NULL);
	return isfinite(node->as.real) ? NULL : "the number is too large";
}

const char *yaml_scalar_read(struct yaml_node *node)
{
	static const char *const null[] = {"null", "Null", "NULL"};
	static const char *const yes[] = {"true", "True", "TRUE"};
	static const char *const no[] = {"false", "False", "FALSE"};
	const char *text = node->text;

	node->kind = YAML_STRING;
	if (!*text || str_equal(text, "~") || is_one_of(text, null)) {
		node->kind = YAML_NULL;
	} else if (is_one_of(text, yes) || is_one_of(text, no)) {
		node->kind = YAML_BOOL;
		node->as.boolean = is_one_of(text, yes);
	}
	if (looks_int(text))
		return read_int(node);
	if (looks_float(text))
		return read_float(node);
	return looks_unbounded(text) ? "numbers must be finite; in quotes it is text" : NULL;
}
