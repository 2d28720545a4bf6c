/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls each function, or those named, on direct memory and in a hole, and
 * compares the results. Prints a line for each function that differs, and the
 * number of functions. */
#include <barspan.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "functions.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGE = 4096, SIZE = 2 * PAGE, HOLE = PAGE };
enum { ROUNDS = 8, REGISTER = 64 };

static const struct barspan_range area = { 0, PAGE };
static uint8_t *base, *device_memory;

/* Divisors are not 0, and quotients fit. */
static void fill_register(uint8_t *reg, unsigned int round)
{
	static const double numbers[] = { 2.5, 1e6, 0.125, 77, 3, 1e-3, 12345.678, 9 };

	for (unsigned int i = 0; i < REGISTER; i++)
		reg[i] = (uint8_t)(1 + (i * 37 + round * 11) % 120);
	if (round % 2)
		memcpy(reg, &numbers[round], sizeof(double));
	if (round % 4 == 3)
		memcpy(reg, &(float){ (float)numbers[round] }, sizeof(float));
	for (unsigned int i = 0; i < 8; i++)
		reg[i] += !reg[i];
}

static bool compare_function(const struct named_function *named, unsigned int round)
{
	static const uint64_t values[ROUNDS] = {
		3,  0x123456789abcdef1, 1,  0x7f7f7f7f7f7f7f7f,
		40, 0x100000007,	77, 0xfffffffffffffff1,
	};
	uint64_t x = values[round], y = values[(round + 3) % ROUNDS], result[2];
	uint8_t *direct = base + REGISTER * round, *hole = device_memory + HOLE + REGISTER * round;

	fill_register(direct, round);
	fill_register(hole, round);
	result[0] = named->function(direct, x, y);
	result[1] = named->function(base + HOLE + REGISTER * round, x, y);
	if (result[0] == result[1] && !memcmp(direct, hole, REGISTER))
		return true;
	printf("%s: round %u, %lx on memory and %lx in a hole\n", named->name, round, result[0],
	       result[1]);
	return false;
}

static uint64_t count_served(void)
{
	struct barspan_trap_counts counts = { .size = sizeof(counts) };

	return barspan_trap_count(&counts) ? 0 : counts.served;
}

/* Runs the function in a child, which may die. */
static bool is_served(const struct named_function *named)
{
	pid_t child = fork();
	int status;

	if (!child) {
		uint64_t before = count_served();

		for (unsigned int round = 0; round < ROUNDS; round++)
			if (!compare_function(named, round)) {
				fflush(stdout);
				_exit(1);
			}
		/* clang removes some volatile accesses. At least one must have
		 * been served. */
		_exit(count_served() == before);
	}
	if (waitpid(child, &status, 0) != child || WIFSIGNALED(status))
		printf("%s: ended by signal %d\n", named->name, WTERMSIG(status));
	fflush(stdout);
	return !status;
}

/* Whether the function is requested: without names, all are. */
static bool is_chosen(const char *name, char *const *names)
{
	for (char *const *at = names; *at; at++)
		if (!strcmp(*at, name))
			return true;
	return !*names;
}

int main(int argc, char **argv)
{
	const struct barspan_soft_region region = {
		.size = SIZE,
		.flags = RW | BARSPAN_REGION_MMAP,
		.n_areas = 1,
		.areas = &area,
	};
	const struct barspan_soft_options soft = BARSPAN_SOFT_OPTIONS(&region, 1);
	const struct barspan_trap_options options = {
		.size = sizeof(options),
		.flags = BARSPAN_TRAP_EMULATE,
	};
	struct barspan_device *device;
	struct barspan *span;
	size_t served = 0, chosen = 0;

	(void)argc;

	if (barspan_device_open_soft(&device, &soft) || barspan_map(&span, device, 0, NULL) ||
	    barspan_trap_enable(&options))
		return 2;
	base = barspan_base(span);
	device_memory =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, barspan_soft_fd(device, 0), 0);
	for (size_t i = 0; i < n_functions; i++) {
		if (!is_chosen(functions[i].name, argv + 1))
			continue;
		chosen++;
		served += is_served(&functions[i]);
	}
	printf("%zu of %zu functions are served\n", served, chosen);
	return served != chosen;
}
