/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices: where regions come from.
 *
 * Every function that can fail returns 0 or a negative errno value, and hands its result out through a parameter, which
 * it leaves alone on failure. Offsets, lengths and sizes are in bytes. Unless a function says
 * otherwise it may be called from any thread and not from a signal handler.
 */
#ifndef BARSPAN_DEVICE_H
#define BARSPAN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* A device. Counted: a span holds its device, so that barspan_device_close() before barspan_unmap() is in order. */
struct barspan_device;

/* A part of a region that may be mapped: bytes [offset, offset + length) of the region.
 * Source: struct vfio_region_sparse_mmap_area, <linux/vfio.h>. */
struct barspan_area {
	uint64_t offset;
	uint64_t length;
};

/* Flags of a region. Source: VFIO_REGION_INFO_FLAG_* and VFIO_REGION_INFO_CAP_*, <linux/vfio.h>. */
enum {
	BARSPAN_REGION_READ = 1 << 0,		/* can be read */
	BARSPAN_REGION_WRITE = 1 << 1,		/* can be written */
	BARSPAN_REGION_MMAP = 1 << 2,		/* can be mapped, in whole unless _SPARSE */
	BARSPAN_REGION_SPARSE = 1 << 3,		/* only `areas` can be mapped, which may be none at all */
	BARSPAN_REGION_MSIX_MAPPABLE = 1 << 4,	/* the MSI-X table in the region can be mapped */
};

/* Indices of a PCI device's regions. Source: VFIO_PCI_*_REGION_INDEX, <linux/vfio.h>. */
enum {
	BARSPAN_REGION_BAR0 = 0,	/* to 5 */
	BARSPAN_REGION_ROM = 6,
	BARSPAN_REGION_CONFIG = 7,
};

/* A region as the device describes it. `areas` (n_areas of them, in the device's order, not normalised) belongs to the
 * device and stays valid until the device is gone. */
struct barspan_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_area *areas;
};

/* Opens a VFIO device by its file descriptor, from a group (VFIO_GROUP_GET_DEVICE_FD) or a bound and attached character
 * device (/dev/vfio/devices/). The descriptor is borrowed: it stays the caller's, and must stay open as long as the
 * device and its spans are used. Reads the MSI-X capability of a PCI device's configuration space, no other register.
 *
 * -EBADF, -ENOTTY: not a VFIO device; -EPROTO: what the kernel reports makes no sense; -ENOMEM. */
int barspan_device_open_vfio(struct barspan_device **out, int vfio_device_fd);

/* Opens the PCI device at `bdf`, "0000:01:00.0" or "01:00.0", which is bound to a VFIO driver: through its group and a
 * container with a type 1 IOMMU, or, where the kernel offers no groups, its character device and iommufd. The device
 * owns all descriptors; see barspan_device_fd() and barspan_device_iommu_fd().
 *
 * -EINVAL: not a PCI address; -ENODEV: no such PCI device; -ENXIO: not bound to a VFIO driver, or VFIO is not there;
 * -EOPNOTSUPP: the device is in no IOMMU group; -EACCES, -EPERM: no permission for the node under /dev/vfio; -EBUSY:
 * somebody else has the group or the device, or a device of the same group is bound to another kind of driver; or what
 * the kernel says. The log callback hears what is missing. */
int barspan_device_open_pci(struct barspan_device **out, const char *bdf);

/* A region made of memory, for demos and for drivers' own unit tests. Trapped accesses call `read` and `write`, with
 * `context`; where they are NULL the region's memory is read or written, which is also what direct accesses reach. The
 * hooks return 0 or a negative errno value, and may be called from several threads at once. `areas` is copied. */
struct barspan_soft_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_area *areas;
	int (*read)(void *context, uint64_t offset, void *buffer, size_t length);
	int (*write)(void *context, uint64_t offset, const void *buffer, size_t length);
	void *context;
};

/* Opens a software device with `n` regions, index 0 to n - 1. Region 7, if there is one, is taken for the configuration
 * space of a PCI device. Memory starts as zeros and is allocated as it is touched. It refuses what VFIO refuses: a
 * mapping outside the areas, an access past a region's end, a write to a region without BARSPAN_REGION_WRITE, and so
 * on. n_areas without BARSPAN_REGION_SPARSE implies it.
 *
 * -EINVAL: unknown flags, or n over 256; -EFBIG: a region larger than a memory file can be; -ENOMEM, -EMFILE, -ENFILE.
 */
int barspan_device_open_soft(struct barspan_device **out, const struct barspan_soft_region *regions, size_t n);

/* The memory file behind a software device's region, to look at it or change it behind the driver's back. Borrowed: it
 * is closed with the device. -EINVAL: not a software device; -ENOENT: no such region, or one of size 0. */
int barspan_soft_fd(struct barspan_device *device, unsigned int index);

/* How often a software device's region was read and written by trapped access since the device was opened. Either
 * pointer may be NULL. -EINVAL: not a software device; -ENOENT: no such region. */
int barspan_soft_trapped(struct barspan_device *device, unsigned int index, uint64_t *reads, uint64_t *writes);

/* A transport of your own. Every operation but `close` is required, returns 0 or a negative errno value and may be
 * called from several threads at once. The library checks what they report as it checks a kernel. */
struct barspan_device_ops {
	size_t size;	/* sizeof(struct barspan_device_ops) */

	/* Describes a region. `out->areas` must stay valid until `close`. -EINVAL: no such region. */
	int (*region)(void *context, unsigned int index, struct barspan_region *out);

	/* Maps bytes [offset, offset + length) of the region at `address`: exactly there, and over what is there, as
	 * MAP_FIXED does, since the library owns that range. Both are whole pages. May not call barspan_map() or
	 * barspan_resume(), which fail there with -EDEADLK. */
	int (*map)(void *context, unsigned int index, uint64_t offset, size_t length, int prot, void *address);

	/* Trapped access. All or nothing: an access that is cut short is an error. */
	int (*read)(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length);
	int (*write)(void *context, unsigned int index, uint64_t offset, const void *buffer, size_t length);

	/* The device and all its spans are gone; the transport may go too. May be NULL. */
	void (*close)(void *context);
};

/* Opens a device on a transport of your own. `ops` is copied; `context` is handed to every operation.
 * -EINVAL: an operation is missing or ops->size too small; -E2BIG: ops has a part that this library does not know;
 * -ENOMEM. On failure `close` is not called. */
int barspan_device_open_ops(struct barspan_device **out, const struct barspan_device_ops *ops, void *context);

/* Gives the device up; what it owns goes when its last span is unmapped. NULL is ignored. */
void barspan_device_close(struct barspan_device *device);

/* What the device is called in messages: its PCI address, "vfio fd 7", "soft" or "ops". Belongs to the device. */
const char *barspan_device_name(const struct barspan_device *device);

/* The VFIO device's descriptor, for interrupts, reset and the like; -1 for other kinds of device. Borrowed. */
int barspan_device_fd(const struct barspan_device *device);

/* For code that stands in for ioctl(2), not for callers: the descriptor `fd` is the one that VFIO_GROUP_GET_DEVICE_FD gave
 * for the device `name`. barspan_mmap() calls its device so if the kernel does not show the address. */
void barspan_name_descriptor_(int fd, const char *name);

/* What DMA mappings of a device that barspan_device_open_pci() opened go through: the container, or the iommufd; -1 for
 * others. *ioas_id (may be NULL) is the I/O address space attached to an iommufd, and 0 for a container. Borrowed. */
int barspan_device_iommu_fd(const struct barspan_device *device, uint32_t *ioas_id);

/* Describes region `index`; asks the device anew. -ENOENT: the device has no such region; -EPROTO: the kernel's
 * answer makes no sense; or what the device says. A region that exists may well have size 0. */
int barspan_device_region(struct barspan_device *device, unsigned int index, struct barspan_region *out);

/* Trapped access to any range of any region, mapped or not: the way to configuration space. One access as long as
 * `length` says; a kernel serves lengths other than 1, 2, 4 and 8 piece by piece, low offsets first. Bytes are in the
 * device's order. Async-signal-safe for VFIO devices once the region was described.
 *
 * -ENOENT: no such region; -ERANGE: past its end; -EACCES: the region's flags forbid it; or what the device says. A
 * transport of the caller's makes these checks itself. */
int barspan_device_read(struct barspan_device *device, unsigned int index, uint64_t offset, void *buffer,
			size_t length);
int barspan_device_write(struct barspan_device *device, unsigned int index, uint64_t offset, const void *buffer,
			 size_t length);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
