/* SPDX-License-Identifier: BSD-3-Clause */
/* What the caller's code may do when the library calls it; threads that are cancelled and processes that fork. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "util/operation.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGES = 4 };

static size_t page;
static int memory = -1;
static struct barspan_device *device;
static char *before;

/* Called by `map` before it maps; NULL: nothing is. */
static void (*inside_map)(void);
static struct barspan *span, *other;

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	*out = (struct barspan_region){ .size = PAGES * page, .flags = RW | BARSPAN_REGION_MMAP };
	errno = ERANGE;
	return index < 2 ? 0 : -EINVAL;
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot, void *address)
{
	(void)context;
	(void)index;
	if (inside_map)
		inside_map();
	errno = EILSEQ;
	if (mmap(address, length, prot, MAP_SHARED | MAP_FIXED, memory, (off_t)offset) == MAP_FAILED)
		return -errno;
	return 0;
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)index;
	errno = EDOM;
	return pread(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	(void)index;
	errno = EDOM;
	return pwrite(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static void ops_close(void *context)
{
	(void)context;
	errno = ENFILE;
}

static void set_up(void)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops), .region = ops_region, .map = ops_map, .read = ops_read, .write = ops_write,
		.close = ops_close,
	};

	page = (size_t)sysconf(_SC_PAGESIZE);
	inside_map = NULL;
	fake_reset();
	harness_listen();
	before = harness_snapshot();
	memory = memfd_create("callbacks", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(memory, (off_t)(PAGES * page)));
	ck_assert_zero(barspan_device_open_ops(&device, &ops, NULL));
}

static void tear_down(void)
{
	char *after;

	barspan_device_close(device);
	close(memory);
	after = harness_snapshot();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}

static int results[8];	/* of the calls inside map */

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
	results[4] = barspan_mmap(base, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ?
			     -errno : 0;
	results[5] = barspan_mremap(base, page, 2 * page, MREMAP_MAYMOVE, NULL) == MAP_FAILED ? -errno : 0;
	barspan_unmap(other);
}

static void expect_refused(void)
{
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(results[i], -EDEADLK);
	ck_assert_ptr_nonnull(strstr(harness_message, "barspan_unmap() called back"));
	/* It is still there. */
	ck_assert(barspan_is_direct(other, 0, PAGES * page));
	barspan_write32(other, 4, 0x1234);
	ck_assert_uint_eq(barspan_read32(other, 4), 0x1234);
}

START_TEST(a_map_that_changes_spans_is_refused)
{
	set_up();
	ck_assert_zero(barspan_map(&other, device, 1, NULL));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_unmap(span);
	inside_map = change_spans;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	expect_refused();

	/* The same while a span is resumed. */
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

/* Memory of its own, queries and accesses. */
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

START_TEST(a_map_may_use_spans_and_memory)
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

START_TEST(errno_stays_as_it_was)
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
	/* The last reference. */
	barspan_device_close(device);
	ck_assert_int_eq(errno, EXDEV);
	device = NULL;
	tear_down();
}
END_TEST

static pthread_mutex_t callers_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t entered, go;
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

/* Maps while it holds the lock that the callback takes. */
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
	/* Has a message, which waits for the thread; and the thread, for nobody. */
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_zero(pthread_join(thread, &failed));
	ck_assert_ptr_null(failed);
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	barspan_unmap(span);
	free(before);
	before = harness_snapshot();	/* with the thread's stack */
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

/* A cancellation point, at which the thread is cancelled when it comes to it. */
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

/* The call is done as a whole, and then the thread goes: at once if it may be cancelled anywhere. */
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

START_TEST(a_cancelled_thread_leaves_nothing_half_way)
{
	/* AddressSanitizer takes a cancelled thread's signal stack away twice. */
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
		/* Others are not kept waiting. */
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

/* Ends the child, of which ThreadSanitizer believes that it has all threads. */
static void leave(int code)
{
	syscall(SYS_exit_group, code);
}

/* In the child: everything works, and nothing hangs. */
static void use_spans(void)
{
	struct barspan *mine;

	alarm(20);
	if (barspan_suspend(span) || barspan_resume(span) || barspan_read32(span, 8) != 0x5678)
		leave(1);
	if (barspan_map(&mine, device, 1, NULL) || barspan_read32(mine, 8) != 0x5678)
		leave(2);
	barspan_unmap(mine);
	barspan_unmap(span);
	if (barspan_trap_enable(NULL))
		leave(3);
	barspan_trap_disable();
	leave(0);
}

static void *let_go(void *unused)
{
	usleep(100000);
	sem_post(&go);
	return unused;
}

/* Takes the trap's locks while fork() waits for the operation: it must not have them yet. */
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
	/* The harness listens to one thread only. */
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

START_TEST(a_map_may_fork)
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

START_TEST(a_child_finds_protected_mutexes_free)
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
		leave(pthread_mutex_trylock(&of_another_library) ? 1 : 0);
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
	Suite *suite = suite_create("callbacks");

	harness_add(suite, "callbacks", (const TTest *const[]){
		a_map_that_changes_spans_is_refused, a_map_may_use_spans_and_memory, errno_stays_as_it_was,
		a_log_callback_runs_under_no_lock, a_log_callback_may_map, NULL });
	harness_add(suite, "threads", (const TTest *const[]){
		a_cancelled_thread_leaves_nothing_half_way, a_forked_child_can_do_everything, a_map_may_fork,
		a_child_finds_protected_mutexes_free, NULL });
	return harness_run(suite);
}
