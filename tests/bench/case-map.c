/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

static int run(struct bench *bench)
{
	(void)bench;
	return 0;
}

const struct bench_case case_map = { "map", "map and unmap", run };
