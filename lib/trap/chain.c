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

/* The parts of an action that the kernel uses. A sigset_t is 128 bytes, and
 * a handler may have little stack. */
struct brief {
	union {
		void (*simple)(int number);
		void (*handler)(int number, siginfo_t *info, void *context);
	};
	unsigned long flags;
	unsigned long mask[SYS_MASK_WORDS];
};

enum { WORDS = sizeof(struct brief) / sizeof(unsigned long) };

/* Signal handlers read `action` while others change it, so that it is kept in
 * words, under a sequence number. */
struct link {
	int number;
	bool installed;
	/* somebody's handler, which may pass on to ours, was found above it */
	bool buried;
	/* odd: `action` changes; it is kept after a restore, since ours may
	 * still be called */
	unsigned int sequence;
	unsigned long action[WORDS]; /* a struct brief */
};

static struct link links[SIGNALS] = { { .number = SIGSEGV }, { .number = SIGBUS } };
static pthread_mutex_t chain_lock = PTHREAD_MUTEX_INITIALIZER; /* for install and restore */
static chain_handler *ours;

void chain_protect(void)
{
	barspan_protect_(&chain_lock);
}

static struct link *link_of(int number)
{
	for (struct link *link = links; link < links + SIGNALS; link++)
		if (link->number == number)
			return link;
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

static struct brief get_action(const struct link *link)
{
	struct brief action;
	unsigned long words[WORDS];
	unsigned int before;

	/* Whoever changes it blocks signals, so that this never waits for its
	 * own thread. */
	for (;; sched_yield()) {
		before = __atomic_load_n(&link->sequence, __ATOMIC_ACQUIRE);
		if (before % 2)
			continue;
		for (size_t i = 0; i < WORDS; i++)
			words[i] = __atomic_load_n(&link->action[i], __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&link->sequence, __ATOMIC_RELAXED) == before)
			break;
	}
	memcpy(&action, words, sizeof(action));
	return action;
}

/* Lets one thread at a time, with signals blocked, change the action. */
static void begin(struct link *link, sigset_t *mask)
{
	sigset_t all;
	unsigned int even;

	sigfillset(&all);
	sys_sigmask(SIG_BLOCK, &all, mask);
	for (;; sched_yield()) {
		even = __atomic_load_n(&link->sequence, __ATOMIC_RELAXED) & ~1U;
		if (__atomic_compare_exchange_n(&link->sequence, &even, even + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			break;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(struct link *link, const sigset_t *mask)
{
	__atomic_fetch_add(&link->sequence, 1, __ATOMIC_RELEASE);
	sys_sigmask(SIG_SETMASK, mask, NULL);
}

static void put_action(struct link *link, const struct sigaction *action)
{
	const struct brief brief = shorten(action);
	unsigned long words[WORDS];

	memcpy(words, &brief, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		__atomic_store_n(&link->action[i], words[i], __ATOMIC_RELAXED);
}

static bool is_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* Ours, such that the program's handler finds itself on the stack that it asked
 * for, and system calls restarted as it asked for. Masks are applied when it is
 * called. Ours must not be blocked while it runs: it may fault in memory that
 * the program handed it. */
static int set_ours(const struct link *link, const struct sigaction *program)
{
	struct sigaction action = { .sa_sigaction = ours, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	if (is_handler(program))
		action.sa_flags |= program->sa_flags & (SA_ONSTACK | SA_RESTART);
	else
		action.sa_flags |= SA_ONSTACK | SA_RESTART;
	return sys_sigaction(link->number, &action, NULL);
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == ours;
}

static int install(struct link *link)
{
	struct sigaction now;
	sigset_t mask;
	int r = sys_sigaction(link->number, NULL, &now);

	if (r || is_ours(&now))
		return r;
	if (link->buried && is_handler(&now))
		return -EBUSY;
	begin(link, &mask);
	put_action(link, &now);
	r = set_ours(link, &now);
	link->installed = !r;
	end(link, &mask);
	return r;
}

static void restore(struct link *link)
{
	struct sigaction now, program;
	struct brief kept;
	sigset_t mask;

	if (!link->installed || sys_sigaction(link->number, NULL, &now))
		return;
	/* The default action and SIG_IGN do not call anybody. */
	link->buried = !is_ours(&now) && is_handler(&now);
	kept = get_action(link);
	program = lengthen(&kept);
	begin(link, &mask);
	if (is_ours(&now))
		sys_sigaction(link->number, &program, NULL);
	link->installed = false;
	end(link, &mask);
}

int chain_install(chain_handler *handler)
{
	int r = 0;

	pthread_mutex_lock(&chain_lock);
	ours = handler;
	for (size_t i = 0; i < SIGNALS && !r; i++)
		r = install(&links[i]);
	for (size_t i = 0; i < SIGNALS && r; i++)
		restore(&links[i]);
	pthread_mutex_unlock(&chain_lock);
	return r;
}

void chain_restore(void)
{
	pthread_mutex_lock(&chain_lock);
	for (size_t i = 0; i < SIGNALS; i++)
		restore(&links[i]);
	pthread_mutex_unlock(&chain_lock);
}

int barspan_trap_chain_(int number, const struct sigaction *new, struct sigaction *old)
{
	struct link *link = link_of(number);
	struct brief before;
	sigset_t mask;
	int r;

	if (!link)
		return -EINVAL;
	begin(link, &mask);
	r = link->installed ? 0 : -ENOENT;
	if (!r) {
		/* Nobody else changes it now. */
		memcpy(&before, link->action, sizeof(before));
		if (new)
			r = set_ours(link, new);
		if (!r && new)
			put_action(link, new);
		if (!r && old)
			*old = lengthen(&before);
	}
	end(link, &mask);
	return r;
}

/* SA_RESETHAND: the handler is gone when it is called. Out of line, for the
 * stack that the program's handler gets. */
static __attribute__((noinline)) void reset(struct link *link)
{
	struct sigaction action;
	struct brief kept;
	sigset_t mask;

	begin(link, &mask);
	memcpy(&kept, link->action, sizeof(kept));
	action = lengthen(&kept);
	action.sa_handler = SIG_DFL;
	put_action(link, &action);
	end(link, &mask);
}

/* A fault, rather than a signal that somebody sent. */
static bool is_fault(const siginfo_t *info)
{
	/* This one is about memory that nobody has touched now, and does not
	 * come again. */
	return info->si_code > 0 && !(info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

static bool is_fatal(const struct brief *action, const siginfo_t *info)
{
	/* The kernel does not let a program ignore a fault. */
	return action->simple == SIG_DFL || (action->simple == SIG_IGN && is_fault(info));
}

bool chain_is_fatal(int number, const siginfo_t *info)
{
	const struct brief action = get_action(link_of(number));

	return is_fatal(&action, info);
}

void chain_end(int number)
{
	sys_set_default(number);
}

/* To this thread if the signal was sent to it, else to the process. */
static void send_to_self(int number, siginfo_t *info)
{
	if (info->si_code == SI_TKILL)
		sys_send_to_thread(number, info);
	else
		sys_send_to_process(number, info);
}

/* Lets the kernel do it: a fault happens again as soon as we return, in the
 * frame that the core dump shall show. What somebody sent is sent again, to
 * arrive as we return. Out of line, as above. */
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

/* Whether the program has the signal blocked, by its own belief. */
static bool is_held(const struct link *link, const ucontext_t *context)
{
	int shadow = shadow_of(link->number);

	return shadow && sigismember(&context->uc_sigmask, shadow);
}

/* Does what the kernel would do with a signal that is blocked: a fault ends the
 * process, and what somebody sent waits until it is unblocked, in the shape of
 * the shadow. */
static void hold_signal(const struct link *link, siginfo_t *info)
{
	if (is_fault(info))
		die(link->number, info);
	else
		send_to_self(shadow_of(link->number), info);
}

static void on_shadow(int number, siginfo_t *info, void *context)
{
	for (const struct link *link = links; link < links + SIGNALS; link++)
		if (shadow_of(link->number) == number) {
			info->si_signo = link->number;
			chain_pass(link->number, info, context);
			return;
		}
}

int barspan_trap_shadow_(int number, int shadow)
{
	struct sigaction action = { .sa_sigaction = on_shadow,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct link *link = link_of(number);
	int r;

	if (!link)
		return -EINVAL;
	sigemptyset(&action.sa_mask);
	r = sys_sigaction(shadow, &action, NULL);
	if (!r)
		shadow_set(link->number, shadow);
	return r;
}

int barspan_trap_check_(void)
{
	struct sigaction now;

	for (const struct link *link = links; link < links + SIGNALS; link++)
		if (link->installed && !sys_sigaction(link->number, NULL, &now) && !is_ours(&now))
			return link->number;
	return 0;
}

void chain_pass(int number, siginfo_t *info, void *context)
{
	struct link *link = link_of(number);
	struct brief action = get_action(link);
	int saved = errno;

	if (is_held(link, context)) {
		hold_signal(link, info);
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
		reset(link);
	shadow_shade(action.mask);
	sys_mask(SIG_BLOCK, action.mask, NULL);
	errno = saved;
	/* With all three arguments even without SA_SIGINFO: that is what the
	 * kernel does. */
	action.handler(number, info, context);
}
