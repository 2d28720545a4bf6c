/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls about signals. They call the kernel directly, since the
 * preloaded object interposes the C library's functions. They return 0 or
 * -errno, leave errno unchanged, and are async-signal-safe.
 */
#ifndef TRAP_SYS_SIGNAL_H
#define TRAP_SYS_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* The size of the kernel's masks, which are shorter than a sigset_t. */
enum { SYS_MASK_SIZE = _NSIG / 8, SYS_MASK_WORDS = SYS_MASK_SIZE / sizeof(unsigned long) };

/* sigaction(2), with the C library's restorer. */
int sys_sigaction(int number, const struct sigaction *new, struct sigaction *old);

/* pthread_sigmask(3). Either set may be NULL. */
int sys_sigmask(int how, const sigset_t *set, sigset_t *old);

/* The same with kernel masks: a sigset_t has 128 bytes, too many for a small
 * stack. */
int sys_mask(int how, const unsigned long *mask, unsigned long *old);

/* Sets the default action. */
int sys_set_default(int number);

/* Whether the signal's disposition is SIG_IGN. */
bool sys_is_ignored(int number);

/* Send a signal to this thread, or to the process. */
int sys_send_to_thread(int number, siginfo_t *info);
int sys_send_to_process(int number, siginfo_t *info);

#endif
