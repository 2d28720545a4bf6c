/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices: the sources of regions.
 *
 * Every function that can fail returns 0 or a negative errno value, and hands
 * its result out through a parameter, which it leaves alone on failure.
 * Offsets, lengths and sizes are in bytes. Unless a function says otherwise it
 * may be called from any thread and not from a signal handler.
 */
#ifndef BARSPAN_DEVICE_H
#define BARSPAN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* A device. Counted: a span holds its device, so that barspan_device_close()
 * before barspan_unmap() is in order. */
struct barspan_device;

/* Bytes [offset, offset + length) of a region: an area that may be mapped
 * (struct vfio_region_sparse_mmap_area, <linux/vfio.h>), or a hole that a
 * caller asks for. */
struct barspan_range {
	uint64_t offset;
	uint64_t length;
};

/* Flags of a region. Source: VFIO_REGION_INFO_FLAG_* and
 * VFIO_REGION_INFO_CAP_*, <linux/vfio.h>. */
enum barspan_region_flags {
	BARSPAN_REGION_READ = 1 << 0,  /* can be read */
	BARSPAN_REGION_WRITE = 1 << 1, /* can be written */
	BARSPAN_REGION_MMAP = 1 << 2,  /* can be mapped, in whole unless _SPARSE */
	/* only `areas` can be mapped, which may be none at all */
	BARSPAN_REGION_SPARSE = 1 << 3,
	BARSPAN_REGION_MSIX_MAPPABLE = 1 << 4, /* the MSI-X table in the region can be mapped */
};

/* Indices of a PCI device's regions. Source: VFIO_PCI_*_REGION_INDEX,
 * <linux/vfio.h>. */
enum barspan_pci_region {
	BARSPAN_BAR0 = 0,
	BARSPAN_BAR1 = 1,
	BARSPAN_BAR2 = 2,
	BARSPAN_BAR3 = 3,
	BARSPAN_BAR4 = 4,
	BARSPAN_BAR5 = 5,
	BARSPAN_ROM = 6,
	BARSPAN_CONFIG = 7,
};

/* The most areas of a region, for every kind of device. A sparse region of 4
 * GiB that maps every other page of 4 KiB has half as many. */
#define BARSPAN_MAX_AREAS (UINT32_C(1) << 20)

/* A region as the device describes it. `areas` (n_areas of them, at most
 * BARSPAN_MAX_AREAS, in the device's order, not normalised) belongs to the
 * device and stays valid until the device is gone. */
struct barspan_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_range *areas;
};

/* Opens a VFIO device by its file descriptor, from a group
 * (VFIO_GROUP_GET_DEVICE_FD) or a bound and attached character device
 * (/dev/vfio/devices/). The descriptor is borrowed: it stays the caller's, and
 * must stay open as long as the device and its spans are used. Reads the MSI-X
 * capability of a PCI device's configuration space, no other register.
 *
 * -EBADF: not an open descriptor; -ENOTTY: not a VFIO device's; -EINVAL: a
 * character device that is not bound to an iommufd; -EPROTO: the kernel's
 * answer is malformed; -ENOMEM. */
int barspan_device_open_vfio(struct barspan_device **out, int vfio_device_fd);

/* Flags of struct barspan_pci_options. */
enum barspan_pci_flags {
	BARSPAN_PCI_NO_IOMMU = 1 << 0, /* also open a device that no IOMMU protects */
};

struct barspan_pci_options {
	size_t size; /* sizeof(struct barspan_pci_options) */

	/* BARSPAN_PCI_NO_IOMMU also opens a device in VFIO's no-IOMMU mode
	 * (/dev/vfio/noiommu-GROUP), which takes CAP_SYS_RAWIO. Nothing then
	 * keeps the device from reading and writing any memory of the machine,
	 * and VFIO maps no memory for DMA. A device with an IOMMU is opened as
	 * without the flag. */
	uint32_t flags;

	/* The token that vfio-pci wants of a virtual function whose physical
	 * function a VFIO user has, or of such a physical function: a UUID such
	 * as "01234567-89ab-cdef-0123-456789abcdef". NULL: none. */
	const char *vf_token;
};

/* Opens the PCI device at `bdf`, "0000:01:00.0" or "01:00.0", which is bound to
 * a VFIO driver. Its group and a container with a type 1 IOMMU are tried first.
 * Its character device and iommufd are tried if a node that the group takes is
 * missing or not permitted, or the container has no type 1 driver. If both
 * fail, the more useful error is returned. The device owns all descriptors; see
 * barspan_device_fd() and barspan_device_iommu_fd(). NULL options are the
 * defaults.
 *
 * -EINVAL: not a PCI address, not a UUID, unknown flags, a token for a device
 * that takes none, or the kernel refuses to bind the character device; -E2BIG:
 * options with a part that this library does not know, or a size of more than
 * 4096; -ENODEV: no such PCI device; -ENXIO: not bound to a VFIO driver, or a
 * node of VFIO's is missing; -EOPNOTSUPP: the device is in no IOMMU group, no
 * IOMMU protects it and BARSPAN_PCI_NO_IOMMU is not set, or the kernel takes no
 * token through a character device (before Linux 6.17); -EACCES, -EPERM: no
 * permission for a node under /dev/vfio, or the token is missing or wrong;
 * -EBUSY: another process has the group or the device, or a device of the same
 * group is bound to another kind of driver; or another error of the kernel's.
 * The log callback hears the reason. */
int barspan_device_open_pci(struct barspan_device **out, const char *bdf,
			    const struct barspan_pci_options *options);

/* A transport of your own. Every operation but `close` is required, returns 0
 * or a negative errno value and may be called from several threads at once. The
 * library checks what they report as it checks a kernel. */
struct barspan_device_ops {
	size_t size; /* sizeof(struct barspan_device_ops) */

	/* Describes a region. `out->areas` must stay valid until `close`. More
	 * than BARSPAN_MAX_AREAS are refused.
	 * -EINVAL: no such region. */
	int (*region)(void *context, unsigned int index, struct barspan_region *out);

	/*
	 * Maps bytes [offset, offset + length) of the region at `address`:
	 * exactly there, and over whatever is there, as MAP_FIXED does, since
	 * the library owns that range. Both are whole pages. The mapping must
	 * stay valid until `close`: barspan_resume() gives it its access back,
	 * after it has called `map` for another address to ask whether the
	 * region may be mapped now.
	 *
	 * After a failure the range must be as it was, or unmapped. An
	 * operation that makes several mappings takes back those it has made.
	 * What it leaves cannot be told from another thread's mapping: it
	 * stays, the addresses are lost, and the log is told.
	 *
	 * It may query and access spans, and map and unmap other memory.
	 * Functions that map spans or change their mappings fail there with
	 * -EDEADLK; barspan_unmap() is ignored. It must not wait for a thread
	 * that calls them. It is not cancelled, and may change errno.
	 */
	int (*map)(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address);

	/* Trapped access. All or nothing: an access that is cut short is an
	 * error. */
	int (*read)(void *context, unsigned int index, uint64_t offset, void *buffer,
		    size_t length);
	int (*write)(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length);

	/* The device and all its spans are gone; the transport may go too. May
	 * be NULL. */
	void (*close)(void *context);
};

/* Opens a device on a transport of your own. `ops` is copied; `context` is
 * handed to every operation.
 * -EINVAL: an operation is missing or ops->size too small; -E2BIG: ops has a
 * part that this library does not know, or ops->size is more than 4096;
 * -ENOMEM. On failure `close` is not called. */
int barspan_device_open_ops(struct barspan_device **out, const struct barspan_device_ops *ops,
			    void *context);

/* Gives the device up; what it owns goes when its last span is unmapped. NULL
 * is ignored. */
void barspan_device_close(struct barspan_device *device);

/* What the device is called in messages: its PCI address, "vfio fd 7", "soft"
 * or "ops". Belongs to the device. */
const char *barspan_device_name(const struct barspan_device *device);

/* The VFIO device's descriptor, for interrupts, reset and the like; -1 for
 * other kinds of device. Borrowed. */
int barspan_device_fd(const struct barspan_device *device);

/* What DMA mappings of a device that barspan_device_open_pci() opened go
 * through: the container, or the iommufd; -1 for others. A container in
 * no-IOMMU mode maps nothing. *ioas_id (may be NULL) is the I/O address space
 * attached to an iommufd, and 0 for a container. Borrowed. */
int barspan_device_iommu_fd(const struct barspan_device *device, uint32_t *ioas_id);

/* Describes region `index`; asks the device each time. -ENOENT: the device has
 * no such region; -EPROTO: its answer is malformed, has more than
 * BARSPAN_MAX_AREAS areas, or is the 65th of a VFIO device that differs from
 * all before; or another error of the device's. A region that exists may have
 * size 0. Such an answer, or a smaller size than before, does not take the
 * region from its spans: they keep the size that they were mapped with, and the
 * kernel checks each access. */
int barspan_device_region(struct barspan_device *device, unsigned int index,
			  struct barspan_region *out);

/* Trapped access to any range of any region, mapped or not: the way to
 * configuration space. One access as long as `length` says; a kernel serves
 * lengths other than 1, 2, 4 and 8 piece by piece, low offsets first. Bytes are
 * in the device's order. Async-signal-safe for VFIO devices once the region was
 * described with a size.
 *
 * -ENOENT: no such region; -ERANGE: past its end; -EACCES: the region's flags
 * forbid it; or what the device says. A transport of the caller's makes these
 * checks itself. */
int barspan_device_read(struct barspan_device *device, unsigned int index, uint64_t offset,
			void *buffer, size_t length);
int barspan_device_write(struct barspan_device *device, unsigned int index, uint64_t offset,
			 const void *buffer, size_t length);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
