/* SPDX-License-Identifier: BSD-3-Clause */
#include "compat/private.h"

#include <stdint.h>

#include "device/device.h"
#include "device/vfio.h"
#include "util/owned.h"
#include "span/registry.h"
#include "util/sys.h"

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
