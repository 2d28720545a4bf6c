/* SPDX-License-Identifier: BSD-3-Clause */
/* Installing and removing the trap's handlers, and replacing the handlers that
 * they pass other faults to. */
#include <errno.h>
#include <signal.h>

#include <barspan/trap.h>
#include "support/harness.h"
#include "trap/private.h"

static void on_plain_signal(int number)
{
	(void)number;
}

static bool same_handler(int number, void (*handler)(int))
{
	struct sigaction action;

	sigaction(number, NULL, &action);
	return action.sa_handler == handler;
}

START_TEST(disable_restores_the_former_handlers)
{
	const struct sigaction before = { .sa_handler = on_plain_signal, .sa_flags = SA_NODEFER };
	struct sigaction after;

	sigaction(SIGSEGV, &before, NULL);
	ck_assert_zero(barspan_trap_enable(NULL));
	ck_assert(!same_handler(SIGSEGV, on_plain_signal));
	ck_assert_zero(barspan_trap_enable(NULL));
	barspan_trap_disable();
	sigaction(SIGSEGV, NULL, &after);
	ck_assert_ptr_eq((void *)after.sa_handler, (void *)on_plain_signal);
	ck_assert(after.sa_flags & SA_NODEFER);
	ck_assert(same_handler(SIGBUS, SIG_DFL));
	barspan_trap_disable();
	ck_assert(same_handler(SIGSEGV, on_plain_signal));
}
END_TEST

START_TEST(disable_leaves_a_later_handler_alone)
{
	const struct sigaction later = { .sa_handler = on_plain_signal };

	ck_assert_zero(barspan_trap_enable(NULL));
	sigaction(SIGSEGV, &later, NULL);
	barspan_trap_disable();
	ck_assert(same_handler(SIGSEGV, on_plain_signal));
	ck_assert(same_handler(SIGBUS, SIG_DFL));
	/* The later handler may call the trap's handler, which must not call it
	 * back. */
	harness_listen();
	ck_assert_int_eq(barspan_trap_enable(NULL), -EBUSY);
	ck_assert_ptr_nonnull(strstr(harness_message, "trap: another handler was installed above"));
	ck_assert(same_handler(SIGSEGV, on_plain_signal));
	ck_assert(same_handler(SIGBUS, SIG_DFL));
	signal(SIGSEGV, SIG_DFL);
	ck_assert_zero(barspan_trap_enable(NULL));
	barspan_trap_disable();
	ck_assert(same_handler(SIGSEGV, SIG_DFL));
}
END_TEST

START_TEST(chained_handler_is_replaced_and_returned)
{
	const struct sigaction action = { .sa_handler = on_plain_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	ck_assert_int_eq(barspan_trap_chain_(SIGUSR1, &action, &old), -EINVAL);
	ck_assert_int_eq(barspan_trap_chain_(SIGSEGV, &action, &old), -ENOENT);
	ck_assert_zero(barspan_trap_enable(NULL));
	ck_assert_zero(barspan_trap_chain_(SIGSEGV, &action, &old));
	ck_assert_ptr_null((void *)old.sa_handler);
	ck_assert_zero(barspan_trap_chain_(SIGSEGV, NULL, &old));
	ck_assert_ptr_eq((void *)old.sa_handler, (void *)on_plain_signal);
	ck_assert_int_eq(old.sa_flags & SA_RESTART, SA_RESTART);
	ck_assert(!same_handler(SIGSEGV, on_plain_signal));
	barspan_trap_disable();
	ck_assert(same_handler(SIGSEGV, on_plain_signal));
	ck_assert_int_eq(barspan_trap_chain_(SIGSEGV, NULL, &old), -ENOENT);
	signal(SIGSEGV, SIG_DFL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-handlers");

#ifdef __SANITIZE_THREAD__
	return harness_skip("ThreadSanitizer replaces signal handlers");
#endif
	harness_add(suite, "handlers",
		    (const TTest *const[]){ disable_restores_the_former_handlers,
					    disable_leaves_a_later_handler_alone,
					    chained_handler_is_replaced_and_returned, NULL });
	return harness_run(suite);
}
