/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: allocations, pages and mappings. */
#include "util/sys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/sys-call.h"

/* Small blocks come from malloc(): before glibc 2.41 calloc() does not use the
 * per-thread cache. */
void *sys_calloc(size_t n, size_t size)
{
	enum { SMALL = 1024 };
	int saved = errno;
	size_t total;
	void *memory;

	if (!__builtin_mul_overflow(n, size, &total) && total <= SMALL) {
		memory = malloc(total ? total : 1);
		if (memory)
			memset(memory, 0, total);
	} else {
		memory = calloc(n, size);
	}
	errno = saved;
	return memory;
}

void *sys_realloc(void *memory, size_t size)
{
	int saved = errno;
	void *grown = realloc(memory, size);

	errno = saved;
	return grown;
}

void sys_free(void *memory)
{
	int saved = errno;

	free(memory);
	errno = saved;
}

size_t sys_page_size(void)
{
	static size_t known;
	size_t size = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!size) {
		size = (size_t)sysconf(_SC_PAGESIZE);
		__atomic_store_n(&known, size, __ATOMIC_RELAXED);
	}
	return size;
}

uint64_t sys_page_up(uint64_t length)
{
	uint64_t page_size = sys_page_size();

	return (length + page_size - 1) & ~(page_size - 1);
}

int sys_mmap_units(uint64_t *units, uint64_t offset, uint64_t page_size, uint64_t unit,
		   uint64_t most)
{
	if (offset % page_size)
		return -EINVAL;
	if (offset / unit > most)
		return -EOVERFLOW;
	*units = offset / unit;
	return 0;
}

int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	uint64_t units;
	int r = sys_mmap_units(&units, offset, sys_page_size(), MMAP_UNIT, ULONG_MAX);
	int saved = errno;
	long mapped;

	if (r)
		return r;
	mapped = call_mmap(address, length, prot, flags, fd, (unsigned long)units);
	if (mapped == -1)
		return finish_call(-1, saved);
	*out = (void *)mapped;
	return 0;
}

int sys_munmap(void *address, size_t length)
{
	int saved = errno;

	return finish_call(syscall(SYS_munmap, address, length), saved);
}

int sys_mprotect(void *address, size_t length, int prot)
{
	int saved = errno;

	return finish_call(syscall(SYS_mprotect, address, length, prot), saved);
}

int sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags, void *to)
{
	int saved = errno;
	long moved = syscall(SYS_mremap, from, length, new_length, flags, to);

	if (moved == -1)
		return finish_call(-1, saved);
	*out = (void *)moved;
	return 0;
}

int sys_move_mapping(void *from, size_t length, void *to)
{
	return sys_mremap(&to, from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

int sys_madvise(void *address, size_t length, int advice)
{
	int saved = errno;

	return finish_call(madvise(address, length, advice), saved);
}

int sys_munlock(void *address, size_t length)
{
	int saved = errno;

	return finish_call(munlock(address, length), saved);
}

bool sys_is_mapped(void *address, size_t length)
{
	enum { PAGES = 1024 };
	size_t chunk = PAGES * sys_page_size(), n;
	unsigned char resident[PAGES];
	int saved = errno, r = 0;

	for (size_t done = 0; !r && done < length; done += n) {
		n = length - done < chunk ? length - done : chunk;
		r = mincore((char *)address + done, n, resident);
	}
	return !finish_call(r, saved);
}
