/* SPDX-License-Identifier: BSD-3-Clause */
/* A trapped access is no cancellation point: a cancelled thread runs on to its
 * next cancellation point. */
#include <pthread.h>

#include "trap/emulate.h"
#include "support/trap-fixture.h"

static int cancellable_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	pthread_testcancel();
	memset(buffer, (int)(offset & 0xff), length);
	return 0;
}

static int ignore_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	(void)offset;
	(void)buffer;
	(void)length;
	return 0;
}

static uint32_t seen_when_cancelled;
static volatile int steps;

static void *load_with_cancel_pending(void *argument)
{
	(void)argument;
	pthread_cancel(pthread_self());
	steps = 1;
	seen_when_cancelled = *reg32(HOLE + 4);
	steps = 2;
	*reg32(HOLE + 8) = 9;
	steps = 3;
	pthread_testcancel();
	steps = 4;
	return NULL;
}

static void check_cancel(uint32_t expected)
{
	pthread_t thread;
	void *result;

	seen_when_cancelled = 0;
	pthread_create(&thread, NULL, load_with_cancel_pending, NULL);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	ck_assert_int_eq(steps, 3);
	ck_assert_uint_eq(seen_when_cancelled, expected);
}

START_TEST(trapped_access_is_no_cancellation_point)
{
	set_up(BARSPAN_TRAP_EMULATE);
	*reg32(HOLE + 4) = 0x01020304;
	check_cancel(0x01020304);
	ck_assert_uint_eq(*reg32(HOLE + 8), 9);
	tear_down();
}
END_TEST

START_TEST(callback_is_no_cancellation_point)
{
	set_up_device(&(struct barspan_soft_region){
		.size = SIZE, .flags = RW, .read = cancellable_read, .write = ignore_write });
	ck_assert_zero(enable(BARSPAN_TRAP_EMULATE));
	check_cancel(0x04040404);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite;

	if (emulate_load())
		return harness_skip("emulation is not built in");
	suite = suite_create("trap-cancel");
	harness_add(suite, "cancel",
		    (const TTest *const[]){ trapped_access_is_no_cancellation_point,
					    callback_is_no_cancellation_point, NULL });
	return harness_run(suite);
}
