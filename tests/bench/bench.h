/* SPDX-License-Identifier: BSD-3-Clause */
/* The interface between the cases and barspan-bench. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

/* One way to do a case's operation: ours, the floor, or a peer's. */
struct bench_way {
	const char *name;
	/* Does the operation `n` times. Returns a digest of the results, which
	 * is the same for all ways of a row. NULL: this program was built
	 * without it. */
	uint64_t (*run)(void *context, size_t n);
	void *context;
};

struct bench_case {
	const char *name;
	const char *what;
	/* returns 0, or -errno after bench_complain() */
	int (*run)(struct bench *bench);
};

extern const struct bench_case case_direct, case_pointer, case_query, case_range, case_trapped,
	case_trap, case_map, case_suspend, case_memory;

/* Small parameters and few rounds: a check that everything works, not a
 * measurement. */
bool bench_quick(const struct bench *bench);

/* Measures a row: ways[0] is ours, ways[1] the floor, and the others are peers.
 * All take turns in every round. Returns 0, -EILSEQ if the digests of the ways
 * differ, or -ENOMEM. */
__attribute__((format(printf, 4, 5))) int bench_time(struct bench *bench,
						     const struct bench_way *ways, size_t n,
						     const char *parameters, ...);

/* Adds a row of numbers of bytes. A negative number marks a peer that is not
 * built in. */
struct bench_bytes {
	const char *name;
	int64_t bytes;
};
__attribute__((format(printf, 4, 5))) int bench_count(struct bench *bench,
						      const struct bench_bytes *values, size_t n,
						      const char *parameters, ...);

/* Prints a message on stderr, and returns `error`. */
__attribute__((format(printf, 2, 3))) int bench_complain(int error, const char *format, ...);

#endif
