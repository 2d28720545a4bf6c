/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks that the wrappers of system calls add. */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "util/sys.h"

enum { PAGE = 4096, UNIT = 4096 };

START_TEST(an_offset_that_the_mmap_call_would_cut_is_refused)
{
	uint64_t units = 7;

	/* On 32-bit machines, VFIO's region 15 is the last one within a call's
	 * reach. */
	ck_assert_zero(sys_mmap_units(&units, UINT64_C(15) << 40, PAGE, UNIT, UINT32_MAX));
	ck_assert_uint_eq(units, UINT64_C(15) << 28);
	ck_assert_zero(sys_mmap_units(&units, (UINT64_C(1) << 44) - PAGE, PAGE, UNIT, UINT32_MAX));
	ck_assert_uint_eq(units, UINT32_MAX);
	ck_assert_int_eq(sys_mmap_units(&units, UINT64_C(1) << 44, PAGE, UNIT, UINT32_MAX),
			 -EOVERFLOW);
	ck_assert_int_eq(sys_mmap_units(&units, UINT64_C(16) << 40, PAGE, UNIT, UINT32_MAX),
			 -EOVERFLOW);
	ck_assert_int_eq(sys_mmap_units(&units, -(uint64_t)PAGE, PAGE, UNIT, UINT32_MAX),
			 -EOVERFLOW);
	/* With pages of 64 KiB the unit is 4 KiB, too. */
	ck_assert_int_eq(sys_mmap_units(&units, 0x1000, 0x10000, UNIT, UINT32_MAX), -EINVAL);
	ck_assert_uint_eq(units, UINT32_MAX);
	ck_assert_zero(sys_mmap_units(&units, 0x30000, 0x10000, UNIT, UINT32_MAX));
	ck_assert_uint_eq(units, 0x30);
	/* 64-bit machines accept every page-aligned offset. */
	ck_assert_zero(sys_mmap_units(&units, -(uint64_t)PAGE, PAGE, 1, UINT64_MAX));
	ck_assert_uint_eq(units, -(uint64_t)PAGE);
	ck_assert_int_eq(sys_mmap_units(&units, 1, PAGE, 1, UINT64_MAX), -EINVAL);
}
END_TEST

START_TEST(sys_mmap_refuses_the_same_offsets_as_mmap)
{
	uint64_t past = sizeof(long) == 4 ? UINT64_C(1) << 44 : -(uint64_t)sys_page_size();
	int fd = memfd_create("sys", MFD_CLOEXEC);
	void *out = NULL;

	ck_assert_int_eq(sys_mmap(&out, NULL, sys_page_size(), PROT_READ, MAP_SHARED, fd, past),
			 -EOVERFLOW);
	ck_assert_int_eq(sys_mmap(&out, NULL, sys_page_size(), PROT_READ, MAP_SHARED, fd, 1),
			 -EINVAL);
	ck_assert_ptr_null(out);
	close(fd);
}
END_TEST

START_TEST(a_file_over_the_limit_is_an_error_and_no_signal)
{
	int fd = memfd_create("sys", MFD_CLOEXEC);
	struct rlimit before, limit;

	ck_assert_zero(getrlimit(RLIMIT_FSIZE, &before));
	limit = (struct rlimit){ 0x10000, before.rlim_max };
	ck_assert_zero(setrlimit(RLIMIT_FSIZE, &limit));
	ck_assert_zero(sys_ftruncate(fd, 0x10000));
	ck_assert_int_eq(sys_ftruncate(fd, 0x10001), -EFBIG);
	ck_assert_int_eq(sys_ftruncate(fd, UINT64_MAX), -EFBIG);
	ck_assert_zero(setrlimit(RLIMIT_FSIZE, &before));
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys");

	harness_add(suite, "sys",
		    (const TTest *const[]){ an_offset_that_the_mmap_call_would_cut_is_refused,
					    sys_mmap_refuses_the_same_offsets_as_mmap,
					    a_file_over_the_limit_is_an_error_and_no_signal,
					    NULL });
	return harness_run(suite);
}
