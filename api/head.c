/* head.c - the head of an HTTP/1 request, read strictly */
#include "api/head.h"

#include <string.h>
#include <strings.h>

enum {
	EMPTY_LINES = 4, /* before a request, RFC 9112 §2.2 */
	LINE_EXTRA = 64, /* method, blanks and version beside the target */
	CONTENT_LENGTH_DIGITS = 18,
	PORT_MAX = 65535,
};

int head_is_token_char(unsigned char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return 1;
	return c && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static int is_value_char(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* RFC 3986 reg-name, but for the comma: a list of hosts is no host */
static int is_host_char(unsigned char c)
{
	return c == '(' || c == ')' || c == ';' || c == '=' ||
	       (head_is_token_char(c) && !strchr("#^`|", c));
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* In any case. */
static int text_is(struct head_text text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* A line ended at `end` (its LF). Returns the size of the whole head when it was the last one. */
static size_t line_done(struct head_scan *scan, const char *bytes, size_t end,
                        enum problem *problem)
{
	size_t length = end - scan->line_start;
	int in_request_line = !scan->fields;

	if (length == 0 || bytes[end - 1] != '\r') {
		*problem = PROBLEM_BAD_REQUEST;
		return 0;
	}
	scan->line_start = end + 1;
	if (length > 1) {
		if (in_request_line)
			scan->fields = end + 1;
		return 0;
	}
	if (!in_request_line)
		return end + 1;
	scan->start = end + 1;
	if (++scan->empty_lines > EMPTY_LINES)
		*problem = PROBLEM_BAD_REQUEST;
	return 0;
}

static void check_sizes(const struct head_scan *scan, size_t at, enum problem *problem)
{
	if (!scan->fields && at - scan->start > LIMIT_URI_BYTES + LINE_EXTRA)
		*problem = PROBLEM_URI_TOO_LONG;
	else if (scan->fields && at - scan->fields > LIMIT_HEAD_BYTES)
		*problem = PROBLEM_HEADERS_TOO_LARGE;
}

size_t head_scan(struct head_scan *scan, const char *bytes, size_t size, enum problem *problem)
{
	size_t done = 0;

	for (; scan->at < size && !done && *problem == PROBLEM_NONE; scan->at++) {
		unsigned char c = (unsigned char)bytes[scan->at];

		if (scan->at > scan->line_start && bytes[scan->at - 1] == '\r' && c != '\n')
			*problem = PROBLEM_BAD_REQUEST;
		else if (c == '\n')
			done = line_done(scan, bytes, scan->at, problem);
		else if (c != '\r' && !is_value_char(c))
			*problem = PROBLEM_BAD_REQUEST;
		if (*problem == PROBLEM_NONE)
			check_sizes(scan, scan->at + 1, problem);
	}
	return *problem == PROBLEM_NONE ? done : 0;
}

static enum problem refuse(const char **why, enum problem problem, const char *text)
{
	*why = text;
	return problem;
}

/* `HTTP/1.x` */
static enum problem parse_version(struct head_text text, struct head *head, const char **why)
{
	const char *v = text.data;

	if (text.size != 8 || memcmp(v, "HTTP/", 5) != 0 || !is_digit(v[5]) || v[6] != '.' ||
	    !is_digit(v[7]))
		return refuse(why, PROBLEM_BAD_REQUEST, "the request line has no HTTP version");
	if (v[5] != '1')
		return refuse(why, PROBLEM_HTTP_VERSION,
		              "only HTTP/1.0 and HTTP/1.1 are spoken here");
	head->minor = v[7] == '0' ? 0 : 1;
	return PROBLEM_NONE;
}

static size_t parse_port(struct head_text text, size_t at)
{
	unsigned port = 0;

	while (at < text.size && is_digit(text.data[at]) && port <= PORT_MAX)
		port = port * 10 + (unsigned)(text.data[at++] - '0');
	return port <= PORT_MAX ? at : 0;
}

/* `[v6]`: the index behind the bracket, or 0. */
static size_t skip_ip_literal(struct head_text text)
{
	size_t at = 1;

	while (at < text.size &&
	       (is_hex(text.data[at]) || text.data[at] == ':' || text.data[at] == '.'))
		at++;
	return at > 2 && at < text.size && text.data[at] == ']' ? at + 1 : 0;
}

/* RFC 3986: reg-name or `[v6]`, then perhaps a port; user information is refused. */
static int authority_valid(struct head_text text)
{
	size_t at = 0;

	if (text.size == 0)
		return 1;
	if (text.data[0] == '[') {
		at = skip_ip_literal(text);
		if (!at)
			return 0;
	} else {
		while (at < text.size && is_host_char((unsigned char)text.data[at]))
			at++;
		if (at == 0)
			return 0;
	}
	if (at == text.size)
		return 1;
	return text.data[at] == ':' && parse_port(text, at + 1) == text.size;
}

static size_t scheme_size(struct head_text target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < countof(schemes); i++) {
		size_t size = strlen(schemes[i]);

		if (target.size > size && strncasecmp(target.data, schemes[i], size) == 0)
			return size;
	}
	return 0;
}

/* Cuts the authority off an absolute form; what is left begins at the path. */
static enum problem parse_absolute(struct head_text *target, struct head *head, const char **why)
{
	size_t start = scheme_size(*target);
	size_t end = start;

	if (!start)
		return refuse(why, PROBLEM_BAD_REQUEST, "the request target is not a path");
	while (end < target->size && target->data[end] != '/' && target->data[end] != '?')
		end++;
	head->authority = (struct head_text){target->data + start, end - start};
	if (head->authority.size == 0 || !authority_valid(head->authority))
		return refuse(why, PROBLEM_BAD_REQUEST, "the request target has a bad authority");
	target->data += end;
	target->size -= end;
	return PROBLEM_NONE;
}

static enum problem parse_target(struct head_text target, struct head *head, const char **why)
{
	const char *mark;

	for (size_t i = 0; i < target.size; i++)
		if (target.data[i] <= 0x20 || target.data[i] >= 0x7f || target.data[i] == '#')
			return refuse(why, PROBLEM_BAD_REQUEST,
			              "the request target has a bad character");
	if (target.size > LIMIT_URI_BYTES)
		return refuse(why, PROBLEM_URI_TOO_LONG, "the request target is over 8 KiB");
	if (text_is(target, "*") && text_is(head->method, "OPTIONS")) {
		head->path = target;
		return PROBLEM_NONE;
	}
	if (target.data[0] != '/') {
		enum problem problem = parse_absolute(&target, head, why);

		if (problem != PROBLEM_NONE)
			return problem;
	}
	mark = target.size ? memchr(target.data, '?', target.size) : NULL;
	head->path =
		(struct head_text){target.data, mark ? (size_t)(mark - target.data) : target.size};
	if (mark)
		head->query = (struct head_text){mark + 1, target.size - head->path.size - 1};
	if (head->path.size == 0)
		head->path = (struct head_text){"/", 1};
	return PROBLEM_NONE;
}

/* method SP target SP version */
static enum problem parse_request_line(struct head_text line, struct head *head, const char **why)
{
	struct head_text target, version;
	const char *blank = memchr(line.data, ' ', line.size);
	enum problem problem;

	if (!blank || blank == line.data)
		return refuse(why, PROBLEM_BAD_REQUEST, "the request line has no method");
	head->method = (struct head_text){line.data, (size_t)(blank - line.data)};
	for (size_t i = 0; i < head->method.size; i++)
		if (!head_is_token_char((unsigned char)head->method.data[i]))
			return refuse(why, PROBLEM_BAD_REQUEST, "the method has a bad character");
	target.data = blank + 1;
	blank = memchr(target.data, ' ', line.size - head->method.size - 1);
	if (!blank || blank == target.data)
		return refuse(why, PROBLEM_BAD_REQUEST,
		              "the request line has no target or no version");
	target.size = (size_t)(blank - target.data);
	version.data = blank + 1;
	version.size = line.size - head->method.size - target.size - 2;
	problem = parse_version(version, head, why);
	return problem != PROBLEM_NONE ? problem : parse_target(target, head, why);
}

static struct head_text trim(const char *data, size_t size)
{
	while (size && (*data == ' ' || *data == '\t')) {
		data++;
		size--;
	}
	while (size && (data[size - 1] == ' ' || data[size - 1] == '\t'))
		size--;
	return (struct head_text){data, size};
}

static int parse_field(const char *line, size_t size, struct head_field *field)
{
	size_t colon = 0;

	while (colon < size && head_is_token_char((unsigned char)line[colon]))
		colon++;
	if (colon == 0 || colon == size || line[colon] != ':')
		return -1;
	for (size_t i = colon + 1; i < size; i++)
		if (!is_value_char((unsigned char)line[i]))
			return -1;
	field->name = (struct head_text){line, colon};
	field->value = trim(line + colon + 1, size - colon - 1);
	return 0;
}

static enum problem take_host(struct head *head, struct head_text value, const char **why)
{
	if (!authority_valid(value))
		return refuse(why, PROBLEM_BAD_REQUEST, "the Host header is malformed");
	/* the authority of an absolute target overrides it */
	if (!head->authority.data)
		head->authority = value;
	return PROBLEM_NONE;
}

static enum problem take_length(struct head *head, struct head_text value, const char **why)
{
	int64_t length = 0;

	for (size_t i = 0; i < value.size; i++)
		if (!is_digit(value.data[i]))
			return refuse(why, PROBLEM_BAD_REQUEST,
			              "the Content-Length is not a number");
	if (value.size == 0)
		return refuse(why, PROBLEM_BAD_REQUEST, "the Content-Length is empty");
	if (value.size > CONTENT_LENGTH_DIGITS)
		return refuse(why, PROBLEM_PAYLOAD_TOO_LARGE, "the Content-Length is out of range");
	for (size_t i = 0; i < value.size; i++)
		length = length * 10 + (value.data[i] - '0');
	head->content_length = length;
	return PROBLEM_NONE;
}

static enum problem take_encoding(struct head *head, struct head_text value, const char **why)
{
	if (head->minor == 0)
		return refuse(why, PROBLEM_BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding");
	if (value.size == 0)
		return refuse(why, PROBLEM_BAD_REQUEST, "the Transfer-Encoding is empty");
	if (!text_is(value, "chunked"))
		return refuse(why, PROBLEM_NOT_IMPLEMENTED,
		              "the only Transfer-Encoding here is chunked");
	head->flags |= HEAD_CHUNKED;
	return PROBLEM_NONE;
}

static enum problem take_expect(struct head *head, struct head_text value, const char **why)
{
	if (head->minor == 0)
		return PROBLEM_NONE;
	if (!text_is(value, "100-continue"))
		return refuse(why, PROBLEM_EXPECTATION_FAILED,
		              "the only expectation met is 100-continue");
	head->flags |= HEAD_CONTINUE;
	return PROBLEM_NONE;
}

/* A comma separated list of tokens; two of them mean something here. */
static enum problem take_connection(struct head *head, struct head_text value, const char **why)
{
	(void)why;
	while (value.size) {
		const char *comma = memchr(value.data, ',', value.size);
		size_t size = comma ? (size_t)(comma - value.data) : value.size;
		struct head_text token = trim(value.data, size);

		if (text_is(token, "close"))
			head->flags |= HEAD_CLOSE;
		else if (text_is(token, "keep-alive") && head->minor == 0)
			head->flags |= HEAD_KEEP_ALIVE;
		if (!comma)
			break;
		value = (struct head_text){comma + 1, value.size - size - 1};
	}
	return PROBLEM_NONE;
}

/* Fields that decide where this request ends or how the next begins. */
static const struct framing_field {
	const char *name;
	enum problem (*take)(struct head *head, struct head_text value, const char **why);
	const char *repeated; /* what to say when it comes twice; NULL: it may */
} framing_fields[] = {
	{"host", take_host, "there is more than one Host header"},
	{"content-length", take_length, "there is more than one Content-Length"},
	{"transfer-encoding", take_encoding, "there is more than one Transfer-Encoding"},
	{"expect", take_expect, "there is more than one Expect"},
	{"connection", take_connection, NULL},
};

static enum problem take_field(struct head *head, const struct head_field *field, unsigned *seen,
                               const char **why)
{
	for (size_t i = 0; i < countof(framing_fields); i++) {
		const struct framing_field *known = &framing_fields[i];

		if (!text_is(field->name, known->name))
			continue;
		if (known->repeated && (*seen & (1u << i)))
			return refuse(why, PROBLEM_BAD_REQUEST, known->repeated);
		*seen |= 1u << i;
		return known->take(head, field->value, why);
	}
	return PROBLEM_NONE;
}

static enum problem parse_fields(const char *at, const char *end, struct head *head,
                                 const char **why)
{
	unsigned seen = 0;

	/* the last two bytes are the empty line */
	while (at < end - 2) {
		const char *line_end = memchr(at, '\r', (size_t)(end - at));
		struct head_field *field = &head->fields[head->field_count];
		enum problem problem;

		if (head->field_count == LIMIT_HEAD_FIELDS)
			return refuse(why, PROBLEM_HEADERS_TOO_LARGE,
			              "there are over 64 header fields");
		if (parse_field(at, (size_t)(line_end - at), field) < 0)
			return refuse(why, PROBLEM_BAD_REQUEST, "a header field is malformed");
		problem = take_field(head, field, &seen, why);
		if (problem != PROBLEM_NONE)
			return problem;
		head->field_count++;
		at = line_end + 2;
	}
	if (head->minor == 1 && !(seen & 1u))
		return refuse(why, PROBLEM_BAD_REQUEST, "the Host header is missing");
	if ((head->flags & HEAD_CHUNKED) && head->content_length >= 0)
		return refuse(why, PROBLEM_BAD_REQUEST,
		              "Content-Length and Transfer-Encoding exclude each other");
	return PROBLEM_NONE;
}

enum problem head_parse(const char *bytes, size_t size, struct head *head, const char **why)
{
	const char *line_end = memchr(bytes, '\r', size);
	enum problem problem;

	memset(head, 0, sizeof(*head));
	head->content_length = -1;
	*why = NULL;
	problem = parse_request_line((struct head_text){bytes, (size_t)(line_end - bytes)}, head,
	                             why);
	if (problem != PROBLEM_NONE)
		return problem;
	return parse_fields(line_end + 2, bytes + size, head, why);
}

static void write_field(struct buf *out, struct head_text name, struct head_text value)
{
	buf_append(out, name.data, name.size);
	buf_append(out, ": ", 2);
	buf_append(out, value.data, value.size);
	buf_append(out, "\r\n", 2);
}

/* Fields the library must not see: it would act on them, or they speak of what was rewritten. */
static int is_dropped(struct head_text name)
{
	static const char *const dropped[] = {"host",    "connection", "expect",
	                                      "upgrade", "trailer",    "http2-settings"};

	for (size_t i = 0; i < countof(dropped); i++)
		if (text_is(name, dropped[i]))
			return 1;
	return 0;
}

void head_write(const struct head *head, struct buf *out)
{
	buf_append(out, head->method.data, head->method.size);
	buf_char(out, ' ');
	buf_append(out, head->path.data, head->path.size);
	if (head->query.data) {
		buf_char(out, '?');
		buf_append(out, head->query.data, head->query.size);
	}
	buf_printf(out, " HTTP/1.%d\r\n", head->minor);
	if (head->authority.data)
		write_field(out, (struct head_text){"host", 4}, head->authority);
	if (head->flags & HEAD_CLOSE)
		buf_text(out, "connection: close\r\n");
	else if (head->flags & HEAD_KEEP_ALIVE)
		buf_text(out, "connection: keep-alive\r\n");
	for (size_t i = 0; i < head->field_count; i++)
		if (!is_dropped(head->fields[i].name))
			write_field(out, head->fields[i].name, head->fields[i].value);
	buf_append(out, "\r\n", 2);
}

const struct head_field *head_field(const struct head *head, const char *name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (text_is(head->fields[i].name, name))
			return &head->fields[i];
	return NULL;
}
