/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parent and child are in one process group. So the signals and the job control
 * of a terminal reach both, and the parent does not pass these signals on. It
 * passes on signals that a process sends to it alone. It stops when the child
 * stops, because a shell waits for the parent.
 *
 * The parent blocks all signals and takes them one by one. It needs no
 * handlers, and loses no signal between two calls.
 */
#include "run-child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int run_execute(const char *path, char **argv)
{
	size_t n = 0;
	char **shell;
	int r;

	execv(path, argv);
	r = -errno;
	if (r != -ENOEXEC)
		return r;
	while (argv[n])
		n++;
	shell = calloc(n + 2, sizeof(*shell));
	if (!shell)
		return -ENOMEM;
	shell[0] = (char[]){ "/bin/sh" };
	shell[1] = (char *)(uintptr_t)path;
	for (size_t i = 1; i < n; i++)
		shell[i + 1] = argv[i];
	execv(shell[0], shell);
	r = -errno;
	free(shell);
	return r;
}

/* In the child: restores the signal state that barspan was given, and executes
 * the file. */
static _Noreturn void become_command(const struct run_child *child, pid_t parent, const char *path,
				     char **argv, int failed)
{
	int r;

	/* To kill the parent is to kill the program. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	sigaction(SIGCHLD, &child->on_child, NULL);
	pthread_sigmask(SIG_SETMASK, &child->mask, NULL);
	r = run_execute(path, argv);
	while (write(failed, &r, sizeof(r)) < 0 && errno == EINTR)
		;
	_exit(EXIT_FAILURE);
}

/* Waits until the child executes the file, which closes the pipe, or sends the
 * error. Returns 0 or that error. */
static int await_exec(struct run_child *child, int fd)
{
	int r = 0;
	ssize_t n;

	do
		n = read(fd, &r, sizeof(r));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(r))
		return 0;
	waitpid(child->pid, NULL, 0);
	return r;
}

int run_child_start(struct run_child *child, const char *path, char **argv, int private_fd)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	pid_t parent = getpid();
	sigset_t all;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &child->mask);
	/* If SIGCHLD is ignored, the kernel discards the child's status. */
	sigaction(SIGCHLD, &standard, &child->on_child);
	child->pid = fork();
	r = -errno;
	if (!child->pid) {
		close(ends[0]);
		close(private_fd);
		become_command(child, parent, path, argv, ends[1]);
	}
	close(ends[1]);
	if (child->pid > 0)
		r = await_exec(child, ends[0]);
	close(ends[0]);
	if (r)
		pthread_sigmask(SIG_SETMASK, &child->mask, NULL);
	return r;
}

static bool is_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* Whether a shell on a terminal waits for this process. Such a shell must see
 * the stop. */
static bool is_watched(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool watched = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return watched;
}

/* Stops this process, as the child has stopped. Once this process is continued,
 * continues the child, unless the whole group was continued. */
static void stop_with(const struct run_child *child, int number)
{
	const struct timespec now = { 0, 0 };
	siginfo_t info = { 0 };
	sigset_t one;

	if (!is_stop(number) && !is_watched())
		return;
	kill(getpid(), SIGSTOP);
	sigemptyset(&one);
	sigaddset(&one, SIGCONT);
	sigtimedwait(&one, NULL, &now);
	if (waitid(P_PID, (id_t)child->pid, &info, WCONTINUED | WNOHANG) || !info.si_pid)
		kill(child->pid, SIGCONT);
}

/* Passes on a signal that a process has sent to this one alone, with its
 * value. */
static void pass_on(struct run_child *child, const siginfo_t *info)
{
	union sigval value = info->si_value;

	if (info->si_signo == SIGCHLD || run_group_got(&child->group, info->si_signo) ||
	    info->si_code > 0)
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(child->pid, info->si_signo, value);
	else
		kill(child->pid, info->si_signo);
}

/* Whether the child has ended; *status is its wait status. */
static bool has_ended(const struct run_child *child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(child->pid, status, WNOHANG | WUNTRACED)) > 0) {
		if (!WIFSTOPPED(*status))
			return true;
		stop_with(child, WSTOPSIG(*status));
	}
	return false;
}

int run_child_wait(struct run_child *child)
{
	siginfo_t info;
	sigset_t all;
	int status, r = 0;

	sigfillset(&all);
	run_group_watch(&child->group);
	while (!r && !has_ended(child, &status))
		if (sigwaitinfo(&all, &info) > 0)
			pass_on(child, &info);
		else if (errno != EINTR)
			r = -errno;
	run_group_end(&child->group);
	return r ? r : status;
}

_Noreturn void run_end_as(int status)
{
	const struct rlimit none = { 0, 0 };
	int number = WTERMSIG(status);
	sigset_t one;

	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	/* The child has left the core file; leave no second one. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(number, SIG_DFL);
	kill(getpid(), number);
	sigemptyset(&one);
	sigaddset(&one, number);
	pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	exit(128 + number);
}
