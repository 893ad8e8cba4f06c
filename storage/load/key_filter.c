/* key_filter.c - four bits per key in a field of bits that fits the rows */
#include "storage/load/key_filter.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	PROBES = 4,
	BITS_PER_KEY = 16,
	LEAST_BITS = 1 << 16,
	COLUMN_NOT_LOADED = -1, /* the same in all rows */
};

/* One key: where its columns are in a row. */
struct filter_key {
	int *places;
	size_t count;
};

struct key_filter {
	struct filter_key *keys;
	size_t key_count;
	uint64_t *bits;
	uint64_t mask; /* bits - 1 */
};

static int place_of(const struct column *column, const struct column *const *columns, size_t width)
{
	for (size_t i = 0; i < width; i++)
		if (columns[i] == column)
			return (int)i;
	return COLUMN_NOT_LOADED;
}

/* A key with a column that is NULL in all rows collides with nothing. */
static void add_key(struct key_filter *filter, const struct table_key *key,
                    const struct column *const *columns, size_t width)
{
	struct filter_key *added = &filter->keys[filter->key_count];

	for (size_t i = 0; i < key->count; i++)
		if (place_of(key->columns[i], columns, width) == COLUMN_NOT_LOADED &&
		    key->columns[i]->default_kind == COLUMN_DEFAULT_NONE)
			return;
	added->places = mem_array(key->count, sizeof(*added->places));
	added->count = key->count;
	for (size_t i = 0; i < key->count; i++)
		added->places[i] = place_of(key->columns[i], columns, width);
	filter->key_count++;
}

struct key_filter *key_filter_new(const struct table *table, const struct column *const *columns,
                                  size_t width, int64_t rows)
{
	struct key_filter *filter = mem_alloc(sizeof(*filter));
	const struct table_key id = {.columns = &table->id, .count = 1};
	const uint64_t most = (uint64_t)KEY_FILTER_BYTES * 8;
	uint64_t bits = LEAST_BITS;

	filter->keys = mem_array(table->key_count + 1, sizeof(*filter->keys));
	add_key(filter, &id, columns, width);
	for (size_t i = 0; i < table->key_count; i++)
		add_key(filter, &table->keys[i], columns, width);
	while (bits < most && bits < (uint64_t)rows * filter->key_count * BITS_PER_KEY)
		bits *= 2;
	filter->mask = bits - 1;
	filter->bits = mem_array(bits / 64, sizeof(*filter->bits));
	return filter;
}

void key_filter_free(struct key_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->key_count; i++)
		free(filter->keys[i].places);
	free(filter->keys);
	free(filter->bits);
	free(filter);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ (hash >> 32);
}

static uint64_t mix_bytes(uint64_t hash, const char *bytes, size_t size)
{
	uint64_t word;

	hash = mix(hash, size);
	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, size);
	return mix(hash, word);
}

static uint64_t mix_value(uint64_t hash, const struct value *value)
{
	double real = value->as.real;
	uint64_t word;

	if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
		return mix_bytes(hash, value->as.text, value->size);
	if (value->kind != VALUE_FLOAT)
		return mix(hash, (uint64_t)value->as.integer);
	/* both zeros are equal */
	real += 0.0;
	memcpy(&word, &real, sizeof(word));
	return mix(hash, word);
}

/* 0 when a value is NULL: such a key collides with nothing. */
static int hash_key(const struct filter_key *key, const struct value *values, uint64_t *hash)
{
	for (size_t i = 0; i < key->count; i++) {
		int place = key->places[i];

		if (place == COLUMN_NOT_LOADED)
			continue;
		if (values[place].kind == VALUE_NULL || values[place].kind == VALUE_UNSET)
			return 0;
		*hash = mix_value(*hash, &values[place]);
	}
	return 1;
}

/* Sets the bits of the hash; 1 when all of them were set. */
static int set_bits(struct key_filter *filter, uint64_t hash)
{
	uint64_t step = (hash >> 33) | 1;
	int seen = 1;

	for (int i = 0; i < PROBES; i++) {
		uint64_t bit = hash & filter->mask;
		uint64_t *word = &filter->bits[bit / 64];

		seen &= (int)(*word >> (bit % 64)) & 1;
		*word |= UINT64_C(1) << (bit % 64);
		hash += step;
	}
	return seen;
}

int key_filter_see(struct key_filter *filter, const struct value *values)
{
	int seen = 0;

	for (size_t i = 0; i < filter->key_count; i++) {
		uint64_t hash = mix(UINT64_C(0x243f6a8885a308d3), i);

		if (hash_key(&filter->keys[i], values, &hash))
			seen |= set_bits(filter, mix(hash, 0));
	}
	return seen;
}
