/* SPDX-License-Identifier: BSD-3-Clause */
/* The trap's report. Counts are the process's, so that the order of these tests counts where they do not fork. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trap-emulate.h"
#include "trapped.h"

static void store_to_hole(void)
{
	*reg32(HOLE + 0x10) = 1;
}

/* A function of a name that the report can find. */
__attribute__((noinline)) uint32_t reported_function(void);
uint32_t reported_function(void)
{
	return *reg32(HOLE + 0x24);
}

START_TEST(report_names_instruction_and_register)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	for (int i = 0; i < 12; i++)
		reported_function();
	store_to_hole();
	ck_assert_zero(barspan_trap_report(fd));
	text = read_back(fd);
	ck_assert_msg(!strncmp(text, "barspan: trap report: 2 places, 13 accesses, 0 failed\n", 54), "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\n12 read 4 soft region 0 offset 0x1024 /"));
	ck_assert_ptr_nonnull(strstr(text, "\n1 write 4 soft region 0 offset 0x1010 /"));
	ck_assert_ptr_nonnull(strstr(text, "test-trap-report+0x"));
	ck_assert_int_eq(barspan_trap_report(-1), -EBADF);
	close(fd);
	tear_down();
}
END_TEST

START_TEST(report_says_what_it_had_no_room_for)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	unsigned long places = 0, before = 0, accesses = 0, more = 0;
	const char *text;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	ck_assert_zero(barspan_trap_report(fd));
	ck_assert_int_eq(sscanf(read_back(fd), "barspan: trap report: %lu places, %lu accesses", &places, &before), 2);
	ck_assert_zero(ftruncate(fd, 0));
	lseek(fd, 0, SEEK_SET);
	for (uint64_t offset = HOLE; offset < HOLE + 6000; offset++)
		(void)base[offset];
	ck_assert_zero(barspan_trap_report(fd));
	text = read_back(fd);
	ck_assert_int_eq(sscanf(text, "barspan: trap report: %lu places, %lu accesses", &places, &accesses), 2);
	ck_assert_uint_ge(places, 3900);
	text = strstr(text, " more accesses, for which there was no room\n");
	ck_assert_ptr_nonnull(text);
	while (text[-1] != '\n')
		text--;
	more = strtoul(text, NULL, 10);
	ck_assert_uint_eq(accesses + more - before, 6000);
	close(fd);
	tear_down();
}
END_TEST

START_TEST(report_is_written_when_the_process_dies)
{
	set_up(BARSPAN_TRAP_REPORT);
	check_killed(store_to_hole);
	ck_assert_ptr_nonnull(strstr(read_back(output), "\nbarspan: trap report: 1 places, 1 accesses"));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-report");

	harness_add(suite, "death", (const TTest *const[]){ report_is_written_when_the_process_dies, NULL });
	if (!emulate_load())
		harness_add(suite, "report", (const TTest *const[]){
			report_names_instruction_and_register, report_says_what_it_had_no_room_for, NULL });
	return harness_run(suite);
}
