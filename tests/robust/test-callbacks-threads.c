/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads are cancelled, and processes fork, while the library calls the
 * caller's code. */
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/callback-fixture.h"
#include "util/operation.h"

/* A cancellation point inside a callback: the test cancels the thread here. */
static void wait_inside(void)
{
	inside_map = NULL;
	sem_post(&entered);
	sem_wait(&go);
	pthread_testcancel();
}

static bool asynchronous;
static int (*cancelled_call)(void);

static void *be_cancelled(void *unused)
{
	if (asynchronous)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	results[0] = cancelled_call();
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	pthread_testcancel();
	return unused;
}

static int call_map(void)
{
	return barspan_map(&span, device, 0, NULL);
}

static int call_resume(void)
{
	return barspan_resume(span);
}

/* The call completes. Then the thread ends, immediately with asynchronous
 * cancellation. */
static void cancel_inside(int (*call)(void))
{
	pthread_t thread;
	void *value;

	cancelled_call = call;
	inside_map = wait_inside;
	results[0] = 1;
	ck_assert_zero(pthread_create(&thread, NULL, be_cancelled, NULL));
	sem_wait(&entered);
	ck_assert_zero(pthread_cancel(thread));
	sem_post(&go);
	ck_assert_zero(pthread_join(thread, &value));
	ck_assert_ptr_eq(value, PTHREAD_CANCELED);
	ck_assert(asynchronous || !results[0]);
	ck_assert_ptr_nonnull(span);
	ck_assert(barspan_is_direct(span, 0, PAGES * page));
}

START_TEST(a_cancelled_thread_completes_its_call)
{
	/* AddressSanitizer unmaps a cancelled thread's signal stack twice. */
	if (harness_instrumented())
		return;
	set_up();
	sem_init(&entered, 0, 0);
	sem_init(&go, 0, 0);
	for (int i = 0; i < 2; i++) {
		asynchronous = i;
		span = NULL;
		cancel_inside(call_map);
		ck_assert_zero(barspan_suspend(span));
		cancel_inside(call_resume);
		/* Other threads can use the library. */
		ck_assert_zero(barspan_map(&other, device, 1, NULL));
		barspan_unmap(other);
		barspan_unmap(span);
	}
	barspan_device_close(device);
	close(memory);
	free(before);
}
END_TEST

static void *map_slowly(void *unused)
{
	return barspan_map(&other, device, 1, NULL) ? &go : unused;
}

/* exit_group directly: ThreadSanitizer assumes that the child has all
 * threads. */
static void leave_child(int code)
{
	syscall(SYS_exit_group, code);
}

/* In the child: every call works and none hangs. */
static void use_spans(void)
{
	struct barspan *mine;

	alarm(20);
	if (barspan_suspend(span) || barspan_resume(span) || barspan_read32(span, 8) != 0x5678)
		leave_child(1);
	if (barspan_map(&mine, device, 1, NULL) || barspan_read32(mine, 8) != 0x5678)
		leave_child(2);
	barspan_unmap(mine);
	barspan_unmap(span);
	if (barspan_trap_enable(NULL))
		leave_child(3);
	barspan_trap_disable();
	leave_child(0);
}

static void *let_go(void *unused)
{
	usleep(100000);
	sem_post(&go);
	return unused;
}

/* Takes the trap's locks while fork() waits for the operation. fork() must not
 * hold them yet. */
static void wait_and_trap(void)
{
	wait_inside();
	ck_assert_zero(barspan_trap_enable(NULL));
	barspan_trap_disable();
}

START_TEST(a_forked_child_can_do_everything)
{
	pthread_t mapper, helper;
	void *failed;
	int status;
	pid_t child;

	set_up();
	/* The harness's log callback is not thread-safe. */
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	sem_init(&entered, 0, 0);
	sem_init(&go, 0, 0);
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_write32(span, 8, 0x5678);
	inside_map = wait_and_trap;
	ck_assert_zero(pthread_create(&mapper, NULL, map_slowly, NULL));
	sem_wait(&entered);
	/* Another thread is inside barspan_map(). */
	ck_assert_zero(pthread_create(&helper, NULL, let_go, NULL));
	child = fork();
	if (!child)
		use_spans();
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_zero(pthread_join(helper, NULL));
	ck_assert_zero(pthread_join(mapper, &failed));
	ck_assert_ptr_null(failed);
	ck_assert_uint_eq(barspan_read32(other, 8), 0x5678);
	barspan_unmap(other);
	barspan_unmap(span);
	barspan_device_close(device);
	close(memory);
	free(before);
}
END_TEST

static pid_t child_of_map;

static void fork_inside(void)
{
	inside_map = NULL;
	child_of_map = fork();
}

START_TEST(a_map_operation_may_fork)
{
	int status;

	set_up();
	inside_map = fork_inside;
	child_of_map = -1;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_write32(span, 8, 0x5678);
	if (!child_of_map)
		use_spans();
	ck_assert_int_eq(waitpid(child_of_map, &status, 0), child_of_map);
	ck_assert_int_eq(status, 0);
	barspan_unmap(span);
	tear_down();
}
END_TEST

static pthread_mutex_t of_another_library = PTHREAD_MUTEX_INITIALIZER;

static void *hold_mutex(void *unused)
{
	pthread_mutex_lock(&of_another_library);
	sem_post(&entered);
	usleep(100000);
	pthread_mutex_unlock(&of_another_library);
	return unused;
}

START_TEST(a_forked_child_finds_internal_mutexes_free)
{
	pthread_t holder;
	int status;
	pid_t child;

	sem_init(&entered, 0, 0);
	operation_protect(&of_another_library);
	ck_assert_zero(pthread_create(&holder, NULL, hold_mutex, NULL));
	sem_wait(&entered);
	child = fork();
	if (!child)
		leave_child(pthread_mutex_trylock(&of_another_library) ? 1 : 0);
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_zero(pthread_join(holder, NULL));
	ck_assert_zero(pthread_mutex_trylock(&of_another_library));
	pthread_mutex_unlock(&of_another_library);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("callbacks-threads");

	harness_add(suite, "threads",
		    (const TTest *const[]){ a_cancelled_thread_completes_its_call,
					    a_forked_child_can_do_everything,
					    a_map_operation_may_fork,
					    a_forked_child_finds_internal_mutexes_free, NULL });
	return harness_run(suite);
}
