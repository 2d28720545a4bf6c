/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of barspan run that read files and memory with untrusted
 * contents. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run-counts.h"
#include "run-elf.h"
#include "run-find.h"
#include "suite.h"
#include "trap/rows.h"

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static void fill_random(void *memory, size_t length)
{
	for (size_t i = 0; i < length / 8; i++)
		((uint64_t *)memory)[i] = next_random();
}

START_TEST(relative_paths_are_made_absolute)
{
	static const char *const cases[][3] = {
		{ "/usr/bin", "/usr/lib/libbarspan", "../lib/libbarspan" },
		{ "/usr/bin", "/usr/bin", "" },
		{ "/usr/local/bin", "/opt/lib", "../../../opt/lib" },
		{ "/usr", "/usr/lib", "lib" },
		{ "/usr/lib", "/usr", "../" },
		{ "/usr/binary", "/usr/bin", "../bin" },
		{ "/usr/bin", "/usr/binary", "../binary" },
	};
	char out[PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_relative(out, cases[i][0], cases[i][1]);
		ck_assert_str_eq(out, cases[i][2]);
	}
}
END_TEST

/* Reads a file of these bytes. */
static struct run_elf read_bytes(const void *bytes, size_t length)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct run_elf elf;
	char path[32];

	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	run_elf_read(&elf, path);
	close(fd);
	return elf;
}

START_TEST(kinds_of_files_are_recognised)
{
	static const char script[] = "#! \t/bin/sh -e\necho", long_script[] = "#!/a";
	struct run_elf elf;

	run_elf_read(&elf, "/nowhere");
	ck_assert_int_eq(elf.kind, RUN_UNKNOWN);
	run_elf_read(&elf, "/proc/self/exe");
	ck_assert_int_eq(elf.kind, RUN_DYNAMIC);
	ck_assert_ptr_nonnull(strstr(elf.interpreter, "/ld"));
	elf = read_bytes(script, sizeof(script));
	ck_assert_int_eq(elf.kind, RUN_SCRIPT);
	ck_assert_str_eq(elf.interpreter, "/bin/sh");
	elf = read_bytes(long_script, sizeof(long_script));
	ck_assert_str_eq(elf.interpreter, "/a");
	elf = read_bytes("text", 4);
	ck_assert_int_eq(elf.kind, RUN_TEXT);
	elf = read_bytes("", 0);
	ck_assert_int_eq(elf.kind, RUN_TEXT);
	elf = read_bytes(ELFMAG, SELFMAG);
	ck_assert_int_eq(elf.kind, RUN_BROKEN);
}
END_TEST

/* Changes some bytes at the start of this program's file. */
START_TEST(damaged_files_are_read_within_bounds)
{
	static uint8_t good[1 << 14], bad[1 << 14];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct run_elf elf;

	ck_assert_int_eq(pread(fd, good, sizeof(good), 0), sizeof(good));
	close(fd);
	state = 1;
	for (int i = 0; i < 3000; i++) {
		memcpy(bad, good, sizeof(bad));
		for (int changes = 0; changes < 8; changes++)
			bad[SELFMAG + next_random() % 1000] = (uint8_t)next_random();
		elf = read_bytes(bad, sizeof(bad));
		ck_assert_uint_lt(strlen(elf.interpreter), RUN_NAME);
		ck_assert_uint_lt(strlen(elf.sanitizer), RUN_NAME);
	}
}
END_TEST

static struct table *table;
static struct rows rows;

/* The table's report; "" if it is longer than permitted. */
static char *report_text(void)
{
	enum { MAX_SIZE = 1 << 26 };
	int fd = memfd_create("report", MFD_CLOEXEC);
	static char text[1 << 16];
	ssize_t n;

	rows_sort(&rows, table);
	ck_assert_int_eq(rows_write(&rows, &(struct rows_output){ .fd = fd }), 0);
	ck_assert_int_lt(lseek(fd, 0, SEEK_END), MAX_SIZE);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

static void set_up_table(void)
{
	free(table);
	table = calloc(1, sizeof(*table));
	ck_assert_ptr_nonnull(table);
}

START_TEST(random_tables_are_repaired)
{
	for (unsigned int seed = 1; seed < 20; seed++) {
		set_up_table();
		state = seed;
		fill_random(table, sizeof(*table));
		/* Rows that are valid enough to be printed, with random
		 * contents. */
		for (size_t i = 0; i < TABLE_ROWS; i++) {
			table->rows[i].state = TABLE_READY;
			table->rows[i].access &= 1;
			if (seed % 2)
				table->rows[i].process %= TABLE_PROCESSES;
			if (seed % 3)
				table->rows[i].object %= TABLE_OBJECTS;
			if (seed % 5)
				table->rows[i].device %= TABLE_DEVICES;
		}
		run_counts_check(table);
		ck_assert_ptr_nonnull(strstr(report_text(), "barspan: trap report: "));
	}
	free(table);
	table = NULL;
}
END_TEST

/* Adds a row of three accesses. */
static struct table_row *add_row(void)
{
	struct table_row *row = &table->rows[7];

	*row = (struct table_row){
		.key = 1,
		.count = 3,
		.end = 0x14,
		.unstart = ~UINT64_C(0x10),
		.pc = 0x1234,
		.state = TABLE_READY,
		.width = 4,
		.registers = { 0x11 },
		.counts = { 3 },
	};
	return row;
}

static void check_report(const char *part, bool is_there)
{
	char *text;

	run_counts_check(table);
	text = report_text();
	ck_assert_msg(!strstr(text, part) == !is_there, "%s: %s", part, text);
}

START_TEST(impossible_rows_are_dropped)
{
	static const char line[] = "\n3 read 4 ? region 0 offset 0x10 0x1234\n";

	set_up_table();
	add_row();
	check_report(line, true);
	add_row()->process = TABLE_PROCESSES;
	check_report("0x1234", false);
	add_row()->object = TABLE_OBJECTS;
	check_report("0x1234", false);
	add_row()->device = TABLE_DEVICES;
	check_report("0x1234", false);
	add_row()->access = 2;
	check_report("0x1234", false);
	add_row()->error = 4;
	check_report("0x1234", false);
	add_row()->end = 0;
	check_report("0x1234", false);
	/* The first register is outside the range, and there are more
	 * registers than accesses. */
	add_row()->registers[1] = 0x99;
	table->rows[7].counts[1] = 1;
	check_report("0x98", false);
	add_row()->counts[0] = 4;
	check_report("\n3 read 4 ? region 0 offset 0x10-0x13 0x1234\n", true);
	free(table);
	table = NULL;
}
END_TEST

START_TEST(strings_are_terminated_and_free_of_control_characters)
{
	struct table_row *row;

	set_up_table();
	row = add_row();
	row->object = 3;
	row->device = 2;
	row->process = 1;
	memset(table->objects[3].path, 'a', TABLE_PATH);
	memset(table->processes[1].program, 'b', TABLE_PATH);
	strcpy(table->devices[2].name, "\033[2J");
	check_report("\n3 read 4 ?[2J region 0 offset 0x10 aaa", true);
	ck_assert_ptr_null(strchr(report_text(), '\033'));
	free(table);
	table = NULL;
}
END_TEST

int main(void)
{
	return suite_run("run",
			 (const TTest *const[]){
				 relative_paths_are_made_absolute, kinds_of_files_are_recognised,
				 damaged_files_are_read_within_bounds, random_tables_are_repaired,
				 impossible_rows_are_dropped,
				 strings_are_terminated_and_free_of_control_characters, NULL });
}
