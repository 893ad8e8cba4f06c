/* retention.c - old rows of a table: which they are, and how one of them is told from another */
#include "plugins/table/retention.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHA256_BYTES = 32 };

static const int64_t us_per_s = 1000000, us_per_day = INT64_C(86400) * 1000000;

int retention_text_open(struct retention_text *text)
{
	*text = (struct retention_text){0};
	text->stream = open_memstream(&text->text, &text->size);
	return text->stream ? 0 : -1;
}

void retention_add_name(FILE *sql, const char *name)
{
	fputc('"', sql);
	for (; *name; name++) {
		if (*name == '"')
			fputc('"', sql);
		fputc(*name, sql);
	}
	fputc('"', sql);
}

void retention_add_columns(const struct retention *job, FILE *sql)
{
	for (size_t i = 0; i < job->column_count; i++) {
		if (i)
			fputs(", ", sql);
		retention_add_name(sql, job->columns[i].name);
	}
}

struct mr_value retention_cutoff(const struct retention *job)
{
	struct mr_value value = {.type = MR_TIMESTAMP, .as.i = job->cutoff_us};

	if (job->is_date) {
		value.type = MR_DATE;
		value.as.i = job->cutoff_us / us_per_day - (job->cutoff_us % us_per_day < 0);
	}
	return value;
}

void retention_set_backup(struct retention *job, const char *backup)
{
	free(job->backup);
	job->backup = strdup(backup);
}

/* -- lines -- */

void retention_add_text(const char *text, size_t size, FILE *line)
{
	int is_plain = size > 0;

	for (size_t i = 0; is_plain && i < size; i++)
		is_plain = !strchr(",\"\r\n", text[i]) || !text[i];
	if (is_plain) {
		fwrite(text, 1, size, line);
		return;
	}
	fputc('"', line);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			fputc('"', line);
		fputc(text[i], line);
	}
	fputc('"', line);
}

static void add_base64(const char *text, size_t size, FILE *line)
{
	unsigned char group[3], digits[5];

	for (size_t i = 0; i < size; i += sizeof(group)) {
		size_t count = size - i < sizeof(group) ? size - i : sizeof(group);

		memcpy(group, text + i, count);
		EVP_EncodeBlock(digits, group, (int)count);
		fputs((const char *)digits, line);
	}
	if (!size)
		fputs("\"\"", line);
}

/* `value` times 10^-scale. */
static void add_decimal(int64_t value, int scale, FILE *line)
{
	/* the least number has no positive counterpart */
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char digits[32];
	size_t size;

	snprintf(digits, sizeof(digits), "%0*llu", scale + 1, (unsigned long long)magnitude);
	size = strlen(digits);
	fprintf(line, "%s%.*s", value < 0 ? "-" : "", (int)size - scale, digits);
	if (scale)
		fprintf(line, ".%s", digits + size - (size_t)scale);
}

/* Times of databases that have a type for them. */
static void add_moment(int64_t us, int is_date, FILE *line)
{
	time_t seconds = us / us_per_s - (us % us_per_s < 0);
	char text[32] = "";
	struct tm parts;

	if (!gmtime_r(&seconds, &parts))
		return;
	strftime(text, sizeof(text), is_date ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &parts);
	fputs(text, line);
	if (!is_date)
		fprintf(line, ".%06lldZ", (long long)(us - seconds * us_per_s));
}

static void add_field(const struct retention_column *column, const struct mr_value *value,
                      FILE *line)
{
	if (value->is_null)
		return;
	switch (value->type) {
	case MR_INT:
	case MR_BOOL:
		add_decimal(value->as.i, column->scale > 0 ? column->scale : 0, line);
		break;
	case MR_FLOAT:
		fprintf(line, "%.17g", value->as.f);
		break;
	case MR_TIMESTAMP:
		add_moment(value->as.i, 0, line);
		break;
	case MR_DATE:
		add_moment(value->as.i * us_per_day, 1, line);
		break;
	case MR_BYTES:
		add_base64(value->as.s.p, value->as.s.n, line);
		break;
	default:
		retention_add_text(value->as.s.p, value->as.s.n, line);
	}
}

void retention_add_line(const struct retention *job, const struct mr_value *row, FILE *line)
{
	for (size_t i = 0; i < job->column_count; i++) {
		if (i)
			fputc(',', line);
		add_field(&job->columns[i], &row[i], line);
	}
	fputs("\r\n", line);
}

/* -- hashes -- */

struct retention_hash {
	EVP_MD_CTX *context;
};

struct retention_hash *retention_hash_new(void)
{
	struct retention_hash *hash = malloc(sizeof(*hash));

	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1)
		return hash;
	EVP_MD_CTX_free(hash->context);
	free(hash);
	return NULL;
}

void retention_hash_add(struct retention_hash *hash, const void *bytes, size_t size)
{
	EVP_DigestUpdate(hash->context, bytes, size);
}

void retention_hash_end(struct retention_hash *hash, char hex[RETENTION_HASH_SIZE])
{
	unsigned char digest[SHA256_BYTES] = {0};

	EVP_DigestFinal_ex(hash->context, digest, NULL);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

/* -- failures -- */

mr_status retention_failed(const struct retention *job, mr_status status, const char *what)
{
	return mr_fail(job->task, status, "%s: %s", what, job->task->host->error(job->task));
}

mr_status retention_no_memory(const struct retention *job)
{
	return mr_fail(job->task, MR_RETRY, "out of memory");
}
