/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans: their segments, their tables, and the addresses that are theirs.
 *
 * Everything here but span_table() and the queries is called inside an
 * operation (operation.h), by one thread at a time.
 */
#ifndef SPAN_H
#define SPAN_H

#include <barspan/guard.h>

#include "layout/guard.h"
#include "layout/layout.h"
#include "span/reservation.h"
#include "span/segment.h"

struct registry_range;

enum { MAX_GUARDS = 16 }; /* tables that a resume may add to */

/*
 * RUNNING -> SUSPENDED	barspan_suspend()
 * SUSPENDED -> RUNNING	barspan_resume(), or a suspend or resume that could not be undone: then some segments have
 * 			access, and some have none
 * SUSPENDED -> LOST	a resume found another mapping in the span's addresses. Final
 */
enum span_state { SPAN_RUNNING, SPAN_SUSPENDED, SPAN_LOST };

/* An access that failed, until the caller takes its error. */
enum failure_state {
	FAILURE_NONE,	 /* -> CLAIMED by the first access that fails */
	FAILURE_CLAIMED, /* its members are being written; -> KNOWN */
	FAILURE_KNOWN,	 /* -> NONE when the caller takes it */
};

struct access_failure {
	enum failure_state state; /* atomic */
	int error;
	uint64_t offset;
	unsigned int width; /* in bytes */
	bool is_write;
};

/*
 * CALLER -> ADDRESSES	barspan_mmap() has made it
 * ADDRESSES -> ENDED	the last of its addresses is taken, or making it failed
 * CALLER -> ENDED	making it failed
 * ENDED -> ADDRESSES	it has addresses again, within the same operation
 */
enum span_owner {
	SPAN_OF_CALLER,	   /* ends by barspan_unmap() */
	SPAN_OF_ADDRESSES, /* ends with the last of its addresses */
	SPAN_ENDED,	   /* on a list of spans to be destroyed: see detach.h */
};

struct span {
	struct barspan face; /* must be first */
	struct barspan_device *device;
	unsigned int index;
	unsigned int flags;
	int prot;
	struct access_failure failure; /* the accessors' and the trap's first */
	bool failure_logged;	       /* the log hears of one */
	bool rescued;		       /* atomic; the trap has told that direct bytes fault */
	struct layout_request request; /* without the caller's holes */
	size_t page_size;

	struct reservation reservation; /* empty with BARSPAN_INDEPENDENT */
	uint8_t *base;			/* NULL with BARSPAN_INDEPENDENT */

	enum span_state state;
	enum span_owner owner;
	struct span *next_ended; /* of a span that is SPAN_ENDED */

	struct segment *segments; /* cover the span in the order of their offsets */
	size_t n_segments;
	/* where areas begin and end; NULL until something cannot be mapped */
	uint64_t *cuts;
	size_t n_cuts;

	struct barspan_guard_ **guards; /* all that were ever published */
	size_t n_guards, guards_capacity;
	/* For a table that must not fail. */
	struct barspan_entry_ *spare_entries;
	size_t n_spare; /* the segments that the entries are for */
	struct guard_spare spare_table;
	/* of length 0: sends inline queries and accessors to the slow path */
	struct barspan_guard_ detour;
};

static inline struct span *span_of(struct barspan *face)
{
	return (struct span *)face;
}

static inline const struct span *span_of_const(const struct barspan *face)
{
	return (const struct span *)face;
}

/* The newest table, also of a span that is detoured. Safe anywhere. */
static inline const struct barspan_guard_ *span_table(const struct barspan *face)
{
	return __atomic_load_n(&face->table_, __ATOMIC_ACQUIRE);
}

/*
 * A part of a table's entry that begins at `offset`: its end, its reason, and
 * the address of its first byte if it is direct (else 0). It ends with the
 * entry, or where addresses begin or end to be the span's. Safe anywhere.
 */
struct span_part {
	uint64_t end;
	enum barspan_reason reason;
	uintptr_t address;
};
struct span_part span_part_at(const struct barspan *span, const struct barspan_guard_ *table,
			      uint64_t offset);

/* The segments as they are, as if none had access, or as if all that are mapped
 * had. */
enum table_view { TABLE_NOW, TABLE_SUSPENDED, TABLE_RESUMED };

/* Sets memory aside: the next table is built without fail. -ENOMEM. */
int span_reserve_table(struct span *span);

/* Builds a table, or finds the equal one that the span has had. -ENOMEM. */
int span_build_table(struct span *span, enum table_view view, const struct barspan_guard_ **out);

void span_publish(struct span *span, const struct barspan_guard_ *table);

/* Sends all queries through the registry, or stops that when all addresses are
 * the span's again. Cannot fail. */
void span_detour(struct span *span, bool detour);

/* Whether it does: some addresses were taken from the span, and the registry
 * knows which are left. Safe anywhere. */
bool span_is_detoured(const struct barspan *span);

/*
 * The next part of [start, end) that is still the span's, as the registry has
 * it, in whole pages. `base` is the address of offset 0 there: with
 * BARSPAN_INDEPENDENT an address that was taken may have come back for another
 * offset. Returns false if there is none.
 */
bool span_next_owned(const struct span *span, uintptr_t base, uintptr_t start, uintptr_t end,
		     struct registry_range *out);

/* Enters the span, or one segment of BARSPAN_INDEPENDENT, into the registry.
 * -ENOMEM. */
int span_register(struct span *span);
int span_register_segment(struct span *span, const struct segment *segment);

/* Tells the log of the span's first failed access, if it has not heard of it.
 * Not for handlers. */
void span_log_failure(struct span *span);

/* Unmaps all that is the span's. */
void span_release(struct span *span);

/* Frees a span that has been released, and its hold on the device. Outside of
 * an operation. */
void span_destroy(struct span *span);

/* Has `watcher` (NULL: nobody) called whenever the extents of a span that can
 * be found by its address have changed, or a new one can be. For modules above
 * that must know; there is one. */
typedef void span_watcher(const struct barspan *span);
void span_watch(span_watcher *watcher);
void span_changed(const struct span *span);

#endif
