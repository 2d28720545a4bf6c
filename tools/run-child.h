/* SPDX-License-Identifier: BSD-3-Clause */
/* A child that to everybody else is this process: signals, stops and the exit
 * status go through. */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "run-group.h"

struct run_child {
	pid_t pid;
	struct run_group group;
	sigset_t mask;		   /* the signal mask that this process was given */
	struct sigaction on_child; /* and its action for SIGCHLD */
};

/* Executes a file; a file that the kernel does not know is a shell's, as for
 * execvp(3). Returns -errno. */
int run_execute(const char *path, char **argv);

/* Starts a file in a child, in this process group, and keeps `private_fd` from
 * it. 0, or -errno of fork(2), pipe(2) or exec. */
int run_child_start(struct run_child *child, const char *path, char **argv, int private_fd);

/* Waits for the child's end. Returns its wait status, or -errno. */
int run_child_wait(struct run_child *child);

/* Ends this process as the child has ended: with its status, or of its signal.
 */
_Noreturn void run_end_as(int status);

#endif
