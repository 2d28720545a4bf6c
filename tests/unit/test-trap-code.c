/* SPDX-License-Identifier: BSD-3-Clause */
/* The code pages for instructions that run out of line. */
#include <pthread.h>

#include "support/harness.h"
#include "trap/memcheck.h"
#include "trap/x86/run.h"

enum { RCX = 1, RSI = 6, THREADS = 4, CODES = 100 };

/* imul $immediate, (%rsi), %ecx */
static struct run_code code_of(uint32_t immediate)
{
	struct run_code code = { .code = { 0x69, 0x0e },
				 .length = 6,
				 .base = RSI,
				 .gprs = 1 << RCX,
				 .gprs_written = 1 << RCX };

	memcpy(code.code + 2, &immediate, sizeof(immediate));
	return code;
}

static void check_code(unsigned int number, uint32_t immediate)
{
	struct run_state state = { .memory = { 7 } };

	run_call(number, &state);
	ck_assert_uint_eq(state.gprs[0], (uint32_t)(7 * immediate));
}

START_TEST(equal_instructions_share_code_until_there_is_no_room)
{
	struct run_code code;
	unsigned int first, n = 0, number;

	run_prepare();
	code = code_of(0);
	first = run_add(&code);
	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(run_add(&code), first);
	do {
		code = code_of(++n);
		number = run_add(&code);
		if (number)
			check_code(number, n);
	} while (number && n < 100000);
	ck_assert_uint_eq(n, 512);
	/* Existing code stays valid. */
	code = code_of(5);
	check_code(run_add(&code), 5);
}
END_TEST

static void *add_codes(void *argument)
{
	uint64_t seed = (uintptr_t)argument;

	for (unsigned int i = 0; i < 20 * CODES; i++) {
		uint32_t immediate = (uint32_t)(harness_random(&seed) % CODES);
		struct run_code code = code_of(immediate);

		check_code(run_add(&code), immediate);
	}
	return NULL;
}

START_TEST(threads_add_code_at_once)
{
	pthread_t threads[THREADS];

	run_prepare();
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, add_codes, (void *)i);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

/* Looks at all mappings of the process once instructions can run out of
 * line. */
START_TEST(no_page_is_writable_and_executable)
{
	struct run_code code = code_of(3);
	char line[512];
	FILE *maps;

	if (memcheck_is_there()) /* which has such pages itself */
		return;
	run_prepare();
	check_code(run_add(&code), 3);
	maps = fopen("/proc/self/maps", "r");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		ck_assert_msg(!strstr(line, " rwx"), "%s", line);
	fclose(maps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-code");

	harness_add(suite, "code",
		    (const TTest *const[]){ equal_instructions_share_code_until_there_is_no_room,
					    threads_add_code_at_once,
					    no_page_is_writable_and_executable, NULL });
	return harness_run(suite);
}
