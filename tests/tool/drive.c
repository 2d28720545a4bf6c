/* SPDX-License-Identifier: BSD-3-Clause */
#include "drive.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000 };

static int device;
static volatile uint8_t *base;
volatile int *volatile nowhere;
volatile sig_atomic_t calls;
sigset_t all, none;

void fail(const char *what)
{
	printf("not ok: %s\n", what);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

void require(bool good, const char *what)
{
	if (!good)
		fail(what);
}

void use_hole(void)
{
	static uint32_t n;
	uint32_t value = 0, wanted = ++n;

	*(volatile uint32_t *)(base + HOLE) = wanted;
	require(pread(device, &value, sizeof(value), BAR + HOLE) == sizeof(value) &&
			value == wanted,
		"a store did not reach the device");
	require(*(volatile uint32_t *)(base + HOLE) == wanted, "a load returned a wrong value");
}

void count_call(int number)
{
	(void)number;
	calls++;
}

void use_hole_in_handler(int number)
{
	(void)number;
	use_hole();
	calls++;
}

bool is_blocked(int number)
{
	sigset_t now;

	require(!pthread_sigmask(SIG_SETMASK, NULL, &now), "cannot get the mask");
	return sigismember(&now, number);
}

bool is_equal(const sigset_t *a, const sigset_t *b)
{
	for (int i = 1; i <= SIGRTMAX; i++)
		if (i != SIGKILL && i != SIGSTOP && sigismember(a, i) != sigismember(b, i))
			return false;
	return true;
}

void set_handler(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_mask = all }, got;

	require(!sigaction(number, &action, NULL), "sigaction");
	require(!sigaction(number, NULL, &got) && got.sa_handler == handler &&
			is_equal(&got.sa_mask, &all),
		"sigaction returned another mask");
}

void map_device(void)
{
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, BAR);
	require(base != MAP_FAILED, "mmap");
}

int run_mode(const struct mode *modes, int argc, char **argv)
{
	sigfillset(&all);
	sigemptyset(&none);
	device = memfd_create("vfio", MFD_CLOEXEC);
	require(argc == 2 && device >= 0 && !ftruncate(device, BAR + SIZE), "no device");
	map_device();
	while (modes->name && strcmp(argv[1], modes->name))
		modes++;
	require(modes->name, "unknown mode");
	modes->function();
	printf("ok\n");
	return EXIT_SUCCESS;
}
