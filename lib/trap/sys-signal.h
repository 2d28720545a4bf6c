/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls about signals, straight to the kernel: the preloaded object
 * interposes the C library's functions. They return 0 or -errno, leave errno
 * alone, and are async-signal-safe.
 */
#ifndef TRAP_SYS_SIGNAL_H
#define TRAP_SYS_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* Bytes of the kernel's masks, which are shorter than the C library's. */
enum { SYS_MASK_SIZE = _NSIG / 8, SYS_MASK_WORDS = SYS_MASK_SIZE / sizeof(unsigned long) };

/* sigaction(2), with the C library's code to return from the handler. */
int sys_sigaction(int number, const struct sigaction *new, struct sigaction *old);

/* pthread_sigmask(3). Either set may be NULL. */
int sys_sigmask(int how, const sigset_t *set, sigset_t *old);

/* The same, with masks of the kernel's: a sigset_t is 128 bytes, and a handler
 * may have little stack. */
int sys_mask(int how, const unsigned long *mask, unsigned long *old);

/* Sets the default action. */
int sys_set_default(int number);

/* Whether the kernel has the signal ignored. */
bool sys_is_ignored(int number);

/* Sends a signal to this thread, or to the process. */
int sys_send_to_thread(int number, siginfo_t *info);
int sys_send_to_process(int number, siginfo_t *info);

#endif
