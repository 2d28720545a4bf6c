/* SPDX-License-Identifier: BSD-3-Clause */
/* All accesses but aligned direct ones. They take no lock, do not allocate and
 * log nothing, since signal handlers call them. */
#include <barspan/io.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "device/device.h"
#include "span/io.h"
#include "span/span.h"

enum { WORD = sizeof(uintptr_t) };

/* The widest naturally aligned access at an address that is narrower than a
 * word and does not exceed `left` bytes. */
static size_t widest_access(uintptr_t address, size_t left)
{
	size_t width = WORD / 2;

	while (address % width || width > left)
		width /= 2;
	return width;
}

/* Copies bytes in the device's order; values are not swapped. */
#define COPY(bits, to, from) \
	memcpy(to, &(uint##bits##_t){ BARSPAN_LOAD_(bits, from) }, sizeof(uint##bits##_t))

#if UINTPTR_MAX == UINT64_MAX
#define LOAD_WORD(address) BARSPAN_LOAD_(64, address)
#define STORE_WORD(address, value) BARSPAN_STORE_(64, address, value)
#else
#define LOAD_WORD(address) BARSPAN_LOAD_(32, address)
#define STORE_WORD(address, value) BARSPAN_STORE_(32, address, value)
#endif

static size_t load_part(uint8_t *to, uintptr_t from, size_t length)
{
	size_t width = widest_access(from, length);

	if (width == 4)
		COPY(32, to, from);
	else if (width == 2)
		COPY(16, to, from);
	else
		COPY(8, to, from);
	return width;
}

/* Keeps the compiler from loading several words with one vector instruction. */
#define KEEP_WHOLE(word) __asm__("" : "+r"(word))

/* Loads all whole words from an aligned address on, four at a time for
 * speed. */
static size_t load_words(uint8_t *to, uintptr_t from, size_t length)
{
	size_t done = 0;

	for (; length - done >= 4 * WORD; done += 4 * WORD) {
		uintptr_t a = LOAD_WORD(from + done), b = LOAD_WORD(from + done + WORD);
		uintptr_t c = LOAD_WORD(from + done + 2 * WORD);
		uintptr_t d = LOAD_WORD(from + done + 3 * WORD);

		KEEP_WHOLE(a);
		KEEP_WHOLE(b);
		KEEP_WHOLE(c);
		KEEP_WHOLE(d);
		memcpy(to + done, &a, WORD);
		memcpy(to + done + WORD, &b, WORD);
		memcpy(to + done + 2 * WORD, &c, WORD);
		memcpy(to + done + 3 * WORD, &d, WORD);
	}
	for (; length - done >= WORD; done += WORD)
		memcpy(to + done, &(uintptr_t){ LOAD_WORD(from + done) }, WORD);
	return done;
}

void io_load(uint8_t *to, uintptr_t from, size_t length)
{
	for (size_t n; length; length -= n, to += n, from += n)
		n = from % WORD || length < WORD ? load_part(to, from, length)
						 : load_words(to, from, length);
}

static size_t store_part(uintptr_t to, const uint8_t *from, size_t length)
{
	size_t width = widest_access(to, length);
	union {
		uint32_t u32;
		uint16_t u16;
		uint8_t u8;
	} value;

	memcpy(&value, from, width);
	if (width == 4)
		BARSPAN_STORE_(32, to, value.u32);
	else if (width == 2)
		BARSPAN_STORE_(16, to, value.u16);
	else
		BARSPAN_STORE_(8, to, value.u8);
	return width;
}

static size_t store_words(uintptr_t to, const uint8_t *from, size_t length)
{
	size_t done = 0;

	for (; length - done >= 4 * WORD; done += 4 * WORD) {
		uintptr_t a, b, c, d;

		memcpy(&a, from + done, WORD);
		memcpy(&b, from + done + WORD, WORD);
		memcpy(&c, from + done + 2 * WORD, WORD);
		memcpy(&d, from + done + 3 * WORD, WORD);
		STORE_WORD(to + done, a);
		STORE_WORD(to + done + WORD, b);
		STORE_WORD(to + done + 2 * WORD, c);
		STORE_WORD(to + done + 3 * WORD, d);
	}
	for (uintptr_t value; length - done >= WORD; done += WORD) {
		memcpy(&value, from + done, WORD);
		STORE_WORD(to + done, value);
	}
	return done;
}

void io_store(uintptr_t to, const uint8_t *from, size_t length)
{
	for (size_t n; length; length -= n, to += n, from += n)
		n = to % WORD || length < WORD ? store_part(to, from, length)
					       : store_words(to, from, length);
}

static int check_range(const struct barspan_guard_ *table, uint64_t end, uint64_t offset,
		       size_t length)
{
	if (offset > table->length || length > table->length - offset)
		return -ERANGE;
	return end ? 0 : -EACCES;
}

static inline size_t part_length(const struct span_part *part, uint64_t offset, size_t length)
{
	return part->end - offset < length ? (size_t)(part->end - offset) : length;
}

static inline __attribute__((always_inline)) int read_parts(const struct span *span,
							    uint64_t offset, uint8_t *to,
							    size_t length)
{
	const struct barspan_guard_ *table = span_table(&span->handle);
	int r = check_range(table, table->read_end, offset, length);

	for (size_t n; !r && length; offset += n, to += n, length -= n) {
		struct span_part part = span_part_at(&span->handle, table, offset);

		n = part_length(&part, offset, length);
		if (part.address)
			io_load(to, part.address, n);
		else
			r = device_read(span->device, span->index, span->window.offset + offset, to,
					n);
	}
	return r;
}

static inline __attribute__((always_inline)) int write_parts(const struct span *span,
							     uint64_t offset, const uint8_t *from,
							     size_t length)
{
	const struct barspan_guard_ *table = span_table(&span->handle);
	int r = check_range(table, table->write_end, offset, length);

	for (size_t n; !r && length; offset += n, from += n, length -= n) {
		struct span_part part = span_part_at(&span->handle, table, offset);

		n = part_length(&part, offset, length);
		if (part.address)
			io_store(part.address, from, n);
		else
			r = device_write(span->device, span->index, span->window.offset + offset,
					 from, n);
	}
	return r;
}

int barspan_read(struct barspan *span, uint64_t offset, void *buffer, size_t length)
{
	int r = read_parts(to_span(span), offset, buffer, length);

	BARSPAN_AFTER_READ_();
	return r;
}

int barspan_write(struct barspan *span, uint64_t offset, const void *buffer, size_t length)
{
	BARSPAN_BEFORE_WRITE_();
	return write_parts(to_span(span), offset, buffer, length);
}

void io_note_failure(struct barspan *span, uint64_t offset, unsigned int width, bool is_write,
		     int r)
{
	struct access_failure *failure = &to_span(span)->failure;
	enum failure_state none = FAILURE_NONE;

	if (!__atomic_compare_exchange_n(&failure->state, &none, FAILURE_CLAIMED, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	failure->error = r;
	failure->offset = offset;
	failure->width = width;
	failure->is_write = is_write;
	__atomic_store_n(&failure->state, FAILURE_KNOWN, __ATOMIC_RELEASE);
}

/* Reads a register's value in the host's byte order. Inline for the same reason
 * as read_parts(). */
static inline __attribute__((always_inline)) int read_value(const struct span *span,
							    uint64_t offset, uint64_t *value,
							    unsigned int width)
{
	uint64_t bytes = 0;
	int r = read_parts(span, offset, (uint8_t *)&bytes, width);

	if (!r)
		*value = le64toh(bytes);
	return r;
}

static inline __attribute__((always_inline)) int write_value(const struct span *span,
							     uint64_t offset, uint64_t value,
							     unsigned int width)
{
	uint64_t bytes = htole64(value);

	return write_parts(span, offset, (const uint8_t *)&bytes, width);
}

uint64_t barspan_read_slow_(struct barspan *span, uint64_t offset, unsigned int width)
{
	uint64_t value = UINT64_MAX;
	int r = read_value(to_span(span), offset, &value, width);

	if (r)
		io_note_failure(span, offset, width, false, r);
	return value;
}

void barspan_write_slow_(struct barspan *span, uint64_t offset, uint64_t value, unsigned int width)
{
	int r = write_value(to_span(span), offset, value, width);

	if (r)
		io_note_failure(span, offset, width, true, r);
}

int barspan_try_read_slow_(struct barspan *span, uint64_t offset, uint64_t *value,
			   unsigned int width)
{
	return read_value(to_span(span), offset, value, width);
}

int barspan_try_write_slow_(struct barspan *span, uint64_t offset, uint64_t value,
			    unsigned int width)
{
	return write_value(to_span(span), offset, value, width);
}
