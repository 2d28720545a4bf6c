/* SPDX-License-Identifier: BSD-3-Clause */
/* What the caller's code may do inside its callbacks. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat/private.h"
#include "support/callback-fixture.h"

static void change_spans(void)
{
	struct barspan *inner;
	void *base = (void *)(uintptr_t)barspan_base(other);

	inside_map = NULL;
	results[0] = barspan_map(&inner, device, 1, NULL);
	results[1] = barspan_suspend(other);
	results[2] = barspan_resume(span);
	errno = 0;
	results[3] = barspan_munmap(base, page) ? -errno : 0;
	results[4] = barspan_mmap(base, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				  -1, 0) == MAP_FAILED
			     ? -errno
			     : 0;
	results[5] = barspan_mremap_(base, page, 2 * page, MREMAP_MAYMOVE, NULL) == MAP_FAILED
			     ? -errno
			     : 0;
	barspan_unmap(other);
}

static void expect_refused(void)
{
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(results[i], -EDEADLK);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "barspan_unmap() called in a transport's map"));
	/* The span still exists. */
	ck_assert(barspan_is_direct(other, 0, PAGES * page));
	barspan_write32(other, 4, 0x1234);
	ck_assert_uint_eq(barspan_read32(other, 4), 0x1234);
}

START_TEST(mapping_calls_inside_a_map_operation_are_refused)
{
	set_up();
	ck_assert_zero(barspan_map(&other, device, 1, NULL));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_unmap(span);
	inside_map = change_spans;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	expect_refused();

	/* The same during a resume. */
	memset(results, 0, sizeof(results));
	ck_assert_zero(barspan_suspend(span));
	inside_map = change_spans;
	ck_assert_zero(barspan_resume(span));
	expect_refused();
	ck_assert(barspan_is_direct(span, 0, PAGES * page));
	barspan_unmap(span);
	barspan_unmap(other);
	tear_down();
}
END_TEST

/* Memory of its own, queries and accesses are allowed. */
static void use_what_is_allowed(void)
{
	uint8_t *mine;
	struct barspan_region region;
	uint32_t value = 0;

	inside_map = NULL;
	mine = barspan_mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(mine, MAP_FAILED);
	mine[0] = 1;
	ck_assert_zero(barspan_munmap(mine, page));
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_zero(barspan_device_read(device, 0, 0, &value, 4));
	ck_assert(barspan_is_direct(other, 0, 4));
	barspan_write32(other, 0, barspan_read32(other, 0) + 1);
	ck_assert_ptr_eq(barspan_find(barspan_base(other), NULL), other);
}

START_TEST(a_map_operation_may_use_spans_and_memory)
{
	set_up();
	ck_assert_zero(barspan_map(&other, device, 1, NULL));
	inside_map = use_what_is_allowed;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_ptr_null((void *)(uintptr_t)inside_map);
	barspan_unmap(span);
	barspan_unmap(other);
	tear_down();
}
END_TEST

static int map_in_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	int *result = context;

	(void)offset;
	memset(buffer, 0, length);
	if (*result != 1)
		return 0;
	*result = 0;
	*result = barspan_map(&other, device, 0, NULL);
	return 0;
}

START_TEST(reading_configuration_space_may_map)
{
	int result = 1;
	const struct barspan_soft_region regions[8] = {
		[0] = { .size = PAGES * 4096, .flags = RW | BARSPAN_REGION_MMAP },
		[BARSPAN_CONFIG] = { .size = 256,
				     .flags = RW,
				     .read = map_in_read,
				     .context = &result },
	};

	set_up();
	barspan_device_close(device);
	ck_assert_zero(harness_open_soft(&device, regions, 8));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_zero(result);
	barspan_unmap(other);
	barspan_unmap(span);
	tear_down();
}
END_TEST

static void close_and_refuse(void)
{
	inside_map = NULL;
	is_refusing = true;
	barspan_device_close(device);
}

static void suspend_other(void)
{
	inside_close = NULL;
	results[0] = barspan_suspend(other);
}

START_TEST(a_close_operation_may_change_spans)
{
	const struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_STRICT };
	struct barspan_device *second;

	set_up();
	ck_assert_zero(barspan_device_open_ops(&second, &ops, NULL));
	ck_assert_zero(barspan_map(&other, second, 1, NULL));
	results[0] = 1;
	inside_map = close_and_refuse;
	inside_close = suspend_other;
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -EIO);
	ck_assert_zero(results[0]);
	is_refusing = false;
	barspan_unmap(other);
	device = second;
	tear_down();
}
END_TEST

START_TEST(errno_is_unchanged)
{
	struct barspan_region region;
	uint32_t value = 0;

	set_up();
	errno = EXDEV;
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_zero(barspan_suspend(span));
	value = barspan_read32(span, 0);
	ck_assert_int_eq(errno, EXDEV);
	barspan_write32(span, 0, value);
	ck_assert_zero(barspan_read(span, 0, &value, 4));
	ck_assert_zero(barspan_write(span, 0, &value, 4));
	ck_assert_zero(barspan_device_read(device, 0, 0, &value, 4));
	ck_assert_zero(barspan_device_write(device, 0, 0, &value, 4));
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(errno, EXDEV);
	barspan_unmap(span);
	ck_assert_int_eq(errno, EXDEV);
	/* This drops the last reference. */
	barspan_device_close(device);
	ck_assert_int_eq(errno, EXDEV);
	device = NULL;
	tear_down();
}
END_TEST

static pthread_mutex_t callers_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int heard;

static void take_lock(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	(void)message;
	pthread_mutex_lock(&callers_lock);
	heard++;
	pthread_mutex_unlock(&callers_lock);
}

/* Maps while it holds the lock that the log callback takes. */
static void *map_locked(void *unused)
{
	struct barspan *mine = NULL;

	pthread_mutex_lock(&callers_lock);
	sem_post(&entered);
	sem_wait(&go);
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	if (barspan_map(&mine, device, 0, NULL))
		mine = NULL;
	pthread_mutex_unlock(&callers_lock);
	barspan_unmap(mine);
	return mine ? unused : &go;
}

START_TEST(a_log_callback_runs_under_no_lock)
{
	pthread_t thread;
	void *failed;

	set_up();
	sem_init(&entered, 0, 0);
	sem_init(&go, 0, 0);
	heard = 0;
	ck_assert_zero(pthread_create(&thread, NULL, map_locked, NULL));
	sem_wait(&entered);
	barspan_set_log(take_lock, NULL, BARSPAN_LOG_INFO);
	sem_post(&go);
	/* The callback for this call's message waits for the thread, which must
	 * not wait for the callback. */
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_zero(pthread_join(thread, &failed));
	ck_assert_ptr_null(failed);
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	barspan_unmap(span);
	free(before);
	before = harness_snapshot(); /* includes the thread's stack */
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_unmap(span);
	barspan_device_close(device);
	close(memory);
	free(before);
}
END_TEST

static void map_another(void *context, enum barspan_log_level level, const char *message)
{
	static bool is_inside;

	(void)context;
	(void)level;
	(void)message;
	if (is_inside)
		return;
	is_inside = true;
	ck_assert_zero(barspan_map(&other, device, 1, NULL));
	ck_assert_zero(barspan_suspend(other));
	ck_assert_zero(barspan_resume(other));
}

START_TEST(a_log_callback_may_map)
{
	set_up();
	other = NULL;
	barspan_set_log(map_another, NULL, BARSPAN_LOG_INFO);
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	ck_assert_ptr_nonnull(other);
	barspan_unmap(other);
	barspan_unmap(span);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("callbacks");

	harness_add(suite, "callbacks",
		    (const TTest *const[]){ mapping_calls_inside_a_map_operation_are_refused,
					    a_map_operation_may_use_spans_and_memory,
					    reading_configuration_space_may_map,
					    a_close_operation_may_change_spans, errno_is_unchanged,
					    a_log_callback_runs_under_no_lock,
					    a_log_callback_may_map, NULL });
	return harness_run(suite);
}
