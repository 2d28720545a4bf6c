/* SPDX-License-Identifier: BSD-3-Clause */
/* Software devices. A memory file backs each region; direct and trapped
 * accesses both reach it. */
#include <barspan/soft.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "device/device.h"
#include "layout/interval.h"
#include "util/border.h"
#include "util/log.h"
#include "util/extensible.h"
#include "util/sys.h"

enum {
	MAX_REGIONS = 256,
	KNOWN_FLAGS = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP |
		      BARSPAN_REGION_SPARSE | BARSPAN_REGION_MSIX_MAPPABLE,
};

struct soft_region {
	struct barspan_region region;
	struct barspan_range *areas; /* as the caller passed them */
	struct interval *mappable;   /* normalised */
	size_t n_mappable;
	int fd; /* -1: the region has size 0 */
	int (*read)(void *context, uint64_t offset, void *buffer, size_t length);
	int (*write)(void *context, uint64_t offset, const void *buffer, size_t length);
	void *context;
	uint64_t reads, writes; /* atomic */
};

struct soft {
	size_t n;
	struct soft_region regions[];
};

static int find_region(struct soft *soft, unsigned int index, struct soft_region **out)
{
	if (index >= soft->n)
		return -ENOENT;
	*out = &soft->regions[index];
	return 0;
}

static int soft_region(void *context, unsigned int index, struct barspan_region *out)
{
	struct soft_region *own;
	int r = find_region(context, index, &own);

	if (!r)
		*out = own->region;
	return r;
}

/* Rejects the ranges that a sparse VFIO driver rejects, before anything is
 * mapped. */
static int soft_locate(void *context, unsigned int index, uint64_t offset, size_t length,
		       struct device_file *out)
{
	struct soft *soft = context;
	struct soft_region *own;
	uint64_t end, size;
	int r = find_region(soft, index, &own);

	if (r)
		return r;
	size = sys_page_up(own->region.size);
	if (!(own->region.flags & BARSPAN_REGION_MMAP) ||
	    __builtin_add_overflow(offset, length, &end) || end > size)
		return -EINVAL;
	/* The kernel also maps the rest of the last page. */
	if (end > own->region.size)
		end = own->region.size;
	if (own->region.flags & BARSPAN_REGION_SPARSE &&
	    !interval_contains(own->mappable, own->n_mappable, offset, end))
		return -EINVAL;
	*out = (struct device_file){ own->fd, offset };
	return 0;
}

static int soft_read(void *context, unsigned int index, uint64_t offset, void *buffer,
		     size_t length)
{
	struct soft_region *own;
	int r = find_region(context, index, &own);

	if (!r)
		r = device_check_access(&own->region, BARSPAN_REGION_READ, offset, length);
	if (r || !length)
		return r;
	__atomic_fetch_add(&own->reads, 1, __ATOMIC_RELAXED);
	return own->read ? own->read(own->context, offset, buffer, length)
			 : sys_pread(own->fd, buffer, length, offset);
}

static int soft_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		      size_t length)
{
	struct soft_region *own;
	int r = find_region(context, index, &own);

	if (!r)
		r = device_check_access(&own->region, BARSPAN_REGION_WRITE, offset, length);
	if (r || !length)
		return r;
	__atomic_fetch_add(&own->writes, 1, __ATOMIC_RELAXED);
	return own->write ? own->write(own->context, offset, buffer, length)
			  : sys_pwrite(own->fd, buffer, length, offset);
}

static void soft_close(void *context)
{
	struct soft *soft = context;

	for (size_t i = 0; i < soft->n; i++) {
		if (soft->regions[i].fd >= 0)
			sys_close(soft->regions[i].fd);
		sys_free(soft->regions[i].areas);
		sys_free(soft->regions[i].mappable);
	}
	sys_free(soft);
}

static int copy_areas(struct soft_region *own, const struct barspan_soft_region *given)
{
	if (!given->n_areas)
		return 0;
	own->areas = sys_calloc(given->n_areas, sizeof(*own->areas));
	own->mappable = sys_calloc(given->n_areas, sizeof(*own->mappable));
	if (!own->areas || !own->mappable)
		return -ENOMEM;
	for (uint32_t i = 0; i < given->n_areas; i++) {
		struct barspan_range area = given->areas[i];
		uint64_t end;

		/* A malformed area is reported unchanged, to let drivers be
		 * tested with it, but cannot be mapped. */
		own->areas[i] = area;
		if (!__builtin_add_overflow(area.offset, area.length, &end))
			own->mappable[i] = (struct interval){ area.offset, end };
	}
	own->n_mappable = interval_normalise(own->mappable, given->n_areas, NULL);
	own->region.areas = own->areas;
	own->region.n_areas = given->n_areas;
	own->region.flags |= BARSPAN_REGION_SPARSE;
	return 0;
}

static int check_region(const struct barspan_soft_region *given, size_t i)
{
	uint32_t unknown = given->flags & ~(uint32_t)KNOWN_FLAGS;

	if (unknown)
		log_error("soft region %zu: flags 0x%" PRIx32 " has unknown bits 0x%" PRIx32, i,
			  given->flags, unknown);
	else if (given->n_areas && !given->areas)
		log_error("soft region %zu: %" PRIu32 " areas, but `areas` is NULL", i,
			  given->n_areas);
	else if (given->n_areas > BARSPAN_MAX_AREAS)
		log_error("soft region %zu: %" PRIu32 " areas, expected at most %u", i,
			  given->n_areas, BARSPAN_MAX_AREAS);
	else
		return 0;
	return -EINVAL;
}

static int make_file(struct soft_region *own)
{
	if (!own->region.size)
		return 0;
	own->fd = sys_memfd_create("barspan-soft");
	return own->fd < 0 ? own->fd : sys_ftruncate(own->fd, own->region.size);
}

static int make_region(struct soft_region *own, const struct barspan_soft_region *given, size_t i)
{
	int r = check_region(given, i);

	if (r)
		return r;
	own->region.size = given->size;
	own->region.flags = given->flags;
	own->read = given->read;
	own->write = given->write;
	own->context = given->context;
	r = copy_areas(own, given);
	if (!r)
		r = make_file(own);
	if (r)
		log_error("soft region %zu: cannot allocate 0x%" PRIx64 " bytes and %" PRIu32
			  " areas: %s",
			  i, given->size, given->n_areas, log_error_name(r));
	return r;
}

/* The sizes of the structs in the first version. */
enum { MIN_OPTIONS = offsetof(struct barspan_soft_options, regions) + sizeof(void *) };
enum { MIN_REGION = offsetof(struct barspan_soft_region, context) + sizeof(void *) };

static int read_options(struct barspan_soft_options *options,
			const struct barspan_soft_options *given)
{
	char text[EXTENSIBLE_TEXT];
	int r;

	if (!given) {
		*options = (struct barspan_soft_options){ .size = sizeof(*options) };
		return 0;
	}
	r = copy_extensible(options, sizeof(*options), given, MIN_OPTIONS);
	if (r)
		log_error("soft: options: %s",
			  extensible_explain(text, sizeof(*options), given->size, MIN_OPTIONS));
	if (r)
		return r;
	if (options->n_regions > MAX_REGIONS)
		log_error("soft: %zu regions, expected at most %d", options->n_regions,
			  MAX_REGIONS);
	else if (options->n_regions && !options->regions)
		log_error("soft: %zu regions, but `regions` is NULL", options->n_regions);
	else
		return 0;
	return -EINVAL;
}

/* Creates region i of the options. */
static int add_region(struct soft *soft, const struct barspan_soft_options *options, size_t i)
{
	const uint8_t *regions = (const uint8_t *)options->regions;
	struct barspan_soft_region region;
	char text[EXTENSIBLE_TEXT];
	int r = copy_extensible_sized(&region, sizeof(region), regions + i * options->region_size,
				      options->region_size, MIN_REGION);

	soft->regions[i].fd = -1;
	soft->n = i + 1;
	if (!r)
		return make_region(&soft->regions[i], &region, i);
	log_error("soft region %zu: region_size: %s", i,
		  extensible_explain(text, sizeof(region), options->region_size, MIN_REGION));
	return r;
}

static bool has_config_space(const struct soft *soft)
{
	const struct barspan_region *config = &soft->regions[BARSPAN_CONFIG].region;

	return soft->n > BARSPAN_CONFIG && config->size >= 256 &&
	       config->flags & BARSPAN_REGION_READ;
}

int barspan_device_open_soft(struct barspan_device **out, const struct barspan_soft_options *given)
{
	BORDER();
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = soft_region,
		.read = soft_read,
		.write = soft_write,
		.close = soft_close,
	};
	struct barspan_soft_options options;
	struct soft *soft;
	int r = read_options(&options, given);

	if (r)
		return r;
	soft = sys_calloc(1, sizeof(*soft) + options.n_regions * sizeof(soft->regions[0]));
	if (!soft)
		return -ENOMEM;
	for (size_t i = 0; !r && i < options.n_regions; i++)
		r = add_region(soft, &options, i);
	if (!r)
		r = device_create(out, &ops, soft, options.name ? options.name : "soft");
	if (r) {
		soft_close(soft);
		return r;
	}
	(*out)->locate = soft_locate;
	(*out)->n_regions = (unsigned int)options.n_regions;
	for (size_t i = 0; i < soft->n; i++)
		(*out)->calls_back |= soft->regions[i].read || soft->regions[i].write;
	(*out)->has_config = has_config_space(soft);
	return 0;
}

static int find_in(struct barspan_device *device, unsigned int index, struct soft_region **out)
{
	return device->ops.region == soft_region ? find_region(device->context, index, out)
						 : -EINVAL;
}

int barspan_soft_fd(struct barspan_device *device, unsigned int index)
{
	struct soft_region *own;
	int r = find_in(device, index, &own);

	if (r)
		return r;
	return own->fd >= 0 ? own->fd : -ENOENT;
}

int barspan_soft_trapped(struct barspan_device *device, unsigned int index, uint64_t *reads,
			 uint64_t *writes)
{
	struct soft_region *own;
	int r = find_in(device, index, &own);

	if (r)
		return r;
	if (reads)
		*reads = __atomic_load_n(&own->reads, __ATOMIC_RELAXED);
	if (writes)
		*writes = __atomic_load_n(&own->writes, __ATOMIC_RELAXED);
	return 0;
}
