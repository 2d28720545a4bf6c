/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The object that `barspan run` preloads into a program that cannot be changed:
 * mmap() and its kin become barspan_mmap() and its kin, and the trap serves
 * what the program then loads and stores in holes.
 *
 * It stands in for the program's calls only. The library makes its own past it
 * (lib/sys.c), and the C library never calls itself by these names.
 *
 * Configuration is by the environment, which a program with other privileges
 * than its caller's ignores: BARSPAN_TRAP     off, explain (the default), or
 * emulate, report, or both with a comma BARSPAN_REPORT   a file to add the
 * report to; standard error otherwise BARSPAN_COUNTS   set by `barspan run`:
 * the file to count in, which it makes the report from BARSPAN_LOG      error,
 * warning, or info: messages to standard error; none otherwise
 */
/* Both names of mmap() are defined here; a header must not make them one. */
#undef _FILE_OFFSET_BITS

#include <barspan.h>
#include <barspan/trap.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What glibc's sigaction() is another name of: it cannot be stood in for. */
extern int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

#define EXPORT __attribute__((visibility("default")))

static bool reports;	/* at the end, by itself */

EXPORT void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	return barspan_mmap(addr, length, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	return barspan_mmap(addr, length, prot, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t length)
{
	return barspan_munmap(addr, length);
}

EXPORT void *mremap(void *old_addr, size_t old_length, size_t new_length, int flags, ...)
{
	void *new_addr = NULL;
	va_list arguments;

	va_start(arguments, flags);
	if (flags & MREMAP_FIXED)
		new_addr = va_arg(arguments, void *);
	va_end(arguments);
	return barspan_mremap(old_addr, old_length, new_length, flags, new_addr);
}

/* The program's handlers for the trap's signals are kept, called when a fault
 * is not the trap's, and given back to who asks. */
EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	int r = number == SIGSEGV || number == SIGBUS ? barspan_trap_chain_(number, new, old) :
							-ENOENT;

	if (r == -ENOENT)
		return __sigaction(number, new, old);
	if (!r)
		return 0;
	errno = -r;
	return -1;
}

static sighandler_t (*next_signal)(int number, sighandler_t handler);

static void find_next(void)
{
	*(void **)&next_signal = dlsym(RTLD_NEXT, "signal");
}

/* What signal() and its older kin do, for the trap's signals. */
static sighandler_t set_handler(int number, sighandler_t handler, int flags)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = flags }, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&new.sa_mask);
	return sigaction(number, &new, &old) ? SIG_ERR : old.sa_handler;
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	if (number == SIGSEGV || number == SIGBUS)
		return set_handler(number, handler, SA_RESTART);
	/* The constructor has run, but for the calls of other objects'
	 * constructors. */
	if (!next_signal)
		find_next();
	return next_signal(number, handler);
}

sighandler_t bsd_signal(int number, sighandler_t handler);

EXPORT sighandler_t bsd_signal(int number, sighandler_t handler)
{
	return signal(number, handler);
}

EXPORT int mprotect(void *addr, size_t length, int prot)
{
	return barspan_mprotect(addr, length, prot);
}

static void print(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	fprintf(stderr, "barspan: %s\n", message);
}

static void set_up_log(const char *wanted)
{
	static const char *const levels[] = { "error", "warning", "info" };

	for (size_t i = 0; wanted && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strcmp(wanted, levels[i]))
			barspan_set_log(print, NULL, (enum barspan_log_level)i);
}

/* The modes that a list of words names; -1: it has another word. 0 is to
 * explain. */
static int parse_modes(const char *list)
{
	static const struct {
		const char *name;
		int mode;
	} words[] = { { "emulate", BARSPAN_TRAP_EMULATE },
		      { "report", BARSPAN_TRAP_REPORT },
		      { "explain", 0 } };
	int modes = 0;

	while (*list) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < 3 &&
		       (strlen(words[i].name) != length || strncmp(list, words[i].name, length)))
			i++;
		if (i == 3)
			return -1;
		modes |= words[i].mode;
		list += length + (list[length] == ',');
	}
	return modes;
}

/* The file to count in, as `barspan run` names it: the descriptor that a
 * process inherits; the process and the descriptor that it can be opened by
 * again, if somebody has closed the former; and its inode. */
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

/* A file that is opened again is inherited by the same number, and locked as
 * the first one is: `barspan run` waits for the end of all locks. */
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
	return fd < 0 ? fd : barspan_trap_share_(fd);
}

/* Returns the flags to enable the trap with. */
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
	if (modes < 0) {
		fprintf(stderr, "barspan: BARSPAN_TRAP=%s: not off, explain, emulate or report\n",
			wanted);
		_exit(2);
	}
	/* A program that closes its standard error may get a device there. */
	options.fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	if (options.fd < 0)
		options.fd = 0;
	options.flags = set_up_counts((unsigned int)modes);
	r = barspan_trap_enable(&options);
	if (r) {
		fprintf(stderr, "barspan: the trap cannot be enabled: %s\n", strerror(-r));
		_exit(1);
	}
}

__attribute__((constructor)) static void start(void)
{
	find_next();
	set_up_log(secure_getenv("BARSPAN_LOG"));
	set_up_trap(secure_getenv("BARSPAN_TRAP"));
}

/* Adds to the file what this process has counted. One without a hole to report
 * says so where nobody has said anything, so that there always is a report. */
static void write_report(int fd)
{
	struct stat status;

	if (!barspan_trap_count(NULL) && !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    status.st_size)
		return;
	if (barspan_trap_report(fd))
		fprintf(stderr, "barspan: the report cannot be written\n");
}

__attribute__((destructor)) static void finish(void)
{
	const char *path = secure_getenv("BARSPAN_REPORT");
	int fd = STDERR_FILENO;

	if (!reports)
		return;
	if (path)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		fprintf(stderr, "barspan: the report cannot be written to %s: %s\n", path,
			strerror(errno));
		return;
	}
	write_report(fd);
	if (path)
		close(fd);
}
