/* SPDX-License-Identifier: BSD-3-Clause */
#include "run-report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run-source.h"
#include "tool.h"
#include "trap/rows.h"

int run_report_open(struct run_report *report, const char *path)
{
	struct stat status;

	report->is_file = false;
	if (!path) {
		report->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
		return report->fd < 0 ? -errno : 0;
	}
	report->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (report->fd < 0)
		return -errno;
	report->is_file = !fstat(report->fd, &status) && S_ISREG(status.st_mode);
	return 0;
}

static int write_report(const struct run_report *report, struct rows *rows)
{
	struct run_source *source = run_source_open(rows->table);
	const struct rows_output output = {
		.fd = report->fd,
		.annotate = run_source_annotate,
		.context = source,
	};
	int r = 0;

	/* The file may have a first version. */
	if (report->is_file && (lseek(report->fd, 0, SEEK_SET) || ftruncate(report->fd, 0)))
		r = -errno;
	if (!r)
		r = rows_write(rows, &output);
	run_source_close(source);
	return r;
}

static void print_summary(const struct rows *rows)
{
	const struct table *table = rows->table;

	tool_say("summary: %" PRIu64 " accesses, %" PRIu64 " places, %" PRIu64 " failed, %" PRIu64
		 " rescued, %" PRIu64 ".%03u ms in the trap",
		 rows->sums.accesses + rows->sums.left_out, rows->sums.places, table->failed,
		 table->rescued, table->nanoseconds / 1000000,
		 (unsigned int)(table->nanoseconds / 1000 % 1000));
}

/* Writes the present counts. */
static int write_all(const struct run_report *report, const struct run_counts *counts, bool summary)
{
	struct table *table = run_counts_copy(counts);
	struct rows *rows = malloc(sizeof(*rows));
	int r = table && rows ? 0 : -ENOMEM;

	if (!r)
		rows_sort(rows, table);
	if (!r && report->fd >= 0)
		r = write_report(report, rows);
	if (!r && summary)
		print_summary(rows);
	free(rows);
	free(table);
	return r;
}

static void close_all_but(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a, null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	syscall(SYS_close_range, 3, low - 1, 0);
	syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, ~0U, 0);
}

/* In the background, waits for the last process that counts. It keeps no
 * descriptor and no folder in use that others may wait for. */
static void write_later(const struct run_report *report, const struct run_counts *counts)
{
	sigset_t none;

	if (fork())
		return;
	setsid();
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	close_all_but(report->fd, counts->fd);
	if (chdir("/"))
		_exit(EXIT_FAILURE);
	run_counts_await(counts);
	_exit(write_all(report, counts, false) ? EXIT_FAILURE : EXIT_SUCCESS);
}

int run_report_finish(const struct run_report *report, const struct run_counts *counts)
{
	bool goes_on = run_counts_used(counts);
	int r = write_all(report, counts, report->summary);

	if (!r && goes_on && report->is_file)
		write_later(report, counts);
	return r;
}
