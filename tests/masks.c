/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver that blocks signals in the way that its argument names, and accesses
 * a hole meanwhile. It is also told of the masks and handlers that it has set.
 * The device is played by tests/play-vfio.c.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000 };

/* Not in the headers that this is compiled with, but programs are linked with
 * them. */
sighandler_t __sysv_signal(int number, sighandler_t handler);
int sigblock(int bits);
int sigsetmask(int bits);

static int device;
static volatile uint8_t *base;
static volatile int *volatile nowhere;
static volatile sig_atomic_t calls;
static sigset_t all, none;

static void fail(const char *what)
{
	printf("not ok: %s\n", what);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static void require(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static void use_hole(void)
{
	static uint32_t n;
	uint32_t value = 0, wanted = ++n;

	*(volatile uint32_t *)(base + HOLE) = wanted;
	require(pread(device, &value, sizeof(value), BAR + HOLE) == sizeof(value) &&
			value == wanted,
		"a lost store");
	require(*(volatile uint32_t *)(base + HOLE) == wanted, "a wrong load");
}

static void count_call(int number)
{
	(void)number;
	calls++;
}

static void use_hole_in_handler(int number)
{
	(void)number;
	use_hole();
	calls++;
}

static bool is_blocked(int number)
{
	sigset_t now;

	require(!pthread_sigmask(SIG_SETMASK, NULL, &now), "no mask");
	return sigismember(&now, number);
}

static bool is_equal(const sigset_t *a, const sigset_t *b)
{
	for (int i = 1; i <= SIGRTMAX; i++)
		if (i != SIGKILL && i != SIGSTOP && sigismember(a, i) != sigismember(b, i))
			return false;
	return true;
}

static void try_masks(void)
{
	sigset_t now, some;

	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	use_hole();
	require(!sigprocmask(SIG_SETMASK, NULL, &now) && is_equal(&now, &all),
		"another mask than was set");
	sigemptyset(&some);
	sigaddset(&some, SIGSEGV);
	require(!pthread_sigmask(SIG_UNBLOCK, &some, &now) && is_equal(&now, &all),
		"another old mask");
	require(!is_blocked(SIGSEGV) && is_blocked(SIGBUS) && is_blocked(SIGUSR1),
		"the wrong one is unblocked");
	require(!pthread_sigmask(SIG_SETMASK, &some, NULL), "pthread_sigmask");
	require(is_blocked(SIGSEGV) && !is_blocked(SIGBUS) && !is_blocked(SIGUSR1),
		"the wrong one is blocked");
	use_hole();
	/* Most programs leave faults alone when they block the rest. */
	now = all;
	sigdelset(&now, SIGSEGV);
	sigdelset(&now, SIGBUS);
	require(!sigprocmask(SIG_SETMASK, &now, NULL), "all but faults");
	require(!is_blocked(SIGSEGV) && !is_blocked(SIGBUS) && is_blocked(SIGUSR1),
		"faults are blocked");
	signal(SIGSEGV, SIG_DFL);
	require(sigprocmask(77, &now, NULL) == -1 && errno == EINVAL, "an impossible change");
	require(!sigprocmask(SIG_SETMASK, &none, NULL), "sigprocmask");
}

static void try_old_masks(void)
{
	int bits = 1 << (SIGSEGV - 1) | 1 << (SIGUSR1 - 1), mask;
	int (*get_mask)(void);	/* the linker warns of its name */

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
	require(sigset(SIGSEGV, SIG_HOLD) == SIG_DFL && is_blocked(SIGSEGV), "sigset holds");
	use_hole();
	require(sigset(SIGSEGV, count_call) == SIG_HOLD && !is_blocked(SIGSEGV), "sigset");
	require(sigset(SIGSEGV, SIG_DFL) == count_call, "sigset back");
	require(sighold(77) == -1 && errno == EINVAL, "an impossible signal");
}

static void *run_thread(void *argument)
{
	sigset_t now;

	require(!pthread_sigmask(SIG_SETMASK, NULL, &now) && is_equal(&now, argument),
		"the thread's mask");
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
		"inherited");
	require(!pthread_sigmask(SIG_SETMASK, &none, NULL), "pthread_sigmask");
	pthread_attr_init(&attributes);
	require(!pthread_attr_setsigmask_np(&attributes, &all), "pthread_attr_setsigmask_np");
	require(!pthread_attr_getsigmask_np(&attributes, &got) && is_equal(&got, &all),
		"attributes");
	require(!pthread_create(&thread, &attributes, run_thread, &all) &&
			!pthread_join(thread, NULL),
		"by attributes");
	pthread_attr_destroy(&attributes);
}

/* A handler during which everything is blocked. */
static void set_handler(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_mask = all }, got;

	require(!sigaction(number, &action, NULL), "sigaction");
	require(!sigaction(number, NULL, &got) && got.sa_handler == handler &&
			is_equal(&got.sa_mask, &all),
		"its mask");
}

static void try_handlers(void)
{
	set_handler(SIGUSR1, use_hole_in_handler);
	raise(SIGUSR1);
	require(calls == 1, "the handler is called");
	require(!is_blocked(SIGSEGV) && !is_blocked(SIGUSR1), "the mask afterwards");
}

/* Each waits with everything blocked but SIGALRM, whose handler accesses a
 * hole. */
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
		case 0: r = sigsuspend(&but_alarm); break;
		case 1: r = ppoll(NULL, 0, &long_time, &but_alarm); break;
		case 2: r = pselect(0, NULL, NULL, NULL, &long_time, &but_alarm); break;
		case 3: r = epoll_pwait(epoll, &event, 1, 10000, &but_alarm); break;
		case 4: r = epoll_pwait2(epoll, &event, 1, &long_time, &but_alarm); break;
		}
		require((r == -1 && errno == EINTR) || errno == ENOSYS, "the wait is interrupted");
		require(calls == i + 1 || errno == ENOSYS, "the handler is called");
		require(is_blocked(SIGSEGV) && is_blocked(SIGALRM), "the mask afterwards");
	}
}

static sigjmp_buf back;

static void jump_back(int number)
{
	require(is_blocked(number), "its own signal is not blocked");
	use_hole();
	calls++;
	siglongjmp(back, 1);
}

static void try_jumps(void)
{
	struct sigaction action = { .sa_handler = jump_back };

	require(!sigaction(SIGSEGV, &action, NULL), "sigaction");
	for (int i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1)) {
			*nowhere = 1;
			fail("a fault is lost");
		}
	require(calls == 3 && !is_blocked(SIGSEGV), "three faults");
}

/* A signal that is sent, and not a fault, waits while it is blocked. */
static void try_sent(void)
{
	struct timespec no_time = { 0, 0 };
	sigset_t waiting;
	siginfo_t info;
	int number;

	signal(SIGSEGV, count_call);
	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	require(!kill(getpid(), SIGSEGV) && !raise(SIGBUS), "sent");
	use_hole();
	require(calls == 0 && !sigpending(&waiting), "it is not called yet");
	require(sigismember(&waiting, SIGSEGV) && sigismember(&waiting, SIGBUS), "both wait");
	require(sigtimedwait(&all, &info, &no_time) == SIGBUS && info.si_signo == SIGBUS,
		"one is taken");
	require(!sigprocmask(SIG_SETMASK, &none, NULL) && calls == 1, "the other is delivered");
	require(!sigprocmask(SIG_SETMASK, &all, NULL) && !kill(getpid(), SIGSEGV), "sent again");
	require(!sigwait(&all, &number) && number == SIGSEGV && calls == 1, "it is waited for");
	require(!sigpending(&waiting) && !sigismember(&waiting, SIGSEGV), "nothing waits");
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
	require(waitpid(child, &status, 0) == child && !status, "the child");
}

/* Older functions that set handlers. */
static void try_setters(void)
{
	struct sigaction got;

	require(__sysv_signal(SIGSEGV, count_call) == SIG_DFL, "__sysv_signal");
	require(!sigaction(SIGSEGV, NULL, &got) && got.sa_handler == count_call, "its handler");
	require(got.sa_flags & (int)SA_RESETHAND && got.sa_flags & SA_NODEFER, "its flags");
	use_hole();
	require(calls == 0, "a hole is served");
	raise(SIGSEGV);
	require(calls == 1 && ssignal(SIGSEGV, count_call) == SIG_DFL, "it is called once");
	use_hole();
	require(!siginterrupt(SIGSEGV, 1) && !sigaction(SIGSEGV, NULL, &got) &&
			!(got.sa_flags & SA_RESTART),
		"siginterrupt");
	use_hole();
	require(!sigignore(SIGSEGV) && !sigaction(SIGSEGV, NULL, &got) && got.sa_handler == SIG_IGN,
		"sigignore");
	raise(SIGSEGV);
	use_hole();
	require(sysv_signal(SIGSEGV, SIG_DFL) == SIG_IGN &&
			sysv_signal(SIGUSR1, count_call) == SIG_DFL,
		"sysv_signal");
	require(!siginterrupt(SIGUSR1, 1) && !sigignore(SIGUSR2), "other signals");
	raise(SIGUSR1);
	require(calls == 2, "other signals' handlers");
	/* As a program does that logs every signal: the two that stand for
	 * faults are reserved, as the C library's. */
	for (int i = 1; i < NSIG; i++)
		if (signal(i, count_call) == SIG_ERR)
			require(errno == EINVAL && (i == SIGKILL || i == SIGSTOP || i == 32 ||
						    i == 33 || i > SIGRTMAX),
				"an ordinary signal is refused");
	use_hole();
	require(!sigprocmask(SIG_SETMASK, &all, NULL) && !raise(SIGSEGV) && calls == 2, "blocked");
	require(!sigprocmask(SIG_SETMASK, &none, NULL) && calls == 3, "delivered");
}

/* A fault of the program's own ends it while the signal is blocked, as without
 * the trap. */
static void die_blocked(void)
{
	signal(SIGSEGV, count_call);
	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	*nowhere = 1;
}

static void fault_again(int number)
{
	(void)number;
	if (calls++)
		fail("the handler is called again");
	*nowhere = 1;
}

static void die_in_handler(void)
{
	signal(SIGSEGV, fault_again);
	*nowhere = 1;
}

static void map_device(void)
{
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, BAR);
	require(base != MAP_FAILED, "mmap");
}

/* Takes the trap's handler away by a system call of its own, and maps a device
 * twice. */
static void replace_handler(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = { 0 };

	require(!syscall(SYS_rt_sigaction, SIGSEGV, &action, NULL, sizeof(action.mask)),
		"rt_sigaction");
	map_device();
	map_device();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*function)(void);
	} modes[] = {
		{ "masks", try_masks },
		{ "old-masks", try_old_masks },
		{ "threads", try_threads },
		{ "handlers", try_handlers },
		{ "waits", try_waits },
		{ "jumps", try_jumps },
		{ "sent", try_sent },
		{ "fork", try_fork },
		{ "setters", try_setters },
		{ "die-blocked", die_blocked },
		{ "die-in-handler", die_in_handler },
		{ "replace", replace_handler },
	};

	sigfillset(&all);
	sigemptyset(&none);
	device = memfd_create("vfio", MFD_CLOEXEC);
	require(argc == 2 && device >= 0 && !ftruncate(device, BAR + SIZE), "no device");
	map_device();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			modes[i].function();
	printf("ok\n");
	return EXIT_SUCCESS;
}
