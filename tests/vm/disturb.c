/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * disturb PID off|on|d3|d0: turns memory decoding of a process's VFIO devices
 * off or on, or puts them into D3hot or D0.
 *
 * It writes to configuration space through the process's own descriptors. VFIO
 * sees these writes, unlike writes through sysfs, and unmaps the registers.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* PCI Local Bus Specification 3.0, chapter 6; PCI Bus Power Management
 * Interface Specification 1.2, chapter 3. */
enum {
	COMMAND = 0x04,
	COMMAND_MEMORY = 1 << 1,
	FIRST_CAPABILITY = 0x34,
	MAX_CAPABILITIES = 48,
	POWER_MANAGEMENT = 1,
	POWER_STATUS = 4,
	POWER_STATE = 3,
	D3HOT = 3,
};

struct change {
	const char *name;
	int power; /* 1: in the power management capability */
	uint16_t mask, value;
};

static const struct change changes[] = {
	{ "off", 0, COMMAND_MEMORY, 0 },
	{ "on", 0, COMMAND_MEMORY, COMMAND_MEMORY },
	{ "d3", 1, POWER_STATE, D3HOT },
	{ "d0", 1, POWER_STATE, 0 },
};

static const struct change *find_change(const char *name)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (!strcmp(changes[i].name, name))
			return &changes[i];
	return NULL;
}

/* Returns the register's offset in the device's file. Negative: the device has
 * no such register, or a read failed. */
static off_t find_register(int device, off_t config, const struct change *change)
{
	uint8_t at, header[2];

	if (!change->power)
		return config + COMMAND;
	if (pread(device, &at, 1, config + FIRST_CAPABILITY) != 1)
		return -1;
	for (int i = 0; at && i < MAX_CAPABILITIES; i++) {
		if (pread(device, header, 2, config + at) != 2)
			return -1;
		if (header[0] == POWER_MANAGEMENT)
			return config + at + POWER_STATUS;
		at = header[1];
	}
	return -1;
}

static int make_change(int device, const struct change *change)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t value;
	off_t at;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -1;
	at = find_register(device, (off_t)info.offset, change);
	if (at < 0 || pread(device, &value, 2, at) != 2)
		return -1;
	value = (uint16_t)((value & ~change->mask) | change->value);
	if (pwrite(device, &value, 2, at) != 2 || pread(device, &value, 2, at) != 2)
		return -1;
	return (value & change->mask) == change->value ? 0 : -1;
}

static int is_device(int pid, const char *fd)
{
	char path[300], target[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
	return readlink(path, target, sizeof(target) - 1) > 0 &&
	       !strcmp(target, "anon_inode:[vfio-device]");
}

/* Returns the number of descriptors changed; a device may have several.
 * Negative: a change failed. */
static int change_all(int pid, const struct change *change)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), device, n = 0;
	struct dirent *entry;
	char path[32];
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	if (process < 0 || !fds)
		return -1;
	while (n >= 0 && (entry = readdir(fds))) {
		if (!is_device(pid, entry->d_name))
			continue;
		device = (int)syscall(SYS_pidfd_getfd, process, atoi(entry->d_name), 0);
		n = device >= 0 && !make_change(device, change) ? n + 1 : -1;
		close(device);
	}
	closedir(fds);
	close(process);
	return n;
}

int main(int argc, char **argv)
{
	const struct change *change = argc == 3 ? find_change(argv[2]) : NULL;
	int n;

	if (!change) {
		fprintf(stderr, "usage: disturb PID off|on|d3|d0\n");
		return 2;
	}
	n = change_all(atoi(argv[1]), change);
	if (n < 0)
		fprintf(stderr, "disturb: %s\n", strerror(errno));
	printf("%s: %d descriptors\n", change->name, n);
	return n > 0 ? 0 : 1;
}
