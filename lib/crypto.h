/* crypto.h - digests, randomness and ids, by libcrypto and libsodium
 *
 * Thread safe. Randomness cannot fail: without it the program aborts.
 */
#ifndef LIB_CRYPTO_H
#define LIB_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

enum {
	CRYPTO_SHA256_SIZE = 32,
	CRYPTO_SHA256_HEX_SIZE = 65, /* with NUL */
	CRYPTO_ULID_SIZE = 27,       /* with NUL */
};

struct crypto_sha256; /* a running digest */

struct crypto_sha256 *crypto_sha256_new(void);
void crypto_sha256_add(struct crypto_sha256 *digest, const void *bytes, size_t size);
/* Writes the digest and frees. */
void crypto_sha256_end(struct crypto_sha256 *digest, uint8_t out[CRYPTO_SHA256_SIZE]);

void crypto_sha256_hex(const void *bytes, size_t size, char out[CRYPTO_SHA256_HEX_SIZE]);
void crypto_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                        uint8_t out[CRYPTO_SHA256_SIZE]);
void crypto_hex(const uint8_t *bytes, size_t size, char *out);

void crypto_random(void *bytes, size_t size);
/* Time-ordered unique id, Crockford base 32 (the ULID specification); `now_us` gives its time. */
void crypto_ulid(int64_t now_us, char out[CRYPTO_ULID_SIZE]);

/* Constant time in the contents; 1 when equal. */
int crypto_equal(const void *a, size_t a_size, const void *b, size_t b_size);

#endif
