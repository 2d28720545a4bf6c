/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/rows.h"

#include <stdbool.h>

#include "trap/report.h"

static uint64_t load_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* A lower bound of the accesses of a row. */
static uint64_t count_of(const struct table_row *row)
{
	uint64_t count = load_word(&row->count), error = load_word(&row->error);

	return count > error ? count - error : 0;
}

static uint64_t register_count(const struct table_row *row, size_t i)
{
	uint64_t count = load_word(&row->counts[i]), error = load_word(&row->errors[i]);

	return load_word(&row->registers[i]) && count > error ? count - error : 0;
}

/* The lines of a row. If the row has counted all registers, each has a line.
 * Otherwise a register has a line only if its count cannot be due to the
 * approximation, and one line gives the range of all registers. */
struct lines {
	uint64_t rest;	/* accesses to registers without a line */
	uint64_t least; /* the smallest count of a register with a line */
	size_t n;
};

static struct lines lines_of(const struct table_row *row)
{
	uint64_t sum = 0, shown = 0, count = count_of(row);
	struct lines lines = { .least = 1 };

	for (size_t i = 0; i < TABLE_REGISTERS; i++)
		sum += register_count(row, i);
	if (sum < count)
		lines.least = count / TABLE_REGISTERS + 1;
	for (size_t i = 0; i < TABLE_REGISTERS; i++)
		if (register_count(row, i) >= lines.least) {
			shown += register_count(row, i);
			lines.n++;
		}
	lines.rest = count > shown ? count - shown : 0;
	lines.n += lines.rest > 0;
	return lines;
}

static bool is_same_instruction(const struct table_row *a, const struct table_row *b)
{
	return a->process == b->process && a->object == b->object && a->offset == b->offset &&
	       a->pc == b->pc;
}

static bool is_before(const struct rows *rows, uint16_t left, uint16_t right)
{
	const struct table_row *a = &rows->table->rows[left], *b = &rows->table->rows[right];

	if (a->process != b->process)
		return a->process < b->process;
	if (rows->groups[left] != rows->groups[right])
		return rows->groups[left] > rows->groups[right];
	if (a->object != b->object)
		return a->object < b->object;
	if (a->offset != b->offset)
		return a->offset < b->offset;
	if (a->pc != b->pc)
		return a->pc < b->pc;
	if (a->unstart != b->unstart)
		return a->unstart > b->unstart;
	return a->access < b->access;
}

/* Shellsort, since qsort() may allocate. */
static void put_in_order(struct rows *rows)
{
	uint16_t *order = rows->order;

	for (size_t gap = rows->n / 2; gap; gap /= 2)
		for (size_t i = gap; i < rows->n; i++) {
			uint16_t moved = order[i];
			size_t j = i;

			for (; j >= gap && is_before(rows, moved, order[j - gap]); j -= gap)
				order[j] = order[j - gap];
			order[j] = moved;
		}
}

/* Rows of the same instruction must be adjacent. */
static void sum_groups(struct rows *rows)
{
	const struct table_row *all = rows->table->rows;

	for (size_t first = 0, end; first < rows->n; first = end) {
		uint64_t sum = 0;

		for (end = first; end < rows->n; end++) {
			if (!is_same_instruction(&all[rows->order[first]], &all[rows->order[end]]))
				break;
			sum += count_of(&all[rows->order[end]]);
		}
		for (size_t i = first; i < end; i++)
			rows->groups[rows->order[i]] = sum;
	}
}

void rows_sort(struct rows *rows, const struct table *table)
{
	rows->table = table;
	rows->n = 0;
	rows->sums = (struct rows_sums){ .left_out = load_word(&table->lost) };
	for (size_t i = 0; i < TABLE_ROWS; i++) {
		const struct table_row *row = &table->rows[i];
		bool ready = __atomic_load_n(&row->state, __ATOMIC_ACQUIRE) == TABLE_READY;
		uint64_t count = count_of(row);

		rows->groups[i] = 0;
		rows->sums.left_out += load_word(&row->count) - (ready ? count : 0);
		if (!ready || !count)
			continue;
		rows->order[rows->n++] = (uint16_t)i;
		rows->sums.places += lines_of(row).n;
		rows->sums.accesses += count;
	}
	put_in_order(rows);
	sum_groups(rows);
	put_in_order(rows);
}

static void add_sums(struct text *text, const struct rows_sums *sums)
{
	text_decimal(text, sums->places);
	text_add(text, " places, ");
	text_decimal(text, sums->accesses);
	text_add(text, " accesses");
}

static void add_place(struct text *text, const struct table *table, const struct table_row *row)
{
	text_add(text, " ");
	if (!row->object) {
		text_hex(text, row->pc);
		return;
	}
	text_add(text, table->objects[row->object].path);
	text_add(text, "+");
	text_hex(text, row->offset);
}

static struct text *begin_text(struct rows *rows)
{
	rows->text.length = 0;
	return &rows->text;
}

/* Writes a line for the registers from range[0] to range[1]. */
static int write_line(struct rows *rows, const struct rows_output *output,
		      const struct table_row *row, uint64_t count, const uint64_t range[2])
{
	struct text *text = begin_text(rows);

	text_decimal(text, count);
	text_add(text, row->access == REPORT_READ ? " read " : " write ");
	if (row->width)
		text_decimal(text, row->width);
	else
		text_add(text, "?");
	text_add(text, " ");
	text_add(text, row->device ? rows->table->devices[row->device].name : "?");
	text_add(text, " region ");
	text_decimal(text, row->region);
	text_add(text, " offset ");
	text_hex(text, range[0]);
	if (range[1] > range[0]) {
		text_add(text, "-");
		text_hex(text, range[1]);
	}
	add_place(text, rows->table, row);
	if (output->annotate)
		output->annotate(output->context, text, row);
	return text_write_line(text, output->fd);
}

/* The next register after `after` that has a line; TABLE_REGISTERS if there is
 * none. */
static size_t next_register(const struct table_row *row, uint64_t least, uint64_t after)
{
	size_t next = TABLE_REGISTERS;

	for (size_t i = 0; i < TABLE_REGISTERS; i++) {
		uint64_t key = load_word(&row->registers[i]);

		if (key > after && register_count(row, i) >= least &&
		    (next == TABLE_REGISTERS || key < load_word(&row->registers[next])))
			next = i;
	}
	return next;
}

static int write_row(struct rows *rows, const struct rows_output *output,
		     const struct table_row *row)
{
	const uint64_t whole[2] = { ~load_word(&row->unstart), load_word(&row->end) - 1 };
	struct lines lines = lines_of(row);
	uint64_t key = 0;
	size_t i;
	int r = 0;

	while (!r && (i = next_register(row, lines.least, key)) < TABLE_REGISTERS) {
		key = load_word(&row->registers[i]);
		r = write_line(rows, output, row, register_count(row, i),
			       (const uint64_t[2]){ key - 1, key - 1 });
	}
	if (!r && lines.rest)
		r = write_line(rows, output, row, lines.rest, whole);
	return r;
}

static int write_head(struct rows *rows, int fd)
{
	struct text *text = begin_text(rows);

	text_add(text, "barspan: trap report: ");
	add_sums(text, &rows->sums);
	text_add(text, ", ");
	text_decimal(text, load_word(&rows->table->failed));
	text_add(text, " failed");
	return text_write_line(text, fd);
}

/* Writes the heading of the process whose first row is at `first`. */
static int write_process(struct rows *rows, size_t first, int fd)
{
	const struct table_row *all = rows->table->rows;
	uint16_t number = all[rows->order[first]].process;
	const struct table_process *process = &rows->table->processes[number];
	struct rows_sums sums = { 0 };
	struct text *text = begin_text(rows);

	for (size_t i = first; i < rows->n && all[rows->order[i]].process == number; i++) {
		sums.places += lines_of(&all[rows->order[i]]).n;
		sums.accesses += count_of(&all[rows->order[i]]);
	}
	if (number) {
		text_add(text, "barspan: process ");
		text_decimal(text, (uint64_t)process->pid);
		text_add(text, " ");
		text_add(text, process->program);
	} else {
		text_add(text, "barspan: other processes");
	}
	text_add(text, ": ");
	add_sums(text, &sums);
	return text_write_line(text, fd);
}

int rows_write(struct rows *rows, const struct rows_output *output)
{
	int r = write_head(rows, output->fd), process = -1;
	struct text *rest;

	for (size_t i = 0; i < rows->n && !r; i++) {
		const struct table_row *row = &rows->table->rows[rows->order[i]];

		if (row->process != process)
			r = write_process(rows, i, output->fd);
		process = row->process;
		if (!r)
			r = write_row(rows, output, row);
	}
	if (r || !rows->sums.left_out)
		return r;
	rest = begin_text(rows);
	text_decimal(rest, rows->sums.left_out);
	text_add(rest, " accesses not listed: the table was full");
	return text_write_line(rest, output->fd);
}
