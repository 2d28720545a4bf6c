/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <barspan/guard.h>
#include <barspan/io.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"

enum { MAX_LENGTH = 1 << 20, N_AREAS = 512 };

/* The part of the range in one extent. */
struct part {
	bool direct;
	size_t offset, length;
};

struct range {
	struct bar bar;
	const char *layout;
	bool straddles;
	uint8_t *buffer;
	size_t offset, length;
	struct part *parts;
	size_t n_parts;
};

typedef void copy_words(void *to, const void *from, size_t length);

/* Combines the first and the last bytes of the range, to prove that they were
 * copied. */
static uint64_t take_from_buffer(struct range *range)
{
	uint64_t first, last;

	memcpy(&first, range->buffer, sizeof(first));
	memcpy(&last, range->buffer + range->length - sizeof(last), sizeof(last));
	memset(range->buffer, 0, sizeof(first));
	memset(range->buffer + range->length - sizeof(last), 0, sizeof(last));
	return first ^ 31 * last;
}

static uint64_t take_from_memory(struct range *range)
{
	const size_t offsets[] = { range->offset,
				   range->offset + range->length - sizeof(uint64_t) };
	uint64_t values[2] = { 0 }, zero = 0;

	for (size_t i = 0; i < 2; i++)
		if (pread(range->bar.fd, &values[i], sizeof(values[i]), (off_t)offsets[i]) !=
			    sizeof(values[i]) ||
		    pwrite(range->bar.fd, &zero, sizeof(zero), (off_t)offsets[i]) != sizeof(zero))
			bar_note(&range->bar, -EIO);
	return values[0] ^ 31 * values[1];
}

static uint64_t read_ours(void *context, size_t n)
{
	struct range *range = context;

	for (size_t i = 0; i < n; i++)
		bar_note(&range->bar, barspan_read(range->bar.span, range->offset, range->buffer,
						   range->length));
	return take_from_buffer(range);
}

static uint64_t write_ours(void *context, size_t n)
{
	struct range *range = context;

	for (size_t i = 0; i < n; i++)
		bar_note(&range->bar, barspan_write(range->bar.span, range->offset, range->buffer,
						    range->length));
	return take_from_memory(range);
}

/* Copies by accesses of 8 bytes, which a device needs. The range is a multiple
 * of 8 bytes. */
static void load_words(void *to, const void *from, size_t length)
{
	uint64_t *words = to;

	for (size_t i = 0; i < length / sizeof(*words); i++)
		words[i] = ((const volatile uint64_t *)from)[i];
}

static void store_words(void *to, const void *from, size_t length)
{
	const uint64_t *words = from;

	for (size_t i = 0; i < length / sizeof(*words); i++)
		((volatile uint64_t *)to)[i] = words[i];
}

static void copy_any(void *to, const void *from, size_t length)
{
	memcpy(to, from, length);
}

static uint64_t read_bare(struct range *range, size_t n, copy_words *copy)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *to = range->buffer;

		for (const struct part *part = range->parts; part < range->parts + range->n_parts;
		     part++) {
			if (part->direct)
				copy(to, range->bar.base + part->offset, part->length);
			else if (pread(range->bar.fd, to, part->length, (off_t)part->offset) !=
				 (ssize_t)part->length)
				bar_note(&range->bar, -EIO);
			to += part->length;
		}
	}
	return take_from_buffer(range);
}

static uint64_t write_bare(struct range *range, size_t n, copy_words *copy)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *from = range->buffer;

		for (const struct part *part = range->parts; part < range->parts + range->n_parts;
		     part++) {
			if (part->direct)
				copy(range->bar.base + part->offset, from, part->length);
			else if (pwrite(range->bar.fd, from, part->length, (off_t)part->offset) !=
				 (ssize_t)part->length)
				bar_note(&range->bar, -EIO);
			from += part->length;
		}
	}
	return take_from_memory(range);
}

/* Volatile pointers keep the compiler from removing copies. */
static copy_words *volatile any = copy_any, *volatile loads = load_words,
			    *volatile stores = store_words;

static uint64_t read_floor(void *context, size_t n)
{
	return read_bare(context, n, any);
}

static uint64_t read_words(void *context, size_t n)
{
	return read_bare(context, n, loads);
}

static uint64_t write_floor(void *context, size_t n)
{
	return write_bare(context, n, any);
}

static uint64_t write_words(void *context, size_t n)
{
	return write_bare(context, n, stores);
}

/* Splits the range at the edges of the span's extents. */
static int find_parts(struct range *range, size_t length)
{
	size_t offset = range->offset;
	struct barspan_extent extent;
	int r;

	range->n_parts = 0;
	range->length = length;
	for (size_t left = length, n; left; left -= n, offset += n) {
		r = barspan_extent_at(range->bar.span, offset, &extent);
		if (r)
			return r;
		n = (size_t)(extent.offset + extent.length) - offset;
		if (n > left)
			n = left;
		range->parts[range->n_parts++] =
			(struct part){ extent.kind == BARSPAN_DIRECT, offset, n };
	}
	return 0;
}

/* Fills the memory and the buffer with random bytes. */
static int fill_random(struct range *range)
{
	uint64_t random = 88172645463325252;

	for (size_t i = 0; i < MAX_LENGTH; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		range->buffer[i] = (uint8_t)random;
	}
	return barspan_write(range->bar.span, range->offset, range->buffer, MAX_LENGTH);
}

/* Compares the whole range byte by byte. The digests cover only its ends. */
static int check_all(struct range *range)
{
	uint8_t *memory = malloc(range->length), *whole = range->buffer;
	ssize_t wanted = (ssize_t)range->length;
	int r = memory ? barspan_write(range->bar.span, range->offset, whole, range->length)
		       : -ENOMEM;

	if (!r && (pread(range->bar.fd, memory, range->length, (off_t)range->offset) != wanted ||
		   memcmp(memory, whole, range->length)))
		r = -EILSEQ;
	if (!r) {
		memset(memory, 0, range->length);
		r = barspan_read(range->bar.span, range->offset, memory, range->length);
	}
	if (!r && memcmp(memory, whole, range->length))
		r = -EILSEQ;
	free(memory);
	return r;
}

static const char *text_of(size_t length, char text[16])
{
	const char *unit = length < 1 << 10 ? "B" : length < 1 << 20 ? "KiB" : "MiB";

	while (length >= 1 << 10)
		length >>= 10;
	snprintf(text, 16, "%zu %s", length, unit);
	return text;
}

/* A short range straddles the first edge, if there is one, with one half on
 * each side. */
static int time_length(struct bench *bench, struct range *range, size_t length)
{
	const struct bench_way reads[] = {
		{ "ours", read_ours, range },
		{ "floor", read_floor, range },
		{ "8 bytes each", read_words, range },
	};
	const struct bench_way writes[] = {
		{ "ours", write_ours, range },
		{ "floor", write_floor, range },
		{ "8 bytes each", write_words, range },
	};
	size_t page = range->bar.page;
	char text[16];
	int r;

	range->offset = range->straddles ? page - (length < page ? length : page) / 2 : page;
	r = fill_random(range);
	if (!r)
		r = find_parts(range, length);
	if (!r)
		r = check_all(range);
	if (r)
		return bench_complain(r, "cannot make a range of %zu bytes", length);
	r = bench_time(bench, reads, 3, "read, %s, %s", range->layout, text_of(length, text));
	if (!r)
		r = fill_random(range);
	if (!r)
		r = bench_time(bench, writes, 3, "write, %s, %s", range->layout,
			       text_of(length, text));
	return r ? r : bar_check(&range->bar, "a part of the range failed");
}

static int time_layout(struct bench *bench, bool holes)
{
	struct range range = { .layout = holes ? "holes" : "direct", .straddles = holes };
	size_t factor = bench_quick(bench) ? 256 : 4;
	int r = bar_open_span(&range.bar, holes ? N_AREAS / 2 : N_AREAS, holes);

	if (r)
		return r;
	range.buffer = malloc(MAX_LENGTH);
	range.parts = calloc(N_AREAS, sizeof(*range.parts));
	if (!range.buffer || !range.parts)
		r = -ENOMEM;
	for (size_t length = 64; !r && length <= MAX_LENGTH; length *= factor)
		r = time_length(bench, &range, length);
	free(range.parts);
	free(range.buffer);
	bar_close(&range.bar);
	return r;
}

static int run_range(struct bench *bench)
{
	int r = time_layout(bench, false);

	return r ? r : time_layout(bench, true);
}

const struct bench_case case_range = { "range", "a range of bytes across holes", run_range };
