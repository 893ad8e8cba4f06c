/* crypto.c - digests, randomness and ids */
#include "lib/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/random.h>

#include "lib/mem.h"

struct crypto_sha256 {
	EVP_MD_CTX *context;
};

struct crypto_sha256 *crypto_sha256_new(void)
{
	struct crypto_sha256 *digest = mem_alloc(sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	if (!digest->context || !EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL))
		abort();
	return digest;
}

void crypto_sha256_add(struct crypto_sha256 *digest, const void *bytes, size_t size)
{
	if (!EVP_DigestUpdate(digest->context, bytes, size))
		abort();
}

void crypto_sha256_end(struct crypto_sha256 *digest, uint8_t out[CRYPTO_SHA256_SIZE])
{
	if (!EVP_DigestFinal_ex(digest->context, out, NULL))
		abort();
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void crypto_hex(const uint8_t *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

void crypto_sha256_hex(const void *bytes, size_t size, char out[CRYPTO_SHA256_HEX_SIZE])
{
	uint8_t digest[CRYPTO_SHA256_SIZE];

	if (!EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL))
		abort();
	crypto_hex(digest, sizeof(digest), out);
}

void crypto_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                        uint8_t out[CRYPTO_SHA256_SIZE])
{
	if (!HMAC(EVP_sha256(), key, (int)key_size, bytes, size, out, NULL))
		abort();
}

void crypto_random(void *bytes, size_t size)
{
	unsigned char *at = bytes;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			abort();
		at += got;
		size -= (size_t)got;
	}
}

void crypto_ulid(int64_t now_us, char out[CRYPTO_ULID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t ms = (uint64_t)(now_us / 1000);
	uint8_t random[16];

	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	crypto_random(random, sizeof(random));
	for (int i = 0; i < 16; i++)
		out[10 + i] = digits[random[i] & 31];
	out[CRYPTO_ULID_SIZE - 1] = '\0';
}

int crypto_equal(const void *a, size_t a_size, const void *b, size_t b_size)
{
	return a_size == b_size && CRYPTO_memcmp(a, b, a_size) == 0;
}
