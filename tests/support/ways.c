/* SPDX-License-Identifier: BSD-3-Clause */
#include "ways.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	PAGE = INSN_CASES_PAGE,
	SIZE = INSN_CASES_SIZE
};

static const struct barspan_range holes[] = { { PAGE, PAGE }, { 3 * PAGE, PAGE } };
static struct barspan_device *device;
static struct barspan *span;
uint8_t *memory;
uint8_t *around[2];
int output;

static uint8_t *map_at(uintptr_t address)
{
	uint8_t *page = mmap((void *)address, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(page, (void *)address);
	return page;
}

void ways_set_up(void)
{
	const struct barspan_soft_region region = { .size = SIZE,
						    .flags = RW | BARSPAN_REGION_MMAP };
	struct barspan_trap_options options = { .size = sizeof(options),
						.flags = BARSPAN_TRAP_EMULATE };

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	memory =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, barspan_soft_fd(device, 0), 0);
	around[0] = map_at(INSN_CASES_BASE - PAGE);
	around[1] = map_at(INSN_CASES_BASE + SIZE);
	machine_make_code((void *)INSN_CASES_CODE);
	syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)INSN_CASES_GS_BASE);
	output = memfd_create("explanations", MFD_CLOEXEC);
	options.fd = output;
	ck_assert_zero(barspan_trap_enable(&options));
}

void ways_tear_down(void)
{
	barspan_trap_disable();
	barspan_device_close(device);
	close(output);
}

void ways_map(size_t n_holes)
{
	const struct barspan_options options = {
		.size = sizeof(options),
		.address = (void *)INSN_CASES_BASE,
		.alignment = PAGE,
		.holes = holes,
		.n_holes = n_holes,
	};
	uint64_t seed = 1;

	ck_assert_zero(barspan_map(&span, device, 0, &options));
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (uint8_t)harness_random(&seed);
	memset(around[0], 0x11, PAGE);
	memset(around[1], 0x22, PAGE);
}

void ways_unmap(void)
{
	barspan_unmap(span);
}

static uint64_t hash_bytes(uint64_t value, const uint8_t *bytes, size_t length)
{
	for (uint64_t word; length; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		value = (value ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		value ^= value >> 32;
	}
	return value;
}

uint64_t ways_hash(void)
{
	return hash_bytes(hash_bytes(hash_bytes(0, memory, SIZE), around[0], PAGE), around[1],
			  PAGE);
}
