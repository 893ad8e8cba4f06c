/* load_oracle_test.c - random loads beside a slow and obvious loader in memory
 *
 * Values come from so few that every kind of collision happens all the time. The oracle keeps rows in
 * an array and takes records one by one, as formats.md §2 of the design says.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto.h"
#include "lib/str.h"
#include "tests/count.h"
#include "tests/drivers/load_fixture.h"
#include "tests/suite.h"

#define STAMP "'2020-01-01T00:00:00.000000Z'"

enum { ROWS_MAX = 64, RECORDS_MAX = 40, BOX_DELETED = 4, BOX_UNKNOWN = 9 };

struct item {
	int64_t id; /* 0: generated */
	char code;  /* 0: NULL */
	int num;    /* 0: NULL, -1: not a number */
	char tag;
	int box;
	int is_deleted, is_new; /* is_new: of the load */
};

enum key { KEY_ID, KEY_CODE, KEY_PAIR, KEY_COUNT };

/* How one load is done. */
struct plan {
	int has_id;
	enum load_conflict conflict;
	enum key key;
	const char *extra; /* further options */
	int is_prefilled;
};

struct oracle {
	struct item rows[ROWS_MAX];
	size_t count;
	int64_t inserted, updated, skipped, required, integer, foreign, duplicate, in_input;
};

static uint64_t dice;

static int roll(int sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (int)(dice % (uint64_t)sides);
}

static int same_key(const struct item *a, const struct item *b, enum key key)
{
	switch (key) {
	case KEY_ID:
		return a->id && a->id == b->id;
	case KEY_CODE:
		return a->code && a->code == b->code;
	case KEY_PAIR:
		return a->num && a->num == b->num && a->tag == b->tag;
	case KEY_COUNT:
		break;
	}
	return 0;
}

static struct item *find(struct oracle *oracle, const struct item *item, enum key key,
                         const struct item *except)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (&oracle->rows[i] != except && same_key(&oracle->rows[i], item, key))
			return &oracle->rows[i];
	return NULL;
}

static void change(struct oracle *oracle, struct item *stored, const struct item *item,
                   enum key key)
{
	stored->code = key == KEY_CODE ? stored->code : item->code;
	if (key != KEY_PAIR) {
		stored->num = item->num;
		stored->tag = item->tag;
	}
	stored->box = item->box;
	stored->is_deleted = 0;
	oracle->updated++;
}

static void take(struct oracle *oracle, const struct item *item, const struct plan *plan)
{
	struct item *own = NULL, *other = NULL;

	if (item->num < 0) {
		oracle->integer++;
		return;
	}
	if (item->box == BOX_DELETED || item->box == BOX_UNKNOWN) {
		oracle->foreign++;
		return;
	}
	if (plan->conflict != LOAD_CONFLICT_ERROR)
		own = find(oracle, item, plan->key, NULL);
	if (own && plan->conflict == LOAD_CONFLICT_SKIP) {
		oracle->skipped++;
		return;
	}
	for (int key = KEY_ID; key < KEY_COUNT && !other; key++)
		other = find(oracle, item, (enum key)key, own);
	if (other) {
		oracle->duplicate += !other->is_new;
		oracle->in_input += other->is_new;
	} else if (own) {
		change(oracle, own, item, plan->key);
	} else {
		oracle->rows[oracle->count] = *item;
		oracle->rows[oracle->count++].is_new = 1;
		oracle->inserted++;
	}
}

static struct item random_item(const struct plan *plan)
{
	static const int boxes[] = {1, 2, 3, 1, 2, 3, 1, 2, BOX_DELETED, BOX_UNKNOWN};
	struct item item = {
		.id = plan->has_id ? 1 + roll(12) : 0,
		.code = roll(4) ? (char)('a' + roll(10)) : '\0',
		.num = roll(4) ? 1 + roll(5) : 0,
		.tag = roll(2) ? 'x' : 'y',
		.box = boxes[roll((int)countof(boxes))],
	};

	if (roll(20) == 0)
		item.num = -1;
	return item;
}

static void append_item(struct buf *csv, const struct item *item, const struct plan *plan)
{
	if (plan->has_id)
		buf_printf(csv, "%" PRId64 ",", item->id);
	if (item->code)
		buf_char(csv, item->code);
	if (item->num < 0)
		buf_text(csv, ",z");
	else if (item->num == 0)
		buf_text(csv, ",");
	else
		buf_printf(csv, ",%d", item->num);
	buf_printf(csv, ",%c,%d\n", item->tag, item->box);
}

static void append_row(struct buf *text, const struct item *item, const struct plan *plan)
{
	if (plan->has_id)
		buf_printf(text, "%" PRId64 "|", item->id);
	if (item->code)
		buf_char(text, item->code);
	buf_char(text, '|');
	if (item->num > 0)
		buf_printf(text, "%d", item->num);
	buf_printf(text, "|%c|%d|%d", item->tag, item->box, item->is_deleted);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All rows in the order of their texts. */
static const char *oracle_rows(struct load_fixture *f, const struct oracle *oracle,
                               const struct plan *plan)
{
	const char *texts[ROWS_MAX], *all = "";

	for (size_t i = 0; i < oracle->count; i++) {
		struct buf text = {0};

		append_row(&text, &oracle->rows[i], plan);
		texts[i] = arena_strdup(&f->arena, text.data);
		buf_release(&text);
	}
	if (oracle->count > 0)
		qsort(texts, oracle->count, sizeof(texts[0]), compare_texts);
	for (size_t i = 0; i < oracle->count; i++)
		all = arena_printf(&f->arena, "%s%s%s", all, i > 0 ? ";" : "", texts[i]);
	return all;
}

static const char *stored_rows(struct load_fixture *f, const struct plan *plan)
{
	return load_fixture_rows(
		f,
		arena_printf(
			&f->arena,
			"SELECT %scoalesce(code, '') || '|' || coalesce(CAST(num AS text), '') || '|' || tag ||"
			" '|' || box_id || '|' || CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END AS line"
			" FROM item ORDER BY line",
			plan->has_id ? "id || '|' || " : ""));
}

static const char *oracle_counts(struct load_fixture *f, const struct oracle *oracle)
{
	int64_t rejected = oracle->integer + oracle->foreign + oracle->duplicate + oracle->in_input;

	return arena_printf(&f->arena,
	                    "received=%" PRId64 " inserted=%" PRId64 " updated=%" PRId64
	                    " skipped=%" PRId64 " integer=%" PRId64 " foreign=%" PRId64
	                    " duplicate=%" PRId64 " in_input=%" PRId64,
	                    rejected + oracle->inserted + oracle->updated + oracle->skipped,
	                    oracle->inserted, oracle->updated, oracle->skipped, oracle->integer,
	                    oracle->foreign, oracle->duplicate, oracle->in_input);
}

static const char *stored_counts(struct load_fixture *f)
{
	const struct load_result *result = &f->result;
	struct oracle counts = {
		.inserted = result->inserted,
		.updated = result->updated,
		.skipped = result->skipped,
		.integer = result->reasons[FLAW_INVALID_INTEGER],
		.foreign = result->reasons[FLAW_FOREIGN_KEY],
		.duplicate = result->reasons[FLAW_DUPLICATE],
		.in_input = result->reasons[FLAW_DUPLICATE_IN_INPUT],
	};

	return oracle_counts(f, &counts);
}

static void prefill(struct load_fixture *f, struct oracle *oracle)
{
	static const struct item rows[] = {
		{1, 'a', 1, 'x', 1, 0, 0},
		{2, 'b', 2, 'y', 2, 1, 0},
		{3, '\0', 3, 'x', 3, 0, 0},
	};

	memcpy(oracle->rows, rows, sizeof(rows));
	oracle->count = countof(rows);
	load_fixture_exec(
		f,
		"INSERT INTO item (id, code, num, tag, box_id, created_at, updated_at, version, deleted_at)"
		" VALUES (1, 'a', 1, 'x', 1, " STAMP ", " STAMP ", 1, NULL),"
		" (2, 'b', 2, 'y', 2, " STAMP ", " STAMP ", 1, " STAMP "),"
		" (3, NULL, 3, 'x', 3, " STAMP ", " STAMP ", 1, NULL)");
}

static const char *options_of(struct load_fixture *f, const struct plan *plan)
{
	static const char *const keys[] = {"id", "code", "num,tag"};
	static const char *const conflicts[] = {"error", "skip", "update"};

	return arena_printf(&f->arena, "{'on_conflict': '%s', 'conflict_key': '%s'%s}",
	                    conflicts[plan->conflict], keys[plan->key], plan->extra);
}

static struct plan random_plan(void)
{
	static const char *const extras[] = {"", ", 'chunk_rows': 7", ", 'chunk_rows': 'auto'",
	                                     ", 'exclusive': true", ", 'exclusive': true"};
	struct plan plan = {
		.has_id = roll(2),
		.conflict = (enum load_conflict)roll(3),
		.key = (enum key)roll(KEY_COUNT),
		.extra = extras[roll((int)countof(extras))],
		.is_prefilled = roll(2),
	};

	if (!plan.has_id && plan.key == KEY_ID)
		plan.key = KEY_CODE;
	return plan;
}

/* Where loads go in at once: what they list, row by row and without effect. */
static const char *rejects_by_rows(struct load_fixture *f, const char *csv, struct plan plan)
{
	int64_t bulk_rows = f->context.bulk_rows;

	if (bulk_rows == 0)
		return NULL;
	plan.extra = ", 'dry_run': true";
	f->context.bulk_rows = INT64_MAX;
	load_fixture_csv(f, "item", csv, options_of(f, &plan));
	f->context.bulk_rows = bulk_rows;
	return f->rejects ? load_fixture_rejects(f) : "";
}

static void one_load(struct load_fixture *f)
{
	struct plan plan = random_plan();
	struct oracle oracle = {0};
	struct buf csv = {0};
	const char *text, *rejects;

	load_fixture_exec(f, "DELETE FROM item");
	if (plan.is_prefilled)
		prefill(f, &oracle);
	buf_text(&csv, plan.has_id ? "id,code,num,tag,box_id\n" : "code,num,tag,box_id\n");
	for (int i = 0, count = roll(RECORDS_MAX); i < count; i++) {
		struct item item = random_item(&plan);

		append_item(&csv, &item, &plan);
		take(&oracle, &item, &plan);
	}
	text = options_of(f, &plan);
	rejects = rejects_by_rows(f, csv.data, plan);
	load_fixture_csv(f, "item", csv.data, text);
	ck_assert_msg(str_starts_with(f->text, "received="), "%s", f->text);
	if (rejects)
		ck_assert_str_eq(f->rejects ? load_fixture_rejects(f) : "", rejects);
	if (!str_equal(stored_counts(f), oracle_counts(f, &oracle)) ||
	    !str_equal(stored_rows(f, &plan), oracle_rows(f, &oracle, &plan)))
		ck_abort_msg("options %s, prefilled %d\n%sexpected %s\n%s\nfound %s\n%s", text,
		             plan.is_prefilled, csv.data, oracle_counts(f, &oracle),
		             oracle_rows(f, &oracle, &plan), stored_counts(f),
		             stored_rows(f, &plan));
	buf_release(&csv);
}

START_TEST(random_loads_do_what_the_oracle_does)
{
	static const char *const tables[] = {
		"table: box\ncolumns: [{name: label, type: text}]\nsoft_delete: true\n",
		"table: item\n"
		"columns:\n"
		"  - {name: code, type: string, max_length: 1, unique: true}\n"
		"  - {name: num, type: int}\n"
		"  - {name: tag, type: string, max_length: 1, required: true}\n"
		"  - {name: box_id, references: box, required: true}\n"
		"unique: [[num, tag]]\n"
		"soft_delete: true\n",
	};
	struct load_fixture f;
	uint64_t start;

	crypto_random(&start, sizeof(start));
	dice = start | 1;
	load_fixture_init(&f, tables, countof(tables));
	load_fixture_exec(&f,
	                  "INSERT INTO box (id, created_at, updated_at, version, deleted_at) VALUES"
	                  " (1, " STAMP ", " STAMP ", 1, NULL), (2, " STAMP ", " STAMP ", 1, NULL),"
	                  " (3, " STAMP ", " STAMP ", 1, NULL),"
	                  " (4, " STAMP ", " STAMP ", 1, " STAMP ")");
	for (int i = 0, rounds = count_of(300, 20000); i < rounds; i++)
		one_load(&f);
	load_fixture_release(&f);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = load_fixture_cases(argc, argv);

	tcase_add_test(cases, random_loads_do_what_the_oracle_does);
	tcase_set_timeout(cases, 3600);
	return suite_run("load oracle", cases);
}
