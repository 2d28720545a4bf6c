/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans: their segments, tables and addresses.
 *
 * Call everything here but span_table() and the queries inside an operation
 * (operation.h), by one thread at a time.
 */
#ifndef SPAN_H
#define SPAN_H

#include <barspan/guard.h>

#include "layout/guard.h"
#include "layout/layout.h"
#include "span/reservation.h"
#include "span/segment.h"

struct registry_range;

enum { MAX_GUARDS = 16 }; /* tables after which a resume fails */

/*
 * RUNNING -> SUSPENDED	barspan_suspend()
 * SUSPENDED -> RUNNING	barspan_resume(), or a suspend or resume that
 *			failed and could not be undone: some segments then
 *			have access and some do not
 * SUSPENDED -> LOST	a resume found another mapping in the span's
 *			addresses; final
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
 * CALLER -> ADDRESSES	barspan_mmap() made the span
 * ADDRESSES -> ENDED	the last address was detached, or making it failed
 * CALLER -> ENDED	making it failed
 * ENDED -> ADDRESSES	it owns addresses again, within the same operation
 */
enum span_owner {
	SPAN_OF_CALLER,	   /* ends by barspan_unmap() */
	SPAN_OF_ADDRESSES, /* ends when its last address is detached */
	SPAN_ENDED,	   /* on a list of spans to destroy: see detach.h */
};

struct span {
	struct barspan handle; /* public; must be first */
	struct barspan_device *device;
	unsigned int index;
	unsigned int flags;
	int prot;
	struct access_failure failure; /* the first of the accessors and the trap */
	bool failure_logged;	       /* `failure` was logged; later ones are not */
	bool rescued;		       /* atomic; the trap has reported a direct byte that faults */
	struct layout_request window;  /* the layout request, without its holes */
	size_t page_size;

	struct reservation reservation; /* empty with BARSPAN_INDEPENDENT */
	uint8_t *base;			/* NULL with BARSPAN_INDEPENDENT */

	enum span_state state;
	enum span_owner owner;
	struct span *next_ended; /* the next SPAN_ENDED span on its list */

	struct segment *segments; /* cover the span in ascending order */
	size_t n_segments;
	/* area boundaries; NULL until a segment cannot be mapped */
	uint64_t *cuts;
	size_t n_cuts;

	struct barspan_guard_ **guards; /* all tables that were ever published */
	size_t n_guards, guards_capacity;
	/* For a table that must not fail. */
	struct barspan_entry_ *spare_entries;
	size_t n_spare; /* capacity of spare_entries, in segments */
	struct guard_spare spare_table;
	/* of length 0: sends inline queries and accessors to the slow path */
	struct barspan_guard_ detour;
};

static inline struct span *to_span(struct barspan *handle)
{
	return (struct span *)handle;
}

static inline const struct span *to_const_span(const struct barspan *handle)
{
	return (const struct span *)handle;
}

/* The newest table, also of a detoured span. Safe anywhere. */
static inline const struct barspan_guard_ *span_table(const struct barspan *handle)
{
	return __atomic_load_n(&handle->table_, __ATOMIC_ACQUIRE);
}

/*
 * The part of a table's entry from `offset` on: its end, its reason, and the
 * address of its first byte if it is direct (else 0). The part ends with the
 * entry, or where the ownership of addresses changes. Safe anywhere.
 */
struct span_part {
	uint64_t end;
	enum barspan_reason reason;
	uintptr_t address;
};
struct span_part span_part_at(const struct barspan *span, const struct barspan_guard_ *table,
			      uint64_t offset);

/* Segments as they are, as if none had access, or as if all mapped ones had. */
enum table_view { TABLE_NOW, TABLE_SUSPENDED, TABLE_RESUMED };

/* Allocates memory that lets the next span_build_table() succeed. -ENOMEM. */
int span_reserve_table(struct span *span);

/* Builds a table, or returns an equal one that the span has had. -ENOMEM. */
int span_build_table(struct span *span, enum table_view view, const struct barspan_guard_ **out);

void span_publish(struct span *span, const struct barspan_guard_ *table);

/* Makes queries consult the registry, or stops that when the span owns all of
 * its addresses again. Cannot fail. */
void span_detour(struct span *span, bool detour);

/* Whether the span is detoured: addresses were detached, and the registry
 * records which are left. Safe anywhere. */
bool span_is_detoured(const struct barspan *span);

/*
 * Finds the next part of [start, end) that the span owns according to the
 * registry, in whole pages. `base` is the address of offset 0. It matters with
 * BARSPAN_INDEPENDENT, since an address may return to the span at another
 * offset. Returns false if there is none.
 */
bool span_next_owned(const struct span *span, uintptr_t base, uintptr_t start, uintptr_t end,
		     struct registry_range *out);

/* Registers the span, or one segment of a BARSPAN_INDEPENDENT span. -ENOMEM. */
int span_register(struct span *span);
int span_register_segment(struct span *span, const struct segment *segment);

/* Logs the span's first failed access, unless it was logged. Not for signal
 * handlers. */
void span_log_failure(struct span *span);

/* Unmaps everything that the span owns. */
void span_release(struct span *span);

/* Frees a released span and its reference to the device. Call it outside of an
 * operation. */
void span_destroy(struct span *span);

/* Sets the callback (NULL: none) that runs when a span that can be found by
 * address is added or its extents change. For one module above this one. */
typedef void span_watcher(const struct barspan *span);
void span_watch(span_watcher *watcher);
void span_changed(const struct span *span);

#endif
