/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every system call and every allocation of the library, so that tests can count them and make each one fail.
 *
 * Functions return 0, or what they say, or a negative errno value; they leave errno alone.
 */
#ifndef SYS_H
#define SYS_H

#include <stddef.h>
#include <stdint.h>

void *sys_calloc(size_t n, size_t size);
void *sys_realloc(void *memory, size_t size);
void sys_free(void *memory);

/* Whether sys_pread() and sys_pwrite() are no cancellation points. */
enum { SYS_IS_RAW = __SIZEOF_LONG__ == 8 };

size_t sys_page_size(void);

/* Rounded up to whole pages; what is less than a page from the end of 64 bits wraps. */
uint64_t sys_page_up(uint64_t length);

/* Close-on-exec is added. Return a descriptor. */
int sys_open(const char *path, int flags);
int sys_memfd_create(const char *name);
int sys_dup(int fd);

void sys_close(int fd);
int sys_ftruncate(int fd, uint64_t length);

/* Returns what the ioctl does. */
int sys_ioctl(int fd, unsigned long request, void *argument);

/* All of the bytes, or an error. Async-signal-safe. */
int sys_write(int fd, const void *buffer, size_t length);

/* Past an interposed sigaction(2): for the trap, which stands in for it. Async-signal-safe. */
struct sigaction;
int sys_sigaction(int number, const struct sigaction *new, struct sigaction *old);

/* Returns how many bytes were read; 0 at the end. */
int sys_read(int fd, void *buffer, size_t length);

/* All of the bytes, or an error: -EIO where the file says that there are no more. Async-signal-safe. */
int sys_pread(int fd, void *buffer, size_t length, uint64_t offset);
int sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset);

/* Puts the text of a link, as a string, into `buffer`; -ENAMETOOLONG where it does not fit. */
int sys_readlink(const char *path, char *buffer, size_t length);

/* Puts the name of the first entry of a directory that begins with `prefix` into `buffer`; -ENOENT: there is none. */
int sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length);

/* These four go to the kernel straight, past whatever stands in for the C library's functions: see lib/preload.c. */
int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset);
int sys_munmap(void *address, size_t length);
int sys_mprotect(void *address, size_t length, int prot);

/* As mremap(2). */
int sys_remap(void **out, void *from, size_t length, size_t new_length, int flags, void *to);

/* Moves a mapping onto `to`, over what is there. */
int sys_mremap(void *from, size_t length, void *to);

int sys_madvise(void *address, size_t length, int advice);

#endif
