/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices: a software device, a transport, and a VFIO device that the test
 * simulates. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "soak.h"

enum { REGION_SHIFT = 22 };

struct soak_device soak_devices[SOAK_DEVICES];

struct soak_region *soak_region_of(const struct soak_span *span)
{
	return &soak_devices[span->device].regions[span->region];
}

static bool areas_cover(const struct soak_region *region, uint64_t start, uint64_t end)
{
	if (!(region->flags & BARSPAN_REGION_MMAP))
		return false;
	if (!(region->flags & BARSPAN_REGION_SPARSE))
		return end <= region->size;
	while (start < end) {
		uint64_t before = start;

		for (uint32_t i = 0; i < region->n_areas; i++) {
			const struct barspan_range *area = &region->areas[i];

			if (area->offset <= start && area->offset + area->length > start)
				start = area->offset + area->length;
		}
		if (start == before)
			return false;
	}
	return true;
}

bool soak_is_direct(const struct soak_region *region, uint64_t page)
{
	uint64_t start = page * soak_page, end = start + soak_page;

	return start < region->size &&
	       areas_cover(region, start, end < region->size ? end : region->size);
}

bool soak_is_refused(const struct soak_region *region, uint64_t offset, size_t length)
{
	for (uint64_t at = offset; at < offset + length; at += soak_page)
		if (at / soak_page < SOAK_REGION_PAGES && region->refused[at / soak_page])
			return true;
	return false;
}

struct soak_region *soak_region_by_inode(uint64_t inode, uint64_t offset)
{
	for (int i = 0; i < SOAK_DEVICES; i++)
		for (int j = 0; j < SOAK_REGIONS; j++) {
			struct soak_region *region = &soak_devices[i].regions[j];

			if (region->inode == inode && region->size &&
			    offset >= region->file_offset &&
			    offset < region->file_offset + region->size)
				return region;
		}
	return NULL;
}

bool soak_refuses(const struct soak_region *region)
{
	for (int i = 0; i < SOAK_REGION_PAGES; i++)
		if (region->refused[i])
			return true;
	return false;
}

/* Makes the device refuse a page, or allow all pages again. */
void soak_refuse_randomly(void)
{
	struct soak_region *region =
		&soak_devices[soak_random(SOAK_DEVICES)].regions[soak_random(SOAK_REGIONS)];

	if (soak_without(SOAK_REFUSE))
		return;
	if (soak_chance(2))
		memset(region->refused, 0, sizeof(region->refused));
	else
		region->refused[soak_random(SOAK_REGION_PAGES)] = true;
	soak_trace("refusals %s", soak_refuses(region) ? "some" : "none");
}

/* Random areas: some touch, some end inside a page, some are out of order. */
static void choose_areas(struct soak_region *region)
{
	uint64_t at = soak_random(2) * soak_page;

	region->flags |= BARSPAN_REGION_SPARSE;
	while (region->n_areas < SOAK_AREAS && at < region->size) {
		struct barspan_range *area = &region->areas[region->n_areas];

		area->offset = at;
		area->length = (1 + soak_random(4)) * soak_page;
		if (soak_chance(8))
			area->length -= 16;
		if (area->offset + area->length > region->size)
			area->length = region->size - area->offset;
		at = (area->offset + area->length + soak_page - 1) / soak_page * soak_page;
		at += soak_random(3) * soak_page;
		region->n_areas++;
	}
	if (region->n_areas > 2 && soak_chance(2)) {
		struct barspan_range first = region->areas[0];

		region->areas[0] = region->areas[region->n_areas - 1];
		region->areas[region->n_areas - 1] = first;
	}
}

/* Region 0 is plain. Regions 1 and 2 are sparse. Region 3 is sparse, read-only
 * or not mappable. */
static void choose_region(struct soak_region *region, int index)
{
	memset(region, 0, sizeof(*region));
	region->size = (4 + soak_random(36)) * soak_page;
	/* Large enough to need many addresses for a second copy. */
	if (!index && soak_chance(3))
		region->size =
			(SOAK_REGION_PAGES / 2 + soak_random(SOAK_REGION_PAGES / 2)) * soak_page;
	if (soak_chance(3))
		region->size -= 8 * (1 + soak_random(100));
	region->flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP;
	if (index == 3 && soak_chance(2))
		region->flags &=
			(uint32_t) ~(soak_chance(2) ? BARSPAN_REGION_WRITE : BARSPAN_REGION_MMAP);
	if (index && region->flags & BARSPAN_REGION_MMAP)
		choose_areas(region);
}

static void map_truth(struct soak_region *region)
{
	struct stat status;

	SOAK_EXPECT(!fstat(region->fd, &status), "fstat of descriptor %d", region->fd);
	region->inode = status.st_ino;
	region->truth =
		mmap(NULL, (region->size + soak_page - 1) / soak_page * soak_page,
		     PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, (off_t)region->file_offset);
	SOAK_EXPECT(region->truth != MAP_FAILED, "no memory for a device");
	for (uint64_t i = 0; i < region->size; i++)
		region->truth[i] = (uint8_t)(1 + soak_random(255));
}

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	const struct soak_device *device = context;

	if (index >= SOAK_REGIONS)
		return -EINVAL;
	*out = (struct barspan_region){
		.size = device->regions[index].size,
		.flags = device->regions[index].flags,
		.n_areas = device->regions[index].n_areas,
		.areas = device->regions[index].areas,
	};
	return 0;
}

static int map_file(const struct soak_region *region, uint64_t offset, size_t length, int prot,
		    void *address)
{
	return mmap(address, length, prot, MAP_SHARED | MAP_FIXED, region->fd,
		    (off_t)(region->file_offset + offset)) == MAP_FAILED
		       ? -errno
		       : 0;
}

/* Calls that map or unmap inside a callback must fail with EDEADLK and change
 * nothing. */
static void call_back(void)
{
	struct soak_span *span = soak_span_any();
	struct barspan *made;
	size_t page = 0;
	int r = barspan_map(&made, soak_devices[0].handle, 0, NULL);

	SOAK_EXPECT(r == -EDEADLK, "barspan_map() in a transport's map: %d", r);
	if (!span)
		return;
	r = soak_chance(2) ? barspan_suspend(span->span) : barspan_resume(span->span);
	SOAK_EXPECT(r == -EDEADLK, "barspan_suspend() or barspan_resume() in a transport's map: %d",
		    r);
	barspan_unmap(span->span);
	/* Find a page that the present call does not replace. */
	while (page < span->pages && barspan_find((void *)span->at[page], NULL) != span->span)
		page++;
	if (page == span->pages)
		return;
	errno = 0;
	r = barspan_munmap((void *)span->at[page], soak_page);
	SOAK_EXPECT(r == -1 && errno == EDEADLK,
		    "barspan_munmap() of a span in a transport's map: %d, errno %d", r, errno);
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address)
{
	struct soak_device *device = context;
	const struct soak_region *region = &device->regions[index];
	enum soak_transport now = SOAK_NORMAL;
	size_t half = length / 2 / soak_page * soak_page;

	if (soak_is_refused(region, offset, length))
		now = SOAK_LATE_REFUSAL;
	else if (soak_transport != SOAK_NORMAL && !--soak_transport_countdown)
		now = soak_transport;
	if (now == SOAK_EARLY)
		return -EIO;
	if (now == SOAK_LATE_REFUSAL)
		soak_unmap_for_real(address, length);
	/* The contract of `map`: if the second mapping fails, undo the
	 * first. */
	if (now == SOAK_PIECES && half) {
		map_file(region, offset, half, prot, address);
		soak_unmap_for_real(address, length);
	}
	if (now == SOAK_LATE_REFUSAL || now == SOAK_PIECES)
		return -EIO;
	if (now == SOAK_CALLS_BACK)
		call_back();
	return map_file(region, offset, length, prot, address);
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	const struct soak_device *device = context;

	memcpy(buffer, device->regions[index].truth + offset, length);
	return 0;
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length)
{
	const struct soak_device *device = context;

	if (!(device->regions[index].flags & BARSPAN_REGION_WRITE))
		return -EACCES;
	memcpy(device->regions[index].truth + offset, buffer, length);
	return 0;
}

static void open_soft(struct soak_device *device)
{
	struct barspan_soft_region regions[SOAK_REGIONS] = { { .size = 0 } };

	for (int i = 0; i < SOAK_REGIONS; i++) {
		regions[i].size = device->regions[i].size;
		regions[i].flags = device->regions[i].flags;
		regions[i].n_areas = device->regions[i].n_areas;
		regions[i].areas = device->regions[i].areas;
	}
	SOAK_EXPECT(!harness_open_soft(&device->handle, regions, SOAK_REGIONS),
		    "cannot open a software device");
	for (int i = 0; i < SOAK_REGIONS; i++)
		device->regions[i].fd = barspan_soft_fd(device->handle, (unsigned int)i);
}

/* One file has the memory of all regions. */
static void open_file(struct soak_device *device)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = ops_region,
		.map = ops_map,
		.read = ops_read,
		.write = ops_write,
	};
	int r;

	device->fd = memfd_create("soak", MFD_CLOEXEC);
	SOAK_EXPECT(device->fd >= 0 && !ftruncate(device->fd, SOAK_REGIONS << REGION_SHIFT),
		    "no memory for a device");
	for (int i = 0; i < SOAK_REGIONS; i++) {
		device->regions[i].fd = device->fd;
		device->regions[i].file_offset = (uint64_t)i << REGION_SHIFT;
		map_truth(&device->regions[i]);
	}
	if (device->kind == SOAK_OPS)
		r = barspan_device_open_ops(&device->handle, &ops, device);
	else
		r = barspan_device_open_vfio(&device->handle, device->fd);
	SOAK_EXPECT(!r, "cannot open device %d: %d", device->kind, r);
}

void soak_devices_open(void)
{
	for (int i = 0; i < SOAK_DEVICES; i++) {
		struct soak_device *device = &soak_devices[i];

		device->kind = (enum soak_device_kind)i;
		for (int j = 0; j < SOAK_REGIONS; j++)
			choose_region(&device->regions[j], j);
		if (device->kind != SOAK_SOFT) {
			open_file(device);
			continue;
		}
		open_soft(device);
		for (int j = 0; j < SOAK_REGIONS; j++)
			map_truth(&device->regions[j]);
	}
}

void soak_devices_close(void)
{
	for (int i = 0; i < SOAK_DEVICES; i++)
		barspan_device_close(soak_devices[i].handle);
}
