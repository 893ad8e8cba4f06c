/* crypto_test.c - digests, randomness and ids */
#include <check.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/crypto.h"
#include "tests/suite.h"

/* FIPS 180-2, appendix B, and the empty message */
static const struct digest_case {
	const char *text, *hex;
} digest_cases[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

START_TEST(digests_in_one_go_and_in_pieces)
{
	const struct digest_case *c = &digest_cases[_i];
	struct crypto_sha256 *digest = crypto_sha256_new();
	uint8_t out[CRYPTO_SHA256_SIZE];
	char hex[CRYPTO_SHA256_HEX_SIZE];

	crypto_sha256_hex(c->text, strlen(c->text), hex);
	ck_assert_str_eq(hex, c->hex);
	for (const char *at = c->text; *at; at++)
		crypto_sha256_add(digest, at, 1);
	crypto_sha256_end(digest, out);
	crypto_hex(out, sizeof(out), hex);
	ck_assert_str_eq(hex, c->hex);
}
END_TEST

START_TEST(keyed_digests)
{
	static const char text[] = "what do ya want for nothing?"; /* RFC 4231, test case 2 */
	uint8_t out[CRYPTO_SHA256_SIZE];
	char hex[CRYPTO_SHA256_HEX_SIZE];

	crypto_hmac_sha256("Jefe", 4, text, strlen(text), out);
	crypto_hex(out, sizeof(out), hex);
	ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

START_TEST(ids_are_ordered_by_time_and_never_equal)
{
	char first[CRYPTO_ULID_SIZE], second[CRYPTO_ULID_SIZE], later[CRYPTO_ULID_SIZE];

	crypto_ulid(INT64_C(1469918176385000), first);
	crypto_ulid(INT64_C(1469918176385999), second);
	crypto_ulid(INT64_C(1469918176386000), later);
	ck_assert_uint_eq(strlen(first), CRYPTO_ULID_SIZE - 1);
	ck_assert_uint_eq(strspn(first, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), CRYPTO_ULID_SIZE - 1);
	ck_assert_mem_eq(first, "01ARYZ6S41", 10); /* the example of the specification */
	ck_assert_mem_eq(first, second, 10);
	ck_assert_str_ne(first, second);
	ck_assert_int_lt(strcmp(first, later), 0);
	ck_assert_int_lt(strcmp(second, later), 0);
}
END_TEST

START_TEST(randomness_fills_any_size)
{
	static unsigned char a[1 << 20], b[1 << 20];
	int zeros = 0;

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	crypto_random(NULL, 0);
	ck_assert_mem_ne(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	ck_assert_int_gt(zeros, 3000); /* 4096 are expected */
	ck_assert_int_lt(zeros, 5200);
}
END_TEST

START_TEST(equality)
{
	ck_assert(crypto_equal("abc", 3, "abc", 3));
	ck_assert(crypto_equal("", 0, "", 0));
	ck_assert(!crypto_equal("abc", 3, "abd", 3));
	ck_assert(!crypto_equal("abc", 3, "abc", 2));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("crypto");

	tcase_add_loop_test(tests, digests_in_one_go_and_in_pieces, 0, (int)countof(digest_cases));
	tcase_add_test(tests, keyed_digests);
	tcase_add_test(tests, ids_are_ordered_by_time_and_never_equal);
	tcase_add_test(tests, randomness_fills_any_size);
	tcase_add_test(tests, equality);
	return suite_run("crypto", tests);
}
