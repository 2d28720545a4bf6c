/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stateful random test of all public calls.
 *
 * It runs episodes. Each is a child process with devices, spans and foreign
 * mappings in an arena of addresses, and a sequence of random steps. A model
 * knows the owner of each page. After each step three invariants are checked:
 *     1. No foreign page has changed: neither its contents nor its mapping.
 *     2. No hole can be read. Each direct byte is the device's byte at its
 *        offset.
 *     3. Nothing is left: the mappings and descriptors of the library are
 *        those of live spans.
 */
#ifndef SOAK_H
#define SOAK_H

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barspan.h>
#include <barspan/mmap.h>

#include "support/fake.h"

enum {
	SOAK_DEVICES = 3,
	SOAK_REGIONS = 4,
	SOAK_AREAS = 8,
	SOAK_REGION_PAGES = 160,
	SOAK_SPANS = 24,
	SOAK_FOREIGN = 2048,
	SOAK_ARENA_PAGES = 640,
	SOAK_RING = 64,
	SOAK_LINE = 240,
	SOAK_REPORT = 8192,
};

/* Kinds of episodes. */
enum soak_kind { SOAK_ALONE, SOAK_LIMIT, SOAK_THREADS, SOAK_CANCEL, SOAK_KINDS };

/* Triggers that BARSPAN_SOAK_WITHOUT can leave out. */
enum soak_trigger {
	SOAK_FAIL,
	SOAK_LATE,
	SOAK_PERSIST,
	SOAK_MEMORY,
	SOAK_RLIMIT_AS,
	SOAK_RLIMIT_NOFILE,
	SOAK_NO_PROC,
	SOAK_REFUSE,
	SOAK_TWO_PIECES,
	SOAK_CALLBACK,
	SOAK_FORK,
	SOAK_REMAP,
	SOAK_REPLACE,
	SOAK_BOTH_FLAGS,
	SOAK_FIXED_MAP,
	SOAK_GAPS,
	SOAK_FAIL_MMAP,
	SOAK_FAIL_MUNMAP,
	SOAK_FAIL_MPROTECT,
	SOAK_FAIL_MREMAP,
	SOAK_FAIL_OTHER,
	SOAK_LOST,
	SOAK_ASYNC,
	SOAK_DUEL,
	SOAK_TRIGGERS,
};

/* Shared with the process that started the episode and reports its failure. */
struct soak_shared {
	unsigned long steps, beats; /* beats: with the steps of children */
	unsigned long lines;	    /* atomic */
	char ring[SOAK_RING][SOAK_LINE];
	char report[SOAK_REPORT];
};

struct soak_region {
	uint64_t size;
	uint32_t flags, n_areas;
	struct barspan_range areas[SOAK_AREAS];
	int fd;
	uint64_t inode, file_offset;
	uint8_t *truth;			 /* the device's memory */
	bool refused[SOAK_REGION_PAGES]; /* pages that the device refuses at present */
};

enum soak_device_kind { SOAK_SOFT, SOAK_OPS, SOAK_VFIO };

struct soak_device {
	enum soak_device_kind kind;
	struct barspan_device *handle;
	int fd; /* descriptor of a simulated VFIO device */
	struct soak_region regions[SOAK_REGIONS];
};

struct soak_span {
	struct barspan *span; /* NULL: the entry is free */
	bool by_mmap;	      /* ends when its last address is unmapped */
	int device, region;
	uint64_t offset, length; /* the window */
	size_t pages;
	uint8_t *base; /* NULL: BARSPAN_INDEPENDENT */
	int prot;
	unsigned int flags;
	bool whole;			 /* no page is a hole because of a failure */
	bool suspended;			 /* the whole span is known to be suspended */
	bool lost;			 /* resume returned -EEXIST: it stays suspended */
	bool gap;			 /* a part of it was unmapped once */
	bool trapped[SOAK_REGION_PAGES]; /* holes that the caller requested */
	bool gone[SOAK_REGION_PAGES];	 /* another mapping has taken the page's addresses */
	uintptr_t at[SOAK_REGION_PAGES]; /* 0: unknown */
};

enum soak_content { SOAK_ANON, SOAK_FILE, SOAK_RAW, SOAK_LEFT };

/* A foreign page. _RAW is mapped from a device without a span; _LEFT may
 * change. */
struct soak_foreign {
	uintptr_t address;
	int prot;
	bool shared;
	enum soak_content content;
	uint64_t inode, offset, seed;
};

/* A line of /proc/self/maps. */
struct soak_map {
	uintptr_t start, end;
	int prot;
	bool shared, exempt; /* exempt: the heap or a stack */
	uint64_t inode, offset;
};

extern size_t soak_page;
extern _Thread_local uint64_t soak_seed; /* the state of the random numbers */
extern enum soak_kind soak_kind;
extern bool soak_is_child;
extern struct soak_shared *soak_shared;
extern struct soak_device soak_devices[SOAK_DEVICES];
extern struct soak_span soak_spans[SOAK_SPANS];
extern struct soak_foreign soak_foreign[SOAK_FOREIGN];
extern size_t soak_n_foreign;
extern uint8_t *soak_arena;

/* soak.c */
uint64_t soak_random(uint64_t n); /* below n */
bool soak_chance(uint64_t one_in);
bool soak_without(enum soak_trigger trigger);
void soak_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void soak_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define SOAK_EXPECT(expression, ...) ((expression) ? (void)0 : soak_fail(__VA_ARGS__))

/* soak-episode.c */
void soak_episode(uint64_t seed, enum soak_kind kind, unsigned long steps);
void soak_step(void);

/* soak-maps.c */
extern struct soak_map *soak_maps;
extern size_t soak_n_maps;
void soak_maps_read(void);
const struct soak_map *soak_map_at(uintptr_t address);
/* Whether it may be a mapping of valgrind or of a sanitizer. */
bool soak_map_is_tool(const struct soak_map *map);
void soak_baseline(void);
bool soak_in_baseline(uintptr_t address);
uintptr_t soak_baseline_end(uintptr_t address);
void soak_check_descriptors(void);
/* spans of barspan_mmap() that have lost all their addresses */
extern unsigned int soak_endless;

/* soak-device.c */
void soak_devices_open(void);
void soak_devices_close(void);
struct soak_region *soak_region_of(const struct soak_span *span);
/* Whether the region's areas cover the page. */
bool soak_is_direct(const struct soak_region *region, uint64_t page);
bool soak_is_refused(const struct soak_region *region, uint64_t offset, size_t length);
struct soak_region *soak_region_by_inode(uint64_t inode, uint64_t offset);
bool soak_refuses(const struct soak_region *region);
void soak_refuse_randomly(void);

/* soak-model.c */
struct soak_span *soak_span_new(void);
struct soak_span *soak_span_any(void); /* NULL: there is none */
/* Updates the addresses of the span's pages. */
void soak_span_look(struct soak_span *span);
void soak_span_drop(struct soak_span *span);
size_t soak_span_count(void);
void soak_foreign_add(void *address, size_t pages, const struct soak_foreign *like);
void soak_foreign_remove(uintptr_t start, uintptr_t end);
struct soak_foreign *soak_foreign_at(uintptr_t address);
/* Whether the page's mapping is unchanged. */
bool soak_foreign_is_there(const struct soak_foreign *page);
bool soak_foreign_in(uintptr_t start, uintptr_t end);
void soak_foreign_fill(uintptr_t address, size_t pages);
uint64_t soak_pattern(const struct soak_foreign *page, size_t word);
bool soak_is_free(uintptr_t start, uintptr_t end);
bool soak_spans_in(uintptr_t start, uintptr_t end);
/* Removes a replaced or unmapped range from the model. */
void soak_gone(uintptr_t start, uintptr_t end);
/* Checks that a failed call has taken the whole range or nothing, and updates
 * the model. */
void soak_settle(uintptr_t start, uintptr_t end, const char *what);
uint8_t *soak_free_place(size_t pages); /* in the arena; NULL: no room */
uint8_t *soak_any_place(size_t pages);
uint8_t *soak_place_over(size_t pages); /* preferably over a span */
/* Adds mappings without an owner to the model as foreign: all of them, or those
 * without access. */
void soak_adopt_leftovers(bool all);

/* soak-check.c */
void soak_check(void);

/* soak-trouble.c: the troubles of a step. */
struct soak_trouble {
	bool any;
	bool munmap;	      /* munmap() has failed */
	bool mremap;	      /* mremap() has failed */
	bool no_proc;	      /* /proc cannot be read */
	bool no_mmap;	      /* mmap() fails, now and later */
	bool late;	      /* a call has unmapped its target before it failed */
	bool injected;	      /* a call or an allocation has failed */
	bool limited;	      /* a limit of the process */
	uintptr_t start, end; /* the range that the call may replace */
};
extern struct soak_trouble soak_trouble;
enum soak_transport {
	SOAK_NORMAL,
	SOAK_EARLY,
	SOAK_LATE_REFUSAL,
	SOAK_PIECES,
	SOAK_CALLS_BACK,
};
extern enum soak_transport soak_transport;
extern unsigned int soak_transport_countdown;
/* Chooses a trouble or none. `region` (may be NULL) is the step's region.
 * `call` (FAKE_CALLS: any) is the system call that fails most often. */
void soak_trouble_begin(struct soak_region *region, enum fake_call call);
void soak_trouble_end(void);
void soak_kernel_play(void);
/* Unmaps the target of a late failure. Another mapping may take its place. */
void soak_unmap_for_real(void *address, size_t length);
/* The next call to fail. */
struct soak_failure {
	enum fake_call call;
	unsigned long countdown; /* atomic; 0: no call fails */
	bool late, persists, no_proc;
	int error;
};
extern struct soak_failure soak_failure;
extern void *soak_gap; /* atomic: the latest gap */
extern bool soak_racing;

/* soak-span.c, soak-mmap.c, soak-remap.c, soak-access.c */
struct soak_mapping {
	int device, region;
	uint64_t length;
	size_t pages;
	struct barspan_options options;
	struct barspan_range hole;
};
void soak_mapping_choose(struct soak_mapping *mapping);
struct soak_span *soak_mapping_note(const struct soak_mapping *mapping, struct barspan *span);
void soak_mapping_settle(const struct soak_mapping *mapping, int r, struct barspan *span,
			 bool taken);
void soak_foreign_file_open(void);
void soak_do_map(void);
void soak_do_unmap(void);
void soak_do_suspend(void);
void soak_do_resume(void);
void soak_do_mmap_device(void);
void soak_do_mmap_other(void);
void soak_do_munmap(void);
void soak_do_mremap(void);
void soak_do_mprotect(void);
void soak_do_foreign(void);
void soak_do_access(void);
void soak_do_fork(void);

/* soak-thread.c, soak-cancel.c */
void soak_do_duel(void);
void soak_do_churn(void);
void soak_do_cancel(void);
void soak_threads_prepare(void);
/* Starts a thread on the i-th of four stacks. */
pthread_t soak_thread_start(int i, void *(*run)(void *), void *argument);

#endif
