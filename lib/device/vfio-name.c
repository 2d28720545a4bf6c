/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the PCI address of a VFIO descriptor's device. The kernel shows it for
 * a character device by a link in sysfs, and for any descriptor by a line of
 * /proc/self/fdinfo (Documentation/filesystems/proc.rst, "VFIO Device files").
 * For a descriptor from a group, an older kernel shows nothing; only the
 * program that requested the descriptor knows the address.
 */
#include "device/vfio-name.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "util/fork.h"
#include "device/pci-address.h"
#include "util/sys.h"

enum { NOTES = 64 };

/* The last calls of barspan_name_descriptor_(). */
static struct note {
	int fd;
	char name[PCI_ADDRESS_LENGTH]; /* "": none */
} notes[NOTES];
static unsigned int next_note;
static pthread_mutex_t note_lock = PTHREAD_MUTEX_INITIALIZER;

PROTECT_ACROSS_FORK(note_lock, 101);

/* The last component of a path, if it is a PCI address. */
static int take_base_name(char out[PCI_ADDRESS_LENGTH], const char *path)
{
	const char *slash = strrchr(path, '/');

	return pci_parse_address(out, slash ? slash + 1 : path);
}

static int ask_sysfs(char out[PCI_ADDRESS_LENGTH], int fd)
{
	static const char folder[] = "/dev/vfio/devices/";
	char path[96], target[256];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = sys_readlink(path, target, sizeof(target));
	if (r || strncmp(target, folder, strlen(folder)) || strlen(target) > 48)
		return r ? r : -ENOENT;
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%.32s/device", target + strlen(folder));
	r = sys_readlink(path, target, sizeof(target));
	return r ? r : take_base_name(out, target);
}

static int ask_fdinfo(char out[PCI_ADDRESS_LENGTH], int fd)
{
	static const char key[] = "vfio-device-syspath:";
	char path[48], text[1024], *line, *rest = text;
	int info, n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = sys_open(path, O_RDONLY);
	if (info < 0)
		return info;
	n = sys_read(info, text, sizeof(text) - 1);
	sys_close(info);
	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, strlen(key)))
			return take_base_name(out, line + strlen(key));
	return -ENOENT;
}

static int ask_notes(char out[PCI_ADDRESS_LENGTH], int fd)
{
	int r = -ENOENT;

	pthread_mutex_lock(&note_lock);
	for (size_t i = 0; i < NOTES && r; i++)
		if (notes[i].fd == fd && notes[i].name[0]) {
			memcpy(out, notes[i].name, PCI_ADDRESS_LENGTH);
			r = 0;
		}
	pthread_mutex_unlock(&note_lock);
	return r;
}

void vfio_find_name(char out[VFIO_NAME_LENGTH], int fd)
{
	char address[PCI_ADDRESS_LENGTH];

	if (!ask_sysfs(address, fd) || !ask_fdinfo(address, fd) || !ask_notes(address, fd))
		snprintf(out, VFIO_NAME_LENGTH, "%s", address);
	else
		snprintf(out, VFIO_NAME_LENGTH, "vfio fd %d", fd);
}

void barspan_name_descriptor_(int fd, const char *name)
{
	char address[PCI_ADDRESS_LENGTH] = "", word[PCI_ADDRESS_LENGTH + 4];
	struct note *note = NULL;

	/* The name may be followed by a blank and a VF token. */
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, " "), name);
	if (pci_parse_address(address, word))
		address[0] = '\0';
	pthread_mutex_lock(&note_lock);
	for (size_t i = 0; i < NOTES && !note; i++)
		if (notes[i].fd == fd && notes[i].name[0])
			note = &notes[i];
	if (!note)
		note = &notes[next_note++ % NOTES];
	note->fd = fd;
	memcpy(note->name, address, sizeof(address));
	pthread_mutex_unlock(&note_lock);
}
