/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for the kernel: simulates a VFIO device, refuses pages that the
 * device refuses, and fails calls on request. */
#include <errno.h>
#include <linux/vfio.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "soak.h"

struct soak_failure soak_failure;
void *soak_gap;
bool soak_racing;

static uint64_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_ino;
}

static struct soak_device *vfio_by_fd(int fd)
{
	uint64_t inode = inode_of(fd);

	for (int i = 0; i < SOAK_DEVICES; i++)
		if (soak_devices[i].kind == SOAK_VFIO && inode &&
		    soak_devices[i].regions[0].inode == inode)
			return &soak_devices[i];
	return NULL;
}

/* Whether this call fails. Sets *late if it first unmaps its target. */
static bool is_due(enum fake_call call, bool *late)
{
	struct soak_failure *failure = &soak_failure;
	unsigned long left;

	*late = false;
	if (failure->call != call)
		return false;
	left = __atomic_load_n(&failure->countdown, __ATOMIC_RELAXED);
	if (!left || (left > 1 && __atomic_sub_fetch(&failure->countdown, 1, __ATOMIC_RELAXED)))
		return false;
	if (!failure->persists)
		__atomic_store_n(&failure->countdown, 0, __ATOMIC_RELAXED);
	*late = failure->late;
	soak_trouble.injected = true;
	soak_trouble.munmap |= call == FAKE_MUNMAP;
	soak_trouble.mremap |= call == FAKE_MOVE_MAPPING;
	soak_trouble.no_mmap |= call == FAKE_MMAP && failure->persists;
	return true;
}

static void move_in(uint8_t *address, size_t length)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
				     PROT_READ | PROT_WRITE };
	struct soak_foreign page = { .content = SOAK_ANON, .prot = prots[soak_random(4)] };
	size_t pages = (length + soak_page - 1) / soak_page;
	uint64_t cover = soak_random(4);
	void *got;

	if (!cover)
		return;
	if (cover == 2)
		address += (pages - 1) * soak_page;
	if (cover > 1)
		pages = 1;
	got = mmap(address, pages * soak_page, page.prot,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (got != address)
		return;
	soak_foreign_add(address, pages, &page);
	soak_foreign_fill((uintptr_t)address, pages);
	soak_trace("  another thread maps %p + %zu pages, prot %d", (void *)address, pages,
		   page.prot);
}

void soak_unmap_for_real(void *address, size_t length)
{
	uintptr_t start = (uintptr_t)address,
		  end = start + (length + soak_page - 1) / soak_page * soak_page;

	munmap(address, length);
	soak_trouble.late = true;
	if (soak_racing) {
		__atomic_store_n(&soak_gap, address, __ATOMIC_RELAXED);
		for (int i = 0; i < 5; i++)
			sched_yield();
		return;
	}
	/* Foreign pages elsewhere stay in the model: the library must not
	 * replace them. */
	if (start >= soak_trouble.start && end <= soak_trouble.end)
		soak_foreign_remove(start, end);
	for (int i = 0; i < SOAK_SPANS; i++) {
		struct soak_span *span = &soak_spans[i];

		if (span->span && span->base && (uintptr_t)span->base < end &&
		    start < (uintptr_t)span->base + span->pages * soak_page)
			span->gap = true;
	}
	soak_trace("  %p + %zu is unmapped before it fails", address, length / soak_page);
	move_in(address, length);
}

/* A VFIO device allows only its areas. Linux unmaps the target before it asks
 * the device. */
static bool device_refuses(int fd, uint64_t offset, size_t length)
{
	const struct soak_region *region = soak_region_by_inode(inode_of(fd), offset);

	if (!region)
		return vfio_by_fd(fd);
	offset -= region->file_offset;
	if (soak_is_refused(region, offset, length))
		return true;
	if (!vfio_by_fd(fd))
		return false;
	for (uint64_t at = 0; at < length; at += soak_page)
		if (!soak_is_direct(region, (offset + at) / soak_page))
			return true;
	return false;
}

static int kernel_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		       uint64_t offset)
{
	bool late, fixed = flags & MAP_FIXED && !(flags & MAP_FIXED_NOREPLACE);
	int r = 0;

	if (is_due(FAKE_MMAP, &late)) {
		r = soak_failure.error;
	} else if (flags & MAP_SHARED && fd >= 0 && device_refuses(fd, offset, length)) {
		r = -EINVAL;
		late = !soak_without(SOAK_LATE);
	}
	if (!r)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	/* The kernel does not ask a driver about anonymous memory, and so fails
	 * early. */
	if (flags & MAP_ANONYMOUS)
		late = false;
	if (late && fixed && length && !((uintptr_t)address % soak_page))
		soak_unmap_for_real(address, length);
	return r;
}

static int kernel_munmap(void *address, size_t length)
{
	bool late;

	return is_due(FAKE_MUNMAP, &late) ? soak_failure.error : real_sys_munmap(address, length);
}

static int kernel_mprotect(void *address, size_t length, int prot)
{
	bool late;

	return is_due(FAKE_MPROTECT, &late) ? soak_failure.error
					    : real_sys_mprotect(address, length, prot);
}

static int kernel_madvise(void *address, size_t length, int advice)
{
	bool late;

	if (!is_due(FAKE_MADVISE, &late))
		return real_sys_madvise(address, length, advice);
	if (late)
		real_sys_madvise(address, length, advice);
	return soak_failure.error;
}

static int kernel_move_mapping(void *from, size_t length, void *to)
{
	bool late;

	if (!is_due(FAKE_MOVE_MAPPING, &late))
		return real_sys_move_mapping(from, length, to);
	if (late)
		soak_unmap_for_real(to, length);
	return soak_failure.error;
}

static int kernel_open(const char *path, int flags)
{
	bool late, in_proc = !strncmp(path, "/proc/", 6);

	if (is_due(FAKE_OPEN, &late)) {
		soak_trouble.no_proc |= in_proc;
		return soak_failure.error;
	}
	return soak_failure.no_proc && in_proc ? -ENOENT : real_sys_open(path, flags);
}

static int kernel_readlink(const char *path, char *buffer, size_t length)
{
	const char *fd = strstr(path, "/fd/");

	if (soak_failure.no_proc && !strncmp(path, "/proc/", 6))
		return -ENOENT;
	if (!fd || !vfio_by_fd(atoi(fd + 4)))
		return real_sys_readlink(path, buffer, length);
	snprintf(buffer, length, "anon_inode:[vfio-device]");
	return 0;
}

/* A VFIO device's file is an anonymous inode, which has no file type. */
static int kernel_fstat(int fd, struct stat *out)
{
	bool late;
	int r;

	if (is_due(FAKE_FSTAT, &late))
		return soak_failure.error;
	r = real_sys_fstat(fd, out);
	if (!r && vfio_by_fd(fd))
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

static void put_areas(const struct soak_region *region, struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);
	uint32_t room = info->argsz;

	info->argsz = (uint32_t)(sizeof(*info) + sizeof(*sparse) +
				 region->n_areas * sizeof(sparse->areas[0]));
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (room < info->argsz)
		return;
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = region->n_areas;
	for (uint32_t i = 0; i < region->n_areas; i++) {
		sparse->areas[i].offset = region->areas[i].offset;
		sparse->areas[i].size = region->areas[i].length;
	}
}

static int region_info(const struct soak_device *device, struct vfio_region_info *info)
{
	const struct soak_region *region = &device->regions[info->index % SOAK_REGIONS];

	if (info->index >= SOAK_REGIONS)
		return -EINVAL;
	info->size = region->size;
	info->offset = region->file_offset;
	info->flags = (region->flags & BARSPAN_REGION_READ ? VFIO_REGION_INFO_FLAG_READ : 0) |
		      (region->flags & BARSPAN_REGION_WRITE ? VFIO_REGION_INFO_FLAG_WRITE : 0) |
		      (region->flags & BARSPAN_REGION_MMAP ? VFIO_REGION_INFO_FLAG_MMAP : 0);
	if (region->flags & BARSPAN_REGION_SPARSE)
		put_areas(region, info);
	else
		info->argsz = sizeof(*info);
	return 0;
}

static int kernel_ioctl(int fd, unsigned long request, void *argument)
{
	const struct soak_device *device = vfio_by_fd(fd);
	struct vfio_device_info *info = argument;
	bool late;

	if (is_due(FAKE_IOCTL, &late))
		return soak_failure.error;
	if (!device)
		return real_sys_ioctl(fd, request, argument);
	if (request == VFIO_DEVICE_GET_REGION_INFO)
		return region_info(device, argument);
	if (request != VFIO_DEVICE_GET_INFO)
		return -ENOTTY;
	info->flags = VFIO_DEVICE_FLAGS_PLATFORM;
	info->num_regions = SOAK_REGIONS;
	return 0;
}

void soak_kernel_play(void)
{
	fake_reset();
	fake_hooks.mmap = kernel_mmap;
	fake_hooks.munmap = kernel_munmap;
	fake_hooks.mprotect = kernel_mprotect;
	fake_hooks.madvise = kernel_madvise;
	fake_hooks.move_mapping = kernel_move_mapping;
	fake_hooks.open = kernel_open;
	fake_hooks.readlink = kernel_readlink;
	fake_hooks.ioctl = kernel_ioctl;
	fake_hooks.fstat = kernel_fstat;
}
