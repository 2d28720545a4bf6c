/* SPDX-License-Identifier: BSD-3-Clause */
#include "compat/shared-device.h"

#include <errno.h>

#include "device/device.h"
#include "device/vfio.h"
#include "util/fork.h"
#include "util/sys.h"
#include "device/vfio-name.h"

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct barspan_device *first_shared;

PROTECT_ACROSS_FORK(shared_lock, 102);

static void remove_shared(struct barspan_device *device)
{
	pthread_mutex_lock(&shared_lock);
	for (struct barspan_device **link = &first_shared; *link; link = &(*link)->next_shared)
		if (*link == device) {
			*link = device->next_shared;
			break;
		}
	pthread_mutex_unlock(&shared_lock);
}

/* Moves the device found to the front: most programs have one device, or map
 * the same device many times in a row. */
static struct barspan_device *find_shared(int fd)
{
	for (struct barspan_device **link = &first_shared, *device; (device = *link);
	     link = &device->next_shared) {
		if (!sys_is_same_file(fd, device->fd) || !device_hold_again(device))
			continue;
		*link = device->next_shared;
		device->next_shared = first_shared;
		first_shared = device;
		return device;
	}
	return NULL;
}

static int open_own(struct barspan_device **out, int fd)
{
	int own = sys_dup(fd), r;
	char name[VFIO_NAME_LENGTH];

	if (own < 0)
		return own;
	vfio_find_name(name, fd);
	r = vfio_open(out, own, name);
	if (r)
		sys_close(own);
	else
		(*out)->owned[0] = own;
	return r;
}

bool shared_device_knows(int fd)
{
	const struct barspan_device *device;

	pthread_mutex_lock(&shared_lock);
	for (device = first_shared; device && !sys_is_same_file(fd, device->fd);
	     device = device->next_shared)
		;
	pthread_mutex_unlock(&shared_lock);
	return device;
}

int shared_device_open(struct barspan_device **out, int fd)
{
	struct barspan_device *device;
	int r;

	pthread_mutex_lock(&shared_lock);
	device = find_shared(fd);
	pthread_mutex_unlock(&shared_lock);
	if (device) {
		*out = device;
		return 0;
	}
	/* If two threads open the same file here, each gets a device of its
	 * own. That is harmless. */
	r = open_own(&device, fd);
	if (r)
		return r;
	device->before_close = remove_shared;
	pthread_mutex_lock(&shared_lock);
	device->next_shared = first_shared;
	first_shared = device;
	pthread_mutex_unlock(&shared_lock);
	*out = device;
	return 0;
}
