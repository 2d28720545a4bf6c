/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench-run.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { MAX_WAYS = 8 };

bool bench_quick(const struct bench *bench)
{
	return bench->quick;
}

int bench_complain(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("barspan-bench: ", stderr);
	vfprintf(stderr, format, arguments);
	if (error)
		fprintf(stderr, ": %s", strerrorname_np(-error));
	fputc('\n', stderr);
	va_end(arguments);
	return error;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_ns(const struct bench_way *way, size_t n)
{
	double start = now_ns();

	way->run(way->context, n);
	return now_ns() - start;
}

/* How many times to repeat a way to make a round long enough for the clock. */
static size_t choose_repeats(const struct bench *bench, const struct bench_way *way)
{
	size_t n = 1;

	while (n < SIZE_MAX / 2 && time_ns(way, n) < bench->slice_ns)
		n *= 2;
	return n;
}

static int compare_times(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static struct spread spread_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_times);
	return (struct spread){ values[n / 2], values[n / 4], values[n - 1 - n / 4] };
}

/* Runs slow ways once, and fast ones often enough for their whole pattern. */
static int ways_agree(const struct bench *bench, const struct bench_way *ways, size_t n,
		      const char *parameters)
{
	double once = time_ns(&ways[0], 1);
	size_t times = once < bench->slice_ns / 100 ? 4096 : once < bench->slice_ns ? 100 : 1;
	uint64_t ours = ways[0].run(ways[0].context, times);

	for (size_t i = 1; i < n; i++) {
		uint64_t theirs = ways[i].run ? ways[i].run(ways[i].context, times) : ours;

		if (theirs != ours)
			return bench_complain(-EILSEQ,
					      "%s: ours gives 0x%" PRIx64 ", %s gives 0x%" PRIx64,
					      parameters, ours, ways[i].name, theirs);
	}
	return 0;
}

/* Stores the time per operation of ways[i] in rounds[i]. All ways take turns: a
 * disturbance then hits all of them. */
static void take_turns(const struct bench *bench, const struct bench_way *ways, size_t n,
		       double **rounds)
{
	size_t times[MAX_WAYS];

	for (size_t i = 0; i < n; i++)
		times[i] = ways[i].run ? choose_repeats(bench, &ways[i]) : 0;
	for (size_t round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (times[i])
				rounds[i][round] = time_ns(&ways[i], times[i]) / (double)times[i];
}

__attribute__((format(printf, 4, 0))) static struct row *new_row(struct bench *bench,
								 const char *unit, size_t n,
								 const char *format,
								 va_list arguments)
{
	struct row *grown = realloc(bench->rows, (bench->n_rows + 1) * sizeof(*grown));
	struct row row = { .name = bench->running->name, .unit = unit, .n = n };

	if (!grown)
		return NULL;
	bench->rows = grown;
	row.values = calloc(n, sizeof(*row.values));
	if (!row.values || vasprintf(&row.parameters, format, arguments) < 0) {
		free(row.values);
		return NULL;
	}
	grown[bench->n_rows] = row;
	return &grown[bench->n_rows++];
}

static void print_value(const struct row *row, size_t i)
{
	double median = row->values[i].spread.median;
	bool whole = median >= 100 || !strcmp(row->unit, "bytes");

	printf(" %.*f", whole ? 0 : 2, median);
}

static void print_row(const struct row *row)
{
	printf("| %s | %s |", row->name, row->parameters);
	print_value(row, 0);
	printf(" |");
	if (row->n > 1 && row->values[1].known) {
		print_value(row, 1);
		printf(" | %.2f (%.2f-%.2f) |", row->ratio.median, row->ratio.low, row->ratio.high);
	} else {
		printf(" - | - |");
	}
	for (size_t i = 2; i < row->n; i++) {
		printf("%s %s", i > 2 ? "," : "", row->values[i].name);
		if (row->values[i].known)
			print_value(row, i);
		else
			printf(": not available");
	}
	printf(" |\n");
	fflush(stdout);
}

/* Computes the row's values from the rounds. */
static void digest_rounds(const struct bench *bench, struct row *row, const struct bench_way *ways,
			  double **rounds)
{
	if (row->n > 1 && ways[1].run) {
		double *ratios = rounds[row->n];

		for (size_t round = 0; round < bench->rounds; round++)
			ratios[round] = rounds[0][round] / rounds[1][round];
		row->ratio = spread_of(ratios, bench->rounds);
	}
	for (size_t i = 0; i < row->n; i++) {
		row->values[i].name = ways[i].name;
		row->values[i].known = ways[i].run;
		if (ways[i].run)
			row->values[i].spread = spread_of(rounds[i], bench->rounds);
	}
}

static int time_row(struct bench *bench, struct row *row, const struct bench_way *ways)
{
	double *memory = calloc((row->n + 1) * bench->rounds, sizeof(*memory)),
	       *rounds[MAX_WAYS + 1];
	int r;

	if (!memory)
		return -ENOMEM;
	for (size_t i = 0; i <= row->n; i++)
		rounds[i] = memory + i * bench->rounds;
	r = ways_agree(bench, ways, row->n, row->parameters);
	if (!r) {
		take_turns(bench, ways, row->n, rounds);
		digest_rounds(bench, row, ways, rounds);
		print_row(row);
	}
	free(memory);
	return r;
}

int bench_time(struct bench *bench, const struct bench_way *ways, size_t n, const char *parameters,
	       ...)
{
	struct row *row;
	va_list arguments;
	int r;

	if (!n || n > MAX_WAYS)
		return bench_complain(-EINVAL, "%s: %zu ways", bench->running->name, n);
	va_start(arguments, parameters);
	row = new_row(bench, "ns", n, parameters, arguments);
	va_end(arguments);
	if (!row)
		return -ENOMEM;
	r = time_row(bench, row, ways);
	if (r)
		bench_drop_row(bench);
	return r;
}

int bench_count(struct bench *bench, const struct bench_bytes *values, size_t n,
		const char *parameters, ...)
{
	struct row *row;
	va_list arguments;

	va_start(arguments, parameters);
	row = new_row(bench, "bytes", n, parameters, arguments);
	va_end(arguments);
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		double bytes = (double)values[i].bytes;

		row->values[i] = (struct value){ values[i].name,
						 values[i].bytes >= 0,
						 { bytes, bytes, bytes } };
	}
	if (n > 1 && values[1].bytes > 0) {
		double ratio = (double)values[0].bytes / (double)values[1].bytes;

		row->ratio = (struct spread){ ratio, ratio, ratio };
	}
	print_row(row);
	return 0;
}

void bench_drop_row(struct bench *bench)
{
	struct row *row = &bench->rows[--bench->n_rows];

	free(row->parameters);
	free(row->values);
}

/* Joins "ours" and "ns" to "ours_ns". */
static void set_named(json_t *object, const char *name, const char *suffix, json_t *value)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_%s", name, suffix);
	json_object_set_new(object, key, value);
}

static json_t *known_or_null(const struct row *row, size_t i)
{
	return i < row->n && row->values[i].known ? json_real(row->values[i].spread.median)
						  : json_null();
}

static json_t *json_of_spread(const struct spread *spread)
{
	return json_pack("[f, f]", spread->low, spread->high);
}

static json_t *json_of_row(const struct row *row)
{
	json_t *object =
		json_pack("{s: s, s: s}", "case", row->name, "parameters", row->parameters);
	json_t *peers = json_object();
	bool has_floor = row->n > 1 && row->values[1].known;

	set_named(object, "ours", row->unit, known_or_null(row, 0));
	set_named(object, "floor", row->unit, known_or_null(row, 1));
	json_object_set_new(object, "ratio",
			    has_floor ? json_real(row->ratio.median) : json_null());
	set_named(object, "ours", "quartiles", json_of_spread(&row->values[0].spread));
	set_named(object, "ratio", "quartiles",
		  has_floor ? json_of_spread(&row->ratio) : json_null());
	for (size_t i = 2; i < row->n; i++)
		json_object_set_new(peers, row->values[i].name, known_or_null(row, i));
	json_object_set_new(object, "peers", peers);
	return object;
}

int bench_write_json(const struct bench *bench, const char *path)
{
	json_t *array = json_array();
	int r = 0;

	for (size_t i = 0; i < bench->n_rows; i++)
		json_array_append_new(array, json_of_row(&bench->rows[i]));
	if (json_dump_file(array, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))
		r = bench_complain(errno ? -errno : -EIO, "cannot write %s", path);
	json_decref(array);
	return r;
}
