/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * device [--memcheck] CASE [ARGUMENT]... [-- CASE [ARGUMENT]...]...
 *
 * After each case, /proc/self/maps and /proc/self/fd must be as before it. The
 * exit status is 0, 1 (failures were printed) or 2 (usage error).
 */
#include "device.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	int n_arguments;
	const char *arguments;
	void (*run)(char **argv);
};

static const struct test_case cases[] = {
	{ "regions", 1, "DEVICE", case_regions },
	{ "open-fails", 2, "DEVICE ERROR", case_open_fails },
	{ "open-twice", 1, "DEVICE", case_open_twice },
	{ "open-denied", 1, "DEVICE", case_open_denied },
	{ "open-descriptor", 1, "EDU", case_open_descriptor },
	{ "extents", 3, "DEVICE REGION EXTENTS", case_extents },
	{ "strict-fails", 3, "DEVICE REGION ERROR", case_strict_fails },
	{ "plain-mmap", 2, "DEVICE REGION", case_plain_mmap },
	{ "edu", 2, "EDU direct|hole", case_edu },
	{ "small", 1, "IVSHMEM", case_small },
	{ "ports", 1, "E1000E", case_ports },
	{ "no-area", 1, "NVME", case_no_area },
	{ "msix", 1, "DEVICE", case_msix },
	{ "data", 2, "IVSHMEM PLAN", case_data },
	{ "suspend", 2, "IVSHMEM PLAN", case_suspend },
	{ "threads", 4, "IVSHMEM PLAN IVSHMEM PLAN", case_threads },
};

bool under_memcheck;

static void print_message(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	printf("log %d: %s\n", (int)level, message);
}

static int print_usage(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		printf("device %s %s\n", cases[i].name, cases[i].arguments);
	return 2;
}

static const struct test_case *find_case(const char *name, int n_arguments)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(cases[i].name, name) && cases[i].n_arguments == n_arguments)
			return &cases[i];
	return NULL;
}

static int words_of_case(char **argv)
{
	int n = 0;

	while (argv[n] && strcmp(argv[n], "--"))
		n++;
	return n;
}

int main(int argc, char **argv)
{
	under_memcheck = argc > 1 && !strcmp(argv[1], "--memcheck");
	argv += under_memcheck ? 2 : 1;
	if (!*argv)
		return print_usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* threads' arenas outlive them and would show in the snapshots */
	mallopt(M_ARENA_MAX, 1);
	barspan_set_log(print_message, NULL, BARSPAN_LOG_INFO);

	for (;;) {
		int n = words_of_case(argv);
		const struct test_case *found = n ? find_case(argv[0], n - 1) : NULL;

		if (!found)
			return print_usage();
		printf("case %s\n", found->name);
		snapshot_take();
		found->run(argv);
		snapshot_compare();
		if (!argv[n])
			return complain_status();
		argv += n + 1;
	}
}
