/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/device.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "util/log.h"
#include "util/operation.h"
#include "util/extensible.h"
#include "util/sys.h"

enum {
	KNOWN_FLAGS = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP |
		      BARSPAN_REGION_SPARSE | BARSPAN_REGION_MSIX_MAPPABLE,
};

int device_create(struct barspan_device **out, const struct barspan_device_ops *ops, void *context,
		  const char *name)
{
	struct barspan_device *device = sys_calloc(1, sizeof(*device));

	if (!device)
		return -ENOMEM;
	device->ops = *ops;
	device->context = context;
	device->references = 1;
	device->fd = -1;
	device->iommu_fd = -1;
	for (size_t i = 0; i < sizeof(device->owned) / sizeof(device->owned[0]); i++)
		device->owned[i] = -1;
	snprintf(device->name, sizeof(device->name), "%s", name);
	*out = device;
	return 0;
}

static const char *find_missing(const struct barspan_device_ops *ops)
{
	if (!ops->region)
		return "region";
	if (!ops->map)
		return "map";
	if (!ops->read)
		return "read";
	return ops->write ? NULL : "write";
}

int barspan_device_open_ops(struct barspan_device **out, const struct barspan_device_ops *ops,
			    void *context)
{
	BORDER();
	char text[EXTENSIBLE_TEXT];
	struct barspan_device_ops own;
	const char *missing;
	int r = copy_extensible(&own, sizeof(own), ops, sizeof(own));

	if (r) {
		log_error("ops: %s", extensible_explain(text, sizeof(own), ops->size, sizeof(own)));
		return r;
	}
	missing = find_missing(&own);
	if (missing) {
		log_error("ops: operation `%s` is NULL", missing);
		return -EINVAL;
	}
	r = device_create(out, &own, context, "ops");
	if (!r)
		(*out)->calls_back = true;
	return r;
}

void device_hold(struct barspan_device *device)
{
	__atomic_fetch_add(&device->references, 1, __ATOMIC_RELAXED);
}

bool device_hold_again(struct barspan_device *device)
{
	unsigned int n = __atomic_load_n(&device->references, __ATOMIC_RELAXED);

	while (n && !__atomic_compare_exchange_n(&device->references, &n, n + 1, true,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	return n;
}

void barspan_device_close(struct barspan_device *device)
{
	BORDER();

	if (!device || __atomic_sub_fetch(&device->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (device->before_close)
		device->before_close(device);
	if (device->ops.close)
		device->ops.close(device->context);
	for (size_t i = 0; i < sizeof(device->owned) / sizeof(device->owned[0]); i++)
		if (device->owned[i] >= 0)
			sys_close(device->owned[i]);
	sys_free(device);
}

const char *barspan_device_name(const struct barspan_device *device)
{
	return device->name;
}

int barspan_device_fd(const struct barspan_device *device)
{
	return device->fd;
}

int barspan_device_iommu_fd(const struct barspan_device *device, uint32_t *ioas_id)
{
	if (ioas_id)
		*ioas_id = device->ioas_id;
	return device->iommu_fd;
}

int barspan_device_region(struct barspan_device *device, unsigned int index,
			  struct barspan_region *out)
{
	BORDER();
	struct barspan_region region = { 0 };
	int r = device->ops.region(device->context, index, &region);

	if (r > 0) {
		log_error("%s region %u: operation `region` returned %d, expected 0 or a negative "
			  "errno value",
			  device->name, index, r);
		return -EPROTO;
	}
	/* No message: callers use this error to find out which regions
	 * exist. */
	if (r == -EINVAL || r == -ENOENT)
		return -ENOENT;
	if (r) {
		log_error("%s region %u: cannot describe the region: %s", device->name, index,
			  log_error_name(r));
		return r;
	}
	region.flags &= KNOWN_FLAGS;
	if (!(region.flags & BARSPAN_REGION_SPARSE))
		region.n_areas = 0;
	if (region.n_areas && !region.areas) {
		log_error("%s region %u: %u areas, but `areas` is NULL", device->name, index,
			  region.n_areas);
		return -EPROTO;
	}
	if (region.n_areas > BARSPAN_MAX_AREAS) {
		log_error("%s region %u: %u areas, expected at most %u", device->name, index,
			  region.n_areas, BARSPAN_MAX_AREAS);
		return -EPROTO;
	}
	*out = region;
	return 0;
}

int device_check_access(const struct barspan_region *region, uint32_t flag, uint64_t offset,
			size_t length)
{
	if (offset > region->size || length > region->size - offset)
		return -ERANGE;
	return region->flags & flag ? 0 : -EACCES;
}

static int map_located(struct barspan_device *device, unsigned int index, uint64_t offset,
		       size_t length, int prot, int flags, void **address)
{
	struct device_file file;
	int r = device->locate(device->context, index, offset, length, &file);

	return r ? r
		 : sys_mmap(address, *address, length, prot, MAP_SHARED | flags, file.fd,
			    file.offset);
}

int device_map_at(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length,
		  int prot, void *address)
{
	if (device->locate)
		return map_located(device, index, offset, length, prot, MAP_FIXED, &address);
	return device_checked(
		device->ops.map(device->context, index, offset, length, prot, address));
}

int device_map_anywhere(struct barspan_device *device, unsigned int index, uint64_t offset,
			size_t length, int prot, uint8_t **out)
{
	void *address = NULL;
	int r = map_located(device, index, offset, length, prot, 0, &address);

	if (!r)
		*out = address;
	return r;
}

int device_read_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		     void *buffer, size_t length)
{
	BORDER();

	return device_checked(device->ops.read(device->context, index, offset, buffer, length));
}

int device_write_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		      const void *buffer, size_t length)
{
	BORDER();

	return device_checked(device->ops.write(device->context, index, offset, buffer, length));
}

int barspan_device_read(struct barspan_device *device, unsigned int index, uint64_t offset,
			void *buffer, size_t length)
{
	return device_read(device, index, offset, buffer, length);
}

int barspan_device_write(struct barspan_device *device, unsigned int index, uint64_t offset,
			 const void *buffer, size_t length)
{
	return device_write(device, index, offset, buffer, length);
}

static int read_config(void *context, uint64_t offset, void *buffer, size_t length)
{
	return barspan_device_read(context, BARSPAN_CONFIG, offset, buffer, length);
}

int device_msix(struct barspan_device *device, struct msix_table *out)
{
	int r;

	if (device->msix_known || !device->has_config) {
		*out = device->msix;
		return 0;
	}
	r = msix_find(out, read_config, device);
	if (r)
		log_error("%s: cannot read the capability list in configuration space: %s",
			  device->name, log_error_name(r));
	return r;
}
