/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the JSON that barspan-bench writes:
 *
 *   digest check JSON CASE...                 whether it is as it should be, with rows of exactly these cases
 *   digest table JSON CASE                    the case's rows as a Markdown table
 *   digest rows JSON CASE PATTERN COLUMN...   the case's rows whose parameters are like PATTERN, for gnuplot: what its
 *                                             '*' stands for, then the columns, with tabs between them
 *
 * A COLUMN is ours, floor, ratio or a peer's name, or two of them with '/' between. */
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PEERS = 8 };

__attribute__((format(printf, 1, 2)))
static int complain_of(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("digest: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return -1;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static bool is_of(const json_t *row, const char *name)
{
	return !strcmp(text_of(row, "case"), name);
}

/* The unit is in the names of the keys. */
static bool is_bytes(const json_t *row)
{
	return json_object_get(row, "ours_bytes") != NULL;
}

/* NULL: the row has no such column; JSON's null: it is not known. */
static const json_t *find_column(const json_t *row, const char *name)
{
	if (!strcmp(name, "ours"))
		return json_object_get(row, is_bytes(row) ? "ours_bytes" : "ours_ns");
	if (!strcmp(name, "floor"))
		return json_object_get(row, is_bytes(row) ? "floor_bytes" : "floor_ns");
	if (!strcmp(name, "ratio"))
		return json_object_get(row, "ratio");
	return json_object_get(json_object_get(row, "peers"), name);
}

/* check */

/* Where a number may be null, null is one. Of bytes there may be none. */
static bool is_number(const json_t *json, bool bytes, bool or_null)
{
	if (or_null && json_is_null(json))
		return true;
	return json_is_number(json) && (bytes ? json_number_value(json) >= 0 : json_number_value(json) > 0);
}

static bool are_quartiles(const json_t *json, const json_t *median)
{
	double low = json_number_value(json_array_get(json, 0)), high = json_number_value(json_array_get(json, 1));
	double middle = json_number_value(median);

	return json_is_array(json) && json_array_size(json) == 2 && json_is_number(json_array_get(json, 0)) &&
	       json_is_number(json_array_get(json, 1)) && low <= middle && middle <= high;
}

static const char *wrong_with_ratio(const json_t *row)
{
	const json_t *ratio = find_column(row, "ratio"), *quartiles = json_object_get(row, "ratio_quartiles");

	if (!is_number(ratio, false, true) || !json_is_null(ratio) != json_is_number(find_column(row, "floor")))
		return "ratio";
	if (json_is_null(ratio) ? !json_is_null(quartiles) : !are_quartiles(quartiles, ratio))
		return "ratio_quartiles";
	return NULL;
}

/* The name of the key that is not as it should be; NULL: all are. */
static const char *wrong_with(const json_t *row)
{
	json_t *peers = json_object_get(row, "peers");
	const json_t *peer;
	const char *name;
	bool bytes = is_bytes(row);

	if (!*text_of(row, "parameters"))
		return "parameters";
	if (!is_number(find_column(row, "ours"), bytes, false))
		return "ours";
	if (!is_number(find_column(row, "floor"), bytes, true))
		return "floor";
	if (!are_quartiles(json_object_get(row, "ours_quartiles"), find_column(row, "ours")))
		return "ours_quartiles";
	if (!json_is_object(peers))
		return "peers";
	json_object_foreach(peers, name, peer)
		if (!is_number(peer, bytes, true))
			return name;
	return wrong_with_ratio(row);
}

static int check_row(const json_t *row, char **names, int n)
{
	const char *wrong = wrong_with(row);

	if (wrong)
		return complain_of("%s, %s: %s is missing or wrong", text_of(row, "case"), text_of(row, "parameters"),
				   wrong);
	for (int i = 0; i < n; i++)
		if (is_of(row, names[i]))
			return 0;
	return complain_of("rows of '%s', which is no case", text_of(row, "case"));
}

static int find_case(const json_t *rows, const char *name)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (is_of(json_array_get(rows, i), name))
			return 0;
	return complain_of("the JSON has no rows for case %s", name);
}

static int check_rows(const json_t *rows, char **names, int n)
{
	int r = 0;

	for (int i = 0; i < n; i++)
		if (find_case(rows, names[i]))
			r = -1;
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (check_row(json_array_get(rows, i), names, n))
			r = -1;
	return r;
}

/* table */

/* Three digits that mean something. */
static void print_scaled(double value, const char *const *units, double step)
{
	while (value >= step - 0.5 && units[1]) {
		value /= step;
		units++;
	}
	printf(" %.*f %s |", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, *units);
}

static void print_quantity(const json_t *json, bool bytes)
{
	static const char *const ns[] = { "ns", "µs", "ms", "s", NULL };
	static const char *const iec[] = { "B", "KiB", "MiB", "GiB", NULL };

	if (!json)
		printf(" |");
	else if (json_is_null(json))
		printf(" not available |");
	else if (!bytes)
		print_scaled(json_number_value(json), ns, 1000);
	else if (json_number_value(json) < 1024)
		printf(" %.0f B |", json_number_value(json));
	else
		print_scaled(json_number_value(json), iec, 1024);
}

static void print_floor(const json_t *row)
{
	const json_t *quartiles = json_object_get(row, "ratio_quartiles");

	if (!json_is_number(find_column(row, "ratio"))) {
		printf(" | |");
		return;
	}
	print_quantity(find_column(row, "floor"), is_bytes(row));
	printf(" %.2f (%.2f-%.2f) |", json_number_value(find_column(row, "ratio")),
	       json_number_value(json_array_get(quartiles, 0)), json_number_value(json_array_get(quartiles, 1)));
}

struct table {
	bool has_floor;
	const char *peers[MAX_PEERS];
	size_t n_peers;
};

static void add_peer(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->n_peers; i++)
		if (!strcmp(table->peers[i], name))
			return;
	if (table->n_peers < MAX_PEERS)
		table->peers[table->n_peers++] = name;
}

static void print_head(const struct table *table)
{
	printf("| parameters | ours |%s", table->has_floor ? " floor | ratio (quartiles) |" : "");
	for (size_t i = 0; i < table->n_peers; i++)
		printf(" %s |", table->peers[i]);
	printf("\n|---|--:|%s", table->has_floor ? "--:|--:|" : "");
	for (size_t i = 0; i < table->n_peers; i++)
		printf("--:|");
	putchar('\n');
}

static void print_row(const struct table *table, const json_t *row)
{
	printf("| %s |", text_of(row, "parameters"));
	print_quantity(find_column(row, "ours"), is_bytes(row));
	if (table->has_floor)
		print_floor(row);
	for (size_t i = 0; i < table->n_peers; i++)
		print_quantity(find_column(row, table->peers[i]), is_bytes(row));
	putchar('\n');
}

static int print_table(const json_t *rows, const char *name)
{
	struct table table = { .n_peers = 0 };
	const char *peer;
	json_t *unused;

	if (find_case(rows, name))
		return -1;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (!is_of(row, name))
			continue;
		table.has_floor |= json_is_number(find_column(row, "ratio"));
		json_object_foreach(json_object_get(row, "peers"), peer, unused)
			add_peer(&table, peer);
	}
	print_head(&table);
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (is_of(json_array_get(rows, i), name))
			print_row(&table, json_array_get(rows, i));
	return 0;
}

/* rows */

/* Sets what the pattern's one '*' stands for. */
static bool is_like(const char *text, const char *pattern, const char **star, int *length)
{
	size_t before = strcspn(pattern, "*"), whole = strlen(text);
	const char *after = pattern[before] ? pattern + before + 1 : "";

	if (whole < before + strlen(after) || strncmp(text, pattern, before) ||
	    strcmp(text + whole - strlen(after), after))
		return false;
	*star = text + before;
	*length = (int)(whole - before - strlen(after));
	return true;
}

/* "?" is what the plots take for a missing value. */
static void print_column(const json_t *row, const char *name)
{
	char first[64];
	const char *slash = strchr(name, '/');
	const json_t *over = slash ? find_column(row, slash + 1) : NULL, *value;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, "/"), name);
	value = find_column(row, first);
	if (!json_is_number(value) || (slash && !json_is_number(over)))
		printf("\t?");
	else
		printf("\t%g", json_number_value(value) / (slash ? json_number_value(over) : 1));
}

static int print_rows(const json_t *rows, const char *name, const char *pattern, char **columns, int n)
{
	int found = 0, length;
	const char *star;

	if (find_case(rows, name))
		return -1;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (!is_of(row, name) || !is_like(text_of(row, "parameters"), pattern, &star, &length))
			continue;
		printf("%.*s", length, star);
		for (int j = 0; j < n; j++)
			print_column(row, columns[j]);
		putchar('\n');
		found++;
	}
	return found ? 0 : complain_of("the JSON has no rows for case %s that are like '%s'", name, pattern);
}

static int run_command(const json_t *rows, int argc, char **argv)
{
	if (!json_is_array(rows))
		return complain_of("%s is not an array", argv[2]);
	if (!strcmp(argv[1], "check"))
		return check_rows(rows, argv + 3, argc - 3);
	if (!strcmp(argv[1], "table") && argc == 4)
		return print_table(rows, argv[3]);
	if (!strcmp(argv[1], "rows") && argc > 5)
		return print_rows(rows, argv[3], argv[4], argv + 5, argc - 5);
	return complain_of("%s: unknown, or its arguments are wrong", argv[1]);
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *rows;
	int r;

	if (argc < 4) {
		complain_of("arguments are missing");
		return EXIT_FAILURE;
	}
	rows = json_load_file(argv[2], JSON_REJECT_DUPLICATES, &error);
	if (!rows) {
		complain_of("%s, line %d: %s", argv[2], error.line, error.text);
		return EXIT_FAILURE;
	}
	r = run_command(rows, argc, argv);
	json_decref(rows);
	if (fflush(stdout) || ferror(stdout))
		r = complain_of("cannot write");
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
