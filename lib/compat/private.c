/* SPDX-License-Identifier: BSD-3-Clause */
#include "compat/private.h"

#include "device/device.h"
#include "device/vfio.h"
#include "span/io.h"
#include "span/ptr-cache.h"
#include "span/span.h"
#include "util/log.h"
#include "util/operation.h"
#include "util/owned.h"
#include "util/sys.h"

int barspan_registry_find_(struct registry_range *out, uintptr_t address)
{
	return registry_find(out, address);
}

int barspan_registry_overlap_(struct registry_range *out, uintptr_t start, uintptr_t end)
{
	return registry_overlap(out, start, end);
}

const struct barspan_guard_ *barspan_table_(const struct barspan *span)
{
	return span_table(span);
}

uint64_t barspan_generation_(void)
{
	return ptr_cache_generation();
}

bool barspan_calls_back_(const struct barspan *span)
{
	return to_const_span(span)->device->calls_back;
}

bool barspan_is_by_address_(const struct barspan *span)
{
	return to_const_span(span)->owner == SPAN_OF_ADDRESSES;
}

void barspan_note_failure_(struct barspan *span, uint64_t offset, unsigned int width, bool is_write,
			   int r)
{
	io_note_failure(span, offset, width, is_write, r);
}

bool barspan_is_first_rescue_(struct barspan *span)
{
	return !__atomic_test_and_set(&to_span(span)->rescued, __ATOMIC_RELAXED);
}

void barspan_log_error_(const char *message)
{
	log_error("%s", message);
}

void barspan_watch_(void (*watcher)(const struct barspan *span))
{
	span_watch(watcher);
}

void barspan_protect_(pthread_mutex_t *mutex)
{
	operation_protect(mutex);
}

bool barspan_is_vfio_(int fd)
{
	return vfio_is_device(fd);
}

bool barspan_overlaps_(const void *address, size_t length)
{
	uintptr_t start = (uintptr_t)address, end;
	struct registry_range range;

	if (__builtin_add_overflow(start, length, &end))
		end = UINTPTR_MAX;
	return !registry_overlap(&range, start, end);
}

int barspan_keep_descriptor_(int fd)
{
	return sys_keep(fd, OWNED_COMMON_BASE);
}

void barspan_note_descriptor_(int fd)
{
	owned_add(fd);
}

bool barspan_owns_descriptor_(int fd)
{
	return owned_has(fd);
}

int barspan_own_descriptor_(unsigned int from)
{
	return owned_next(from);
}
