/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver for barspan run, with many ways to end:
 *     run-driver WAY [ARGUMENT...]
 * It first stores into a hole five times. tests/tool/fake-vfio.c simulates its
 * device.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000, TIMES = 5 };

static volatile uint8_t *base;
static volatile int *volatile nowhere;
static char **arguments;

/* A function of its own: its one instruction makes all the accesses. */
__attribute__((noinline)) static void touch_hole(void)
{
	for (volatile int i = 0; i < TIMES; i++)
		*(volatile uint32_t *)(base + HOLE + 0x10) = 1;
}

static int open_bar(void)
{
	int device = memfd_create("vfio", MFD_CLOEXEC);

	if (device < 0 || ftruncate(device, BAR + SIZE))
		return -1;
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, BAR);
	return base == MAP_FAILED ? -1 : 0;
}

static int end_by_exec(void)
{
	return execl("/proc/self/exe", arguments[0], "return", NULL);
}

static void close_everything(void)
{
	for (int fd = 3; fd < 4096; fd++)
		close(fd);
}

static int end_by_closing_and_exec(void)
{
	close_everything();
	return end_by_exec();
}

static int end_by_fork(void)
{
	for (int i = 0; i < 3; i++)
		if (!fork()) {
			touch_hole();
			exit(EXIT_SUCCESS);
		}
	while (wait(NULL) > 0)
		;
	return EXIT_SUCCESS;
}

/* Continues in the background until a file exists. */
static int end_by_daemon(void)
{
	struct stat status;

	if (fork())
		return EXIT_SUCCESS;
	setsid();
	if (chdir("/"))
		return EXIT_FAILURE;
	for (int i = 0; i < 2000 && stat(arguments[2], &status); i++)
		usleep(10000);
	touch_hole();
	return EXIT_SUCCESS;
}

static int end_by_other_user(void)
{
	if (setgid(65534) || setuid(65534) || chdir("/"))
		return EXIT_FAILURE;
	touch_hole();
	return EXIT_SUCCESS;
}

static int end_by_abort(void)
{
	abort();
	return EXIT_FAILURE;
}

static int end_by_fault(void)
{
	*nowhere = 1;
	return EXIT_FAILURE;
}

static int end_by_kill(void)
{
	return kill(getpid(), atoi(arguments[2]));
}

static int end_at_once(void)
{
	_exit(7);
}

static int end_by_return(void)
{
	return EXIT_SUCCESS;
}

/* Overwrites the counts, as a stray pointer may. */
static int end_by_scribbling(void)
{
	const char *text = getenv("BARSPAN_COUNTS");
	int fd = text ? atoi(text) : -1;
	static uint8_t noise[1 << 16];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(rand() >> 7 | atoi(arguments[2]));
	for (off_t at = 0; at < 1 << 24; at += (off_t)sizeof(noise))
		if (pwrite(fd, noise, sizeof(noise), at) < 0)
			return at && ftruncate(fd, 0) ? EXIT_SUCCESS : EXIT_FAILURE;
	return EXIT_FAILURE;
}

/* Prints its descriptors with low numbers. */
static int end_by_listing(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (atoi(entry->d_name) < 100)
			printf("descriptor %s\n", entry->d_name);
	return EXIT_SUCCESS;
}

static void on_signal(int number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "got %d\n", number);

	if (write(STDOUT_FILENO, text, (size_t)n) != n || number == SIGTERM)
		_exit(number == SIGTERM ? 9 : EXIT_FAILURE);
}

/* Prints each signal that arrives, until SIGTERM. */
static int end_by_signals(void)
{
	static const int numbers[] = { SIGINT,	SIGTERM, SIGHUP,   SIGQUIT,
				       SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], on_signal);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (pause() < 0)
		;
	return EXIT_FAILURE;
}

static int end_by_waiting(void)
{
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (pause() < 0)
		;
	return EXIT_FAILURE;
}

static const struct {
	const char *name;
	int (*end)(void);
} ways[] = {
	{ "return", end_by_return },
	{ "_exit", end_at_once },
	{ "abort", end_by_abort },
	{ "fault", end_by_fault },
	{ "kill", end_by_kill },
	{ "exec", end_by_exec },
	{ "close", end_by_closing_and_exec },
	{ "fork", end_by_fork },
	{ "daemon", end_by_daemon },
	{ "user", end_by_other_user },
	{ "scribble", end_by_scribbling },
	{ "list", end_by_listing },
	{ "signals", end_by_signals },
	{ "wait", end_by_waiting },
};

int main(int argc, char **argv)
{
	arguments = argv;
	if (argc < 2 || open_bar())
		return 99;
	touch_hole();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			return ways[i].end();
	return 98;
}
