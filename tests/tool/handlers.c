/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that handles signals in the way that its argument names, and
 * accesses a hole meanwhile. The system calls must also report the handlers
 * that it has set. */
#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drive.h"

/* Declared by no header of this compilation, but programs are linked with
 * it. */
sighandler_t __sysv_signal(int number, sighandler_t handler);

static void try_handlers(void)
{
	set_handler(SIGUSR1, use_hole_in_handler);
	raise(SIGUSR1);
	require(calls == 1, "the handler was not called once");
	require(!is_blocked(SIGSEGV) && !is_blocked(SIGUSR1),
		"signals are still blocked after the handler");
}

static sigjmp_buf back;

static void jump_back(int number)
{
	require(is_blocked(number), "the handler's own signal is not blocked");
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
			fail("a fault did not reach the handler");
		}
	require(calls == 3 && !is_blocked(SIGSEGV), "not three calls, or SIGSEGV is still blocked");
}

/* A blocked signal that is sent, instead of raised by a fault, stays
 * pending. */
static void try_sent(void)
{
	struct timespec no_time = { 0, 0 };
	sigset_t waiting;
	siginfo_t info;
	int number;

	signal(SIGSEGV, count_call);
	require(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask");
	require(!kill(getpid(), SIGSEGV) && !raise(SIGBUS), "cannot send the signals");
	use_hole();
	require(calls == 0 && !sigpending(&waiting), "a handler was called for a blocked signal");
	require(sigismember(&waiting, SIGSEGV) && sigismember(&waiting, SIGBUS),
		"not both signals are pending");
	require(sigtimedwait(&all, &info, &no_time) == SIGBUS && info.si_signo == SIGBUS,
		"sigtimedwait took no signal");
	require(!sigprocmask(SIG_SETMASK, &none, NULL) && calls == 1,
		"the other signal was not delivered");
	require(!sigprocmask(SIG_SETMASK, &all, NULL) && !kill(getpid(), SIGSEGV),
		"cannot send the signal again");
	require(!sigwait(&all, &number) && number == SIGSEGV && calls == 1,
		"sigwait did not return SIGSEGV");
	require(!sigpending(&waiting) && !sigismember(&waiting, SIGSEGV),
		"a signal is still pending");
}

/* Older functions that set handlers. */
static void try_setters(void)
{
	struct sigaction got;

	require(__sysv_signal(SIGSEGV, count_call) == SIG_DFL, "__sysv_signal");
	require(!sigaction(SIGSEGV, NULL, &got) && got.sa_handler == count_call,
		"sigaction returned another handler");
	require(got.sa_flags & (int)SA_RESETHAND && got.sa_flags & SA_NODEFER,
		"sigaction returned other flags");
	use_hole();
	require(calls == 0, "the handler was called for a hole");
	raise(SIGSEGV);
	require(calls == 1 && ssignal(SIGSEGV, count_call) == SIG_DFL,
		"the handler was not called exactly once");
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
	require(!siginterrupt(SIGUSR1, 1) && !sigignore(SIGUSR2), "cannot set up other signals");
	raise(SIGUSR1);
	require(calls == 2, "another signal's handler was not called");
	/* Like a program that logs every signal. The C library reserves signals
	 * 32 and 33, and the preloaded object those above SIGRTMAX, which it
	 * uses for faults. */
	for (int i = 1; i < NSIG; i++)
		if (signal(i, count_call) == SIG_ERR)
			require(errno == EINVAL && (i == SIGKILL || i == SIGSTOP || i == 32 ||
						    i == 33 || i > SIGRTMAX),
				"an ordinary signal was refused");
	use_hole();
	require(!sigprocmask(SIG_SETMASK, &all, NULL) && !raise(SIGSEGV) && calls == 2,
		"a blocked signal was delivered");
	require(!sigprocmask(SIG_SETMASK, &none, NULL) && calls == 3,
		"the signal was not delivered");
}

/* A fault of the program's own kills it while the signal is blocked, as without
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
		fail("the handler was called again");
	*nowhere = 1;
}

static void die_in_handler(void)
{
	signal(SIGSEGV, fault_again);
	*nowhere = 1;
}

/* Removes the trap's handler by a direct system call, and maps a device
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
	static const struct mode modes[] = {
		{ "handlers", try_handlers },	{ "jumps", try_jumps },
		{ "sent", try_sent },		{ "setters", try_setters },
		{ "die-blocked", die_blocked }, { "die-in-handler", die_in_handler },
		{ "replace", replace_handler }, { NULL, NULL },
	};

	return run_mode(modes, argc, argv);
}
