/* spill.c - all values of one column, and which of them stands at a rank */
#include "plugins/stats/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGITS   65536 /* of 16 bits */
#define SIGN_BIT (UINT64_C(1) << 63)

enum { DIGIT_BITS = 16, KEY_BITS = 64 };

void spill_file_init(struct spill_file *file)
{
	*file = (struct spill_file){.fd = -1};
}

void spill_file_release(struct spill_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

void spill_init(struct spill *spill, struct spill_file *file)
{
	*spill = (struct spill){.file = file};
}

void spill_release(struct spill *spill)
{
	free(spill->block);
	spill->block = NULL;
	spill->count = 0;
}

/* The keys of doubles: a negative one has all bits turned, another only its sign. */
uint64_t spill_number(double value)
{
	uint64_t bits;

	if (!(value < 0) && !(value > 0))
		value = 0; /* there is one zero */
	memcpy(&bits, &value, sizeof(bits));
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

double spill_to_number(uint64_t key)
{
	uint64_t bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

uint64_t spill_integer(int64_t value)
{
	return (uint64_t)value ^ SIGN_BIT;
}

int64_t spill_to_integer(uint64_t key)
{
	return (int64_t)(key ^ SIGN_BIT);
}

/* Nobody else sees the file, and it is gone with its descriptor. */
static int open_file(struct spill_file *file)
{
	char path[4096];

	if (file->fd >= 0)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/values", file->folder) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	file->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return -1;
	return unlink(path);
}

static int write_block(struct spill *spill)
{
	struct spill_file *file = spill->file;
	const char *bytes = (const char *)spill->block;
	size_t done = 0;

	if (open_file(file) < 0)
		return -1;
	while (done < sizeof(*spill->block)) {
		ssize_t wrote = pwrite(file->fd, bytes + done, sizeof(*spill->block) - done,
		                       file->size_bytes + (off_t)done);

		if (wrote < 0 && errno != EINTR)
			return -1;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	spill->block->before = file->size_bytes;
	file->size_bytes += (int64_t)sizeof(*spill->block);
	spill->count = 0;
	return 0;
}

int spill_add(struct spill *spill, uint64_t key)
{
	if (!spill->block) {
		spill->block = malloc(sizeof(*spill->block));
		if (!spill->block)
			return -1;
		spill->block->before = -1;
	}
	if (spill->count == SPILL_KEYS && write_block(spill) < 0)
		return -1;
	spill->block->keys[spill->count++] = key;
	spill->total++;
	return 0;
}

/* -- ranks -- */

static int compare(const void *a, const void *b)
{
	const uint64_t *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

struct search {
	size_t count;
	int64_t left[SPILL_RANKS];    /* ranks among the keys that begin with the prefix */
	uint64_t prefix[SPILL_RANKS]; /* the bits that are found */
	int64_t *histogram;           /* DIGITS of each rank */
	int shift;                    /* of the digit that is looked for */
};

static void count_keys(struct search *search, const uint64_t *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t digit = keys[i] >> search->shift & (DIGITS - 1);
		/* in two steps: a shift by all 64 bits is no shift */
		uint64_t above = keys[i] >> search->shift >> DIGIT_BITS;

		for (size_t j = 0; j < search->count; j++)
			if (above == search->prefix[j])
				search->histogram[j * DIGITS + digit]++;
	}
}

static int read_block(const struct spill_file *file, int64_t at, struct spill_block *block)
{
	char *bytes = (char *)block;
	size_t done = 0;

	while (done < sizeof(*block)) {
		ssize_t got = pread(file->fd, bytes + done, sizeof(*block) - done,
		                    (off_t)at + (off_t)done);

		if (got == 0)
			errno = EIO;
		if (got == 0 || (got < 0 && errno != EINTR))
			return -1;
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static int count_all(const struct spill *spill, struct search *search)
{
	struct spill_block block;

	memset(search->histogram, 0, search->count * DIGITS * sizeof(*search->histogram));
	count_keys(search, spill->block->keys, spill->count);
	for (int64_t at = spill->block->before; at >= 0; at = block.before) {
		if (read_block(spill->file, at, &block) < 0)
			return -1;
		count_keys(search, block.keys, SPILL_KEYS);
	}
	return 0;
}

static void take_digits(struct search *search)
{
	for (size_t j = 0; j < search->count; j++) {
		const int64_t *histogram = search->histogram + j * DIGITS;
		uint64_t digit = 0;

		while (search->left[j] >= histogram[digit])
			search->left[j] -= histogram[digit++];
		search->prefix[j] = search->prefix[j] << DIGIT_BITS | digit;
	}
}

static int search_file(struct spill *spill, struct search *search)
{
	search->histogram = malloc(search->count * DIGITS * sizeof(*search->histogram));
	if (!search->histogram)
		return -1;
	for (search->shift = KEY_BITS - DIGIT_BITS; search->shift >= 0;
	     search->shift -= DIGIT_BITS) {
		if (count_all(spill, search) < 0) {
			free(search->histogram);
			return -1;
		}
		take_digits(search);
	}
	free(search->histogram);
	return 0;
}

int spill_find(struct spill *spill, const int64_t *ranks, size_t count, uint64_t *keys)
{
	struct search search = {.count = count};

	if (spill->block->before < 0) {
		qsort(spill->block->keys, spill->count, sizeof(uint64_t), compare);
		for (size_t i = 0; i < count; i++)
			keys[i] = spill->block->keys[ranks[i]];
		return 0;
	}
	memcpy(search.left, ranks, count * sizeof(*ranks));
	if (search_file(spill, &search) < 0)
		return -1;
	memcpy(keys, search.prefix, count * sizeof(*keys));
	return 0;
}
