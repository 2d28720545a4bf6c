/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells a signal that was sent to the whole process group from one that was
 * sent to this process alone, which the kernel does not: a process that does
 * nothing is in the group, and says which signals it has got.
 */
#ifndef RUN_GROUP_H
#define RUN_GROUP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_group {
	pid_t pid; /* 0: there is none, and no signal is known to be the group's */
	int fd;
	sigset_t got; /* that nobody has asked for */
};

/* Starts the process. It has all signals blocked that the caller has. */
void run_group_watch(struct run_group *group);

/* Whether the group has got a signal since it was asked for that one last. To
 * be asked for each signal that this process gets. */
bool run_group_got(struct run_group *group, int number);

void run_group_end(struct run_group *group);

#endif
