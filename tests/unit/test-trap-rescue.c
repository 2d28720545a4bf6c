/* SPDX-License-Identifier: BSD-3-Clause */
/* Direct bytes that fault. The file behind the first page is cut, which raises
 * SIGBUS as a device with memory decoding off does; or the page is protected,
 * which raises SIGSEGV. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap/emulate.h"
#include "trap/memcheck.h"
#include "support/trap-fixture.h"

enum { PATTERN = 0x04030201, THREADS = 3 };

START_TEST(removed_device_reads_as_all_ones)
{
	struct barspan_trap_counts before, after;

	set_up_registers();
	gone = true;
	before = count();
	ck_assert_uint_eq(*reg32(8), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EIO);
	ck_assert_zero(barspan_take_error(span, NULL));
	*reg32(12) = 1;
	ck_assert_int_eq(barspan_take_error(span, NULL), -EIO);
	ck_assert_uint_eq(registers[12], 12 * 7 + 1);
	ck_assert_uint_eq(base[3], 0xff);
	after = count();
	ck_assert_uint_eq(after.rescued - before.rescued, 3);
	ck_assert_uint_eq(after.rescue_failed - before.rescue_failed, 3);
	ck_assert_uint_eq(after.served, before.served);
	ck_assert_uint_eq(after.failed, before.failed);
	tear_down();
}
END_TEST

START_TEST(rescue_is_explained_once_for_each_span)
{
	struct barspan *other;
	const char *text;

	set_up(BARSPAN_TRAP_RESCUE);
	ck_assert_zero(barspan_map(&other, device, 0, NULL));
	lose_page();
	for (int i = 0; i < 5; i++)
		(void)*reg32(16);
	ck_assert_str_eq(
		read_back(output),
		"barspan: soft region 0 offset 0x10: mapped, but faults (SIGBUS): served by "
		"trapped access, which fails: EIO\n");
	(void)*(volatile uint8_t *)barspan_base(other);
	text = strchr(read_back(output), '\n') + 1;
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	ck_assert_ptr_nonnull(strstr(text, " offset 0x0: "));
	barspan_unmap(other);
	tear_down();
}
END_TEST

START_TEST(raw_accesses_reach_the_device)
{
	typedef uint32_t unaligned __attribute__((aligned(1)));
	volatile uint32_t *reg = NULL;

	set_up_registers();
	reg = reg32(0x20);
	for (size_t i = 0; i < 64; i++)
		ck_assert_uint_eq(base[i], registers[i]);
	*reg = PATTERN;
	ck_assert_uint_eq(registers[0x20], 1);
	ck_assert_uint_eq(registers[0x23], 4);
	*reg |= 0x80000000;
	ck_assert_uint_eq(__atomic_fetch_add(reg, 2, __ATOMIC_SEQ_CST), PATTERN | 0x80000000);
	ck_assert_uint_eq(*reg, (PATTERN | 0x80000000) + 2);
	*(volatile unaligned *)(base + 0x41) = PATTERN;
	ck_assert_uint_eq(registers[0x41], 1);
	ck_assert_uint_eq(registers[0x44], 4);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_str_eq(
		read_back(output),
		"barspan: soft region 0 offset 0x0: mapped, but faults (SIGBUS): served by "
		"trapped access\n");
	tear_down();
}
END_TEST

/* One part of the operand is in a hole. */
START_TEST(operand_across_the_edge_is_served)
{
	typedef uint32_t unaligned __attribute__((aligned(1)));
	struct barspan_trap_counts before, after;

	set_up_registers();
	ck_assert_zero(enable(BARSPAN_TRAP_RESCUE | BARSPAN_TRAP_EMULATE));
	before = count();
	*(volatile unaligned *)(base + HOLE - 3) = PATTERN;
	after = count();
	ck_assert_uint_eq(registers[HOLE - 3], 1);
	ck_assert_uint_eq(registers[HOLE], 4);
	ck_assert_uint_gt(after.rescued, before.rescued);
	ck_assert_uint_eq(*(volatile unaligned *)(base + HOLE - 3), PATTERN);
	tear_down();
}
END_TEST

START_TEST(accessors_of_the_library_reach_the_device)
{
	uint8_t bytes[200];
	uint32_t value;

	set_up_registers();
	ck_assert_uint_eq(barspan_read8(span, 5), registers[5]);
	ck_assert_uint_eq(barspan_read16(span, 6), registers[6] + 256U * registers[7]);
	memcpy(&value, registers + 9, sizeof(value));
	ck_assert_uint_eq(barspan_read32(span, 9), value);
	ck_assert_uint_eq(barspan_read64(span, 16) & UINT32_MAX, barspan_read32(span, 16));
	barspan_write8(span, 1, 0x11);
	barspan_write16(span, 2, 0x3322);
	barspan_write32(span, 4, 0x77665544);
	barspan_write64(span, 8, UINT64_C(0xffeeddccbbaa9988));
	for (unsigned int i = 1; i < 16; i++)
		ck_assert_uint_eq(registers[i], i * 0x11);
	ck_assert_zero(barspan_read(span, 3, bytes, sizeof(bytes)));
	ck_assert_int_eq(memcmp(bytes, registers + 3, sizeof(bytes)), 0);
	memset(bytes, 0x3c, sizeof(bytes));
	ck_assert_zero(barspan_write(span, 333, bytes, sizeof(bytes)));
	ck_assert_int_eq(memcmp(bytes, registers + 333, sizeof(bytes)), 0);
	ck_assert_uint_eq(barspan_ptr_read32(base + 336), 0x3c3c3c3c);
	barspan_ptr_write32(base + 340, PATTERN);
	ck_assert_uint_eq(registers[340], 1);
	tear_down();
}
END_TEST

#ifdef __x86_64__
START_TEST(strings_and_vectors_reach_the_device)
{
	uint8_t to[64];
	void *out = to;
	const void *in = NULL;
	size_t n = sizeof(to);

	/* Under valgrind, a retry has counted the element that faults. */
	if (memcheck_is_there())
		return;
	set_up_registers();
	in = (const void *)(uintptr_t)(base + 100);
	__asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(n) : : "memory");
	ck_assert_int_eq(memcmp(to, registers + 100, sizeof(to)), 0);
	memset(to, 0x5a, sizeof(to));
	__asm__ volatile("movdqu %1, %%xmm0\n\tmovdqu %%xmm0, %0"
			 : "=m"(*(uint8_t(*)[16])(uintptr_t)(base + 200))
			 : "m"(*(uint8_t(*)[16])to)
			 : "xmm0");
	ck_assert_int_eq(memcmp(registers + 200, to, 16), 0);
	tear_down();
}
END_TEST
#endif

START_TEST(protected_page_is_served_until_it_is_accessible)
{
	uint64_t before;

	set_up(BARSPAN_TRAP_RESCUE);
	*reg32(8) = PATTERN;
	protect_page(PROT_NONE);
	ck_assert_uint_eq(*reg32(8), PATTERN);
	*reg32(12) = 77;
	protect_page(PROT_READ | PROT_WRITE);
	before = count().rescued;
	ck_assert_uint_eq(*reg32(12), 77);
	ck_assert_uint_eq(count().rescued, before);
	ck_assert_ptr_nonnull(strstr(read_back(output), " (SIGSEGV): "));
	tear_down();
}
END_TEST

static bool stop;

static void *protect_again_and_again(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		protect_page(PROT_NONE);
		protect_page(PROT_READ | PROT_WRITE);
	}
	return NULL;
}

static void *access_again_and_again(void *argument)
{
	uint64_t offset = 64 * (uintptr_t)argument;

	for (uint32_t i = 0; i < (harness_instrumented() ? 200 : 20000); i++) {
		*reg32(offset) = i;
		ck_assert_uint_eq(*reg32(offset), i);
		barspan_write32(span, offset + 4, i);
		ck_assert_uint_eq(barspan_read32(span, offset + 4), i);
	}
	return NULL;
}

START_TEST(threads_are_rescued_while_the_protection_changes)
{
	pthread_t threads[THREADS], other;

	set_up(BARSPAN_TRAP_RESCUE);
	stop = false;
	pthread_create(&other, NULL, protect_again_and_again, NULL);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, access_again_and_again, (void *)i);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite;

	if (emulate_load())
		return harness_skip("emulation is not built in");
	suite = suite_create("trap-rescue");
	harness_add(suite, "rescue",
		    (const TTest *const[]){
			    removed_device_reads_as_all_ones,
			    rescue_is_explained_once_for_each_span, raw_accesses_reach_the_device,
			    operand_across_the_edge_is_served,
			    accessors_of_the_library_reach_the_device,
#ifdef __x86_64__
			    strings_and_vectors_reach_the_device,
#endif
			    protected_page_is_served_until_it_is_accessible,
			    threads_are_rescued_while_the_protection_changes, NULL });
	return harness_run(suite);
}
