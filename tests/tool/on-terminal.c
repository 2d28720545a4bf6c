/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a command on a new terminal, as a shell with job control does, and types
 * keys after given words appear:
 *
 * on-terminal WORD KEY ... -- COMMAND [ARGUMENT...]
 *
 * KEY is one letter, typed with Ctrl. A job that stops is continued. The
 * program prints the terminal's output, and lines of the shell's about its
 * job. */
#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 20000 }; /* milliseconds to wait for a word */

/* Prints the states of all processes of a group, such as "TT". */
static void list_states(pid_t group)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	char path[300], state;
	int of;

	printf("shell: states ");
	while (folder && (entry = readdir(folder))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = isdigit((unsigned char)entry->d_name[0]) ? fopen(path, "r") : NULL;
		if (file && fscanf(file, "%*d (%*[^)]) %c %*d %d", &state, &of) == 2 && of == group)
			putchar(state);
		if (file)
			fclose(file);
	}
	putchar('\n');
	if (folder)
		closedir(folder);
}

/* Waits for the job's end. Continues it when it stops. */
static int wait_for_job(pid_t job)
{
	int status;

	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		tcsetpgrp(STDIN_FILENO, getpgrp());
		/* Let the signal reach all processes of the group. */
		usleep(200000);
		printf("shell: stopped\n");
		list_states(job);
		fflush(stdout);
		tcsetpgrp(STDIN_FILENO, job);
		kill(-job, SIGCONT);
		usleep(200000);
		list_states(job);
		printf("shell: continued\n");
		fflush(stdout);
	}
	if (WIFSIGNALED(status))
		printf("shell: killed by %d\n", WTERMSIG(status));
	else
		printf("shell: exited with %d\n", WEXITSTATUS(status));
	return EXIT_SUCCESS;
}

/* Gives signals their default actions, as a shell does for its jobs. nohup(1),
 * and scripts for background jobs, ignore signals, and children inherit
 * that. */
static void take_signals(void)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
}

static int be_shell(char **command)
{
	pid_t job;

	signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (!job) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		take_signals();
		execvp(command[0], command);
		_exit(127);
	}
	setpgid(job, job);
	return wait_for_job(job);
}

/* Types the next key if its word is in the output since the previous key. */
static char **type_key(int terminal, char **wanted, char *shown)
{
	char key;

	if (!wanted[0] || !strcmp(wanted[0], "--") || !wanted[1] || !strstr(shown, wanted[0]))
		return wanted;
	key = (char)(wanted[1][0] & 0x1f);
	if (write(terminal, &key, 1) != 1)
		return wanted;
	shown[0] = '\0';
	return wanted + 2;
}

int main(int argc, char **argv)
{
	char shown[1 << 16] = "", **wanted = argv + 1, **command = argv + 1;
	struct pollfd terminal = { .events = POLLIN };
	size_t used;
	ssize_t n;
	pid_t shell;

	while (*command && strcmp(*command, "--"))
		command++;
	if (argc < 3 || !*command)
		return 2;
	shell = forkpty(&terminal.fd, NULL, NULL, NULL);
	if (!shell)
		return be_shell(command + 1);
	while (shell > 0 && poll(&terminal, 1, PATIENCE) > 0) {
		used = strlen(shown);
		n = read(terminal.fd, shown + used, sizeof(shown) - 1 - used);
		if (n <= 0)
			break;
		shown[used + (size_t)n] = '\0';
		fputs(shown + used, stdout);
		fflush(stdout);
		wanted = type_key(terminal.fd, wanted, shown);
	}
	close(terminal.fd);
	if (shell > 0)
		waitpid(shell, NULL, 0);
	return EXIT_SUCCESS;
}
