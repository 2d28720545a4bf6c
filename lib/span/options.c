/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "device/device.h"
#include "util/log.h"
#include "util/extensible.h"
#include "util/sys.h"

enum { KNOWN_FLAGS = BARSPAN_STRICT | BARSPAN_FIXED | BARSPAN_INDEPENDENT };

/* The owner of the options, for messages. */
struct owner {
	const char *device;
	unsigned int index;
};

/* Logs the cause, and returns -EINVAL. */
__attribute__((format(printf, 2, 3))) static int reject_option(const struct owner *owner,
							       const char *format, ...)
{
	char cause[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cause, sizeof(cause), format, arguments);
	va_end(arguments);
	log_error("%s region %u: %s", owner->device, owner->index, cause);
	return -EINVAL;
}

static int check_addresses(const struct barspan_options *options, const struct owner *owner)
{
	size_t page_size = sys_page_size();
	uintptr_t address = (uintptr_t)options->address;

	if (options->offset % page_size)
		return reject_option(owner,
				     "options.offset 0x%" PRIx64
				     " is not a multiple of the page size 0x%zx",
				     options->offset, page_size);
	if (address % page_size)
		return reject_option(owner,
				     "options.address %p is not a multiple of the page size 0x%zx",
				     options->address, page_size);
	if (options->alignment & (options->alignment - 1))
		return reject_option(owner, "options.alignment 0x%zx is not a power of two",
				     options->alignment);
	if (options->address && options->alignment && address % options->alignment)
		return reject_option(owner,
				     "options.address %p is not a multiple of options.alignment "
				     "0x%zx",
				     options->address, options->alignment);
	return 0;
}

static int check_flags(const struct barspan_options *options, const struct owner *owner)
{
	unsigned int flags = options->flags, unknown = flags & ~(unsigned int)KNOWN_FLAGS;

	if (unknown)
		return reject_option(owner, "options.flags 0x%x has unknown bits 0x%x", flags,
				     unknown);
	if (flags & BARSPAN_FIXED && !options->address)
		return reject_option(owner, "BARSPAN_FIXED, but options.address is NULL");
	if (flags & BARSPAN_INDEPENDENT && options->address)
		return reject_option(owner, "BARSPAN_INDEPENDENT with options.address %p",
				     options->address);
	if (flags & BARSPAN_INDEPENDENT && options->alignment)
		return reject_option(owner, "BARSPAN_INDEPENDENT with options.alignment 0x%zx",
				     options->alignment);
	return 0;
}

/* Checks the options that do not depend on the region. */
static int check_options(const struct barspan_options *options, const struct owner *owner)
{
	int r = check_flags(options, owner);

	if (!r)
		r = check_addresses(options, owner);
	if (r)
		return r;
	if (options->prot & ~(PROT_READ | PROT_WRITE))
		return reject_option(owner,
				     "options.prot 0x%x has more than PROT_READ and PROT_WRITE",
				     (unsigned int)options->prot);
	if (options->n_holes && !options->holes)
		return reject_option(owner, "options.n_holes is %zu, but options.holes is NULL",
				     options->n_holes);
	return 0;
}

int options_read(struct barspan_options *out, const struct barspan_options *given,
		 const struct barspan_device *device, unsigned int index)
{
	const struct owner owner = { barspan_device_name(device), index };
	char text[EXTENSIBLE_TEXT];
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (given)
		r = copy_extensible(out, sizeof(*out), given, sizeof(given->size));
	if (!r)
		return check_options(out, &owner);
	log_error("%s region %u: options: %s", owner.device, index,
		  extensible_explain(text, sizeof(*out), given->size, sizeof(given->size)));
	return r;
}

/* Fills in the defaults that depend on the region, and checks the options
 * against it. */
static int fit_options(struct barspan_options *options, const struct barspan_device *device,
		       unsigned int index, const struct barspan_region *region)
{
	int allowed = (region->flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
		      (region->flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);

	if (options->offset >= region->size || options->length > region->size - options->offset) {
		log_error("%s region %u: window 0x%" PRIx64 " + 0x%" PRIx64
			  " is not inside the region (size 0x%" PRIx64 ")",
			  barspan_device_name(device), index, options->offset, options->length,
			  region->size);
		return -ERANGE;
	}
	if (options->prot & ~allowed) {
		log_error("%s region %u: options.prot 0x%x, but the region allows only 0x%x",
			  barspan_device_name(device), index, (unsigned int)options->prot,
			  (unsigned int)allowed);
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

	if (!region->size) {
		log_error("%s region %u: the region has size 0", barspan_device_name(device),
			  index);
		return -ENOENT;
	}
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
