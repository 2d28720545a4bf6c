/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of barspan-bench: what main.c sets up and bench.c fills. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

/* A median, and the quartiles on both sides of it. */
struct spread {
	double median, low, high;
};

struct value {
	const char *name;
	bool known;
	struct spread spread;
};

struct row {
	const char *name; /* the case's */
	const char *unit;
	char *parameters;
	size_t n;
	struct value *values; /* ours, the floor, peers */
	struct spread ratio;  /* ours to the floor, round by round */
};

struct bench {
	bool quick;
	size_t rounds;
	double slice_ns; /* what one way takes in one round, at least */
	const struct bench_case *running;
	struct row *rows;
	size_t n_rows;
};

void bench_drop_row(struct bench *bench);

/* 0 or -errno, having said what failed. */
int bench_write_json(const struct bench *bench, const char *path);

#endif
