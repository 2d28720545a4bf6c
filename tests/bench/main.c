/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan-bench: compares the library's costs with lower bounds and with
 * alternatives. */
#include <argp.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench-run.h"

static const struct bench_case *const cases[] = {
	&case_direct, &case_pointer, &case_query,   &case_range,  &case_trapped,
	&case_trap,   &case_map,     &case_suspend, &case_memory,
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

struct arguments {
	struct bench bench;
	const char *json;
	bool list;
	bool wanted[N_CASES];
	bool any;
};

static const struct argp_option options[] = {
	{ "json", 'j', "FILE", 0, "Write the rows to FILE, as an array of JSON objects", 0 },
	{ "rounds", 'r', "N", 0, "Rounds of a row, 1 to 10000 (default 31)", 0 },
	{ "slice", 's', "US", 0,
	  "Minimum time of one way in one round, in microseconds (default 500)", 0 },
	{ "quick", 'q', NULL, 0, "Check that everything works: few rounds, small parameters", 0 },
	{ "list", 'l', NULL, 0, "List the cases", 0 },
	{ 0 },
};

static size_t parse_number(struct argp_state *state, const char *text, size_t most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !value || value > most)
		argp_error(state, "'%s' is not a number from 1 to %zu", text, most);
	return value;
}

static int want_case(struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < N_CASES; i++)
		if (!strcmp(cases[i]->name, name)) {
			arguments->wanted[i] = arguments->any = true;
			return 0;
		}
	return -ENOENT;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'j':
		arguments->json = argument;
		return 0;
	case 'r':
		arguments->bench.rounds = parse_number(state, argument, 10000);
		return 0;
	case 's':
		arguments->bench.slice_ns = (double)parse_number(state, argument, 10000000) * 1e3;
		return 0;
	case 'q':
		arguments->bench.quick = true;
		arguments->bench.rounds = 3;
		arguments->bench.slice_ns = 1e4;
		return 0;
	case 'l':
		arguments->list = true;
		return 0;
	case ARGP_KEY_ARG:
		if (want_case(arguments, argument))
			argp_error(state, "there is no case '%s'", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	options,
	parse_option,
	"[CASE...]",
	"Compares libbarspan's operations with lower bounds (the floor) and with alternatives "
	"(peers), and prints medians, in nanoseconds unless a row names another unit.",
	NULL,
	NULL,
	NULL,
};

static int run_cases(struct arguments *arguments)
{
	int r = 0;

	printf("| case | parameters | ours | floor | ratio (quartiles) | peers |\n");
	printf("|---|---|--:|--:|--:|---|\n");
	for (size_t i = 0; !r && i < N_CASES; i++) {
		if (arguments->any && !arguments->wanted[i])
			continue;
		arguments->bench.running = cases[i];
		r = cases[i]->run(&arguments->bench);
		if (r)
			bench_complain(r, "%s", cases[i]->name);
	}
	return r;
}

/* Moves between processors would add noise. */
static void stay_on_one_processor(void)
{
	cpu_set_t set;
	int here = sched_getcpu();

	if (here < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)here, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static bool can_write(const char *path)
{
	FILE *file = fopen(path, "a");

	if (file)
		fclose(file);
	else
		bench_complain(-errno, "cannot write %s", path);
	return file;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .bench = { .rounds = 31, .slice_ns = 5e5 } };
	int r = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.list) {
		for (size_t i = 0; i < N_CASES; i++)
			printf("%-10s %s\n", cases[i]->name, cases[i]->what);
		return EXIT_SUCCESS;
	}
	/* Fail now instead of after all measurements. */
	if (arguments.json && !can_write(arguments.json))
		return EXIT_FAILURE;
	stay_on_one_processor();
	r = run_cases(&arguments);
	if (!r && arguments.json)
		r = bench_write_json(&arguments.bench, arguments.json);
	while (arguments.bench.n_rows)
		bench_drop_row(&arguments.bench);
	free(arguments.bench.rows);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
