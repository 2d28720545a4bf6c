/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases of barspan-bench have in common. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

/* One way to do what a case measures: ours, the floor, or a peer's. */
struct bench_way {
	const char *name;
	/* Does it `n` times, and returns a digest of what came of it, the same
	 * for all ways of a row. NULL: this program was built without it. */
	uint64_t (*run)(void *context, size_t n);
	void *context;
};

struct bench_case {
	const char *name;
	const char *what;
	/* 0 or -errno; says itself what failed, by bench_complain() */
	int (*run)(struct bench *bench);
};

extern const struct bench_case case_direct, case_pointer, case_query, case_range, case_trapped,
	case_trap, case_map, case_suspend, case_memory;

/* Small parameters and few rounds: to see that all works, not to measure. */
bool bench_quick(const struct bench *bench);

/* Measures a row: ways[0] is ours, ways[1] the floor, the others are peers. All
 * take turns in every round.
 * -EILSEQ: the ways do not agree on what comes of it; -ENOMEM. */
__attribute__((format(printf, 4, 5))) int bench_time(struct bench *bench,
						     const struct bench_way *ways, size_t n,
						     const char *parameters, ...);

/* Adds a row of numbers of bytes; a negative one is one that this program was
 * built without. */
struct bench_bytes {
	const char *name;
	int64_t bytes;
};
__attribute__((format(printf, 4, 5))) int bench_count(struct bench *bench,
						      const struct bench_bytes *values, size_t n,
						      const char *parameters, ...);

/* Says on stderr what went wrong, and returns `error`. */
__attribute__((format(printf, 2, 3))) int bench_complain(int error, const char *format, ...);

#endif
