/* SPDX-License-Identifier: BSD-3-Clause */
/* The trap from a program's view. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "span/span.h"
#include "trap/emulate.h"
#include "support/trap-fixture.h"

START_TEST(options_are_checked)
{
	struct barspan_trap_options options = { .size = sizeof(options), .flags = 1U << 7 };
	struct {
		struct barspan_trap_options known;
		uint64_t tail;
	} longer = { .known.size = sizeof(longer), .tail = 1 };

	harness_listen();
	ck_assert_int_eq(barspan_trap_enable(&options), -EINVAL);
	ck_assert_str_eq(harness_message, "trap: options.flags 0x80 has unknown bits 0x80");
	options = (struct barspan_trap_options){ .size = 1 };
	ck_assert_int_eq(barspan_trap_enable(&options), -EINVAL);
	ck_assert_ptr_nonnull(strstr(harness_message, "trap: options: size 1 is less than 8"));
	ck_assert_int_eq(barspan_trap_enable(&longer.known), -E2BIG);
	ck_assert_ptr_nonnull(strstr(harness_message, "trap: options: nonzero bytes after"));
	longer.tail = 0;
	ck_assert_zero(barspan_trap_enable(&longer.known));
	barspan_trap_disable();
}
END_TEST

START_TEST(emulation_that_is_not_built_in_is_refused)
{
	static const unsigned int flags[] = { BARSPAN_TRAP_EMULATE, BARSPAN_TRAP_RESCUE };

	for (size_t i = 0; i < 2; i++) {
		harness_listen();
		ck_assert_int_eq(enable(flags[i]), emulate_load());
		ck_assert(!emulate_load() == !strstr(harness_message, "need x86-64 with Zydis"));
		barspan_trap_disable();
	}
}
END_TEST

START_TEST(raw_accesses_reach_the_device)
{
	typedef uint16_t unaligned __attribute__((aligned(1)));
	struct barspan_trap_counts before = count(), after;
	uint64_t reads, writes;
	uint32_t value;

	set_up(BARSPAN_TRAP_EMULATE);
	for (uint32_t i = 0; i < 1000; i++) {
		*reg32(HOLE + 4 * (i % 64)) = i;
		ck_assert_uint_eq(*reg32(HOLE + 4 * (i % 64)), i);
	}
	*(volatile unaligned *)(base + HOLE - 1) = 0xabcd;
	ck_assert_uint_eq(base[HOLE - 1], 0xcd);
	ck_assert_uint_eq(base[HOLE], 0xab);
	ck_assert_zero(barspan_read(span, HOLE + 4 * 63, &value, 4));
	ck_assert_uint_eq(value, 959);
	ck_assert_zero(barspan_soft_trapped(device, 0, &reads, &writes));
	ck_assert_uint_eq(reads, 1002);
	ck_assert_uint_eq(writes, 1001);
	after = count();
	ck_assert_uint_eq(after.served - before.served, 2002);
	ck_assert_uint_eq(after.failed, before.failed);
	ck_assert_str_eq(read_back(output), "");
	tear_down();
}
END_TEST

START_TEST(counts_of_other_sizes_are_filled_in)
{
	struct {
		struct barspan_trap_counts known;
		uint64_t tail;
	} longer = { .known.size = sizeof(longer), .tail = 1 };
	struct barspan_trap_counts counts = { .size = 1, .served = 77 };

	ck_assert_int_eq(barspan_trap_count(&counts), -EINVAL);
	ck_assert_uint_eq(counts.served, 77);
	counts = (struct barspan_trap_counts){ .size = offsetof(struct barspan_trap_counts, failed),
					       .failed = 77 };
	ck_assert_zero(barspan_trap_count(&counts));
	ck_assert_uint_eq(counts.failed, 77);
	ck_assert_uint_eq(counts.size, offsetof(struct barspan_trap_counts, failed));
	ck_assert_zero(barspan_trap_count(&longer.known));
	ck_assert_uint_eq(longer.tail, 0);
	ck_assert_uint_eq(longer.known.size, sizeof(longer));
}
END_TEST

START_TEST(errno_is_left_alone)
{
	set_up(BARSPAN_TRAP_EMULATE);
	errno = 77;
	*reg32(HOLE) = *reg32(HOLE + 4);
	ck_assert_int_eq(errno, 77);
	tear_down();
}
END_TEST

START_TEST(bit_and_exchange_instructions_are_emulated)
{
	volatile uint32_t *reg = NULL;

	set_up(BARSPAN_TRAP_EMULATE);
	reg = reg32(HOLE + 8);
	*reg = 5;
	*reg |= 0x100;
	*reg += 1;
	ck_assert_uint_eq(*reg, 0x106);
	ck_assert_uint_eq(__atomic_exchange_n(reg, 9, __ATOMIC_SEQ_CST), 0x106);
	ck_assert_uint_eq(__atomic_fetch_add(reg, 2, __ATOMIC_SEQ_CST), 9);
	ck_assert(__sync_bool_compare_and_swap(reg, 11, 12));
	ck_assert(!__sync_bool_compare_and_swap(reg, 11, 13));
	ck_assert_uint_eq(*reg, 12);
	tear_down();
}
END_TEST

static int fail_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)offset;
	memset(buffer, 0, length);
	return -EIO;
}

static int fail_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	(void)offset;
	(void)buffer;
	(void)length;
	return -EIO;
}

START_TEST(failing_device_reads_as_all_ones_and_is_counted)
{
	uint64_t before;

	set_up_device(&(struct barspan_soft_region){
		.size = SIZE, .flags = RW, .read = fail_read, .write = fail_write });
	ck_assert_zero(enable(BARSPAN_TRAP_EMULATE));
	before = count().failed;
	ck_assert_uint_eq(*reg32(0), UINT32_MAX);
	ck_assert_uint_eq(*(volatile uint8_t *)(base + 9), 0xff);
	*reg32(0) = 1;
	ck_assert_uint_eq(count().failed - before, 3);
	tear_down();
}
END_TEST

static void store_to_hole(void)
{
	*reg32(HOLE + 0x10) = 1;
}

START_TEST(store_in_a_read_only_span_is_a_fault)
{
	const struct barspan_options options = { .size = sizeof(options), .prot = PROT_READ };

	set_up(BARSPAN_TRAP_EMULATE);
	barspan_unmap(span);
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	base = barspan_base(span);
	ck_assert_uint_eq(*reg32(HOLE), 0);
	check_killed(store_to_hole);
	tear_down();
}
END_TEST

START_TEST(suspended_span_is_served)
{
	set_up(BARSPAN_TRAP_EMULATE);
	*reg32(0) = 7;
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(*reg32(0), 7);
	*reg32(0) = 8;
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(*reg32(0), 8);
	tear_down();
}
END_TEST

START_TEST(explanation_is_complete_and_the_process_dies)
{
	const char *text;

	set_up(0);
	check_killed(store_to_hole);
	text = read_back(output);
	ck_assert_ptr_nonnull(strstr(text, "barspan: write"));
	ck_assert_ptr_nonnull(strstr(text, "in a hole: soft region 0 offset 0x1010 "));
	ck_assert_ptr_nonnull(
		strstr(text, "(sparse: the device does not let it be mapped); call "));
	if (!emulate_load())
		ck_assert_ptr_nonnull(strstr(text, "write of 4 bytes in a hole"));
	ck_assert_ptr_nonnull(strstr(text, !emulate_load()
						   ? "barspan_write32(span, 0x1010, value) instead"
						   : "barspan_write"));
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	tear_down();
}
END_TEST

/* A span of barspan_mmap(), which the program knows by address only. */
static void store_by_address(void)
{
	to_span(span)->owner = SPAN_OF_ADDRESSES;
	store_to_hole();
}

START_TEST(explanation_names_the_file_and_a_call_by_address)
{
	const char *text;

	set_up(0);
	check_killed(store_by_address);
	text = read_back(output);
	ck_assert_msg(
		strstr(text, "call barspan_ptr_write32(p, value) instead; instruction at /") !=
			NULL,
		"%s", text);
	ck_assert_msg(strstr(text, "/test-trap+0x") != NULL, "%s", text);
	tear_down();
}
END_TEST

static struct sigaction traps;

/* Resumes the span between the fault and the trap's handler, as another thread
 * could. */
static void resume_and_pass(int number, siginfo_t *info, void *context)
{
	if (barspan_resume(span))
		_exit(4);
	traps.sa_sigaction(number, info, context);
}

static void load_while_resumed(void)
{
	const struct sigaction mine = { .sa_sigaction = resume_and_pass,
					.sa_flags = SA_SIGINFO | SA_NODEFER };

	if (sigaction(SIGSEGV, &mine, &traps))
		_exit(4);
	for (unsigned int i = 0; i < 3000; i++)
		if (barspan_suspend(span) || *reg32(8) != 5)
			_exit(4);
	_exit(3);
}

START_TEST(retries_that_succeed_are_not_counted)
{
	int status;

	set_up(BARSPAN_TRAP_EMULATE);
	*reg32(8) = 5;
	status = harness_run_child(load_while_resumed);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", status);
	tear_down();
}
END_TEST

static void load_protected(void)
{
	mprotect((void *)(uintptr_t)base, PAGE, PROT_NONE);
	(void)*reg32(8);
}

START_TEST(retries_in_a_row_have_a_limit)
{
	set_up(BARSPAN_TRAP_EMULATE);
	check_killed(load_protected);
	tear_down();
}
END_TEST

static void do_unknown(void)
{
#ifdef __x86_64__
	__asm__ volatile("fildl %0" : "+m"(*reg32(HOLE)));
#elif defined(__aarch64__)
	uint32_t value;

	__asm__ volatile("ldxr %w0, %1" : "=r"(value) : "Q"(*reg32(HOLE)));
#endif
}

START_TEST(unknown_instruction_is_explained_and_kills_the_process)
{
	set_up(BARSPAN_TRAP_EMULATE);
	check_killed(do_unknown);
#ifdef __aarch64__
	ck_assert_ptr_nonnull(strstr(read_back(output), " 0x5f 0x88"));
#endif
	ck_assert_ptr_nonnull(strstr(read_back(output), "cannot be emulated: 0x"));
	tear_down();
}
END_TEST

START_TEST(system_call_on_a_hole_fails_with_efault)
{
	set_up(BARSPAN_TRAP_EMULATE);
	ck_assert_int_eq(pwrite(output, (const void *)(uintptr_t)(base + HOLE), 4, 0), -1);
	ck_assert_int_eq(errno, EFAULT);
	tear_down();
}
END_TEST

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>

/* Asks memcheck by a request that reports no error. */
static bool is_addressable(const struct barspan *of, uint64_t offset)
{
	uint8_t bits[4];

	return VALGRIND_GET_VBITS((uintptr_t)barspan_base(of) + offset, bits, 4) == 1;
}

START_TEST(memcheck_accepts_accesses_to_trapped_holes)
{
	struct barspan *later;

	if (!RUNNING_ON_VALGRIND)
		return;
	set_up(0);
	ck_assert(!is_addressable(span, HOLE));
	ck_assert(is_addressable(span, 0));
	ck_assert_zero(enable(BARSPAN_TRAP_EMULATE));
	ck_assert_zero(barspan_map(&later, device, 0, NULL));
	ck_assert(is_addressable(span, HOLE));
	ck_assert(is_addressable(later, HOLE));
	barspan_trap_disable();
	ck_assert(!is_addressable(span, HOLE));
	ck_assert(!is_addressable(later, SIZE - 4));
	ck_assert(is_addressable(later, 0));
	barspan_unmap(later);
	tear_down();
}
END_TEST
#else
START_TEST(memcheck_accepts_accesses_to_trapped_holes)
{
}
END_TEST
#endif

static void trap_in_child(void)
{
	*reg32(HOLE) = 5;
	_exit(*reg32(HOLE) == 5 ? 3 : 4);
}

START_TEST(forked_child_has_the_trap)
{
	set_up(BARSPAN_TRAP_EMULATE);
	ck_assert_int_eq(WEXITSTATUS(harness_run_child(trap_in_child)), 3);
	ck_assert_uint_eq(*reg32(HOLE), 5);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap");

	harness_add(suite, "options",
		    (const TTest *const[]){ options_are_checked,
					    counts_of_other_sizes_are_filled_in,
					    emulation_that_is_not_built_in_is_refused, NULL });
	if (!emulate_load())
		harness_add(suite, "emulate",
			    (const TTest *const[]){
				    raw_accesses_reach_the_device, errno_is_left_alone,
				    bit_and_exchange_instructions_are_emulated,
				    failing_device_reads_as_all_ones_and_is_counted,
				    store_in_a_read_only_span_is_a_fault, suspended_span_is_served,
				    unknown_instruction_is_explained_and_kills_the_process,
				    system_call_on_a_hole_fails_with_efault,
				    forked_child_has_the_trap, retries_that_succeed_are_not_counted,
				    retries_in_a_row_have_a_limit,
				    memcheck_accepts_accesses_to_trapped_holes, NULL });
	harness_add(suite, "explain",
		    (const TTest *const[]){ explanation_is_complete_and_the_process_dies,
					    explanation_names_the_file_and_a_call_by_address,
					    NULL });
	return harness_run(suite);
}
