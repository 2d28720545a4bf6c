/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that closes every descriptor that it does not know, in the way that
 * its argument names, opens a log, and then uses its device. The log must stay
 * empty, and stores must reach the device. tests/tool/fake-vfio.c simulates the
 * device. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refuse.h"

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000, MAX_FD = 5000 };

static int device;

static int fail_test(const char *what)
{
	printf("not ok: %s\n", what);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

/* Each function closes all descriptors above standard error except the
 * device's. */
static void by_close(void)
{
	for (int fd = 3; fd < MAX_FD; fd++)
		if (fd != device && close(fd) && errno != EBADF)
			fail_test("close");
}

static void by_directory(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		int fd = atoi(entry->d_name);

		if (fd > 2 && fd != device && fd != dirfd(directory))
			close(fd);
	}
	closedir(directory);
}

static void by_range(void)
{
	if (device > 3 && close_range(3, (unsigned int)device - 1, 0))
		fail_test("close_range below the device");
	if (close_range((unsigned int)device + 1, ~0U, 0))
		fail_test("close_range above the device");
}

static void by_from(void)
{
	closefrom(device + 1);
}

static void by_from_alone(void)
{
	int other = dup(device);

	if (other < device || refuse_call(SYS_close_range, ENOSYS))
		fail_test("seccomp");
	by_from();
	if (fcntl(other, F_GETFD) != -1)
		fail_test("closefrom");
}

/* Duplicates the log to each number, like a program that reserves certain
 * numbers. */
static void by_dup2(void)
{
	int log = open("/dev/null", O_WRONLY), refused = 0;

	for (int fd = 3; fd < 1024; fd++)
		if (fd != device && fd != log && dup2(log, fd) != fd) {
			if (errno != EBUSY)
				fail_test("dup2");
			refused++;
		}
	for (int fd = 3; fd < 1024; fd++)
		if (fd != device && fd != log && dup3(log, fd, O_CLOEXEC) != fd && errno != EBUSY)
			fail_test("dup3");
	/* Two numbers must be refused: the span's copy of the device, and the
	 * copy of standard error for explanations. */
	if (refused > 2 || dup2(-1, 3) != -1 || errno != EBADF)
		fail_test("other numbers were refused");
	by_range();
}

static void by_child(void)
{
	int status;
	pid_t child = vfork();

	if (!child) {
		close_range(3, ~0U, 0);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		fail_test("the child failed");
	by_close();
}

static void drive_registers(volatile uint8_t *base)
{
	for (uint32_t offset = 0; offset < SIZE; offset += 0x404) {
		uint32_t value = 0;

		*(volatile uint32_t *)(base + offset) = offset + 1;
		if (pread(device, &value, sizeof(value), BAR + offset) != sizeof(value) ||
		    value != offset + 1)
			fail_test("a store did not reach the device");
	}
}

/* A daemon: it closes standard error, and a database takes the free numbers.
 * The explanation of its death must not be in the database. */
static int end_badly(volatile uint8_t *base, const char *database)
{
	close(STDERR_FILENO);
	for (int i = 0; i < 8; i++)
		if (open(database, O_WRONLY | O_APPEND | O_CREAT, 0600) < 0)
			fail_test("cannot open the database");
	*(volatile uint32_t *)(base + HOLE) = 0;
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*close_all)(void);
	} ways[] = {
		{ "close", by_close },
		{ "directory", by_directory },
		{ "range", by_range },
		{ "from", by_from },
		{ "from-alone", by_from_alone },
		{ "dup2", by_dup2 },
		{ "the child failed", by_child },
	};
	int logs[8], before = open("/dev/null", O_RDONLY);
	volatile uint8_t *base;
	struct stat status;

	device = memfd_create("vfio", MFD_CLOEXEC);
	if (argc < 2 || before < 0 || device < 0 || ftruncate(device, BAR + SIZE))
		fail_test("cannot make the device");
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, BAR);
	if (base == MAP_FAILED)
		fail_test("mmap");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].close_all();
	if (argc > 2)
		return end_badly(base, argv[2]);
	for (size_t i = 0; i < 8; i++)
		logs[i] = memfd_create("log", 0);
	drive_registers(base);
	for (size_t i = 0; i < 8; i++)
		if (fstat(logs[i], &status) || status.st_size)
			fail_test("the log contains a register write");
	printf("ok\n");
	return EXIT_SUCCESS;
}
