/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/harness.h"
#include "util/owned.h"
#include "util/sys.h"

START_TEST(the_set_contains_added_descriptors)
{
	static const int fds[] = { 0, 62, 64, 1000, OWNED_MAX - 1 };
	const size_t n = sizeof(fds) / sizeof(fds[0]);
	int at = -1;

	ck_assert_int_eq(owned_next(0), -1);
	for (size_t i = 0; i < n; i++)
		owned_add(fds[i]);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(owned_next((unsigned int)(at + 1)), fds[i]);
		at = fds[i];
		ck_assert(owned_has(at) && !owned_has(at - 1) && !owned_has(at + 1));
	}
	ck_assert_int_eq(owned_next(OWNED_MAX), -1);
	ck_assert_int_eq(owned_next(UINT_MAX), -1);
	for (size_t i = 0; i < n; i++)
		owned_remove(fds[i]);
	ck_assert_int_eq(owned_next(0), -1);
}
END_TEST

START_TEST(negative_and_huge_descriptors_are_not_in_the_set)
{
	owned_add(-1);
	owned_add(OWNED_MAX);
	owned_add(INT_MAX);
	ck_assert(!owned_has(-1) && !owned_has(OWNED_MAX) && !owned_has(INT_MAX));
	ck_assert_int_eq(owned_next(0), -1);
	owned_remove(-1);
	owned_remove(INT_MAX);
}
END_TEST

static void set_limit(rlim_t files)
{
	struct rlimit limit;

	ck_assert_zero(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = files;
	ck_assert_zero(setrlimit(RLIMIT_NOFILE, &limit));
}

START_TEST(copies_have_high_numbers)
{
	int fd;

	set_limit(200);
	ck_assert_int_eq(owned_base(), 150);
	set_limit(1024);
	ck_assert_int_eq(owned_base(), 768);
	set_limit(2048);
	ck_assert_int_eq(owned_base(), 768);
	fd = sys_dup(0);
	ck_assert_int_ge(fd, 768);
	ck_assert(owned_has(fd));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	sys_close(fd);
	ck_assert(!owned_has(fd));
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);

	fd = sys_memfd_create("owned");
	ck_assert_int_ge(fd, 768);
	ck_assert(owned_has(fd));
	sys_close(fd);
}
END_TEST

/* After the program has closed a copy and opened files of its own, an access
 * must fail instead of changing one of those files. */
START_TEST(a_closed_copy_is_not_reused)
{
	int fd, opened[100];

	set_limit(1024);
	fd = sys_memfd_create("owned");
	ck_assert_zero(close(fd));
	for (int i = 0; i < 100; i++) {
		opened[i] = dup(0);
		ck_assert_int_ge(opened[i], 0);
	}
	ck_assert_int_eq(sys_pwrite(fd, "", 1, 0), -EBADF);
	sys_close(fd);
	for (int i = 0; i < 100; i++)
		close(opened[i]);
}
END_TEST

START_TEST(in_a_full_descriptor_table_copies_have_lower_numbers)
{
	int first = dup(0), last = first, fd;

	set_limit(64);
	while ((fd = dup(0)) >= 0)
		last = fd;
	ck_assert_int_lt(first, 20);
	close(20);
	fd = sys_dup(0);
	ck_assert_int_eq(fd, 20);
	ck_assert(owned_has(fd));
	ck_assert_int_eq(sys_dup(0), -EMFILE);
	/* A descriptor that cannot be moved stays where it is, and is
	 * recorded. */
	ck_assert_int_eq(sys_keep(21, owned_base()), 21);
	ck_assert(owned_has(21));
	ck_assert_int_eq(sys_dup(-1), -EBADF);
	for (fd = first; fd <= last; fd++)
		sys_close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("owned");

	harness_add(suite, "set",
		    (const TTest *const[]){ the_set_contains_added_descriptors,
					    negative_and_huge_descriptors_are_not_in_the_set,
					    NULL });
	harness_add(suite, "numbers",
		    (const TTest *const[]){ copies_have_high_numbers, a_closed_copy_is_not_reused,
					    in_a_full_descriptor_table_copies_have_lower_numbers,
					    NULL });
	return harness_run(suite);
}
