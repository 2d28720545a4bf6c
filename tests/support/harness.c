/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#ifndef VALGRIND_DISABLE_ERROR_REPORTING
#define VALGRIND_DISABLE_ERROR_REPORTING (void)0
#define VALGRIND_ENABLE_ERROR_REPORTING (void)0
#endif

enum { TIMEOUT_S = 300 };

char harness_message[4096];
unsigned int harness_messages[3];

int harness_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int harness_skip(const char *format, ...)
{
	va_list arguments;

	printf("1..0 # SKIP ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	return EXIT_SUCCESS;
}

int harness_run_child(void (*act)(void))
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (!child) {
		act();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

static TCase *make_case(Suite *suite, const char *name, void (*set_up)(void),
			void (*tear_down)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, TIMEOUT_S);
	if (set_up || tear_down)
		tcase_add_checked_fixture(tcase, set_up, tear_down);
	suite_add_tcase(suite, tcase);
	return tcase;
}

void harness_add(Suite *suite, const char *name, const TTest *const *tests)
{
	harness_add_with(suite, name, NULL, NULL, tests);
}

void harness_add_with(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *const *tests)
{
	TCase *tcase = make_case(suite, name, set_up, tear_down);

	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
}

void harness_add_rows(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *test, int rows)
{
	tcase_add_loop_test(make_case(suite, name, set_up, tear_down), test, 0, rows);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

bool harness_instrumented(void)
{
	/* valgrind's launcher sets LD_PRELOAD for its programs. */
	const char *preload = getenv("LD_PRELOAD");

	return SANITIZED || (preload && strstr(preload, "vgpreload"));
}

int harness_open_soft(struct barspan_device **out, const struct barspan_soft_region *regions,
		      size_t n)
{
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(regions, n);

	return barspan_device_open_soft(out, &options);
}

uint64_t harness_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 1 << 16, used = 0, n;
	char *text = malloc(room);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(text);
	while ((n = fread(text + used, 1, room - used - 1, file)) > 0) {
		used += n;
		if (used + 1 == room)
			text = realloc(text, room *= 2);
		ck_assert_ptr_nonnull(text);
	}
	text[used] = '\0';
	fclose(file);
	return text;
}

/* Whether the library could have made this mapping of /proc/self/maps: it is
 * anonymous without access, or shared. */
static bool could_be_ours(const char *line)
{
	char access[5], path[256] = "";
	unsigned long start, end, offset, inode;

	if (sscanf(line, "%lx-%lx %4s %lx %*s %lu %255[^\n]", &start, &end, access, &offset, &inode,
		   path) < 5)
		return false;
	if (access[3] == 's')
		return true;
	/* The sanitizers' own memory looks the same, and grows. */
	return !SANITIZED && !strncmp(access, "---p", 4) && !inode;
}

char *harness_snapshot(void)
{
	char *maps = read_file("/proc/self/maps"), *text;
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(directory);
	for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n"))
		if (could_be_ours(line))
			fprintf(out, "%s\n", line);
	while ((entry = readdir(directory)))
		fprintf(out, "fd %s\n", entry->d_name);
	closedir(directory);
	fclose(out);
	free(maps);
	return text;
}

void harness_expect_unchanged(char **before)
{
	char *after = harness_snapshot();

	ck_assert_str_eq(*before, after);
	free(after);
	free(*before);
	*before = NULL;
}

char *harness_maps_of(const volatile void *address, size_t length)
{
	char *maps = read_file("/proc/self/maps"), *text;
	uintptr_t first = (uintptr_t)address;
	unsigned long start, end;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start < first + length &&
		    end > first)
			fprintf(out, "%lx-%lx%s\n", start < first ? first : start,
				end > first + length ? first + length : end, strchr(line, ' '));
	fclose(out);
	free(maps);
	return text;
}

size_t harness_count_maps(const volatile void *address, size_t length)
{
	char *lines = harness_maps_of(address, length);
	size_t n = 0;

	for (const char *end = lines; (end = strchr(end, '\n')); end++)
		n++;
	free(lines);
	return n;
}

char *harness_find_map(const char *name)
{
	char *lines = harness_maps_of(NULL, SIZE_MAX), *rest;
	unsigned long start = 0;

	for (char *line = strtok_r(lines, "\n", &rest); line && !start;
	     line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, name))
			start = strtoul(line, NULL, 16);
	free(lines);
	return (char *)start;
}

uint64_t harness_status(const char *name)
{
	char *status = read_file("/proc/self/status");
	const char *line = strstr(status, name);
	unsigned long long value = 0;

	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(sscanf(line + strlen(name), "%llu", &value), 1);
	free(status);
	return value * 1024;
}

size_t harness_map_limit(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	size_t value = 0;

	if (file && fscanf(file, "%zu", &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value;
}

size_t harness_count_extents(const struct barspan *span, enum barspan_reason reason)
{
	struct barspan_extent extent;
	size_t n = 0;

	for (size_t i = 0; i < barspan_extent_count(span); i++) {
		harness_assert_msg(!barspan_extent_get(span, i, &extent), "no extent %zu", i);
		n += extent.reason == reason;
	}
	return n;
}

static void listen_to(void *context, enum barspan_log_level level, const char *message)
{
	size_t used = strlen(harness_message);

	(void)context;
	snprintf(harness_message + used, sizeof(harness_message) - used, "%s%s", used ? "\n" : "",
		 message);
	harness_messages[level]++;
}

void harness_listen(void)
{
	harness_message[0] = '\0';
	memset(harness_messages, 0, sizeof(harness_messages));
	barspan_set_log(listen_to, NULL, BARSPAN_LOG_INFO);
}

static sigjmp_buf fault;

static void on_fault(int number)
{
	siglongjmp(fault, number);
}

static bool can_touch(volatile uint8_t *address, bool write)
{
	struct sigaction action = { .sa_handler = on_fault }, before[2];
	volatile bool can = false;

	sigaction(SIGSEGV, &action, &before[0]);
	sigaction(SIGBUS, &action, &before[1]);
	/* memcheck reports an access without permission even if a handler
	 * serves the fault. */
	VALGRIND_DISABLE_ERROR_REPORTING;
	if (!sigsetjmp(fault, 1)) {
		uint8_t value = *address;

		if (write)
			*address = value;
		can = true;
	}
	VALGRIND_ENABLE_ERROR_REPORTING;
	sigaction(SIGSEGV, &before[0], NULL);
	sigaction(SIGBUS, &before[1], NULL);
	return can;
}

bool harness_can_read(const volatile void *address)
{
	return can_touch((volatile uint8_t *)(uintptr_t)address, false);
}

bool harness_can_write(volatile void *address)
{
	return can_touch(address, true);
}
