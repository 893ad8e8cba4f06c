/* decimal.h - exact decimal numbers as text
 *
 * A decimal(precision, scale) has at most `precision` digits, `scale` of them behind the point. Its
 * canonical text has exactly `scale` of them, a digit before the point, no plus and no minus zero, so
 * equal numbers are equal texts. Nothing is ever rounded. Pure.
 */
#ifndef STORAGE_CATALOG_DECIMAL_H
#define STORAGE_CATALOG_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

enum {
	DECIMAL_PRECISION_MAX = 1000,
	DECIMAL_TEXT_SIZE = DECIMAL_PRECISION_MAX + 4, /* sign, leading zero, point, NUL */
};

enum decimal_status {
	DECIMAL_OK,
	DECIMAL_MALFORMED,
	DECIMAL_TOO_PRECISE, /* digits that are not zero behind the scale */
	DECIMAL_TOO_LARGE,   /* more digits before the point than precision - scale */
};

/* `[+-]digits[.digits][e[+-]digits]` to canonical text with a NUL. */
MUST_CHECK enum decimal_status decimal_parse(const char *text, size_t size, int precision,
                                             int scale, char canonical[DECIMAL_TEXT_SIZE]);

/* Canonical text of at most 18 digits as an integer scaled by 10^scale, and back. */
int64_t decimal_to_scaled(const char *canonical);
void decimal_from_scaled(int64_t scaled, int scale, char canonical[DECIMAL_TEXT_SIZE]);

/* Order of two canonical texts of one scale: below, equal to or above 0. */
int decimal_compare(const char *a, size_t a_size, const char *b, size_t b_size);

#endif
