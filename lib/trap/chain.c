/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/chain.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "compat/private.h"
#include "trap/private.h"
#include "trap/shadow.h"
#include "trap/sys-signal.h"

enum { SIGNALS = 2 };

/* The parts of an action that the kernel uses. A sigset_t has 128 bytes, too
 * many for a handler on a small stack. */
struct brief {
	union {
		void (*simple)(int number);
		void (*handler)(int number, siginfo_t *info, void *context);
	};
	unsigned long flags;
	unsigned long mask[SYS_MASK_WORDS];
};

enum { WORDS = sizeof(struct brief) / sizeof(unsigned long) };

/* A signal handler may read `action` while a thread changes it, so it is stored
 * in words and protected by a sequence number. */
struct disposition {
	int number;
	bool installed;
	/* another handler is installed above ours and may call it */
	bool buried;
	/* odd while `action` changes; `action` is kept after a restore, since
	 * our handler may still be called */
	unsigned int sequence;
	unsigned long action[WORDS]; /* a struct brief */
};

static struct disposition dispositions[SIGNALS] = { { .number = SIGSEGV }, { .number = SIGBUS } };
static pthread_mutex_t chain_lock = PTHREAD_MUTEX_INITIALIZER; /* serialises install and restore */
static chain_handler *ours;

void chain_protect(void)
{
	barspan_protect_(&chain_lock);
}

static struct disposition *disposition_of(int number)
{
	for (struct disposition *disposition = dispositions; disposition < dispositions + SIGNALS;
	     disposition++)
		if (disposition->number == number)
			return disposition;
	return NULL;
}

static struct brief shorten(const struct sigaction *action)
{
	struct brief brief = { .flags = (unsigned int)action->sa_flags };

	brief.handler = action->sa_sigaction;
	memcpy(brief.mask, &action->sa_mask, SYS_MASK_SIZE);
	return brief;
}

static struct sigaction lengthen(const struct brief *brief)
{
	struct sigaction action = { .sa_flags = (int)brief->flags };

	action.sa_sigaction = brief->handler;
	memcpy(&action.sa_mask, brief->mask, SYS_MASK_SIZE);
	return action;
}

static struct brief get_action(const struct disposition *disposition)
{
	struct brief action;
	unsigned long words[WORDS];
	unsigned int before;

	/* A thread that changes the action blocks signals, so this loop never
	 * waits for its own thread. */
	for (;; sched_yield()) {
		before = __atomic_load_n(&disposition->sequence, __ATOMIC_ACQUIRE);
		if (before % 2)
			continue;
		for (size_t i = 0; i < WORDS; i++)
			words[i] = __atomic_load_n(&disposition->action[i], __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&disposition->sequence, __ATOMIC_RELAXED) == before)
			break;
	}
	memcpy(&action, words, sizeof(action));
	return action;
}

/* Makes this thread the only one that changes the action, with signals
 * blocked. */
static void begin(struct disposition *disposition, sigset_t *mask)
{
	sigset_t all;
	unsigned int even;

	sigfillset(&all);
	sys_sigmask(SIG_BLOCK, &all, mask);
	for (;; sched_yield()) {
		even = __atomic_load_n(&disposition->sequence, __ATOMIC_RELAXED) & ~1U;
		if (__atomic_compare_exchange_n(&disposition->sequence, &even, even + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			break;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(struct disposition *disposition, const sigset_t *mask)
{
	__atomic_fetch_add(&disposition->sequence, 1, __ATOMIC_RELEASE);
	sys_sigmask(SIG_SETMASK, mask, NULL);
}

static void put_action(struct disposition *disposition, const struct sigaction *action)
{
	const struct brief brief = shorten(action);
	unsigned long words[WORDS];

	memcpy(words, &brief, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		__atomic_store_n(&disposition->action[i], words[i], __ATOMIC_RELAXED);
}

static bool is_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* Installs our handler with the SA_ONSTACK and SA_RESTART flags of the
 * program's. Masks are applied when the program's handler is called. Our
 * handler must not block its own signal, since it may fault in memory that the
 * program passed. */
static int set_ours(const struct disposition *disposition, const struct sigaction *program)
{
	struct sigaction action = { .sa_sigaction = ours, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	if (is_handler(program))
		action.sa_flags |= program->sa_flags & (SA_ONSTACK | SA_RESTART);
	else
		action.sa_flags |= SA_ONSTACK | SA_RESTART;
	return sys_sigaction(disposition->number, &action, NULL);
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == ours;
}

static int install(struct disposition *disposition)
{
	struct sigaction now;
	sigset_t mask;
	int r = sys_sigaction(disposition->number, NULL, &now);

	if (r || is_ours(&now))
		return r;
	if (disposition->buried && is_handler(&now))
		return -EBUSY;
	begin(disposition, &mask);
	put_action(disposition, &now);
	r = set_ours(disposition, &now);
	disposition->installed = !r;
	end(disposition, &mask);
	return r;
}

static void restore(struct disposition *disposition)
{
	struct sigaction now, program;
	struct brief kept;
	sigset_t mask;

	if (!disposition->installed || sys_sigaction(disposition->number, NULL, &now))
		return;
	/* The default action and SIG_IGN call no handler. */
	disposition->buried = !is_ours(&now) && is_handler(&now);
	kept = get_action(disposition);
	program = lengthen(&kept);
	begin(disposition, &mask);
	if (is_ours(&now))
		sys_sigaction(disposition->number, &program, NULL);
	disposition->installed = false;
	end(disposition, &mask);
}

int chain_install(chain_handler *handler)
{
	int r = 0;

	pthread_mutex_lock(&chain_lock);
	ours = handler;
	for (size_t i = 0; i < SIGNALS && !r; i++)
		r = install(&dispositions[i]);
	for (size_t i = 0; i < SIGNALS && r; i++)
		restore(&dispositions[i]);
	pthread_mutex_unlock(&chain_lock);
	return r;
}

void chain_restore(void)
{
	pthread_mutex_lock(&chain_lock);
	for (size_t i = 0; i < SIGNALS; i++)
		restore(&dispositions[i]);
	pthread_mutex_unlock(&chain_lock);
}

int barspan_trap_chain_(int number, const struct sigaction *new, struct sigaction *old)
{
	struct disposition *disposition = disposition_of(number);
	struct brief before;
	sigset_t mask;
	int r;

	if (!disposition)
		return -EINVAL;
	begin(disposition, &mask);
	r = disposition->installed ? 0 : -ENOENT;
	if (!r) {
		/* No other thread changes it now. */
		memcpy(&before, disposition->action, sizeof(before));
		if (new)
			r = set_ours(disposition, new);
		if (!r && new)
			put_action(disposition, new);
		if (!r && old)
			*old = lengthen(&before);
	}
	end(disposition, &mask);
	return r;
}

/* SA_RESETHAND: removes the program's handler before it is called. Out of line,
 * to keep its frame off the stack of the program's handler. */
static __attribute__((noinline)) void reset(struct disposition *disposition)
{
	struct sigaction action;
	struct brief kept;
	sigset_t mask;

	begin(disposition, &mask);
	memcpy(&kept, disposition->action, sizeof(kept));
	action = lengthen(&kept);
	action.sa_handler = SIG_DFL;
	put_action(disposition, &action);
	end(disposition, &mask);
}

/* Whether the signal is a fault, and not sent by a process. */
static bool is_fault(const siginfo_t *info)
{
	/* BUS_MCEERR_AO reports memory that no thread is accessing, and does
	 * not recur. */
	return info->si_code > 0 && !(info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

static bool is_fatal(const struct brief *action, const siginfo_t *info)
{
	/* The kernel does not let a program ignore a fault. */
	return action->simple == SIG_DFL || (action->simple == SIG_IGN && is_fault(info));
}

bool chain_is_fatal(int number, const siginfo_t *info)
{
	const struct brief action = get_action(disposition_of(number));

	return is_fatal(&action, info);
}

void chain_end(int number)
{
	sys_set_default(number);
}

/* Sends the signal to this thread if it was sent to it, else to the process. */
static void send_to_self(int number, siginfo_t *info)
{
	if (info->si_code == SI_TKILL)
		sys_send_to_thread(number, info);
	else
		sys_send_to_process(number, info);
}

/* Lets the kernel end the process. A fault recurs as soon as the handler
 * returns, in the frame that the core dump must show. A signal that was sent is
 * sent again and arrives on return. Out of line, as reset(). */
static __attribute__((noinline)) void die(int number, siginfo_t *info)
{
	unsigned long self[SYS_MASK_WORDS] = { 0 };

	chain_end(number);
	if (is_fault(info))
		return;
	shadow_add(self, number);
	sys_mask(SIG_BLOCK, self, NULL);
	send_to_self(number, info);
}

/* Whether the program has blocked the signal; the kernel then blocks its
 * shadow. */
static bool is_held(const struct disposition *disposition, const ucontext_t *context)
{
	int shadow = shadow_of(disposition->number);

	return shadow && sigismember(&context->uc_sigmask, shadow);
}

/* Treats a signal as the kernel treats a blocked one: a fault ends the process,
 * and a signal that was sent stays pending as the shadow until it is
 * unblocked. */
static void hold_signal(const struct disposition *disposition, siginfo_t *info)
{
	if (is_fault(info))
		die(disposition->number, info);
	else
		send_to_self(shadow_of(disposition->number), info);
}

static void on_shadow(int number, siginfo_t *info, void *context)
{
	for (const struct disposition *disposition = dispositions;
	     disposition < dispositions + SIGNALS; disposition++)
		if (shadow_of(disposition->number) == number) {
			info->si_signo = disposition->number;
			chain_pass(disposition->number, info, context);
			return;
		}
}

int barspan_trap_shadow_(int number, int shadow)
{
	struct sigaction action = { .sa_sigaction = on_shadow,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct disposition *disposition = disposition_of(number);
	int r;

	if (!disposition)
		return -EINVAL;
	sigemptyset(&action.sa_mask);
	r = sys_sigaction(shadow, &action, NULL);
	if (!r)
		shadow_set(disposition->number, shadow);
	return r;
}

int barspan_trap_check_(void)
{
	struct sigaction now;

	for (const struct disposition *disposition = dispositions;
	     disposition < dispositions + SIGNALS; disposition++)
		if (disposition->installed && !sys_sigaction(disposition->number, NULL, &now) &&
		    !is_ours(&now))
			return disposition->number;
	return 0;
}

void chain_pass(int number, siginfo_t *info, void *context)
{
	struct disposition *disposition = disposition_of(number);
	struct brief action = get_action(disposition);
	int saved = errno;

	if (is_held(disposition, context)) {
		hold_signal(disposition, info);
		errno = saved;
		return;
	}
	if (is_fatal(&action, info)) {
		die(number, info);
		errno = saved;
		return;
	}
	if (action.simple == SIG_IGN)
		return;
	if (!(action.flags & SA_NODEFER))
		shadow_add(action.mask, number);
	if (action.flags & SA_RESETHAND)
		reset(disposition);
	shadow_shade(action.mask);
	sys_mask(SIG_BLOCK, action.mask, NULL);
	errno = saved;
	/* The kernel passes all three arguments even without SA_SIGINFO. */
	action.handler(number, info, context);
}
