/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of public functions that may fail. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>

#include "harness.h"

/* A call that may fail. Preparations do not fail. */
struct scenario {
	const char *name;
	int (*open)(struct barspan_device **out);
	const struct barspan_options *options;
	bool map_first, suspend_first;
	int (*act)(const struct scenario *scenario);
};

extern struct barspan_device *device;
extern struct barspan *span;

int act_open(const struct scenario *scenario);

int act_map(const struct scenario *scenario);

int act_suspend(const struct scenario *scenario);

int act_resume(const struct scenario *scenario);

int act_region(const struct scenario *scenario);

int act_read(const struct scenario *scenario);

int act_read32(const struct scenario *scenario);

int act_write(const struct scenario *scenario);

int act_device_access(const struct scenario *scenario);

#endif
