/* SPDX-License-Identifier: BSD-3-Clause */
/* The trap's report. A process has one set of counts: tests that do not fork
 * continue those of the tests before them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trap/emulate.h"
#include "support/trap-fixture.h"

static void store_to_hole(void)
{
	*reg32(HOLE + 0x10) = 1;
}

/* A function whose name the report must find. */
__attribute__((noinline)) uint32_t reported_function(void);
uint32_t reported_function(void)
{
	return *reg32(HOLE + 0x24);
}

START_TEST(report_names_instruction_and_register)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	const char *text;
	char heading[64];

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	for (int i = 0; i < 12; i++)
		reported_function();
	store_to_hole();
	ck_assert_zero(barspan_trap_report(fd));
	text = read_back(fd);
	ck_assert_msg(!strncmp(text, "barspan: trap report: 2 places, 13 accesses, 0 failed\n", 54),
		      "%s", text);
	snprintf(heading, sizeof(heading), "\nbarspan: process %d /", (int)getpid());
	ck_assert_ptr_nonnull(strstr(text, heading));
	ck_assert_ptr_nonnull(strstr(text, "/test-trap-report: 2 places, 13 accesses\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n12 read 4 soft region 0 offset 0x1024 /"));
	ck_assert_ptr_nonnull(strstr(text, "\n1 write 4 soft region 0 offset 0x1010 /"));
	ck_assert_ptr_nonnull(strstr(text, "test-trap-report+0x"));
	ck_assert_int_eq(barspan_trap_report(-1), -EBADF);
	close(fd);
	tear_down();
}
END_TEST

/* The report as text. */
static const char *report_text(void)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	const char *text;

	ck_assert_zero(barspan_trap_report(fd));
	text = read_back(fd);
	close(fd);
	return text;
}

/* The number at the start of the line that contains `at`. */
static unsigned long line_number(const char *at)
{
	while (at[-1] != '\n')
		at--;
	return strtoul(at, NULL, 10);
}

struct sums {
	unsigned long places, accesses, left_out;
};

static struct sums read_sums(const char *text)
{
	const char *rest = strstr(text, " accesses not listed: the table was full\n");
	struct sums sums;

	ck_assert_int_eq(sscanf(text, "barspan: trap report: %lu places, %lu accesses",
				&sums.places, &sums.accesses),
			 2);
	sums.left_out = rest ? line_number(rest) : 0;
	return sums;
}

/* One instruction for many registers, as in a driver's accessor function. */
__attribute__((noinline)) static uint32_t access_register(uint64_t offset)
{
	return *reg32(offset);
}

__attribute__((noinline)) static uint8_t access_byte(uint64_t offset)
{
	return base[offset];
}

START_TEST(instruction_that_touches_many_registers_is_one_line)
{
	struct sums before, after;
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	before = read_sums(report_text());
	for (uint64_t offset = HOLE; offset < HOLE + 6000; offset++)
		access_byte(offset);
	text = report_text();
	after = read_sums(text);
	ck_assert_uint_eq(after.places - before.places, 1);
	ck_assert_uint_eq(after.accesses - before.accesses, 6000);
	ck_assert_msg(strstr(text, "\n6000 read 1 soft region 0 offset 0x1000-0x276f /"), "%s",
		      text);
	tear_down();
}
END_TEST

START_TEST(registers_that_are_touched_often_have_lines_of_their_own)
{
	char line[64];
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	for (uint64_t i = 0; i < 400; i++)
		access_register(HOLE + 0x100 + 4 * i);
	for (uint64_t i = 0; i < 10000; i++)
		access_register(HOLE + 0x1000 + 4 * (i % 10));
	text = report_text();
	for (unsigned int i = 0; i < 10; i++) {
		const char *at;

		snprintf(line, sizeof(line), " read 4 soft region 0 offset 0x%x /",
			 HOLE + 0x1000 + 4 * i);
		at = strstr(text, line);
		ck_assert_msg(at != NULL, "%s: %s", line, text);
		ck_assert_uint_ge(line_number(at), 980);
		ck_assert_uint_le(line_number(at), 1000);
	}
	ck_assert_msg(strstr(text, " offset 0x1100-0x2027 /"), "%s", text);
	tear_down();
}
END_TEST

/* A load of the first argument, of 4 bytes and of 1 byte, and a return. */
#ifdef __aarch64__
static const uint8_t load4_code[8] = { 0x00, 0x00, 0x40, 0xb9, 0xc0, 0x03, 0x5f, 0xd6 };
static const uint8_t load1_code[8] = { 0x00, 0x00, 0x40, 0x39, 0xc0, 0x03, 0x5f, 0xd6 };
#else
static const uint8_t load4_code[8] = { 0x8b, 0x07, 0xc3 };
static const uint8_t load1_code[8] = { 0x0f, 0xb6, 0x07, 0xc3 };
#endif

enum { SITES = 8192, SITE_SIZE = 16, CODE_SIZE = SITES * SITE_SIZE };

/* Makes a page of many loads, in a file or, for -1, in anonymous memory. */
static uint8_t *make_code(int fd, const uint8_t instructions[8])
{
	static uint8_t bytes[CODE_SIZE];
	uint8_t *code;

	for (size_t i = 0; i < SITES; i++)
		memcpy(bytes + i * SITE_SIZE, instructions, 8);
	if (fd >= 0)
		ck_assert_int_eq(pwrite(fd, bytes, CODE_SIZE, 0), CODE_SIZE);
	code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	ck_assert_ptr_ne(code, MAP_FAILED);
	memcpy(code, bytes, CODE_SIZE);
	ck_assert_zero(mprotect(code, CODE_SIZE, PROT_READ | PROT_EXEC));
	__builtin___clear_cache((char *)code, (char *)code + CODE_SIZE);
	return code;
}

static uint32_t run_site(uint8_t *code, size_t site)
{
	return ((uint32_t(*)(volatile void *))(uintptr_t)(code + site * SITE_SIZE))(reg32(HOLE));
}

START_TEST(hot_instructions_are_kept_in_a_full_table)
{
	uint8_t *code = make_code(-1, load4_code);
	struct sums before, after;
	char line[64];
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	before = read_sums(report_text());
	for (size_t site = 0; site < SITES - 10; site++)
		run_site(code, site);
	for (size_t i = 0; i < 1000; i++) {
		run_site(code, SITES - 10 + i % 10);
		run_site(code, i);
	}
	text = report_text();
	after = read_sums(text);
	for (size_t i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "\n100 read 4 soft region 0 offset 0x1000 0x%lx\n",
			 (unsigned long)(uintptr_t)(code + (SITES - 10 + i) * SITE_SIZE));
		ck_assert_msg(strstr(text, line) != NULL, "%s", line);
	}
	ck_assert_uint_gt(after.left_out, 0);
	ck_assert_uint_eq(after.accesses + after.left_out - before.accesses - before.left_out,
			  SITES - 10 + 2000);
	tear_down();
	munmap(code, CODE_SIZE);
}
END_TEST

START_TEST(code_that_was_unmapped_keeps_its_name)
{
	char path[] = "/tmp/barspan-code-XXXXXX", line[96];
	int fd = mkstemp(path);
	uint8_t *code, *other;

	ck_assert_int_ge(fd, 0);
	code = make_code(fd, load1_code);
	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	run_site(code, 2);
	munmap(code, CODE_SIZE);
	other = mmap(code, CODE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert_ptr_eq(other, code);
	snprintf(line, sizeof(line), "\n1 read 1 soft region 0 offset 0x1000 %s+0x20\n", path);
	ck_assert_msg(strstr(report_text(), line) != NULL, "%s", line);
	tear_down();
	munmap(other, CODE_SIZE);
	close(fd);
	unlink(path);
}
END_TEST

static void report_in_child(void)
{
	store_to_hole();
	if (barspan_trap_report(output))
		_exit(1);
}

START_TEST(child_reports_its_own_accesses)
{
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	for (int i = 0; i < 5; i++)
		store_to_hole();
	ck_assert_zero(harness_run_child(report_in_child));
	text = read_back(output);
	ck_assert_msg(!strncmp(text, "barspan: trap report: 1 places, 1 accesses, 0 failed\n", 52),
		      "%s", text);
	tear_down();
}
END_TEST

START_TEST(report_is_written_when_the_process_dies)
{
	set_up(BARSPAN_TRAP_REPORT);
	check_killed(store_to_hole);
	ck_assert_ptr_nonnull(
		strstr(read_back(output), "\nbarspan: trap report: 1 places, 1 accesses"));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-report");

	harness_add(suite, "death",
		    (const TTest *const[]){ report_is_written_when_the_process_dies, NULL });
	if (!emulate_load())
		harness_add(suite, "report",
			    (const TTest *const[]){
				    report_names_instruction_and_register,
				    instruction_that_touches_many_registers_is_one_line,
				    registers_that_are_touched_often_have_lines_of_their_own,
				    hot_instructions_are_kept_in_a_full_table,
				    code_that_was_unmapped_keeps_its_name,
				    child_reports_its_own_accesses, NULL });
	return harness_run(suite);
}
