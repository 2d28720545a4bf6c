/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that cancel a thread inside a call. The call completes or does not
 * begin. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

enum act { MAP, SUSPEND, RESUME, MMAP, MUNMAP, ACTS };

/* A call of the thread, and the results. Both outlive the thread. */
struct call {
	enum act act;
	bool asynchronous, at_once; /* at_once: cancelled before the call begins */
	struct soak_mapping mapping;
	struct soak_span *span;
	uint8_t *address;
	size_t pages;
	bool ready; /* atomic */
	struct barspan *made;
};

static void make_call(struct call *call)
{
	const struct soak_region *region =
		&soak_devices[call->mapping.device].regions[call->mapping.region];

	switch (call->act) {
	case MAP:
		barspan_map(&call->made, soak_devices[call->mapping.device].handle,
			    (unsigned int)call->mapping.region, &call->mapping.options);
		break;
	case SUSPEND:
		barspan_suspend(call->span->span);
		break;
	case RESUME:
		barspan_resume(call->span->span);
		break;
	case MMAP:
		barspan_mmap(call->address, call->pages * soak_page, PROT_READ,
			     MAP_SHARED | MAP_FIXED_NOREPLACE,
			     soak_devices[call->mapping.device].fd,
			     (int64_t)(region->file_offset + call->mapping.options.offset));
		break;
	default:
		barspan_munmap(call->address, call->pages * soak_page);
	}
}

static void *be_cancelled(void *context)
{
	struct call *call = context;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	if (call->at_once)
		pthread_cancel(pthread_self());
	__atomic_store_n(&call->ready, true, __ATOMIC_RELEASE);
	pthread_setcanceltype(call->asynchronous && !call->at_once ? PTHREAD_CANCEL_ASYNCHRONOUS
								   : PTHREAD_CANCEL_DEFERRED,
			      NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	make_call(call);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	pthread_testcancel();
	return NULL;
}

static void run_and_cancel(struct call *call)
{
	pthread_t thread = soak_thread_start(0, be_cancelled, call);

	while (!__atomic_load_n(&call->ready, __ATOMIC_ACQUIRE))
		sched_yield();
	for (uint64_t n = soak_random(soak_chance(2) ? 3000 : 60000); n; n--)
		(void)__atomic_load_n(&call->ready, __ATOMIC_SEQ_CST);
	if (!call->at_once)
		pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* The thread uses free addresses or those of a single span, because its return
 * value may be lost. */
static bool choose_call(struct call *call)
{
	struct soak_mapping *mapping = &call->mapping;

	memset(call, 0, sizeof(*call));
	call->act = (enum act)soak_random(ACTS);
	call->at_once = soak_chance(2);
	call->asynchronous = soak_chance(2) && !soak_without(SOAK_ASYNC);
	if (call->act == MAP || call->act == MMAP) {
		do
			soak_mapping_choose(mapping);
		while (call->act == MMAP && (mapping->device != SOAK_VFIO ||
					     mapping->length < mapping->pages * soak_page));
		mapping->options.flags &= ~(unsigned int)BARSPAN_FIXED;
		mapping->options.address = call->address = soak_free_place(mapping->pages);
		if (mapping->options.flags & BARSPAN_INDEPENDENT)
			mapping->options.address = NULL;
		else
			mapping->options.alignment = 0;
		call->pages = mapping->pages;
		return call->address && soak_span_count() <= SOAK_SPANS / 2;
	}
	call->span = soak_span_any();
	if (!call->span || (call->act == MUNMAP && !call->span->base))
		return false;
	call->pages = 1 + soak_random(call->span->pages);
	call->address =
		call->span->base + soak_random(call->span->pages - call->pages + 1) * soak_page;
	return true;
}

static void note_mmapped(struct call *call)
{
	struct barspan *found = barspan_find(call->address, NULL);
	struct soak_mapping *mapping = &call->mapping;

	if (!found)
		return;
	mapping->options.prot = PROT_READ;
	mapping->options.flags = 0;
	mapping->hole.length = 0;
	soak_mapping_note(mapping, found)->by_mmap = true;
}

static void note_call(struct call *call)
{
	uintptr_t start = (uintptr_t)call->address, end = start + call->pages * soak_page;

	switch (call->act) {
	case MAP:
		if (call->made)
			soak_mapping_note(&call->mapping, call->made);
		break;
	case MMAP:
		note_mmapped(call);
		break;
	case MUNMAP:
		soak_settle(start, end, "barspan_munmap()");
		break;
	default:
		call->span->whole = false;
		call->span->suspended = false;
	}
}

void soak_do_cancel(void)
{
	static const char *const names[ACTS] = { "map", "suspend", "resume", "mmap", "munmap" };
	struct call call;

	if (!choose_call(&call))
		return;
	soak_trace("cancel %s, %s%s, span %p at %p + %zu", names[call.act],
		   call.asynchronous ? "asynchronously" : "deferred",
		   call.at_once ? ", at once" : "", call.span ? (void *)call.span->span : NULL,
		   (void *)call.address, call.pages);
	memset(&soak_trouble, 0, sizeof(soak_trouble));
	soak_trouble.any = true;
	if (call.act == MUNMAP) {
		soak_trouble.start = (uintptr_t)call.address;
		soak_trouble.end = soak_trouble.start + call.pages * soak_page;
	}
	run_and_cancel(&call);
	note_call(&call);
}

static void *be_cancelled_at_start(void *context)
{
	(void)context;
	for (;;)
		pause();
	return NULL;
}

/* The first cancellation loads a library and allocates memory: cause it in
 * advance. */
void soak_threads_prepare(void)
{
	for (int i = 0; i < 4; i++) {
		pthread_t thread = soak_thread_start(i, be_cancelled_at_start, NULL);

		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
}
