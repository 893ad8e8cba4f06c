/* mutate.c - feeds a target with corpus entries that were bent at random */
#include "tests/fuzz/mutate.h"

#include <string.h>

#include "lib/buf.h"

enum {
	BENDS_MOST = 8, /* changes to one entry */
};

/* xorshift64*, Vigna 2016 */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *state, size_t bound)
{
	return bound ? (size_t)(next(state) % bound) : 0;
}

enum bend { BEND_BIT, BEND_BYTE, BEND_CUT, BEND_REPEAT, BEND_SPLICE, BEND_COUNT };

static void repeat(struct buf *bytes, uint64_t *state)
{
	auto_buf struct buf copy = {0};
	size_t from = below(state, bytes->size);

	buf_append(&copy, bytes->data + from, below(state, bytes->size - from) + 1);
	buf_append(bytes, copy.data, copy.size);
}

static void bend(struct buf *bytes, const struct mutate_entry *other, uint64_t *state)
{
	size_t at = below(state, bytes->size);

	if (!bytes->size)
		return;
	switch ((enum bend)below(state, BEND_COUNT)) {
	case BEND_BIT:
		bytes->data[at] = (char)(bytes->data[at] ^ 1 << below(state, 8));
		break;
	case BEND_BYTE:
		bytes->data[at] = (char)next(state);
		break;
	case BEND_CUT:
		bytes->size = at;
		break;
	case BEND_REPEAT:
		repeat(bytes, state);
		break;
	case BEND_SPLICE:
		bytes->size = at;
		buf_append(bytes, other->bytes, below(state, other->size + 1));
		break;
	case BEND_COUNT:
		break;
	}
}

void mutate_run(mutate_target_fn target, const struct mutate_entry *corpus, size_t count,
                int rounds)
{
	auto_buf struct buf bytes = {0};
	uint64_t state = 1;

	for (size_t i = 0; i < count; i++)
		target(corpus[i].bytes, corpus[i].size);
	for (int round = 0; round < rounds; round++) {
		const struct mutate_entry *entry = &corpus[below(&state, count)];

		buf_clear(&bytes);
		buf_append(&bytes, entry->bytes, entry->size);
		for (size_t bends = below(&state, BENDS_MOST) + 1; bends; bends--)
			bend(&bytes, &corpus[below(&state, count)], &state);
		target((const uint8_t *)buf_string(&bytes), bytes.size);
	}
}
