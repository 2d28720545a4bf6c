/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a run of barspan-bench. main.c sets it up, and bench.c adds
 * rows. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

/* A median and the two quartiles. */
struct spread {
	double median, low, high;
};

struct value {
	const char *name;
	bool known;
	struct spread spread;
};

struct row {
	const char *name; /* the case's name */
	const char *unit;
	char *parameters;
	size_t n;
	struct value *values; /* ours, the floor, the peers */
	struct spread ratio;  /* ours divided by the floor, for each round */
};

struct bench {
	bool quick;
	size_t rounds;
	double slice_ns; /* the least time of one way in one round */
	const struct bench_case *running;
	struct row *rows;
	size_t n_rows;
};

void bench_drop_row(struct bench *bench);

/* Returns 0, or -errno after a message. */
int bench_write_json(const struct bench *bench, const char *path);

#endif
