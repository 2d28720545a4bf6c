/* SPDX-License-Identifier: BSD-3-Clause */
/* Extensible structs: callers pass structs that begin with their own size and
 * may be older or newer than this library's definition. */
#ifndef EXTENSIBLE_H
#define EXTENSIBLE_H

#include <stddef.h>

/* The largest struct size accepted, in bytes. The kernel has the same limit:
 * see copy_struct_from_user() and its callers. */
enum { EXTENSIBLE_MAX = 4096 };

/* Copies the caller's struct into one of `known` bytes. Members that the
 * caller's struct lacks become zero.
 * -EINVAL: its size is less than `least`; -E2BIG: its size is more than
 * EXTENSIBLE_MAX (nothing after the size is read), or it has nonzero bytes
 * after the first `known`. */
int copy_extensible(void *to, size_t known, const void *from, size_t least);

/* The same for a struct whose size the caller passes separately. */
int copy_extensible_sized(void *to, size_t known, const void *from, size_t size, size_t least);

/* Describes why copy_extensible() has failed, such as "size 8192 is more than
 * 4096". Returns `text`. */
enum { EXTENSIBLE_TEXT = 96 };
const char *extensible_explain(char text[EXTENSIBLE_TEXT], size_t known, size_t size, size_t least);

#endif
