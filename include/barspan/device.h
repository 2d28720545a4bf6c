/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices: the sources of regions.
 *
 * A function that can fail returns 0 or a negative errno value. It returns its
 * result through a parameter, which it leaves unchanged on failure. Offsets,
 * lengths and sizes are in bytes. Unless stated otherwise, functions are
 * thread-safe and must not be called from signal handlers.
 */
#ifndef BARSPAN_DEVICE_H
#define BARSPAN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/inline/macros.h>

BARSPAN_BEGIN_DECLS_

/* A device. Spans hold references, so barspan_device_close() may be called
 * before barspan_unmap(). */
struct barspan_device;

/* Bytes [offset, offset + length) of a region: an area (struct
 * vfio_region_sparse_mmap_area, <linux/vfio.h>), or a hole that the caller
 * requests. */
struct barspan_range {
	uint64_t offset;
	uint64_t length;
};

/* Flags of a region. Source: VFIO_REGION_INFO_FLAG_* and
 * VFIO_REGION_INFO_CAP_*, <linux/vfio.h>. */
enum barspan_region_flags {
	BARSPAN_REGION_READ = 1 << 0,  /* can be read */
	BARSPAN_REGION_WRITE = 1 << 1, /* can be written */
	BARSPAN_REGION_MMAP = 1 << 2,  /* can be mapped, as a whole unless _SPARSE */
	/* only `areas` can be mapped; there may be none */
	BARSPAN_REGION_SPARSE = 1 << 3,
	BARSPAN_REGION_MSIX_MAPPABLE = 1 << 4, /* the MSI-X table can be mapped, too */
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

/* The most areas that a region may have. A 4 GiB region in which every other 4
 * KiB page can be mapped has half as many. */
#define BARSPAN_MAX_AREAS (UINT32_C(1) << 20)

/* A region as the device describes it. `areas` has n_areas entries in the
 * device's order, not normalised. It belongs to the device and is valid until
 * the device is freed. */
struct barspan_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_range *areas;
};

/* Opens a VFIO device by its descriptor: one from a group
 * (VFIO_GROUP_GET_DEVICE_FD), or a character device (/dev/vfio/devices/) that
 * is bound and attached. The caller keeps the descriptor and must leave it open
 * while the device and its spans are in use. In configuration space only the
 * capability list is read, to locate the MSI-X table.
 *
 * -EBADF: not an open descriptor; -ENOTTY: not a VFIO device; -EINVAL: a
 * character device that is not bound to an iommufd; -EPROTO: the kernel's
 * answer is malformed; -ENOMEM. */
int barspan_device_open_vfio(struct barspan_device **out, int vfio_device_fd);

/* Flags of struct barspan_pci_options. */
enum barspan_pci_flags {
	BARSPAN_PCI_NO_IOMMU = 1 << 0, /* also open a device without an IOMMU */
};

struct barspan_pci_options {
	size_t size; /* sizeof(struct barspan_pci_options) */

	/* BARSPAN_PCI_NO_IOMMU also opens a device in VFIO's no-IOMMU mode
	 * (/dev/vfio/noiommu-GROUP), which requires CAP_SYS_RAWIO. Such a
	 * device can read and write all memory of the machine, and VFIO maps no
	 * memory for DMA. The flag does not change how a device with an IOMMU
	 * is opened. */
	uint32_t flags;

	/* The VF token, a UUID such as "01234567-89ab-cdef-0123-456789abcdef";
	 * NULL: none. vfio-pci requires it for a virtual function whose
	 * physical function a VFIO user has opened, and for that physical
	 * function. */
	const char *vf_token;
};

/* Opens the PCI device at `bdf`, "0000:01:00.0" or "01:00.0", which must be
 * bound to a VFIO driver. First tries its group and a container with a type 1
 * IOMMU. If a device node for that is missing or not permitted, or the
 * container has no type 1 driver, tries the character device and iommufd. If
 * both fail, returns the more useful error. The device owns all descriptors;
 * see barspan_device_fd() and barspan_device_iommu_fd(). NULL options mean the
 * defaults. The log names the cause of an error.
 *
 * -EINVAL: not a PCI address, not a UUID, unknown flags, a token for a device
 * that takes none, or the kernel refuses to bind the character device; -E2BIG:
 * options with a nonzero part that this library does not know, or larger than
 * 4096; -ENODEV: no such PCI device; -ENXIO: not bound to a VFIO driver, or a
 * VFIO node is missing; -EOPNOTSUPP: not in an IOMMU group, or without an IOMMU
 * while BARSPAN_PCI_NO_IOMMU is not set, or a token for a character device
 * before Linux 6.17; -EACCES, -EPERM: no permission for a node under /dev/vfio,
 * or the token is missing or wrong; -EBUSY: another process uses the group or
 * the device, or a device of the group is bound to a driver that is not VFIO's;
 * or another error of the kernel. */
int barspan_device_open_pci(struct barspan_device **out, const char *bdf,
			    const struct barspan_pci_options *options);

/* A transport: operations that access a device in the caller's way. All but
 * `close` are required. They return 0 or a negative errno value and may be
 * called from several threads at once. The library checks their results as it
 * checks the kernel's. */
struct barspan_device_ops {
	size_t size; /* sizeof(struct barspan_device_ops) */

	/* Describes a region. `out->areas` must stay valid until `close`; more
	 * than BARSPAN_MAX_AREAS are rejected. -EINVAL: no such region. */
	int (*region)(void *context, unsigned int index, struct barspan_region *out);

	/*
	 * Maps bytes [offset, offset + length) of the region at exactly
	 * `address`, over the mapping there, as MAP_FIXED does; the library
	 * owns that range. All three are multiples of the page size. The
	 * mapping must stay valid until `close`: barspan_resume() restores
	 * access to it, after it has called `map` for another address to ask
	 * whether the region can be mapped now.
	 *
	 * After a failure the range must be unchanged or unmapped, so an
	 * operation that makes several mappings must undo them. The library
	 * cannot distinguish a mapping that is left there from another
	 * thread's: it leaves the mapping in place, loses the addresses, and
	 * logs an error.
	 *
	 * `map` may query and access spans, and map and unmap other memory. In
	 * it, functions that map spans or change their mappings fail with
	 * -EDEADLK, and barspan_unmap() has no effect. It must not wait for a
	 * thread that calls them. It is not cancelled, and may change errno.
	 */
	int (*map)(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address);

	/* Trapped accesses. An access that is not completed must fail. */
	int (*read)(void *context, unsigned int index, uint64_t offset, void *buffer,
		    size_t length);
	int (*write)(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length);

	/* Called when the device and all its spans are gone. May be NULL. */
	void (*close)(void *context);
};

/* Opens a device on a transport. Copies `ops`, and passes `context` to every
 * operation. Does not call `close` on failure.
 * -EINVAL: an operation is missing or ops->size is too small; -E2BIG: ops has a
 * nonzero part that this library does not know, or is larger than 4096;
 * -ENOMEM. */
int barspan_device_open_ops(struct barspan_device **out, const struct barspan_device_ops *ops,
			    void *context);

/* Closes the device. Its resources are freed when its last span is unmapped.
 * NULL is ignored. */
void barspan_device_close(struct barspan_device *device);

/* The device's name in messages: its PCI address, "vfio fd 7", "soft" or "ops".
 * The string belongs to the device. */
const char *barspan_device_name(const struct barspan_device *device);

/* The VFIO device's descriptor, for interrupts, reset and so on; -1 for other
 * kinds of device. Borrowed: do not close it. */
int barspan_device_fd(const struct barspan_device *device);

/* The descriptor for DMA mappings of a device from barspan_device_open_pci():
 * the container (which maps nothing in no-IOMMU mode) or the iommufd; -1 for
 * other devices. *ioas_id (may be NULL) becomes the I/O address space attached
 * to the iommufd, or 0 for a container. The device owns the descriptor. */
int barspan_device_iommu_fd(const struct barspan_device *device, uint32_t *ioas_id);

/* Describes region `index`; asks the device each time. A region that exists may
 * have size 0. Existing spans keep the size they were mapped with, even if the
 * device now reports a smaller one; the kernel checks each access.
 * -ENOENT: no such region; -EPROTO: the answer is malformed, has more than
 * BARSPAN_MAX_AREAS areas, or is the 65th different one for a region of a VFIO
 * device; or another error of the device. */
int barspan_device_region(struct barspan_device *device, unsigned int index,
			  struct barspan_region *out);

/* Trapped access to any bytes of any region, mapped or not, including
 * configuration space. Makes one access of `length` bytes; the kernel splits
 * lengths other than 1, 2, 4 and 8, low offsets first. Bytes are in the
 * device's order. Async-signal-safe for VFIO devices after the region was
 * described with a nonzero size.
 *
 * -ENOENT: no such region; -ERANGE: past its end; -EACCES: forbidden by its
 * flags; or the device's error. A transport makes these checks itself. */
int barspan_device_read(struct barspan_device *device, unsigned int index, uint64_t offset,
			void *buffer, size_t length);
int barspan_device_write(struct barspan_device *device, unsigned int index, uint64_t offset,
			 const void *buffer, size_t length);

BARSPAN_END_DECLS_

#endif
