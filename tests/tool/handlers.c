/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver that handles signals in the way that its argument names, and
 * accesses a hole meanwhile. It is also told of the handlers that it has set.
 */
#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drive.h"

/* Not in the headers that this is compiled with, but programs are linked with
 * it. */
sighandler_t __sysv_signal(int number, sighandler_t handler);

static void try_handlers(void)
{
	set_handler(SIGUSR1, use_hole_in_handler);
	raise(SIGUSR1);
	require(calls == 1, "the handler is called");
	require(!is_blocked(SIGSEGV) && !is_blocked(SIGUSR1), "the mask afterwards");
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
	static const struct mode modes[] = {
		{ "handlers", try_handlers },	{ "jumps", try_jumps },
		{ "sent", try_sent },		{ "setters", try_setters },
		{ "die-blocked", die_blocked }, { "die-in-handler", die_in_handler },
		{ "replace", replace_handler }, { NULL, NULL },
	};

	return run_mode(modes, argc, argv);
}
