/* SPDX-License-Identifier: BSD-3-Clause */
/* Fakes /sys, /dev and the kernel of a machine with one PCI device,
 * 0000:01:00.0, in IOMMU group 26. */
#ifndef PCI_WORLD_H
#define PCI_WORLD_H

#include <stdint.h>

/* The parts of the machine that may be present or missing. */
enum pci_world_part {
	HAS_DEVICE = 1 << 0,
	HAS_GROUP_LINK = 1 << 1,
	HAS_DRIVER = 1 << 2,
	HAS_GROUP_NODE = 1 << 3,
	HAS_CONTAINER = 1 << 4,
	IS_VIABLE = 1 << 5,
	IS_IN_GROUP = 1 << 6,
	HAS_TYPE1 = 1 << 7,
	HAS_TYPE1V2 = 1 << 8,
	HAS_CDEV = 1 << 9,
	HAS_CDEV_NODE = 1 << 10,
	HAS_IOMMUFD = 1 << 11,
	HAS_NOIOMMU_NODE = 1 << 12,
	KNOWS_TOKEN = 1 << 13, /* the character device's interface has tokens */
	TAKES_TOKEN = 1 << 14, /* the driver behind that interface takes tokens */

	/* A working group, alone or with a working character device. */
	GROUP_WORKS = (1 << 9) - 1,
	CDEV_WORKS = HAS_CDEV | HAS_CDEV_NODE | HAS_IOMMUFD,
	BOTH_WORK = GROUP_WORKS | CDEV_WORKS,
	ONLY_CDEV_WORKS = BOTH_WORK & ~HAS_GROUP_NODE,
};

/* Errors are results of opening a node, of VFIO_SET_IOMMU, or of
 * VFIO_DEVICE_BIND_IOMMUFD. */
struct pci_world {
	unsigned int has;
	const char *driver; /* NULL: vfio-pci */
	int group_error, container_error, cdev_error, iommufd_error, type_error, bind_error;
	const char *token;  /* the token that the device requires; NULL: none */
	const char *enable; /* contents of the file in sysfs; NULL: it cannot be read */
};

#define PCI_WORLD_TOKEN "01234567-89ab-CDEF-0123-456789abcdef"
extern const uint8_t pci_world_token_bytes[16];

/* The machine, and the state after the library's calls. */
extern struct pci_world pci_world;
extern struct pci_world_result {
	unsigned int opened; /* opened nodes */
	int type;	     /* the IOMMU type that was set */
	int device_fd, bound_to;
	uint32_t attached;
} pci_world_result;

/* Fixture: a machine with a working group, and no messages. */
void pci_world_set_up(void);

/* Fixture: fails unless mappings and descriptors are unchanged. */
void pci_world_tear_down(void);

#endif
