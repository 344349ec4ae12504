// SPDX-License-Identifier: MIT
/* The deterministic mutator, see mutate.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "tests/fuzz/mutate.h"

#define MAX_GROWTH	4096

/* ---- random numbers: splitmix64 ---- */

uint64_t fuzz_rand(struct fuzz_rng *rng)
{
	uint64_t z = rng->s += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

size_t fuzz_below(struct fuzz_rng *rng, size_t n)
{
	return n ? fuzz_rand(rng) % n : 0;
}

/* ---- mutations ---- */

struct buf {
	uint8_t *p;
	size_t len, cap;
};

static const uint64_t interesting[] = {
	0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 63, 64, 100, 127, 128, 129,
	255, 256, 257, 511, 512, 1000, 1023, 1024, 4095, 4096, 4097, 0x7fff,
	0x8000, 0xffff, 0x10000, 0x100000, 0x1000000, 0x7fffffff, 0x80000000,
	0x80000001, 0xfffffffe, 0xffffffff, 0x100000000ull, 0x100000001ull,
	0x7fffffffffffffffull, 0x8000000000000000ull, 0xfffffffffffffff8ull,
	0xfffffffffffffffeull, 0xffffffffffffffffull,
};

static const char *const texts[] = {
	"0", "-1", "1", "-0", "255", "256", "65536", "2147483647", "2147483648",
	"-2147483648", "4294967295", "4294967296", "9223372036854775807",
	"9223372036854775808", "-9223372036854775808", "18446744073709551615",
	"18446744073709551616", "99999999999999999999999999", "1e308", "1e309",
	"-1e309", "1e-400", "0.1", "1.5", "NaN", "Infinity", "null", "true",
	"false", "\"\"", "[]", "{}", "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
	"\\u0000", "\\ud800", "\xff\xfe", "\xc3", "\xf0\x9f\x98", "%n%s", "../",
	"/", ",", ":", "\"", "\\", "\n", "\t", " ",
};

static void flip_bits(struct fuzz_rng *r, struct buf *b)
{
	size_t n = 1 + fuzz_below(r, 4);

	while (n-- && b->len)
		b->p[fuzz_below(r, b->len)] ^= 1u << fuzz_below(r, 8);
}

static void set_bytes(struct fuzz_rng *r, struct buf *b)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = fuzz_below(r, b->len), n = 1 + fuzz_below(r, 8);
	uint8_t v = fuzz_below(r, 2) ? values[fuzz_below(r, 5)] : fuzz_rand(r);

	for (; n && at < b->len; n--)
		b->p[at++] = v;
}

static void truncate_end(struct fuzz_rng *r, struct buf *b)
{
	/* near the end as often as anywhere */
	b->len -= fuzz_below(r, 2) ? fuzz_below(r, b->len + 1) :
		  fuzz_below(r, (b->len < 16 ? b->len : 16) + 1);
}

/* Put @n bytes in at @at, or as many as there is room for. */
static void insert(struct buf *b, size_t at, const void *data, size_t n)
{
	if (n > b->cap - b->len)
		n = b->cap - b->len;
	memmove(b->p + at + n, b->p + at, b->len - at);
	memcpy(b->p + at, data, n);
	b->len += n;
}

static void extend(struct fuzz_rng *r, struct buf *b)
{
	uint8_t block[64];
	size_t n = 1 + fuzz_below(r, sizeof(block)), i;
	bool random = fuzz_below(r, 2);
	uint8_t v = fuzz_rand(r);

	for (i = 0; i < n; i++)
		block[i] = random ? fuzz_rand(r) : v;
	insert(b, fuzz_below(r, 2) ? b->len : fuzz_below(r, b->len + 1),
	       block, n);
}

static void erase_block(struct fuzz_rng *r, struct buf *b)
{
	size_t at = fuzz_below(r, b->len), max = b->len - at, n;

	n = fuzz_below(r, (fuzz_below(r, 4) && max > 32 ? 32 : max) + 1);
	memmove(b->p + at, b->p + at + n, b->len - at - n);
	b->len -= n;
}

/* Copy a block of the input over another place, or in between. */
static void copy_block(struct fuzz_rng *r, struct buf *b)
{
	size_t from = fuzz_below(r, b->len), to = fuzz_below(r, b->len);
	size_t n = 1 + fuzz_below(r, fuzz_below(r, 4) ? 32 : 1024);
	uint8_t block[1024];

	if (n > b->len - from)
		n = b->len - from;
	memcpy(block, b->p + from, n);
	if (fuzz_below(r, 2)) {
		insert(b, to, block, n);
		return;
	}
	if (n > b->len - to)
		n = b->len - to;
	memcpy(b->p + to, block, n);
}

/* Overwrite an 8, 16, 32 or 64 bit little endian integer. */
static void set_integer(struct fuzz_rng *r, struct buf *b)
{
	size_t n = (size_t)1 << fuzz_below(r, 4);
	size_t kinds = sizeof(interesting) / sizeof(interesting[0]);
	uint64_t old = 0, v;
	size_t at;

	if (b->len < n)
		return;
	at = fuzz_below(r, b->len - n + 1);
	if (fuzz_below(r, 4))
		at = at / n * n;
	memcpy(&old, b->p + at, n);
	switch (fuzz_below(r, 4)) {
	case 0:		/* a little more or less than it was */
		v = old + fuzz_below(r, 33) - 16;
		break;
	case 1:		/* near the length of the file */
		v = b->len + fuzz_below(r, 17) - 8;
		break;
	default:
		v = interesting[fuzz_below(r, kinds)];
	}
	memcpy(b->p + at, &v, n);
}

static bool is_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Replace a number of a text, or put a nasty word somewhere. */
static void set_text(struct fuzz_rng *r, struct buf *b)
{
	const char *word = texts[fuzz_below(r, sizeof(texts) / sizeof(*texts))];
	size_t at = fuzz_below(r, b->len + 1), end, i;

	for (i = at; i < b->len && !is_number(b->p[i]); i++)
		;
	if (i < b->len && fuzz_below(r, 4)) {
		at = i;
		for (end = at; end < b->len && is_number(b->p[end]); end++)
			;
		memmove(b->p + at, b->p + end, b->len - end);
		b->len -= end - at;
	}
	insert(b, at, word, strlen(word));
}

typedef void (*mutation)(struct fuzz_rng *r, struct buf *b);

static const mutation binary_mutations[] = {
	flip_bits, flip_bits, set_bytes, set_integer, set_integer, set_integer,
	set_integer, truncate_end, extend, erase_block, copy_block, set_text,
};

static const mutation text_mutations[] = {
	flip_bits, set_bytes, truncate_end, extend, erase_block, erase_block,
	copy_block, copy_block, set_text, set_text, set_text, set_text,
};

uint8_t *fuzz_mutate(struct fuzz_rng *rng, const void *seed, size_t seed_len,
		     bool text, size_t *len)
{
	const mutation *set = text ? text_mutations : binary_mutations;
	struct buf b = { NULL, seed_len, seed_len + MAX_GROWTH };
	size_t n = 1;
	uint8_t *exact;

	b.p = malloc(b.cap);
	if (!b.p)
		return NULL;
	memcpy(b.p, seed, seed_len);
	/* mostly one change: many at once are refused by the first check */
	while (n < 8 && !fuzz_below(rng, 2))
		n++;
	while (n--)
		set[fuzz_below(rng, 12)](rng, &b);
	*len = b.len;
	/* exactly as long, so that ASan sees a read past the end */
	exact = malloc(b.len ? b.len : 1);
	if (exact)
		memcpy(exact, b.p, b.len);
	free(b.p);
	return exact;
}

/* ---- the program ---- */

static char keep_path[256];
static const void *keep_data;
static size_t keep_len;

/* Async-signal-safe: write the input that crashed and say where it is. */
static void keep_input(void)
{
	static const char msg[] = "fuzz: the input that failed is in ";
	int fd = open(keep_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = 0;

	if (fd >= 0) {
		n = write(fd, keep_data, keep_len);
		close(fd);
	}
	if (fd < 0 || n < 0)
		return;
	n = write(2, msg, sizeof(msg) - 1);
	n += write(2, keep_path, strlen(keep_path));
	n += write(2, "\n", 1);
}

static void crashed(int sig)
{
	keep_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* ASan and UBSan call this (if they are linked in) before they exit. */
void __asan_on_error(void);
void __asan_on_error(void)
{
	keep_input();
}

static int run_one(const struct fuzz_target *t, const void *data, size_t len)
{
	keep_data = data;
	keep_len = len;
	return t->run(data, len, t->ctx);
}

static void catch_crashes(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL,
				    SIGALRM };
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signal(sigs[i], crashed);
}

/* Runs one target; returns how many runs failed, or -1 out of memory. */
static long run_target(const struct fuzz_target *t, unsigned long iterations,
		       uint64_t seed)
{
	struct fuzz_rng rng = { seed };
	unsigned long i;
	long failed = 0;
	uint8_t *data;
	size_t len;
	int rc;

	for (i = 0; i <= iterations; i++) {
		if (i == 0) {	/* the seed itself */
			len = t->seed_len;
			data = malloc(len ? len : 1);
			if (data)
				memcpy(data, t->seed, len);
		} else {
			data = fuzz_mutate(&rng, t->seed, t->seed_len, t->text,
					   &len);
		}
		if (!data)
			return -1;
		alarm(30);	/* one input that takes longer hangs */
		rc = run_one(t, data, len);
		alarm(0);
		if (rc) {
			fprintf(stderr, "%s: input %lu failed\n", t->name, i);
			if (!failed)
				keep_input();
			failed++;
		}
		free(data);
	}
	return failed;
}

static int replay(const struct fuzz_target *targets, size_t n,
		  const char *name, const char *path)
{
	struct qaic_err err = QAIC_ERR_INIT;
	uint8_t *data;
	char *text;
	size_t len, i;
	int rc;

	for (i = 0; i < n && strcmp(targets[i].name, name); i++)
		;
	if (i == n) {
		fprintf(stderr, "no target '%s'\n", name);
		return 1;
	}
	if (qaic_read_file(path, (size_t)1 << 30, &text, &len, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	data = malloc(len ? len : 1);
	if (!data) {
		free(text);
		return 1;
	}
	memcpy(data, text, len);
	free(text);
	rc = targets[i].run(data, len, targets[i].ctx);
	free(data);
	printf("%s: %s\n", name, rc ? "failed" : "passed");
	return rc ? 1 : 0;
}

int fuzz_main(int argc, char **argv, const struct fuzz_target *targets,
	      size_t n)
{
	const char *slash = strrchr(argv[0], '/');
	const char *prog = slash ? slash + 1 : argv[0];
	unsigned long iterations = argc > 1 ? strtoul(argv[1], NULL, 0) : 2000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	const char *only = argc > 3 ? argv[3] : NULL;
	unsigned long passed = 0, failed = 0;
	const char *tmp = getenv("TMPDIR");
	long bad;
	size_t i;

	if (argc == 4 && !strcmp(argv[1], "replay"))
		return replay(targets, n, argv[2], argv[3]);
	snprintf(keep_path, sizeof(keep_path), "%s/%s-crash-%d",
		 tmp ? tmp : "/tmp", prog, (int)getpid());
	catch_crashes();
	for (i = 0; i < n; i++) {
		if (only && strcmp(only, targets[i].name))
			continue;
		bad = run_target(&targets[i], iterations, seed);
		if (bad < 0) {
			fprintf(stderr, "%s: out of memory\n", prog);
			return 1;
		}
		failed += bad;
		passed += iterations + 1 - bad;
	}
	printf("%s: %lu passed, %lu failed\n", prog, passed, failed);
	return failed || !passed;
}
