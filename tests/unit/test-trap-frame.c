/* SPDX-License-Identifier: BSD-3-Clause */
/* Vector registers in a hand-made signal frame: XSAVE's standard format, with
 * the layout of a fictitious processor. */
#include <ucontext.h>

#include "support/harness.h"
#include "trap/emulate.h"
#include "trap/x86/cpu.h"

/* No real processor has these offsets. */
enum { YMM = 640, MASK = 1024, ZMM = 1152, ZMM16 = 1728, AREA = 2816 };
enum {
	HAS_SSE = 1 << 1,
	HAS_YMM = 1 << 2,
	HAS_MASK = 1 << 5,
	HAS_ZMM = 1 << 6,
	HAS_ZMM16 = 1 << 7
};
enum { HAS_ALL = HAS_SSE | HAS_YMM | HAS_MASK | HAS_ZMM | HAS_ZMM16 };

static uint8_t area[AREA] __attribute__((aligned(64)));
static ucontext_t context;

static void find_part(unsigned int part, unsigned int *size, unsigned int *offset)
{
	static const unsigned int offsets[8] = { [2] = YMM, [5] = MASK, [6] = ZMM, [7] = ZMM16 };
	static const unsigned int sizes[8] = { [2] = 256, [5] = 64, [6] = 512, [7] = 1024 };

	*size = sizes[part];
	*offset = offsets[part];
}

static void find_none(unsigned int part, unsigned int *size, unsigned int *offset)
{
	(void)part;
	*size = *offset = 0;
}

/* Makes a frame with the parts `there`, of which `used` are not zero. The rest
 * of the frame is garbage. */
static void make_frame(uint64_t there, uint64_t used)
{
	struct _fpx_sw_bytes software = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = AREA + 4,
		.xstate_bv = there,
		.xstate_size = AREA,
	};

	cpu_prepare_by(find_part);
	memset(area, 0xee, sizeof(area));
	memcpy(area + 512 - sizeof(software), &software, sizeof(software));
	memcpy(area + 512, &used, sizeof(used));
	memset(&context, 0, sizeof(context));
	context.uc_mcontext.fpregs = (fpregset_t)(void *)area;
}

static void put_vector(unsigned int reg, uint8_t byte)
{
	uint8_t value[CPU_VECTOR];

	memset(value, byte, sizeof(value));
	cpu_set_vector(&context, reg, value);
}

static void check_bytes(const uint8_t *bytes, size_t length, uint8_t byte)
{
	for (size_t i = 0; i < length; i++)
		ck_assert_uint_eq(bytes[i], byte);
}

START_TEST(registers_are_found_by_the_processors_layout)
{
	make_frame(HAS_ALL, HAS_ALL);
	put_vector(3, 0x33);
	put_vector(15, 0x0f);
	put_vector(16, 0x10);
	put_vector(31, 0x1f);
	check_bytes(area + 160 + 3 * 16, 16, 0x33);
	check_bytes(area + YMM + 3 * 16, 16, 0x33);
	check_bytes(area + ZMM + 3 * 32, 32, 0x33);
	check_bytes(area + 160 + 15 * 16, 16, 0x0f);
	check_bytes(area + ZMM + 15 * 32, 32, 0x0f);
	check_bytes(area + ZMM16, 64, 0x10);
	check_bytes(area + ZMM16 + 15 * 64, 64, 0x1f);
	check_bytes(area + ZMM16 + 64, 14 * 64, 0xee);
	check_bytes(area + 160 + 4 * 16, 11 * 16, 0xee);
}
END_TEST

START_TEST(parts_in_their_initial_state_read_as_zero)
{
	uint8_t value[CPU_VECTOR];
	uint64_t mask = 1, used;

	make_frame(HAS_ALL, HAS_SSE);
	cpu_get_vector(&context, 2, value, 64);
	check_bytes(value, 16, 0xee);
	check_bytes(value + 16, 48, 0);
	cpu_get_vector(&context, 20, value, 64);
	check_bytes(value, 64, 0);
	ck_assert(cpu_get_mask(&context, 1, &mask));
	ck_assert_uint_eq(mask, 0);
	/* Setting one register marks its part as used; the part's other
	 * registers get their value, zero. */
	put_vector(20, 0x20);
	memcpy(&used, area + 512, sizeof(used));
	ck_assert_uint_eq(used, HAS_SSE | HAS_ZMM16);
	check_bytes(area + ZMM16, 4 * 64, 0);
	check_bytes(area + ZMM16 + 4 * 64, 64, 0x20);
	check_bytes(area + ZMM16 + 5 * 64, 11 * 64, 0);
	/* The register is zero already, and its part stays unused. */
	put_vector(2, 0);
	memcpy(&used, area + 512, sizeof(used));
	ck_assert_uint_eq(used, HAS_SSE | HAS_ZMM16);
}
END_TEST

START_TEST(registers_of_unsaved_parts_cannot_be_accessed)
{
	uint64_t mask;

	make_frame(HAS_SSE | HAS_YMM, HAS_SSE);
	ck_assert(cpu_has_vector(&context, 0, 16));
	ck_assert(cpu_has_vector(&context, 0, 32));
	ck_assert(!cpu_has_vector(&context, 0, 64));
	ck_assert(!cpu_has_vector(&context, 16, 16));
	ck_assert(!cpu_get_mask(&context, 1, &mask));
	make_frame(HAS_ALL, HAS_ALL);
	ck_assert(cpu_has_vector(&context, 0, 64));
	ck_assert(cpu_has_vector(&context, 16, 16));
	cpu_prepare_by(find_none);
	ck_assert(cpu_has_vector(&context, 0, 16));
	ck_assert(!cpu_has_vector(&context, 0, 32));
	ck_assert(!cpu_has_vector(&context, 31, 64));
	context.uc_mcontext.fpregs = NULL;
	ck_assert(!cpu_has_vector(&context, 0, 16));
	ck_assert_ptr_null(cpu_mxcsr(&context));
}
END_TEST

/* Emulates as the handler does, with rbx in a hole. Returns false if the access
 * is not served. */
static bool emulate_code(const uint8_t *code, size_t length, uintptr_t address)
{
	struct emulation e = { .context = &context, .pc = 0x1000, .fault = address };

	context.uc_mcontext.gregs[REG_RBX] = (greg_t)address;
	context.uc_mcontext.gregs[REG_RIP] = 0x1000;
	ck_assert(insn_decode(&e.insn, code, length));
	if (emulate(&e) != EMULATE_DONE)
		return false;
	ck_assert_int_eq(context.uc_mcontext.gregs[REG_RIP], 0x1000 + (greg_t)length);
	return true;
}

/* vmovdqu64 (%rbx), %zmm19 */
static const uint8_t load512[] = { 0x62, 0xe1, 0xfe, 0x48, 0x6f, 0x1b };
/* vmovdqu64 %ymm19, (%rbx) */
static const uint8_t store256[] = { 0x62, 0xe1, 0xfe, 0x28, 0x7f, 0x1b };
/* vmovdqu32 (%rbx), %zmm2{%k1} */
static const uint8_t merge[] = { 0x62, 0xf1, 0x7e, 0x49, 0x6f, 0x13 };
/* the same, with {z} */
static const uint8_t zero[] = { 0x62, 0xf1, 0x7e, 0xc9, 0x6f, 0x13 };
/* vmovdqu8 %ymm2, (%rbx){%k1} */
static const uint8_t masked[] = { 0x62, 0xf1, 0x7f, 0x29, 0x7f, 0x13 };

static struct barspan_device *device;
static struct barspan *span;
static uintptr_t hole;
static uint8_t bytes[64];

/* Makes a hole with 64 different bytes at `hole`, and a mask that selects
 * elements 1, 2 and 15. */
static void open_hole(void)
{
	const struct barspan_soft_region region = {
		.size = 8192,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	};
	const uint64_t mask = 0x8006;

	ck_assert_zero(emulate_load());
	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	hole = (uintptr_t)barspan_base(span) + 128;
	for (unsigned int i = 0; i < 64; i++)
		bytes[i] = (uint8_t)(i + 1);
	barspan_write(span, 128, bytes, 64);
	make_frame(HAS_ALL, HAS_ALL);
	memcpy(area + MASK + 8, &mask, sizeof(mask));
}

static void close_hole(void)
{
	barspan_unmap(span);
	barspan_device_close(device);
}

START_TEST(moves_of_64_byte_registers_are_emulated)
{
	uint8_t value[CPU_VECTOR];

	open_hole();
	ck_assert(emulate_code(load512, sizeof(load512), hole));
	cpu_get_vector(&context, 19, value, 64);
	ck_assert_zero(memcmp(value, bytes, 64));
	ck_assert(emulate_code(store256, sizeof(store256), hole + 64));
	barspan_read(span, 192, value, 64);
	ck_assert_zero(memcmp(value, bytes, 32));
	check_bytes(value + 32, 32, 0);
	/* An instruction whose registers are not in the frame is not served. */
	make_frame(HAS_SSE | HAS_YMM, HAS_SSE);
	ck_assert(!emulate_code(load512, sizeof(load512), hole));
	ck_assert(!emulate_code(masked, sizeof(masked), hole));
	close_hole();
}
END_TEST

START_TEST(masked_moves_access_selected_elements_only)
{
	uint8_t value[CPU_VECTOR];

	open_hole();
	put_vector(2, 0x77);
	ck_assert(emulate_code(merge, sizeof(merge), hole));
	cpu_get_vector(&context, 2, value, 64);
	check_bytes(value, 4, 0x77);
	ck_assert_zero(memcmp(value + 4, bytes + 4, 8));
	check_bytes(value + 12, 48, 0x77);
	ck_assert_zero(memcmp(value + 60, bytes + 60, 4));
	ck_assert(emulate_code(zero, sizeof(zero), hole));
	cpu_get_vector(&context, 2, value, 64);
	check_bytes(value, 4, 0);
	ck_assert_zero(memcmp(value + 4, bytes + 4, 8));
	check_bytes(value + 12, 48, 0);
	put_vector(2, 0x99);
	ck_assert(emulate_code(masked, sizeof(masked), hole));
	barspan_read(span, 128, value, 64);
	bytes[1] = bytes[2] = bytes[15] = 0x99;
	ck_assert_zero(memcmp(value, bytes, 64));
	close_hole();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-frame");

	harness_add(suite, "frame",
		    (const TTest *const[]){ registers_are_found_by_the_processors_layout,
					    parts_in_their_initial_state_read_as_zero,
					    registers_of_unsaved_parts_cannot_be_accessed,
					    moves_of_64_byte_registers_are_emulated,
					    masked_moves_access_selected_elements_only, NULL });
	return harness_run(suite);
}
