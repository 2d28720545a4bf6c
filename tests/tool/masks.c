/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that blocks signals in the way that its argument names, and accesses
 * a hole meanwhile. The system calls must also report the masks that it has
 * set. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "drive.h"

/* Declared by no header of this compilation, but programs are linked with
 * them. */
int sigblock(int bits);
int sigsetmask(int bits);

static void try_masks(void)
{
	sigset_t now, some;

	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	use_hole();
	require(!sigprocmask(SIG_SETMASK, NULL, &now) && is_equal(&now, &all),
		"the mask is not the one that was set");
	sigemptyset(&some);
	sigaddset(&some, SIGSEGV);
	require(!pthread_sigmask(SIG_UNBLOCK, &some, &now) && is_equal(&now, &all),
		"the old mask is wrong");
	require(!is_blocked(SIGSEGV) && is_blocked(SIGBUS) && is_blocked(SIGUSR1),
		"the wrong signal was unblocked");
	require(!pthread_sigmask(SIG_SETMASK, &some, NULL), "pthread_sigmask");
	require(is_blocked(SIGSEGV) && !is_blocked(SIGBUS) && !is_blocked(SIGUSR1),
		"the wrong signal was blocked");
	use_hole();
	/* Most programs that block all signals leave those for faults
	 * unblocked. */
	now = all;
	sigdelset(&now, SIGSEGV);
	sigdelset(&now, SIGBUS);
	require(!sigprocmask(SIG_SETMASK, &now, NULL), "cannot block all signals but faults");
	require(!is_blocked(SIGSEGV) && !is_blocked(SIGBUS) && is_blocked(SIGUSR1),
		"faults were blocked, too");
	signal(SIGSEGV, SIG_DFL);
	require(sigprocmask(77, &now, NULL) == -1 && errno == EINVAL,
		"an invalid operation was accepted");
	require(!sigprocmask(SIG_SETMASK, &none, NULL), "sigprocmask");
}

static void try_old_masks(void)
{
	int bits = 1 << (SIGSEGV - 1) | 1 << (SIGUSR1 - 1), mask;
	int (*get_mask)(void); /* the linker warns about its name */

	*(void **)&get_mask = dlsym(RTLD_DEFAULT, "siggetmask");

	require(sigblock(bits) == 0 && get_mask() == bits, "sigblock");
	use_hole();
	mask = sigsetmask(1 << (SIGBUS - 1));
	require(mask == bits && get_mask() == 1 << (SIGBUS - 1), "sigsetmask");
	use_hole();
	sigsetmask(0);
	require(!sighold(SIGSEGV) && is_blocked(SIGSEGV), "sighold");
	use_hole();
	require(!sigrelse(SIGSEGV) && !is_blocked(SIGSEGV), "sigrelse");
	require(sigset(SIGSEGV, SIG_HOLD) == SIG_DFL && is_blocked(SIGSEGV),
		"sigset with SIG_HOLD");
	use_hole();
	require(sigset(SIGSEGV, count_call) == SIG_HOLD && !is_blocked(SIGSEGV), "sigset");
	require(sigset(SIGSEGV, SIG_DFL) == count_call, "sigset did not return the handler");
	require(sighold(77) == -1 && errno == EINVAL, "an invalid signal was accepted");
}

static void *run_thread(void *argument)
{
	sigset_t now;

	require(!pthread_sigmask(SIG_SETMASK, NULL, &now) && is_equal(&now, argument),
		"the thread did not inherit the mask");
	use_hole();
	return NULL;
}

static void try_threads(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t got;

	require(!pthread_sigmask(SIG_SETMASK, &all, NULL), "pthread_sigmask");
	require(!pthread_create(&thread, NULL, run_thread, &all) && !pthread_join(thread, NULL),
		"the thread failed");
	require(!pthread_sigmask(SIG_SETMASK, &none, NULL), "pthread_sigmask");
	pthread_attr_init(&attributes);
	require(!pthread_attr_setsigmask_np(&attributes, &all), "pthread_attr_setsigmask_np");
	require(!pthread_attr_getsigmask_np(&attributes, &got) && is_equal(&got, &all),
		"the mask of the attributes is wrong");
	require(!pthread_create(&thread, &attributes, run_thread, &all) &&
			!pthread_join(thread, NULL),
		"the thread with attributes failed");
	pthread_attr_destroy(&attributes);
}

/* Each function waits with all signals blocked except SIGALRM, whose handler
 * accesses a hole. */
static void try_waits(void)
{
	struct itimerval soon = { .it_value = { 0, 50000 } };
	struct timespec long_time = { 10, 0 };
	struct epoll_event event;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	sigset_t but_alarm = all;

	sigdelset(&but_alarm, SIGALRM);
	set_handler(SIGALRM, use_hole_in_handler);
	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	for (int i = 0; i < 5; i++) {
		int r = -1;

		setitimer(ITIMER_REAL, &soon, NULL);
		switch (i) {
		case 0:
			r = sigsuspend(&but_alarm);
			break;
		case 1:
			r = ppoll(NULL, 0, &long_time, &but_alarm);
			break;
		case 2:
			r = pselect(0, NULL, NULL, NULL, &long_time, &but_alarm);
			break;
		case 3:
			r = epoll_pwait(epoll, &event, 1, 10000, &but_alarm);
			break;
		case 4:
			r = epoll_pwait2(epoll, &event, 1, &long_time, &but_alarm);
			break;
		}
		require((r == -1 && errno == EINTR) || errno == ENOSYS,
			"the wait was not interrupted");
		require(calls == i + 1 || errno == ENOSYS, "the handler was not called");
		require(is_blocked(SIGSEGV) && is_blocked(SIGALRM), "the mask was not restored");
	}
}

static void try_fork(void)
{
	int status;
	pid_t child;

	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	child = fork();
	if (!child) {
		use_hole();
		_exit(is_blocked(SIGSEGV) ? 0 : 3);
	}
	require(waitpid(child, &status, 0) == child && !status, "the child failed");
}

/* A context restores the mask that it was saved with. */
static void try_contexts(void)
{
	ucontext_t context;
	volatile int times = 0;

	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	require(!getcontext(&context), "getcontext");
	require(is_blocked(SIGSEGV) && is_blocked(SIGBUS),
		"the mask of the context was not restored");
	use_hole();
	if (times++)
		return;
	require(!sigprocmask(SIG_SETMASK, &none, NULL), "sigprocmask");
	setcontext(&context);
	fail("setcontext");
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
		{ "masks", try_masks },
		{ "old-masks", try_old_masks },
		{ "threads", try_threads },
		{ "waits", try_waits },
		{ "fork", try_fork },
		{ "contexts", try_contexts },
		{ NULL, NULL },
	};

	return run_mode(modes, argc, argv);
}
