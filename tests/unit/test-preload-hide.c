/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/vfio.h>

#include "layout/capability.h"
#include "support/harness.h"
#include "preload/hide.h"

enum { FIRST = sizeof(struct vfio_region_info), LENGTH = 256, GUARD = 64, ROUNDS = 200000 };

/* The kernel's answer, between guard bytes that must not change. */
static union {
	uint8_t bytes[GUARD + LENGTH + GUARD];
	uint64_t alignment;
} memory;
static uint8_t *const buffer = memory.bytes + GUARD;

static struct vfio_region_info *info_of(void)
{
	return (void *)(memory.bytes + GUARD);
}

static void set_up(void)
{
	memset(memory.bytes, 0xa5, sizeof(memory.bytes));
	memset(buffer, 0, LENGTH);
	info_of()->argsz = LENGTH;
	info_of()->flags = VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	info_of()->cap_offset = FIRST;
}

static void put_header(size_t at, uint16_t id, uint16_t version, uint32_t next)
{
	struct vfio_info_cap_header header = { .id = id, .version = version, .next = next };

	memcpy(buffer + at, &header, sizeof(header));
}

/* The capabilities' identities in order, as a string of digits. */
static const char *chain_text(void)
{
	static char text[32];
	struct vfio_info_cap_header header;
	size_t n = 0;

	for (size_t at = info_of()->cap_offset; at && n < sizeof(text) - 1; at = header.next) {
		ck_assert_uint_le(at + sizeof(header), LENGTH);
		memcpy(&header, buffer + at, sizeof(header));
		text[n++] = (char)('0' + header.id);
	}
	text[n] = '\0';
	return text;
}

START_TEST(hiding_the_only_capability_clears_the_flag)
{
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0);
	ck_assert(hide_sparse(buffer, LENGTH));
	ck_assert_uint_eq(info_of()->flags, VFIO_REGION_INFO_FLAG_MMAP);
	ck_assert_uint_eq(info_of()->cap_offset, 0);
	ck_assert_uint_eq(info_of()->argsz, LENGTH);
}
END_TEST

START_TEST(other_capabilities_stay_in_the_chain)
{
	/* Identity 1 is the sparse capability. */
	static const struct {
		uint16_t ids[4];
		const char *left;
	} cases[] = {
		{ { 1, 3, 4, 5 }, "345" }, { { 3, 1, 4, 5 }, "345" }, { { 3, 4, 5, 1 }, "345" },
		{ { 1, 3, 1, 4 }, "34" },  { { 1, 1, 3, 1 }, "3" },   { { 3, 1, 1, 4 }, "34" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up();
		for (size_t j = 0; j < 4; j++)
			put_header(FIRST + 16 * j, cases[i].ids[j], 1,
				   j < 3 ? (uint32_t)(FIRST + 16 * (j + 1)) : 0);
		ck_assert(hide_sparse(buffer, LENGTH));
		ck_assert_str_eq(chain_text(), cases[i].left);
		ck_assert(info_of()->flags & VFIO_REGION_INFO_FLAG_CAPS);
	}
}
END_TEST

START_TEST(an_answer_without_a_sparse_capability_is_left_alone)
{
	uint8_t before[LENGTH];

	put_header(FIRST, 3, 1, FIRST + 8);
	/* A version that the library does not know. */
	put_header(FIRST + 8, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 2, 0);
	memcpy(before, buffer, LENGTH);
	ck_assert(!hide_sparse(buffer, LENGTH));
	put_header(FIRST + 8, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0);
	info_of()->flags = VFIO_REGION_INFO_FLAG_MMAP;
	ck_assert(!hide_sparse(buffer, LENGTH));
	info_of()->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info_of()->cap_offset = 0;
	ck_assert(!hide_sparse(buffer, LENGTH));
}
END_TEST

static void expect_refused(size_t capacity)
{
	uint8_t before[LENGTH];

	memcpy(before, buffer, LENGTH);
	ck_assert(!hide_sparse(buffer, capacity));
	ck_assert_mem_eq(before, buffer, LENGTH);
}

START_TEST(malformed_chains_are_left_alone)
{
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, FIRST); /* a loop */
	expect_refused(LENGTH);
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, LENGTH - 7); /* past the end */
	expect_refused(LENGTH);
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, UINT32_MAX);
	expect_refused(LENGTH);
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, FIRST - 1); /* in the structure */
	expect_refused(LENGTH);
	put_header(FIRST, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0);
	expect_refused(FIRST + 7);
	expect_refused(FIRST - 1);
	expect_refused(0);
}
END_TEST

/* Whatever the buffer contains: no byte outside it changes, the call ends, and
 * if the library can read the chain, it finds no sparse capability
 * afterwards. */
START_TEST(random_answers_change_no_byte_outside_the_buffer)
{
	uint64_t seed = 9;
	size_t hidden = 0, rounds = harness_instrumented() ? ROUNDS / 20 : ROUNDS;
	uint8_t untouched[GUARD];

	memset(untouched, 0xa5, sizeof(untouched));
	for (size_t round = 0; round < rounds; round++) {
		uint64_t shape = harness_random(&seed);
		size_t capacity = shape % 4 ? LENGTH : (size_t)(shape >> 8) % (LENGTH + 1), bad;
		struct capabilities found;

		set_up();
		for (size_t at = FIRST; at + 8 <= LENGTH; at += 8) {
			uint64_t bits = harness_random(&seed);

			put_header(at, (uint16_t)(bits % 3), bits & 8 ? 1 : (uint16_t)(bits >> 16),
				   bits & 0x30 ? (uint32_t)(bits >> 32) % (LENGTH + 8) : 0);
		}
		info_of()->cap_offset = (uint32_t)(harness_random(&seed) % (LENGTH + 8));
		hidden += hide_sparse(buffer, capacity);
		ck_assert(!memcmp(memory.bytes, untouched, GUARD));
		ck_assert(!memcmp(buffer + LENGTH, untouched, GUARD));
		if (!capabilities_parse(&found, buffer, capacity, info_of()->cap_offset, &bad) &&
		    capacity > FIRST && info_of()->cap_offset)
			ck_assert(!found.sparse);
	}
	ck_assert_uint_gt(hidden, rounds / 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("preload-hide");

	harness_add_with(suite, "good", set_up, NULL,
			 (const TTest *const[]){
				 hiding_the_only_capability_clears_the_flag,
				 other_capabilities_stay_in_the_chain,
				 an_answer_without_a_sparse_capability_is_left_alone, NULL });
	harness_add_with(suite, "hostile", set_up, NULL,
			 (const TTest *const[]){ malformed_chains_are_left_alone,
						 random_answers_change_no_byte_outside_the_buffer,
						 NULL });
	return harness_run(suite);
}
