/* SPDX-License-Identifier: BSD-3-Clause */
#include "run-group.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 100 }; /* milliseconds */

/* Answers each question with the signals that are pending, and removes them. */
static _Noreturn void be_member(int fd)
{
	const struct timespec now = { 0, 0 };
	sigset_t all, pending;
	char question;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	syscall(SYS_close_range, 0, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0U, 0);
	sigfillset(&all);
	while (read(fd, &question, 1) == 1) {
		sigpending(&pending);
		while (sigtimedwait(&all, NULL, &now) > 0)
			;
		if (write(fd, &pending, sizeof(pending)) != sizeof(pending))
			break;
	}
	_exit(EXIT_SUCCESS);
}

void run_group_watch(struct run_group *group)
{
	int ends[2];

	group->pid = 0;
	sigemptyset(&group->got);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	group->pid = fork();
	if (!group->pid)
		be_member(ends[1]);
	close(ends[1]);
	group->fd = ends[0];
	if (group->pid > 0)
		return;
	group->pid = 0;
	close(ends[0]);
}

/* Adds the signals that the member has received. */
static void ask_member(struct run_group *group)
{
	struct pollfd answer = { .fd = group->fd, .events = POLLIN };
	sigset_t pending;

	if (send(group->fd, "", 1, MSG_NOSIGNAL) == 1 && poll(&answer, 1, PATIENCE) == 1 &&
	    read(group->fd, &pending, sizeof(pending)) == sizeof(pending))
		sigorset(&group->got, &group->got, &pending);
}

bool run_group_got(struct run_group *group, int number)
{
	bool got;

	if (!group->pid)
		return false;
	ask_member(group);
	got = sigismember(&group->got, number) == 1;
	sigdelset(&group->got, number);
	return got;
}

void run_group_end(struct run_group *group)
{
	if (!group->pid)
		return;
	close(group->fd);
	kill(group->pid, SIGKILL);
	waitpid(group->pid, NULL, 0);
	group->pid = 0;
}
