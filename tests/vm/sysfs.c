/* SPDX-License-Identifier: BSD-3-Clause */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"

enum {
	RESOURCE_MEMORY = 0x200, /* IORESOURCE_MEM, <linux/ioport.h> */
	FIRST_CAPABILITY = 0x34, /* PCI_CAPABILITY_LIST, <linux/pci_regs.h> */
	CONFIG_LENGTH = 256,
	MAX_CAPABILITIES = 48,
	MSIX = 0x11,	/* PCI_CAP_ID_MSIX */
	MSIX_TABLE = 4, /* PCI_MSIX_TABLE: the low three bits are the BAR */
};

static void make_path(char out[128], const char *address, const char *name)
{
	snprintf(out, 128, "/sys/bus/pci/devices/%s/%s", address, name);
}

static size_t read_file(const char *address, const char *name, void *out, size_t length)
{
	char path[128];
	ssize_t n;
	int fd;

	make_path(path, address, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	NEED(fd >= 0, "%s: %s", path, strerror(errno));
	n = read(fd, out, length);
	NEED(n >= 0, "%s: %s", path, strerror(errno));
	close(fd);
	return (size_t)n;
}

/* Returns the BAR that contains the MSI-X table, or -1. */
static int msix_bar(const char *address)
{
	uint8_t config[CONFIG_LENGTH];
	size_t length = read_file(address, "config", config, sizeof(config));

	NEED(length == sizeof(config), "%s: %zu bytes of config", address, length);
	for (uint8_t at = config[FIRST_CAPABILITY], n = 0; at && n < MAX_CAPABILITIES;
	     at = config[at + 1], n++)
		if (config[at] == MSIX)
			return config[at + MSIX_TABLE] & 7;
	return -1;
}

/* Each line of the file "resource" is START END FLAGS. */
void sysfs_bars(const char *address, struct sysfs_bar out[SYSFS_BARS])
{
	char text[4096], *rest = text;
	int msix = msix_bar(address);

	text[read_file(address, "resource", text, sizeof(text) - 1)] = '\0';
	for (int i = 0; i < SYSFS_BARS; i++) {
		const char *line = strsep(&rest, "\n");
		uint64_t start, end, flags;

		NEED(line && sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end,
				    &flags) == 3,
		     "%s: line %d of resource", address, i);
		out[i].start = start;
		out[i].size = flags ? end - start + 1 : 0;
		out[i].memory = flags & RESOURCE_MEMORY;
		out[i].msix = i == msix;
	}
}

uint64_t sysfs_config_size(const char *address)
{
	char path[128];
	struct stat status;

	make_path(path, address, "config");
	NEED(!stat(path, &status), "%s: %s", path, strerror(errno));
	return (uint64_t)status.st_size;
}

void sysfs_group_path(const char *address, char *out, size_t length)
{
	char path[128], target[256];
	ssize_t n;

	make_path(path, address, "iommu_group");
	n = readlink(path, target, sizeof(target) - 1);
	NEED(n > 0, "%s: %s", path, strerror(errno));
	target[n] = '\0';
	snprintf(out, length, "/dev/vfio/%s", strrchr(target, '/') + 1);
}
