/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Distinguishes signals to the whole process group from signals to this process
 * alone; the kernel does not. An idle process in the group, the member, tells
 * which signals it has received.
 */
#ifndef RUN_GROUP_H
#define RUN_GROUP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_group {
	pid_t pid; /* the member; 0: there is none, and all signals count as this process's */
	int fd;
	sigset_t got; /* received by the member, and not asked for yet */
};

/* Starts the member. It inherits the signal mask: the caller blocks all. */
void run_group_watch(struct run_group *group);

/* Whether the group has received a signal since the last call for this number.
 * Call it for each signal that this process receives. */
bool run_group_got(struct run_group *group, int number);

void run_group_end(struct run_group *group);

#endif
