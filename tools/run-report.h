/* SPDX-License-Identifier: BSD-3-Clause */
/* The report and the summary of barspan run. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>

#include "run-counts.h"

struct run_report {
	int fd;	      /* the report's file; -1: there is no report */
	bool is_file; /* a regular file: it can be written again from its start */
	bool summary;
};

/* Opens the file of a report; NULL is standard error. Call it before the
 * command starts. Returns 0 or -errno. */
int run_report_open(struct run_report *report, const char *path);

/* Writes the report and the summary. If processes of the command still run, a
 * process in the background writes the file again at their end. Returns 0 or
 * -errno. */
int run_report_finish(const struct run_report *report, const struct run_counts *counts);

#endif
