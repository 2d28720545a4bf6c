/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/options.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "device/device.h"
#include "util/log.h"
#include "util/extensible.h"
#include "util/sys.h"

enum { KNOWN_FLAGS = BARSPAN_STRICT | BARSPAN_FIXED | BARSPAN_INDEPENDENT };

static int refuse_options(const struct barspan_device *device, unsigned int index, int r,
			  const char *what)
{
	log_error("%s region %u: %s", barspan_device_name(device), index, what);
	return r;
}

/* The cause for which options are invalid whatever the region is; NULL: there
 * is none. */
static const char *find_invalid_option(const struct barspan_options *options, size_t page_size)
{
	uintptr_t address = (uintptr_t)options->address;

	if (options->flags & ~(unsigned int)KNOWN_FLAGS)
		return "options.flags has unknown bits";
	if (options->prot & ~(PROT_READ | PROT_WRITE))
		return "options.prot has more than PROT_READ and PROT_WRITE";
	if (options->offset % page_size)
		return "options.offset is not a multiple of the page size";
	if (address % page_size)
		return "options.address is not a multiple of the page size";
	if (options->alignment & (options->alignment - 1))
		return "options.alignment is not a power of two";
	if (options->address && options->alignment && address % options->alignment)
		return "options.address is not a multiple of options.alignment";
	if (options->flags & BARSPAN_FIXED && !options->address)
		return "BARSPAN_FIXED without options.address";
	if (options->flags & BARSPAN_INDEPENDENT && (options->address || options->alignment))
		return "BARSPAN_INDEPENDENT with options.address or options.alignment";
	return options->n_holes && !options->holes ? "options.n_holes without options.holes" : NULL;
}

int options_read(struct barspan_options *out, const struct barspan_options *given,
		 const struct barspan_device *device, unsigned int index)
{
	const char *invalid;
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (given)
		r = copy_extensible(out, sizeof(*out), given, sizeof(given->size));
	if (r)
		return refuse_options(
			device, index, r,
			"options of a size, or with a part, that this library does not know");
	invalid = find_invalid_option(out, sys_page_size());
	return invalid ? refuse_options(device, index, -EINVAL, invalid) : 0;
}

/* Fills in the defaults that depend on the region, and checks the options
 * against it. */
static int fit_options(struct barspan_options *options, const struct barspan_device *device,
		       unsigned int index, const struct barspan_region *region)
{
	int allowed = (region->flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
		      (region->flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);

	if (options->offset >= region->size || options->length > region->size - options->offset) {
		log_error("%s region %u: the window 0x%" PRIx64 " + 0x%" PRIx64
			  " is not inside the region (size 0x%" PRIx64 ")",
			  barspan_device_name(device), index, options->offset, options->length,
			  region->size);
		return -ERANGE;
	}
	if (options->prot & ~allowed) {
		log_error("%s region %u: prot 0x%x is more than the region allows (flags 0x%" PRIx32
			  ")",
			  barspan_device_name(device), index, (unsigned int)options->prot,
			  region->flags);
		return -EACCES;
	}
	if (!options->prot)
		options->prot = allowed;
	if (!options->length)
		options->length = region->size - options->offset;
	return 0;
}

int options_to_request(struct layout_request *request, struct barspan_options *options,
		       struct barspan_device *device, unsigned int index,
		       const struct barspan_region *region)
{
	int r;

	if (!region->size)
		return refuse_options(device, index, -ENOENT, "the region has size 0");
	*request = (struct layout_request){ .region = *region };
	r = fit_options(options, device, index, region);
	if (!r && region->flags & BARSPAN_REGION_MMAP &&
	    !(region->flags & BARSPAN_REGION_MSIX_MAPPABLE))
		r = device_msix(device, &request->msix);
	request->device = barspan_device_name(device);
	request->index = index;
	request->page_size = sys_page_size();
	request->holes = options->holes;
	request->n_holes = options->n_holes;
	request->offset = options->offset;
	request->length = options->length;
	request->prot = options->prot;
	request->strict = options->flags & BARSPAN_STRICT;
	return r;
}
