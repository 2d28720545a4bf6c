/* SPDX-License-Identifier: BSD-3-Clause */
#include "place.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "log.h"
#include "marked.h"
#include "sys.h"

#define RESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static pthread_mutex_t lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

int place_lock(void)
{
	return -pthread_mutex_lock(&lock);
}

void place_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void place_release(uint8_t *address, size_t length)
{
	int r = length ? sys_munmap(address, length) : 0;

	if (r)
		log_error("munmap of %p + 0x%zx failed: %s", (void *)address, length, log_error_name(r));
}

/* Maps without access exactly at `address`, where nothing may be. */
static int reserve_free(uint8_t *address, size_t length)
{
	void *got;
	int r = sys_mmap(&got, address, length, PROT_NONE, RESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (r || got == address)
		return r;
	/* A kernel before 4.17 takes the address for a hint. */
	place_release(got, length);
	return -EEXIST;
}

static int reserve_at(uint8_t **out, const struct place_wish *wish)
{
	void *got = wish->address;
	int r;

	if (wish->replace)
		r = sys_mmap(&got, got, wish->length, PROT_NONE, RESERVE | MAP_FIXED, -1, 0);
	else
		r = reserve_free(got, wish->length);
	if (!r)
		*out = got;
	return r;
}

/* Reserves more than is wanted and gives back what is too much at both ends. */
static int reserve_anywhere(uint8_t **out, const struct place_wish *wish)
{
	size_t slack = wish->alignment - sys_page_size(), head, length;
	void *got;
	int r;

	if (__builtin_add_overflow(wish->length, slack, &length))
		return -ENOMEM;
	r = sys_mmap(&got, NULL, length, PROT_NONE, RESERVE, -1, 0);
	if (r)
		return r;
	head = (size_t)(wish->phase - (uintptr_t)got) & (wish->alignment - 1);

	uint8_t *address = (uint8_t *)got + head;

	if (head) {
		r = sys_munmap(got, head);
		if (r) {
			place_release(got, length);
			return r;
		}
	}
	if (head < slack) {
		r = sys_munmap(address + wish->length, slack - head);
		if (r) {
			place_release(address, length - head);
			return r;
		}
	}
	*out = address;
	return 0;
}

int place_reserve(uint8_t **out, const struct place_wish *wish)
{
	uint8_t *address;
	int r = wish->address ? reserve_at(&address, wish) : reserve_anywhere(&address, wish);

	if (r)
		return r;
	r = sys_madvise(address, wish->length, MADV_DONTDUMP);
	if (r)
		place_release(address, wish->length);
	else
		*out = address;
	return r;
}

bool place_retake(uint8_t *address, size_t length, bool suspended)
{
	if (reserve_free(address, length))
		return marked(address, length, !suspended);
	/* Unmarked, it is ours all the same; it can only be mistaken for lost when mapping over it fails again. */
	sys_madvise(address, length, MADV_DONTDUMP);
	return true;
}

/* A mapping that is put into the middle of another takes two more, mremap() wants some in reserve, and the process
 * needs some of its own. */
enum { FEW_MAPPINGS = 65 };

bool place_exhausted(void)
{
	size_t page = sys_page_size();
	void *probe;
	int r = sys_mmap(&probe, NULL, FEW_MAPPINGS * page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (r)
		return true;
	/* Every other page is a mapping of its own then, and so are those between. */
	for (size_t i = 1; !r && i < FEW_MAPPINGS; i += 2)
		r = sys_mprotect((uint8_t *)probe + i * page, page, PROT_READ);
	place_release(probe, FEW_MAPPINGS * page);
	return r;
}
