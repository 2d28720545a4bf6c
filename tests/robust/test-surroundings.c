/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes without /proc, with locked memory, with many areas that cannot be
 * mapped; and a library that dlclose() unloads. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "util/sys.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, MAX_AREAS = 400 };

/* A transport whose areas of two pages alternate with holes of two pages. */
static struct {
	size_t page;
	size_t n;
	struct barspan_range areas[MAX_AREAS];
	int memory;
	unsigned int calls; /* calls of `map` */
	enum { TAKES_ALL, REFUSES_EVERY_SECOND, FAILS_IN_THE_MIDDLE } manner;
	bool late; /* refuses after it has unmapped the range */
} transport;

static struct barspan_device *device;
static struct barspan *span;
static char *before;

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	*out = (struct barspan_region){
		.size = 4 * transport.n * transport.page,
		.flags = RW | BARSPAN_REGION_MMAP | BARSPAN_REGION_SPARSE,
		.n_areas = (uint32_t)transport.n,
		.areas = transport.areas,
	};
	return index ? -EINVAL : 0;
}

static int map_part(void *address, size_t length, int prot, uint64_t offset)
{
	void *got = mmap(address, length, prot, MAP_SHARED | MAP_FIXED, transport.memory,
			 (off_t)offset);

	return got == MAP_FAILED ? -errno : 0;
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address)
{
	size_t page = transport.page;

	(void)context;
	(void)index;
	transport.calls++;
	if (transport.manner == FAILS_IN_THE_MIDDLE) {
		map_part(address, length - page, prot, offset);
		return -EIO;
	}
	if (transport.manner == REFUSES_EVERY_SECOND && offset / (4 * page) % 2) {
		if (transport.late)
			munmap(address, length);
		return -EIO;
	}
	return map_part(address, length, prot, offset);
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)index;
	return pread(transport.memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length)
{
	(void)context;
	(void)index;
	return pwrite(transport.memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0
											  : -EIO;
}

static void set_up(size_t n)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = ops_region,
		.map = ops_map,
		.read = ops_read,
		.write = ops_write,
	};

	memset(&transport, 0, sizeof(transport));
	transport.page = (size_t)sysconf(_SC_PAGESIZE);
	transport.n = n;
	for (size_t i = 0; i < n; i++)
		transport.areas[i] =
			(struct barspan_range){ 4 * i * transport.page, 2 * transport.page };
	fake_reset();
	harness_listen();
	before = harness_snapshot();
	transport.memory = memfd_create("transport", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(transport.memory, (off_t)(4 * n * transport.page)));
	ck_assert_zero(barspan_device_open_ops(&device, &ops, NULL));
}

static void tear_down(void)
{
	barspan_device_close(device);
	close(transport.memory);
	fake_reset();
	harness_expect_unchanged(&before);
}

static int no_proc(const char *path, int flags)
{
	return strncmp(path, "/proc/", 6) ? real_sys_open(path, flags) : -ENOENT;
}

/* No address is lost, and the library asks nothing twice. Under valgrind,
 * mremap() cannot test a reservation, and the library needs /proc. */
static void refuse_many(size_t n, bool late, unsigned int flags)
{
	const struct barspan_options options = { .size = sizeof(options), .flags = flags };

	set_up(n);
	if (!sys_under_valgrind())
		fake_hooks.open = no_proc;
	transport.manner = REFUSES_EVERY_SECOND;
	transport.late = late;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_uint_eq(transport.calls, n);
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), n / 2);
	for (int i = 0; i < 20; i++) {
		ck_assert_zero(barspan_suspend(span));
		transport.calls = 0;
		ck_assert_zero(barspan_resume(span));
		ck_assert_uint_eq(transport.calls, n);
		ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), n / 2);
	}
	if (!sys_under_valgrind())
		ck_assert_uint_eq(fake_count(FAKE_OPEN), 0);
	barspan_unmap(span);
	tear_down();
}

START_TEST(refused_areas_lose_no_addresses)
{
	for (int late = 0; late < 2; late++) {
		refuse_many(16, late, 0);
		refuse_many(16, late, BARSPAN_INDEPENDENT);
		refuse_many(harness_instrumented() ? 40 : MAX_AREAS, late, 0);
	}
}
END_TEST

START_TEST(a_failed_area_costs_a_resume_few_calls)
{
	enum { AREAS = 100 };
	unsigned long all, taken;

	set_up(AREAS);
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_zero(barspan_suspend(span));
	taken = fake_total();
	ck_assert_zero(barspan_resume(span));
	taken = fake_total() - taken;
	barspan_unmap(span);
	transport.manner = REFUSES_EVERY_SECOND;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_zero(barspan_suspend(span));
	all = fake_total();
	ck_assert_zero(barspan_resume(span));
	all = fake_total() - all;
	barspan_unmap(span);
	/* A failed area costs no more than a mapped one, except under valgrind,
	 * whose mremap() cannot test a reservation. The library tests once
	 * whether mappings are left. */
	ck_assert_uint_le(all, taken + 70 + (sys_under_valgrind() ? AREAS / 2 * 6 : 0));
	tear_down();
}
END_TEST

/* The failed map's mapping stays, because the library cannot distinguish it
 * from another thread's. The reserved page beside it is unmapped. */
START_TEST(a_map_that_fails_between_two_mappings_leaves_no_page_behind)
{
	char *left;

	set_up(1);
	transport.manner = FAILS_IN_THE_MIDDLE;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), 1);
	ck_assert_ptr_nonnull(strstr(harness_message, "ops region 0: another mapping occupies "));
	ck_assert_uint_eq(harness_count_maps(barspan_base(span), 4 * transport.page), 1);
	barspan_unmap(span);
	left = harness_find_map("memfd:transport");
	ck_assert_ptr_nonnull(left);
	ck_assert_uint_eq(harness_count_maps(left, 2 * transport.page), 1);
	munmap(left, transport.page);
	tear_down();
}
END_TEST

static void lock_everything(void)
{
	const struct rlimit limit = { 4 << 20, 4 << 20 };

	/* A process with CAP_IPC_LOCK has no limit. */
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || (!geteuid() && setresuid(65534, 65534, 65534)) ||
	    mlockall(MCL_FUTURE))
		_exit(2);
}

static int map_locked(const struct barspan_options *options)
{
	const size_t size = 2 << 20;
	const struct barspan_range area = { 0, size - transport.page };
	const struct barspan_soft_region region = {
		.size = size,
		.flags = RW | BARSPAN_REGION_MMAP,
		.n_areas = 1,
		.areas = &area,
	};
	struct barspan_device *soft;
	int r;

	lock_everything();
	if (harness_open_soft(&soft, &region, 1))
		return 3;
	if (barspan_map(&span, soft, 0, options))
		return 4;
	r = barspan_is_direct(span, 0, area.length) ? 0 : 5;
	if (!r && (barspan_suspend(span) || barspan_resume(span) ||
		   !barspan_is_direct(span, 0, area.length)))
		r = 6;
	barspan_unmap(span);
	barspan_device_close(soft);
	return r;
}

static int expect_child(int (*run)(const struct barspan_options *),
			const struct barspan_options *options)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(run(options));
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

START_TEST(a_reservation_does_not_count_as_locked_memory)
{
	struct barspan_options options = { .size = sizeof(options) };
	void *address;

	/* valgrind and sanitizers allocate memory of their own. */
	if (harness_instrumented())
		return;
	set_up(1);
	ck_assert_int_eq(expect_child(map_locked, &options), 0);
	address = mmap(NULL, 2 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	options.address = address;
	options.flags = BARSPAN_FIXED;
	ck_assert_int_eq(expect_child(map_locked, &options), 0);
	munmap(address, 2 << 20);
	options.flags = 0;
	ck_assert_int_eq(expect_child(map_locked, &options), 0);
	tear_down();
}
END_TEST

static sigjmp_buf back;

static void jump_back(int number)
{
	siglongjmp(back, number);
}

/* Faults outside all spans after dlclose() of the library that has the
 * handler. */
static int close_library(const struct barspan_options *unused)
{
	struct sigaction action = { .sa_handler = jump_back };
	void *library = dlopen(SHARED_LIBRARY, RTLD_NOW | RTLD_LOCAL), *symbol;
	int (*enable)(const void *);

	(void)unused;
	if (!library)
		return 2;
	symbol = dlsym(library, "barspan_trap_enable");
	memcpy(&enable, &symbol, sizeof(enable));
	if (sigaction(SIGSEGV, &action, NULL) || !symbol || enable(NULL) || dlclose(library))
		return 3;
	if (!sigsetjmp(back, 1)) {
		(void)*(volatile char *)(uintptr_t)mmap(NULL, 4096, PROT_NONE,
							MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return 4;
	}
	return 0;
}

START_TEST(dlclose_keeps_a_library_with_installed_handlers)
{
	if (harness_instrumented() || access(SHARED_LIBRARY, R_OK))
		return;
	ck_assert_int_eq(expect_child(close_library, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("surroundings");

	harness_add(suite, "refusals",
		    (const TTest *const[]){
			    refused_areas_lose_no_addresses, a_failed_area_costs_a_resume_few_calls,
			    a_map_that_fails_between_two_mappings_leaves_no_page_behind, NULL });
	harness_add(suite, "process",
		    (const TTest *const[]){ a_reservation_does_not_count_as_locked_memory,
					    dlclose_keeps_a_library_with_installed_handlers,
					    NULL });
	return harness_run(suite);
}
