/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct fake_hooks fake_hooks;

static unsigned long counts[FAKE_CALLS]; /* atomic, like all variables here */
static unsigned long countdown;		 /* calls until one fails; 0: no call fails */
static unsigned long call_countdown[FAKE_CALLS];
static int failure;
static int only_once;
static enum fake_call failed = FAKE_CALLS;

void fake_reset(void)
{
	memset(&fake_hooks, 0, sizeof(fake_hooks));
	memset(counts, 0, sizeof(counts));
	memset(call_countdown, 0, sizeof(call_countdown));
	countdown = 0;
	failed = FAKE_CALLS;
}

unsigned long fake_count(enum fake_call call)
{
	return __atomic_load_n(&counts[call], __ATOMIC_RELAXED);
}

unsigned long fake_total(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < FAKE_CALLS; i++)
		sum += fake_count((enum fake_call)i);
	return sum;
}

void fake_fail(unsigned long n, int error, int once)
{
	countdown = n;
	failure = error ? error : -EPERM;
	only_once = once;
}

void fake_fail_call(enum fake_call call, unsigned long n, int error)
{
	call_countdown[call] = n;
	failure = error ? error : -EPERM;
}

enum fake_call fake_failed(void)
{
	return failed;
}

/* Counts down. Returns whether this is the call to fail. */
static bool count_down(unsigned long *left, bool stay)
{
	if (!*left)
		return false;
	if (*left > 1) {
		--*left;
		return false;
	}
	if (!stay)
		*left = 0;
	return true;
}

/* Whether this call is to fail. */
static bool should_fail(enum fake_call call)
{
	__atomic_fetch_add(&counts[call], 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&countdown, __ATOMIC_RELAXED) &&
	    !__atomic_load_n(&call_countdown[call], __ATOMIC_RELAXED))
		return false;
	if (!count_down(&call_countdown[call], false) &&
	    (call == FAKE_MUNMAP || !count_down(&countdown, !only_once)))
		return false;
	failed = call;
	return true;
}

void *__real_sys_calloc(size_t n, size_t size);
void *__wrap_sys_calloc(size_t n, size_t size);
void *__wrap_sys_calloc(size_t n, size_t size)
{
	if (should_fail(FAKE_CALLOC))
		return NULL;
	return __real_sys_calloc(n, size);
}

void *__real_sys_realloc(void *memory, size_t size);
void *__wrap_sys_realloc(void *memory, size_t size);
void *__wrap_sys_realloc(void *memory, size_t size)
{
	if (should_fail(FAKE_REALLOC))
		return NULL;
	return __real_sys_realloc(memory, size);
}

int __wrap_sys_open(const char *path, int flags);
int __wrap_sys_open(const char *path, int flags)
{
	if (should_fail(FAKE_OPEN))
		return failure;
	return fake_hooks.open ? fake_hooks.open(path, flags) : real_sys_open(path, flags);
}

int __real_sys_memfd_create(const char *name);
int __wrap_sys_memfd_create(const char *name);
int __wrap_sys_memfd_create(const char *name)
{
	if (should_fail(FAKE_MEMFD_CREATE))
		return failure;
	return __real_sys_memfd_create(name);
}

int __real_sys_ftruncate(int fd, uint64_t length);
int __wrap_sys_ftruncate(int fd, uint64_t length);
int __wrap_sys_ftruncate(int fd, uint64_t length)
{
	if (should_fail(FAKE_FTRUNCATE))
		return failure;
	return __real_sys_ftruncate(fd, length);
}

int __wrap_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_sys_ioctl(int fd, unsigned long request, void *argument)
{
	if (should_fail(FAKE_IOCTL))
		return failure;
	return fake_hooks.ioctl ? fake_hooks.ioctl(fd, request, argument)
				: real_sys_ioctl(fd, request, argument);
}

int __real_sys_read(int fd, void *buffer, size_t length);
int __wrap_sys_read(int fd, void *buffer, size_t length);
int __wrap_sys_read(int fd, void *buffer, size_t length)
{
	if (should_fail(FAKE_READ))
		return failure;
	return __real_sys_read(fd, buffer, length);
}

int __wrap_sys_pread(int fd, void *buffer, size_t length, uint64_t offset);
int __wrap_sys_pread(int fd, void *buffer, size_t length, uint64_t offset)
{
	if (should_fail(FAKE_PREAD))
		return failure;
	return fake_hooks.pread ? fake_hooks.pread(fd, buffer, length, offset)
				: real_sys_pread(fd, buffer, length, offset);
}

int __wrap_sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset);
int __wrap_sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset)
{
	if (should_fail(FAKE_PWRITE))
		return failure;
	return fake_hooks.pwrite ? fake_hooks.pwrite(fd, buffer, length, offset)
				 : real_sys_pwrite(fd, buffer, length, offset);
}

int __wrap_sys_readlink(const char *path, char *buffer, size_t length);
int __wrap_sys_readlink(const char *path, char *buffer, size_t length)
{
	if (should_fail(FAKE_READLINK))
		return failure;
	return fake_hooks.readlink ? fake_hooks.readlink(path, buffer, length)
				   : real_sys_readlink(path, buffer, length);
}

int __wrap_sys_fstat(int fd, struct stat *out);
int __wrap_sys_fstat(int fd, struct stat *out)
{
	if (should_fail(FAKE_FSTAT))
		return failure;
	return fake_hooks.fstat ? fake_hooks.fstat(fd, out) : real_sys_fstat(fd, out);
}

int __wrap_sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length);
int __wrap_sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	if (should_fail(FAKE_FIND_ENTRY))
		return failure;
	return fake_hooks.find_entry ? fake_hooks.find_entry(directory, prefix, buffer, length)
				     : real_sys_find_entry(directory, prefix, buffer, length);
}

int __wrap_sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		    uint64_t offset);
int __wrap_sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		    uint64_t offset)
{
	if (should_fail(FAKE_MMAP))
		return failure;
	return fake_hooks.mmap ? fake_hooks.mmap(out, address, length, prot, flags, fd, offset)
			       : real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

int __wrap_sys_munmap(void *address, size_t length);
int __wrap_sys_munmap(void *address, size_t length)
{
	if (should_fail(FAKE_MUNMAP))
		return failure;
	return fake_hooks.munmap ? fake_hooks.munmap(address, length)
				 : real_sys_munmap(address, length);
}

int __wrap_sys_mprotect(void *address, size_t length, int prot);
int __wrap_sys_mprotect(void *address, size_t length, int prot)
{
	if (should_fail(FAKE_MPROTECT))
		return failure;
	return fake_hooks.mprotect ? fake_hooks.mprotect(address, length, prot)
				   : real_sys_mprotect(address, length, prot);
}

int __wrap_sys_madvise(void *address, size_t length, int advice);
int __wrap_sys_madvise(void *address, size_t length, int advice)
{
	if (should_fail(FAKE_MADVISE))
		return failure;
	return fake_hooks.madvise ? fake_hooks.madvise(address, length, advice)
				  : real_sys_madvise(address, length, advice);
}

int __wrap_sys_move_mapping(void *from, size_t length, void *to);
int __wrap_sys_move_mapping(void *from, size_t length, void *to)
{
	if (should_fail(FAKE_MOVE_MAPPING))
		return failure;
	return fake_hooks.move_mapping ? fake_hooks.move_mapping(from, length, to)
				       : real_sys_move_mapping(from, length, to);
}

int __wrap_sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags,
		      void *to);
int __wrap_sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags, void *to)
{
	if (fake_hooks.mremap)
		return fake_hooks.mremap(out, from, length, new_length, flags, to);
	return real_sys_mremap(out, from, length, new_length, flags, to);
}

int __wrap_sys_munlock(void *address, size_t length);
int __wrap_sys_munlock(void *address, size_t length)
{
	return fake_hooks.munlock ? fake_hooks.munlock(address, length)
				  : real_sys_munlock(address, length);
}
