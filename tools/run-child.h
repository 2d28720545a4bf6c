/* SPDX-License-Identifier: BSD-3-Clause */
/* A child in the place of this process: signals, stops and the exit status are
 * passed through. */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "run-group.h"

struct run_child {
	pid_t pid;
	struct run_group group;
	sigset_t mask;		   /* the signal mask that this process was given */
	struct sigaction on_child; /* the action for SIGCHLD that it was given */
};

/* Executes a file. If the kernel does not know its format, /bin/sh runs it, as
 * for execvp(3). Returns -errno. */
int run_execute(const char *path, char **argv);

/* Starts a file in a child, in this process group, without `private_fd`.
 * Returns 0, or -errno of fork(2), pipe(2) or exec. */
int run_child_start(struct run_child *child, const char *path, char **argv, int private_fd);

/* Waits for the child's end. Returns its wait status, or -errno. */
int run_child_wait(struct run_child *child);

/* Ends this process as the child has ended: with its status, or by its signal.
 */
_Noreturn void run_end_as(int status);

#endif
