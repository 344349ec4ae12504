/* SPDX-License-Identifier: MIT */
/*
 * A small deterministic mutation fuzzer: the main() of every fuzz_X program.
 *
 *	fuzz_X [ITERATIONS [SEED [TARGET]]]
 *
 * Runs every target on its unchanged seed and then on ITERATIONS (default 2000)
 * mutated copies of it. There is no coverage feedback; what finds bugs is that
 * the program is built with ASan and UBSan (SAN=1). Same arguments, same inputs.
 * Before each run the input is kept in a file of which the name is printed if the
 * run crashes, so that a finding can be replayed:
 *
 *	fuzz_X replay TARGET FILE
 */
#ifndef QAIC_FUZZ_MUTATE_H
#define QAIC_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name;
	/* A valid input. It is not changed, and not freed. */
	const void *seed;
	size_t seed_len;
	/*
	 * Feed the input to the loader. It must not crash, leak or hang; whether
	 * it accepts or refuses is its own affair. @data is a heap block of
	 * exactly @len bytes (not NUL-terminated, never NULL), 16-aligned, that
	 * goes away after the call. Non-zero = a finding of the target's own
	 * (an accepted input that breaks a promise): counted as failed.
	 */
	int (*run)(const void *data, size_t len, void *ctx);
	void *ctx;
	/* The input is text: digits and words are mutated more often. */
	bool text;
};

/* Prints "fuzz_X: N passed, 0 failed"; returns 0, or 1 if something failed. */
int fuzz_main(int argc, char **argv, const struct fuzz_target *targets,
	      size_t n);

/* ---- for programs that have a loop of their own ---- */

struct fuzz_rng {
	uint64_t s;
};

uint64_t fuzz_rand(struct fuzz_rng *rng);
/* 0 <= result < n, 0 for n 0 */
size_t fuzz_below(struct fuzz_rng *rng, size_t n);

/*
 * A mutated copy of @seed in a new heap block (free() it): one to eight
 * mutations, at most seed_len + 4096 bytes. NULL only when out of memory.
 */
uint8_t *fuzz_mutate(struct fuzz_rng *rng, const void *seed, size_t seed_len,
		     bool text, size_t *len);

#endif
