/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The object that `barspan run` preloads into an unmodified program. mmap(2)
 * and similar functions become barspan_mmap() and its counterparts, and the
 * trap serves the program's loads and stores in holes.
 *
 * It interposes the program's calls only. The library makes system calls
 * directly (lib/util/sys-memory.c), and the C library never calls itself by
 * these names.
 *
 * The environment configures it. A program that runs with other privileges than
 * its caller ignores these variables:
 *     BARSPAN_TRAP     off, explain (the default), or emulate, report, rescue,
 *                      or several separated by commas
 *     BARSPAN_REPORT   a file to append the report to (default: standard error)
 *     BARSPAN_COUNTS   set by `barspan run`: the file to count in, from which
 *                      it makes the report
 *     BARSPAN_SPARSE   hide (the default) or show: whether the program sees
 *                      the sparse capability of regions
 *     BARSPAN_LOG      error, warning or info: messages to standard error
 *                      (default: none)
 */
#include "preload/preload.h"

#include <barspan.h>
#include <barspan/trap.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat/private.h"
#include "trap/private.h"

static bool reports; /* this process writes its own report at exit */
static int output = STDERR_FILENO;

static void print_message(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	fprintf(stderr, "barspan: %s\n", message);
}

/* Ends the program before it begins. */
static _Noreturn void refuse_variable(const char *name, const char *value, const char *expected)
{
	fprintf(stderr, "barspan: %s=%s: expected %s\n", name, value, expected);
	_exit(2);
}

static void set_up_log(const char *wanted)
{
	static const char *const levels[] = { "error", "warning", "info" };
	const size_t n_levels = sizeof(levels) / sizeof(levels[0]);
	size_t i = 0;

	if (!wanted || !*wanted)
		return;
	while (i < n_levels && strcmp(wanted, levels[i]))
		i++;
	if (i == n_levels)
		refuse_variable("BARSPAN_LOG", wanted, "error, warning or info");
	barspan_set_log(print_message, NULL, (enum barspan_log_level)i);
}

static void set_up_sparse(const char *wanted)
{
	if (!wanted || !*wanted || !strcmp(wanted, "hide"))
		return;
	if (strcmp(wanted, "show"))
		refuse_variable("BARSPAN_SPARSE", wanted, "hide or show");
	preload_show_sparse();
}

/* Parses a list of modes. Returns -1 if it has an unknown word, 0 for explain
 * alone. */
static int parse_modes(const char *list)
{
	static const struct {
		const char *name;
		int mode;
	} words[] = { { "emulate", BARSPAN_TRAP_EMULATE },
		      { "report", BARSPAN_TRAP_REPORT },
		      { "rescue", BARSPAN_TRAP_RESCUE },
		      { "explain", 0 } };
	const size_t n_words = sizeof(words) / sizeof(words[0]);
	int modes = 0;

	while (*list) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < n_words &&
		       (strlen(words[i].name) != length || strncmp(list, words[i].name, length)))
			i++;
		if (i == n_words)
			return -1;
		modes |= words[i].mode;
		list += length + (list[length] == ',');
	}
	return modes;
}

/* The file to count in, as `barspan run` passes it: the descriptor that
 * processes inherit, the process and descriptor by which the file can be opened
 * again if the program has closed the former, and the inode. */
struct counts {
	int fd, owner_fd;
	int owner;
	unsigned long inode;
};

static bool is_counts(int fd, const struct counts *counts)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_ino == counts->inode;
}

/* Opens the file again. It must have the inherited number and the same lock,
 * since `barspan run` waits until all locks are released. */
static int reopen_counts(const struct counts *counts)
{
	char path[64];
	int fd, moved;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", counts->owner, counts->owner_fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_counts(fd, counts) || flock(fd, LOCK_SH | LOCK_NB)) {
		close(fd);
		return -ENOENT;
	}
	moved = fcntl(fd, F_DUPFD, counts->fd);
	if (moved >= 0)
		close(fd);
	return moved >= 0 ? moved : fd;
}

static int share_counts(const char *wanted)
{
	struct counts counts;
	int fd;

	if (sscanf(wanted, "%d:%d:%d:%lu", &counts.fd, &counts.owner, &counts.owner_fd,
		   &counts.inode) != 4)
		return -EINVAL;
	fd = is_counts(counts.fd, &counts) ? counts.fd : reopen_counts(&counts);
	if (fd < 0)
		return fd;
	/* While this process lives, `barspan run` finds the file locked. */
	barspan_note_descriptor_(fd);
	return barspan_trap_share_(fd);
}

/* Returns the flags for barspan_trap_enable(). */
static unsigned int set_up_counts(unsigned int modes)
{
	const char *counts = secure_getenv("BARSPAN_COUNTS");
	int r;

	reports = !counts && modes & BARSPAN_TRAP_REPORT;
	if (!counts)
		return modes;
	r = share_counts(counts);
	if (!r)
		return modes | BARSPAN_TRAP_REPORT;
	fprintf(stderr, "barspan: process %d is not in the report: %s\n", (int)getpid(),
		strerror(-r));
	return modes & ~(unsigned int)BARSPAN_TRAP_REPORT;
}

static void set_up_trap(const char *wanted)
{
	struct barspan_trap_options options = { .size = sizeof(options) };
	int modes, r;

	if (wanted && !strcmp(wanted, "off"))
		return;
	modes = parse_modes(wanted ? wanted : "");
	if (modes < 0)
		refuse_variable("BARSPAN_TRAP", wanted,
				"off, or some of explain, emulate, report and rescue with commas");
	/* A program may close its standard error and then open a device at that
	 * number. */
	options.fd = barspan_keep_descriptor_(dup(STDERR_FILENO));
	if (options.fd < 0)
		options.fd = 0;
	options.flags = set_up_counts((unsigned int)modes);
	r = barspan_trap_enable(&options);
	if (r) {
		fprintf(stderr, "barspan: cannot enable the trap: %s\n", strerror(-r));
		_exit(1);
	}
	output = options.fd ? options.fd : STDERR_FILENO;
	preload_shade_masks();
}

void preload_check_trap(void)
{
	static bool said;
	int number = barspan_trap_check_();

	if (number && !__atomic_test_and_set(&said, __ATOMIC_RELAXED))
		dprintf(output,
			"barspan: the program has replaced the trap's handler for %s by a call "
			"that cannot be intercepted: accesses to holes of its BARs are not served\n",
			number == SIGSEGV ? "SIGSEGV" : "SIGBUS");
}

void preload_find(void **next, const char *name)
{
	if (!*next)
		*next = dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void start_trap(void)
{
	preload_find_descriptors();
	preload_find_ioctl();
	preload_find_masks();
	preload_find_signals();
	set_up_sparse(secure_getenv("BARSPAN_SPARSE"));
	set_up_log(secure_getenv("BARSPAN_LOG"));
	set_up_trap(secure_getenv("BARSPAN_TRAP"));
}

/* Appends this process's counts to the report. A process that counted nothing
 * writes only if the report is still empty, so a report is always written. */
static void write_report(int fd)
{
	struct barspan_trap_counts counts = { .size = sizeof(counts) };
	struct stat status;
	int r;

	barspan_trap_count(&counts);
	if (!counts.served && !counts.rescued && !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    status.st_size)
		return;
	r = barspan_trap_report(fd);
	if (r)
		fprintf(stderr, "barspan: cannot write the report: %s\n", strerror(-r));
}

__attribute__((destructor)) static void finish_trap(void)
{
	const char *path = secure_getenv("BARSPAN_REPORT");
	int fd = STDERR_FILENO;

	if (!reports)
		return;
	if (path)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		fprintf(stderr, "barspan: cannot write the report to %s: %s\n", path,
			strerror(errno));
		return;
	}
	write_report(fd);
	if (path)
		close(fd);
}
