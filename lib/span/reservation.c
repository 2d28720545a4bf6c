/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/reservation.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "util/log.h"
#include "span/maps.h"
#include "util/sys.h"

#define RESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

void reservation_release(uint8_t *address, size_t length)
{
	int r = length ? sys_munmap(address, length) : 0;

	if (r)
		log_error("cannot unmap %p-%p: %s", (void *)address, (void *)(address + length - 1),
			  log_error_name(r));
}

/* Reserves addresses exactly at `address`, if they are free. */
static int reserve_free(uint8_t *address, size_t length)
{
	void *got;
	int r = sys_mmap(&got, address, length, PROT_NONE, RESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (r || got == address)
		return r;
	/* A kernel before 4.17 takes the address as a hint. */
	reservation_release(got, length);
	return -EEXIST;
}

/*
 * After mlockall(MCL_FUTURE) every new mapping counts against RLIMIT_MEMLOCK,
 * even with PROT_NONE, and a device mapping over it counts again. A single page
 * that is unlocked and then grown by mremap() does not count.
 */
static int reserve_unlocked(uint8_t **out, const struct reservation_request *request, size_t length)
{
	size_t page = sys_page_size();
	uint8_t *address = request->address;
	int flags = MREMAP_MAYMOVE, r;
	void *got = NULL;

	if (address && !request->replace) {
		r = reserve_free(address, page);
		got = address;
		flags = 0; /* do not replace other mappings */
	} else {
		r = sys_mmap(&got, NULL, page, PROT_NONE, RESERVE, -1, 0);
		flags |= address ? MREMAP_FIXED : 0;
	}
	if (r)
		return r;
	r = sys_munlock(got, page);
	if (!r && (length > page || flags & MREMAP_FIXED))
		r = sys_mremap(&got, got, page, length, flags, address);
	if (r)
		reservation_release(got, page);
	else
		*out = got;
	return r == -ENOMEM && address && !request->replace ? -EEXIST : r;
}

static int reserve_range(struct reservation *out, const struct reservation_request *request,
			 size_t length)
{
	void *got = request->address;
	int r;

	if (got && !request->replace)
		r = reserve_free(got, length);
	else
		r = sys_mmap(&got, got, length, PROT_NONE, RESERVE | (got ? MAP_FIXED : 0), -1, 0);
	out->start = got;
	out->is_unlocked = r == -EAGAIN;
	return r == -EAGAIN ? reserve_unlocked(&out->start, request, length) : r;
}

int reservation_create(struct reservation *out, const struct reservation_request *request)
{
	size_t page = sys_page_size(), slack = request->alignment - page, length;
	struct reservation made;
	int r;

	if (request->address)
		slack = 0;
	else if (!slack && request->with_neighbour)
		slack = page;
	if (__builtin_add_overflow(request->length, slack, &length))
		return -ENOMEM;
	r = reserve_range(&made, request, length);
	if (r)
		return r;
	made.length = length;
	made.base = made.start;
	if (!request->address)
		made.base +=
			(size_t)(request->phase - (uintptr_t)made.start) & (request->alignment - 1);
	r = sys_madvise(made.start, length, MADV_DONTDUMP);
	if (r)
		reservation_release(made.start, length);
	else
		*out = made;
	return r;
}

int reservation_trim(struct reservation *reservation, size_t length)
{
	size_t head = (size_t)(reservation->base - reservation->start),
	       tail = reservation->length - head - length;
	int r = 0;

	if (head)
		r = sys_munmap(reservation->start, head);
	if (r)
		return r;
	reservation->start += head;
	reservation->length -= head;
	if (tail)
		r = sys_munmap(reservation->base + length, tail);
	if (!r)
		reservation->length -= tail;
	return r;
}

bool reservation_unlock(struct reservation *reservation)
{
	if (reservation->is_unlocked || sys_munlock(reservation->start, reservation->length))
		return false;
	reservation->is_unlocked = true;
	return true;
}

/*
 * Asks the kernel in constant time whether the range is one mapping. mremap()
 * without MREMAP_MAYMOVE fails with EFAULT for a range of several mappings. It
 * fails with ENOMEM (EAGAIN if locked) for a single mapping that cannot grow to
 * the requested length, which is chosen to reach past the main thread's stack.
 */
bool reservation_is_whole(uint8_t *start, size_t length)
{
	uintptr_t stack = getauxval(AT_EXECFN), page = sys_page_size(), from = (uintptr_t)start;
	size_t wanted = stack > from + length ? (stack - from) / page * page + page : length + page;
	void *grown;
	int r;

	/* valgrind's mremap() crashes on a mapping that cannot grow. */
	if (sys_under_valgrind())
		return maps_has_one(from, from + length);
	r = sys_mremap(&grown, start, length, wanted, 0, NULL);
	if (!r)
		reservation_release(start + length, wanted - length);
	return r == -ENOMEM || r == -EAGAIN || !r;
}

bool reservation_is_intact(uint8_t *address, size_t length)
{
	size_t page = sys_page_size();
	uint8_t *const beside[] = { address + length, address - page };
	bool intact = false;

	/* A page that is mapped and marked beside the range merges with it into
	 * one mapping if the range is marked, too. */
	for (size_t i = 0; i < 2 && !intact; i++) {
		if (reserve_free(beside[i], page))
			continue;
		intact = !sys_madvise(beside[i], page, MADV_DONTDUMP) &&
			 reservation_is_whole(i ? beside[i] : address, length + page);
		reservation_release(beside[i], page);
	}
	return intact;
}

bool reservation_reclaim(uint8_t *address, size_t length, uint8_t *neighbour)
{
	if (reserve_free(address, length)) {
		if (!neighbour)
			return reservation_is_intact(address, length);
		return reservation_is_whole(neighbour < address ? neighbour : address,
					    length + sys_page_size());
	}
	/* If marking fails the range is still reserved, but
	 * reservation_is_intact() would take it as lost after another
	 * failure. */
	sys_madvise(address, length, MADV_DONTDUMP);
	return true;
}

bool map_count_allows(size_t n)
{
	size_t page = sys_page_size();
	void *probe;
	int r = sys_mmap(&probe, NULL, n * page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (r)
		return false;
	/* Each changed page splits the mapping. */
	for (size_t i = 1; !r && i < n; i += 2)
		r = sys_mprotect((uint8_t *)probe + i * page, page, PROT_READ);
	reservation_release(probe, n * page);
	return !r;
}
