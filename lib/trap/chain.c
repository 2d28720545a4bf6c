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
struct link {
	int number;
	bool installed;
	/* another handler is installed above ours and may call it */
	bool buried;
	/* odd while `action` changes; `action` is kept after a restore, since
	 * our handler may still be called */
	unsigned int sequence;
	unsigned long action[WORDS]; /* a struct brief */
};

static struct link links[SIGNALS] = { { .number = SIGSEGV }, { .number = SIGBUS } };
static pthread_mutex_t chain_lock = PTHREAD_MUTEX_INITIALIZER; /* serialises install and restore */
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

	/* A thread that changes the action blocks signals, so this loop never
	 * waits for its own thread. */
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

/* Makes this thread the only one that changes the action, with signals
 * blocked. */
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

/* Installs our handler with the SA_ONSTACK and SA_RESTART flags of the
 * program's. Masks are applied when the program's handler is called. Our
 * handler must not block its own signal, since it may fault in memory that the
 * program passed. */
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
	/* The default action and SIG_IGN call no handler. */
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
		/* No other thread changes it now. */
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

/* SA_RESETHAND: removes the program's handler before it is called. Out of line,
 * to keep its frame off the stack of the program's handler. */
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
	const struct brief action = get_action(link_of(number));

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
static bool is_held(const struct link *link, const ucontext_t *context)
{
	int shadow = shadow_of(link->number);

	return shadow && sigismember(&context->uc_sigmask, shadow);
}

/* Treats a signal as the kernel treats a blocked one: a fault ends the process,
 * and a signal that was sent stays pending as the shadow until it is
 * unblocked. */
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
	/* The kernel passes all three arguments even without SA_SIGINFO. */
	action.handler(number, info, context);
}
