/* schema.c - values held against JSON-Schema words */
#include "scheduler/core/schema.h"

#include <regex.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/str.h"

const char *const schema_types[] = {
	"null", "boolean", "integer", "number", "string", "array", "object",
};

static int is_of_type(const json_t *value, const char *type)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		return str_equal(type, "null");
	case JSON_TRUE:
	case JSON_FALSE:
		return str_equal(type, "boolean");
	case JSON_INTEGER:
		return str_equal(type, "integer") || str_equal(type, "number");
	case JSON_REAL:
		return str_equal(type, "number");
	case JSON_STRING:
		return str_equal(type, "string");
	case JSON_ARRAY:
		return str_equal(type, "array");
	case JSON_OBJECT:
		return str_equal(type, "object");
	}
	return 0;
}

/* The words of a schema, each held against a value of its type. */

struct subject {
	const json_t *schema, *word, *value;
};

static int check_type(const struct subject *subject, struct err *err)
{
	auto_buf struct buf list = {0};
	size_t i;
	json_t *type;

	if (json_is_string(subject->word)) {
		if (is_of_type(subject->value, json_string_value(subject->word)))
			return 0;
		return err_set(err, ERR_INVALID, "must be of type %s",
		               json_string_value(subject->word));
	}
	json_array_foreach(subject->word, i, type)
	{
		if (is_of_type(subject->value, json_string_value(type)))
			return 0;
		buf_printf(&list, "%s%s", i ? " or " : "", json_string_value(type));
	}
	return err_set(err, ERR_INVALID, "must be of type %s", buf_string(&list));
}

static int check_enum(const struct subject *subject, struct err *err)
{
	auto_buf struct buf list = {0};
	size_t i;
	json_t *item;

	json_array_foreach(subject->word, i, item)
	{
		if (json_equal(item, subject->value))
			return 0;
		buf_text(&list, i ? ", " : "");
		if (json_is_string(item))
			buf_text(&list, json_string_value(item));
		else
			json_append(&list, item);
	}
	return err_set(err, ERR_INVALID, "must be one of %s", buf_string(&list));
}

static int check_const(const struct subject *subject, struct err *err)
{
	auto_buf struct buf wanted = {0};

	if (json_equal(subject->word, subject->value))
		return 0;
	json_append(&wanted, subject->word);
	return err_set(err, ERR_INVALID, "must be %s", buf_string(&wanted));
}

static int refuse_number(const struct subject *subject, const char *how, struct err *err)
{
	auto_buf struct buf bound = {0};

	json_append(&bound, subject->word);
	return err_set(err, ERR_INVALID, "must be %s %s", how, buf_string(&bound));
}

/* Less than, equal to or greater than the bound. */
static int against_bound(const struct subject *subject)
{
	if (json_is_integer(subject->value) && json_is_integer(subject->word)) {
		json_int_t a = json_integer_value(subject->value);
		json_int_t b = json_integer_value(subject->word);

		return (a > b) - (a < b);
	}
	return (json_number_value(subject->value) > json_number_value(subject->word)) -
	       (json_number_value(subject->value) < json_number_value(subject->word));
}

static int check_minimum(const struct subject *subject, struct err *err)
{
	return against_bound(subject) < 0 ? refuse_number(subject, "at least", err) : 0;
}

static int check_maximum(const struct subject *subject, struct err *err)
{
	return against_bound(subject) > 0 ? refuse_number(subject, "at most", err) : 0;
}

static int check_exclusive_minimum(const struct subject *subject, struct err *err)
{
	return against_bound(subject) <= 0 ? refuse_number(subject, "more than", err) : 0;
}

static int check_exclusive_maximum(const struct subject *subject, struct err *err)
{
	return against_bound(subject) >= 0 ? refuse_number(subject, "less than", err) : 0;
}

static json_int_t characters(const json_t *text)
{
	return (json_int_t)str_utf8_length(json_string_value(text), json_string_length(text));
}

static int check_min_length(const struct subject *subject, struct err *err)
{
	if (characters(subject->value) >= json_integer_value(subject->word))
		return 0;
	return err_set(err, ERR_INVALID, "must have at least %lld characters",
	               (long long)json_integer_value(subject->word));
}

static int check_max_length(const struct subject *subject, struct err *err)
{
	if (characters(subject->value) <= json_integer_value(subject->word))
		return 0;
	return err_set(err, ERR_INVALID, "must have at most %lld characters",
	               (long long)json_integer_value(subject->word));
}

static int check_pattern(const struct subject *subject, struct err *err)
{
	regex_t regex;
	int found;

	if (regcomp(&regex, json_string_value(subject->word), REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, ERR_INVALID, "the pattern '%.128s' cannot be read",
		               json_string_value(subject->word));
	found = regexec(&regex, json_string_value(subject->value), 0, NULL, 0) == 0;
	regfree(&regex);
	if (found)
		return 0;
	return err_set(err, ERR_INVALID, "must match the pattern '%.128s'",
	               json_string_value(subject->word));
}

static int check_items(const struct subject *subject, struct err *err)
{
	size_t i;
	json_t *item;

	json_array_foreach(subject->value, i, item)
	{
		if (schema_check(subject->word, item, err) < 0)
			return err_prefix(err, "item %zu", i + 1);
	}
	return 0;
}

static int check_min_items(const struct subject *subject, struct err *err)
{
	if ((json_int_t)json_array_size(subject->value) >= json_integer_value(subject->word))
		return 0;
	return err_set(err, ERR_INVALID, "must have at least %lld items",
	               (long long)json_integer_value(subject->word));
}

static int check_max_items(const struct subject *subject, struct err *err)
{
	if ((json_int_t)json_array_size(subject->value) <= json_integer_value(subject->word))
		return 0;
	return err_set(err, ERR_INVALID, "must have at most %lld items",
	               (long long)json_integer_value(subject->word));
}

static int check_unique_items(const struct subject *subject, struct err *err)
{
	size_t count = json_array_size(subject->value);

	for (size_t i = 0; json_is_true(subject->word) && i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (json_equal(json_array_get(subject->value, i),
			               json_array_get(subject->value, j)))
				return err_set(err, ERR_INVALID, "item %zu repeats item %zu", i + 1,
				               j + 1);
		}
	}
	return 0;
}

static int check_required(const struct subject *subject, struct err *err)
{
	size_t i;
	json_t *name;

	json_array_foreach(subject->word, i, name)
	{
		if (!json_object_get(subject->value, json_string_value(name)))
			return err_set(err, ERR_INVALID, "'%s' is missing",
			               json_string_value(name));
	}
	return 0;
}

static int check_properties(const struct subject *subject, struct err *err)
{
	const char *name;
	json_t *schema, *member;

	/* the foreach macro of jansson takes no const */
	json_object_foreach((json_t *)(uintptr_t)subject->word, name, schema)
	{
		member = json_object_get(subject->value, name);
		if (member && schema_check(schema, member, err) < 0)
			return err_prefix(err, "'%s'", name);
	}
	return 0;
}

/* `additionalProperties: false`, or the schema of those not named */
static int check_additional(const struct subject *subject, struct err *err)
{
	const json_t *named = json_object_get(subject->schema, "properties");
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)subject->value, name, member)
	{
		if (json_object_get(named, name))
			continue;
		if (json_is_false(subject->word))
			return err_set(err, ERR_INVALID, "unknown member '%s'", name);
		if (json_is_object(subject->word) && schema_check(subject->word, member, err) < 0)
			return err_prefix(err, "'%s'", name);
	}
	return 0;
}

static const struct {
	const char *name;
	const char *type; /* of the values it is about, NULL: all */
	int (*check)(const struct subject *subject, struct err *err);
} words[] = {
	{"type", NULL, check_type},
	{"enum", NULL, check_enum},
	{"const", NULL, check_const},
	{"minimum", "number", check_minimum},
	{"maximum", "number", check_maximum},
	{"exclusiveMinimum", "number", check_exclusive_minimum},
	{"exclusiveMaximum", "number", check_exclusive_maximum},
	{"minLength", "string", check_min_length},
	{"maxLength", "string", check_max_length},
	{"pattern", "string", check_pattern},
	{"items", "array", check_items},
	{"minItems", "array", check_min_items},
	{"maxItems", "array", check_max_items},
	{"uniqueItems", "array", check_unique_items},
	{"required", "object", check_required},
	{"properties", "object", check_properties},
	{"additionalProperties", "object", check_additional},
};

int schema_check(const json_t *schema, const json_t *value, struct err *err)
{
	for (size_t i = 0; i < countof(words); i++) {
		struct subject subject = {
			.schema = schema,
			.word = json_object_get(schema, words[i].name),
			.value = value,
		};

		if (!subject.word || (words[i].type && !is_of_type(value, words[i].type)))
			continue;
		if (words[i].check(&subject, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether the schema's `type` takes this JSON type; no `type` takes all. */
static int takes_type(const json_t *schema, const char *type)
{
	const json_t *types = json_object_get(schema, "type");
	size_t i;
	json_t *item;

	if (!types)
		return 1;
	if (json_is_string(types))
		return str_equal(json_string_value(types), type);
	json_array_foreach(types, i, item)
	{
		if (str_equal(json_string_value(item), type))
			return 1;
	}
	return 0;
}

/* Whether a value is of one of the schema's types other than text. */
static int fits_another_type(const json_t *schema, const json_t *value)
{
	for (size_t i = 0; i < SCHEMA_TYPES; i++) {
		if (!str_equal(schema_types[i], "string") && takes_type(schema, schema_types[i]) &&
		    is_of_type(value, schema_types[i]))
			return 1;
	}
	return 0;
}

json_t *schema_value(const json_t *schema, const char *text, struct err *err)
{
	struct err not_json;
	json_t *value = json_parse(text, strlen(text), &not_json);

	if (!takes_type(schema, "string")) {
		if (!value)
			err_set(err, ERR_INVALID, "'%.64s' is not JSON: %s", text, not_json.text);
		return value;
	}
	if (value && fits_another_type(schema, value))
		return value;
	json_decref(value);
	value = json_string(text);
	if (!value)
		err_set(err, ERR_INVALID, "the text is not UTF-8");
	return value;
}
