/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs episodes, each in a child process, and prints TAP.
 *
 * Usage: soak [SEED [STEPS]]: runs one episode and prints its steps.
 * Environment:
 *     BARSPAN_SOAK_SEED     first seed; alone it means one episode; default: 1,
 *                           or another each time if a duration is given
 *     BARSPAN_SOAK_SECONDS  duration; default: 60, or 5 if instrumented
 *     BARSPAN_SOAK_STEPS    steps of an episode; default: random
 *     BARSPAN_SOAK_JOBS     episodes at a time; default: 1
 *     BARSPAN_SOAK_KIND     one kind: alone, limit, threads or cancel
 *     BARSPAN_SOAK_WITHOUT  triggers to leave out: late,fork,...
 *     BARSPAN_SOAK_FAILURES failures that end the run; default: 3
 *     BARSPAN_SOAK_WAIT     if set, a step that hangs waits for a debugger
 *
 * Episodes of the kinds "alone" and "limit" have one thread and can be
 * replayed exactly. Episodes of the other kinds can not.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

enum { MAX_JOBS = 64, HANG_S = 15 };

static const char *const kind_names[SOAK_KINDS] = { "alone", "limit", "threads", "cancel" };
static const char *const trigger_names[SOAK_TRIGGERS] = {
	"fail",		 "late",	"persist",    "memory",	  "rlimit-as", "rlimit-nofile",
	"no-proc",	 "refuse",	"two-pieces", "callback", "fork",      "remap",
	"replace",	 "both-flags",	"fixed-map",  "gaps",	  "fail-mmap", "fail-munmap",
	"fail-mprotect", "fail-mremap", "fail-other", "lost",	  "async",     "duel",
};

struct job {
	pid_t pid; /* 0: none */
	uint64_t seed;
	enum soak_kind kind;
	double started;	    /* start time of the present step */
	unsigned long seen; /* number of beats at that time */
	struct soak_shared *shared;
};

struct soak_shared *soak_shared;
static struct job jobs[MAX_JOBS];
static size_t n_jobs = 1;
static unsigned long episodes[SOAK_KINDS], steps[SOAK_KINDS], failures[SOAK_KINDS],
	most_failures = 3;
static bool prints_steps;

static const char *get_setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

bool soak_without(enum soak_trigger trigger)
{
	const char *name = trigger_names[trigger], *found = get_setting("BARSPAN_SOAK_WITHOUT", "");
	size_t length = strlen(name);

	for (; (found = strstr(found, name)); found += length)
		if ((found[length] == ',' || !found[length]) &&
		    (found == getenv("BARSPAN_SOAK_WITHOUT") || found[-1] == ','))
			return true;
	return false;
}

void soak_trace(const char *format, ...)
{
	unsigned long at = __atomic_fetch_add(&soak_shared->lines, 1, __ATOMIC_RELAXED);
	char *line = soak_shared->ring[at % SOAK_RING];
	va_list arguments;
	int used = snprintf(line, SOAK_LINE, "%s%lu: ", soak_is_child ? "child " : "",
			    soak_shared->steps);

	va_start(arguments, format);
	vsnprintf(line + used, SOAK_LINE - (size_t)used, format, arguments);
	va_end(arguments);
	if (prints_steps)
		fprintf(stderr, "# %s\n", line);
}

void soak_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(soak_shared->report, SOAK_REPORT, format, arguments);
	va_end(arguments);
	if (getenv("BARSPAN_SOAK_ABORT"))
		abort();
	_exit(1);
}

static double now_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static enum soak_kind choose_kind(uint64_t seed)
{
	const char *only = get_setting("BARSPAN_SOAK_KIND", "");

	for (int i = 0; i < SOAK_KINDS; i++)
		if (!strcmp(only, kind_names[i]))
			return (enum soak_kind)i;
	switch (harness_random(&seed) % 20) {
	case 0:
		return harness_instrumented() ? SOAK_ALONE : SOAK_LIMIT;
	case 1 ... 4:
		return SOAK_THREADS;
	case 5 ... 7:
		return harness_instrumented() ? SOAK_ALONE : SOAK_CANCEL;
	default:
		return SOAK_ALONE;
	}
}

static unsigned long choose_steps(enum soak_kind kind, uint64_t seed)
{
	unsigned long wanted = strtoul(get_setting("BARSPAN_SOAK_STEPS", "0"), NULL, 0);

	harness_random(&seed);
	if (wanted)
		return wanted;
	return kind == SOAK_LIMIT ? 25 : 20 + harness_random(&seed) % 300;
}

static void start_job(struct job *job, uint64_t seed)
{
	memset(job->shared, 0, sizeof(*job->shared));
	job->seed = seed;
	job->kind = choose_kind(seed);
	job->started = now_seconds();
	fflush(stdout);
	job->pid = fork();
	if (job->pid < 0) {
		perror("fork");
		exit(EXIT_FAILURE);
	}
	if (job->pid)
		return;
	setpgid(0, 0);
	soak_shared = job->shared;
	soak_episode(seed, job->kind, choose_steps(job->kind, seed));
	_exit(0);
}

/* Prints a failure with the last lines of the trace. */
static void report_failure(const struct job *job, const char *what)
{
	const struct soak_shared *shared = job->shared;
	unsigned long first = shared->lines > SOAK_RING ? shared->lines - SOAK_RING : 0;

	printf("# episode %s, seed 0x%" PRIx64 ", after %lu steps: %s\n", kind_names[job->kind],
	       job->seed, shared->steps, what);
	if (shared->report[0])
		printf("# %s\n", shared->report);
	if (!prints_steps)
		for (unsigned long i = first; i < shared->lines; i++)
			printf("#   %s\n", shared->ring[i % SOAK_RING]);
	printf("# replay%s: BARSPAN_SOAK_KIND=%s BARSPAN_SOAK_STEPS=%lu tests/robust/soak "
	       "0x%" PRIx64 "\n",
	       job->kind == SOAK_ALONE || job->kind == SOAK_LIMIT ? "" : ", perhaps",
	       kind_names[job->kind], shared->steps, job->seed);
}

static void finish_job(struct job *job, const char *what)
{
	episodes[job->kind]++;
	steps[job->kind] += job->shared->steps;
	if (what) {
		failures[job->kind]++;
		report_failure(job, what);
	}
	kill(-job->pid, SIGKILL);
	job->pid = 0;
}

static void look_after(struct job *job)
{
	double limit = harness_instrumented() ? HANG_S * 20 : HANG_S;
	char what[80];
	int status;

	if (waitpid(job->pid, &status, WNOHANG) == job->pid) {
		if (WIFSIGNALED(status))
			snprintf(what, sizeof(what), "died of signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
		else
			snprintf(what, sizeof(what), "exit code %d", WEXITSTATUS(status));
		finish_job(job, status ? what : NULL);
		return;
	}
	if (job->shared->beats != job->seen) {
		job->seen = job->shared->beats;
		job->started = now_seconds();
	}
	if (now_seconds() - job->started < limit)
		return;
	if (getenv("BARSPAN_SOAK_WAIT")) {
		printf("# process %d hangs\n", (int)job->pid);
		pause();
	}
	kill(-job->pid, SIGKILL);
	waitpid(job->pid, &status, 0);
	finish_job(job, "a step hangs");
}

static unsigned long count_failures(void)
{
	unsigned long n = 0;

	for (int i = 0; i < SOAK_KINDS; i++)
		n += failures[i];
	return n;
}

static void run_jobs(uint64_t seed, double seconds)
{
	double end = now_seconds() + seconds;
	bool busy = true, first = true;

	while (busy) {
		busy = false;
		for (size_t i = 0; i < n_jobs; i++) {
			struct job *job = &jobs[i];

			if (job->pid)
				look_after(job);
			if (!job->pid && (first || now_seconds() < end) &&
			    count_failures() < most_failures) {
				start_job(job, seed);
				harness_random(&seed);
				first = false;
			}
			busy |= job->pid != 0;
		}
		usleep(500);
	}
}

static int print_results(void)
{
	printf("1..%d\n", SOAK_KINDS);
	for (int i = 0; i < SOAK_KINDS; i++)
		printf("%s %d - %s: %lu episodes, %lu steps, %lu failures\n",
		       failures[i] ? "not ok" : "ok", i + 1, kind_names[i], episodes[i], steps[i],
		       failures[i]);
	return count_failures() ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* An exact replay needs the same addresses. */
static void fix_addresses(char **argv)
{
	int now_set = personality(0xffffffff);

	if (harness_instrumented() || now_set < 0 || now_set & ADDR_NO_RANDOMIZE ||
	    getenv("BARSPAN_SOAK_FIXED"))
		return;
	setenv("BARSPAN_SOAK_FIXED", "1", 1);
	if (personality((unsigned long)now_set | ADDR_NO_RANDOMIZE) >= 0)
		execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	const char *given = argc > 1 ? argv[1] : get_setting("BARSPAN_SOAK_SEED", NULL);
	const char *wanted = get_setting("BARSPAN_SOAK_SECONDS", given ? "0" : NULL);
	const char *seconds = wanted ? wanted : harness_instrumented() ? "5" : "60";
	uint64_t seed = given	 ? (uint64_t)strtoull(given, NULL, 0)
			: wanted ? ((uint64_t)time(NULL) << 20) ^ (uint64_t)getpid()
				 : 1;

	fix_addresses(argv);
	if (argc > 2)
		setenv("BARSPAN_SOAK_STEPS", argv[2], 1);
	prints_steps = argc > 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	n_jobs = strtoul(get_setting("BARSPAN_SOAK_JOBS", "1"), NULL, 0);
	n_jobs = n_jobs < 1 ? 1 : n_jobs > MAX_JOBS ? MAX_JOBS : n_jobs;
	most_failures = strtoul(get_setting("BARSPAN_SOAK_FAILURES", "3"), NULL, 0);
	for (size_t i = 0; i < n_jobs; i++) {
		jobs[i].shared = mmap(NULL, sizeof(*jobs[i].shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (jobs[i].shared == MAP_FAILED)
			return EXIT_FAILURE;
	}
	printf("# seed 0x%" PRIx64 ", %s seconds, %zu at a time\n", seed, seconds, n_jobs);
	run_jobs(seed, strtod(seconds, NULL));
	return print_results();
}
