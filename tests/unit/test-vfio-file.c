/* SPDX-License-Identifier: BSD-3-Clause */
/* How the library recognises a VFIO device's descriptor, among real files and
 * simulated VFIO devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/device.h"
#include "device/vfio.h"
#include "support/fake.h"
#include "support/harness.h"

/* The files that the library sees. */
static struct {
	int fd;
	mode_t mode;
	const char *fd_link, *number_link; /* NULL: there is no such link */
	int ioctl_result;
	struct vfio_device_info answer;
	unsigned int ioctls;
} world;

static int play_fstat(int fd, struct stat *out)
{
	int r = real_sys_fstat(fd, out);

	if (!r && fd == world.fd) {
		out->st_mode = world.mode;
		out->st_rdev = makedev(511, 3);
	}
	return r;
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	char own[48];
	const char *target;

	snprintf(own, sizeof(own), "/proc/thread-self/fd/%d", world.fd);
	if (!strcmp(path, own))
		target = world.fd_link;
	else
		target = !strcmp(path, "/sys/dev/char/511:3") ? world.number_link : NULL;
	if (!target)
		return -ENOENT;
	if (strlen(target) >= length)
		return -ENAMETOOLONG;
	strcpy(buffer, target);
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	ck_assert_int_eq(fd, world.fd);
	ck_assert_uint_eq(request, VFIO_DEVICE_GET_INFO);
	world.ioctls++;
	if (!world.ioctl_result)
		memcpy(argument, &world.answer, sizeof(world.answer));
	return world.ioctl_result;
}

static void set_up(void)
{
	fake_reset();
	memset(&world, 0, sizeof(world));
	world.fd = memfd_create("vfio", MFD_CLOEXEC);
	ck_assert_int_ge(world.fd, 0);
	world.ioctl_result = -ENOTTY;
	fake_hooks.fstat = play_fstat;
	fake_hooks.readlink = play_readlink;
	fake_hooks.ioctl = play_ioctl;
	harness_listen();
}

static void tear_down(void)
{
	close(world.fd);
	fake_reset();
}

/* Expects that the library refuses the descriptor. Closes it. */
static void expect_other(int fd, unsigned long calls)
{
	ck_assert_int_ge(fd, 0);
	fake_reset();
	ck_assert(!vfio_is_device(fd));
	ck_assert_uint_eq(fake_total(), calls);
	ck_assert_uint_eq(fake_count(FAKE_IOCTL), 0);
	close(fd);
}

START_TEST(files_of_other_kinds_are_refused_after_one_call)
{
	int ends[2];

	expect_other(memfd_create("other", MFD_CLOEXEC), 1);
	expect_other(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 1);
	expect_other(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
	ck_assert_zero(pipe(ends));
	expect_other(ends[0], 1);
	expect_other(ends[1], 1);
	fake_reset();
	ck_assert(!vfio_is_device(-1));
	ck_assert_uint_eq(fake_total(), 0);
	ck_assert(!vfio_is_device(ends[0]));
	ck_assert_uint_eq(fake_total(), 1);
}
END_TEST

START_TEST(foreign_inodes_and_character_devices_get_no_ioctl)
{
	expect_other(eventfd(0, EFD_CLOEXEC), 2);
	expect_other(open("/dev/null", O_RDWR | O_CLOEXEC),
		     access("/sys/dev/char/1:3", F_OK) ? 3 : 2);
}
END_TEST

START_TEST(a_descriptor_from_a_group_is_recognised)
{
	world.fd_link = "anon_inode:[vfio-device]";
	ck_assert(vfio_is_device(world.fd));
	world.fd_link = "anon_inode:[vfio-device]x";
	ck_assert(!vfio_is_device(world.fd));
	world.fd_link = "anon_inode:kvm-vm";
	ck_assert(!vfio_is_device(world.fd));
	ck_assert_uint_eq(world.ioctls, 0);
	/* A regular file with the name of a device. */
	world.mode = S_IFREG | 0600;
	world.fd_link = "anon_inode:[vfio-device]";
	ck_assert(!vfio_is_device(world.fd));
}
END_TEST

START_TEST(without_proc_an_anonymous_inode_gets_an_ioctl)
{
	const struct vfio_device_info good = {
		.argsz = sizeof(good),
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = 9,
	};

	world.ioctl_result = 0;
	world.answer = good;
	ck_assert(vfio_is_device(world.fd));
	ck_assert_uint_eq(world.ioctls, 1);
	/* Answers of drivers that accept any request. */
	world.answer = (struct vfio_device_info){ .argsz = sizeof(world.answer) };
	ck_assert(!vfio_is_device(world.fd));
	world.answer.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_CAPS;
	ck_assert(!vfio_is_device(world.fd));
	world.answer = good;
	world.answer.argsz = 8;
	ck_assert(!vfio_is_device(world.fd));
	world.answer = good;
	world.ioctl_result = 1;
	ck_assert(!vfio_is_device(world.fd));
	world.ioctl_result = -ENOTTY;
	ck_assert(!vfio_is_device(world.fd));
}
END_TEST

START_TEST(a_character_device_is_known_by_its_number)
{
	world.mode = S_IFCHR | 0600;
	world.number_link = "../../devices/pci0000:00/0000:00:02.0/vfio-dev/vfio0";
	world.fd_link = "/run/driver/my-device";
	ck_assert(vfio_is_device(world.fd));
	world.fd_link = NULL;
	ck_assert(vfio_is_device(world.fd));
	/* Another driver's device at the path of a VFIO device. */
	world.fd_link = "/dev/vfio/devices/vfio0";
	world.number_link = "../../devices/virtual/misc/vfio-dev";
	ck_assert(!vfio_is_device(world.fd));
	world.number_link = "../../devices/pci0000:00/0000:00:02.0/vfio-dev/vfio0/below";
	ck_assert(!vfio_is_device(world.fd));
	ck_assert_uint_eq(world.ioctls, 0);
}
END_TEST

START_TEST(without_sysfs_a_character_device_is_known_by_its_path)
{
	world.mode = S_IFCHR | 0600;
	world.fd_link = "/dev/vfio/devices/vfio0";
	ck_assert(vfio_is_device(world.fd));
	world.fd_link = "/dev/vfio/vfio";
	ck_assert(!vfio_is_device(world.fd));
	/* Neither sysfs nor the path identifies the device: an unknown driver
	 * is not asked. */
	world.fd_link = NULL;
	world.ioctl_result = 0;
	world.answer = (struct vfio_device_info){ .argsz = sizeof(world.answer),
						  .flags = VFIO_DEVICE_FLAGS_PCI };
	ck_assert(!vfio_is_device(world.fd));
	ck_assert_uint_eq(world.ioctls, 0);
}
END_TEST

/* Replaces the memory file's link, if it can be read, by that of a VFIO
 * device. */
static int translate_link(const char *path, char *buffer, size_t length)
{
	int r = real_sys_readlink(path, buffer, length);

	if (!r && !strncmp(buffer, "/memfd:vfio", 11))
		snprintf(buffer, length, "anon_inode:[vfio-device]");
	return r;
}

/* The child's result; 0: none yet. */
enum { RECOGNISED = 1, NOT_RECOGNISED, NOT_GONE, NO_THREAD };
static volatile int *found;

/* Ends the child without memcheck's leak check at exit. */
static void finish_child(int result)
{
	*found = result;
	kill(getpid(), SIGKILL);
}

/* Waits until the main thread has ended, whose descriptors /proc/self still
 * shows. */
static void *recognise_device(void *unused)
{
	char path[48], target[64];
	int waits = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", world.fd);
	while (readlink(path, target, sizeof(target)) >= 0 && waits++ < 5000)
		usleep(1000);
	if (waits >= 5000)
		finish_child(NOT_GONE);
	finish_child(vfio_is_device(world.fd) ? RECOGNISED : NOT_RECOGNISED);
	return unused;
}

START_TEST(a_device_is_recognised_after_the_main_thread_has_ended)
{
	pid_t child;

	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	ck_assert(found != MAP_FAILED);
	fake_hooks.readlink = translate_link;
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, recognise_device, NULL))
			finish_child(NO_THREAD);
		/* pthread_exit() would do, but needs libgcc_s. */
		syscall(SYS_exit, 0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(*found, RECOGNISED);
	munmap((void *)(uintptr_t)found, sizeof(*found));
}
END_TEST

/* Errors that other files' drivers return for an unknown request. */
static const int refusals[] = { -ENOTTY, -EINVAL, -EPERM, -EBADFD, -ENOSYS, -EOPNOTSUPP };
enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

START_TEST(another_file_is_enotty_whatever_its_driver_returns)
{
	struct barspan_device *device = NULL;

	world.mode = S_IFCHR | 0600;
	world.number_link = "../../devices/virtual/misc/tun";
	for (int i = 0; i < REFUSALS; i++) {
		world.ioctl_result = refusals[i];
		ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -ENOTTY);
	}
	world.ioctl_result = -EIO;
	ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -ENOTTY);
	ck_assert_ptr_nonnull(strstr(harness_message, "not a VFIO device: ENOTTY"));
	/* Without /proc, the error decides. */
	world.mode = 0;
	for (int i = 0; i < REFUSALS; i++) {
		world.ioctl_result = refusals[i];
		ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -ENOTTY);
	}
	world.ioctl_result = -EIO;
	ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -EIO);
	world.ioctl_result = -EBADF;
	ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -EBADF);
	ck_assert_ptr_null(device);
}
END_TEST

START_TEST(the_error_of_a_vfio_device_is_returned)
{
	struct barspan_device *device = NULL;

	world.mode = S_IFCHR | 0600;
	world.number_link = "../../devices/pci0000:00/0000:00:02.0/vfio-dev/vfio0";
	world.ioctl_result = -EINVAL;
	ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -EINVAL);
	ck_assert_ptr_nonnull(strstr(harness_message, "not bound to an iommufd: EINVAL"));
	world.ioctl_result = -EIO;
	ck_assert_int_eq(barspan_device_open_vfio(&device, world.fd), -EIO);
	ck_assert_ptr_null(device);
}
END_TEST

START_TEST(real_files_are_not_vfio_devices)
{
	static const char *const paths[] = { "/dev/null",	  "/dev/net/tun",
					     "/dev/loop-control", "/dev/vhost-net",
					     "/dev/vfio/vfio",	  "/" };
	struct barspan_device *device = NULL;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		ck_assert_msg(barspan_device_open_vfio(&device, fd) == -ENOTTY, "%s", paths[i]);
		close(fd);
	}
	ck_assert_ptr_null(device);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio-file");

	harness_add_with(suite, "real", fake_reset, NULL,
			 (const TTest *const[]){ files_of_other_kinds_are_refused_after_one_call,
						 foreign_inodes_and_character_devices_get_no_ioctl,
						 real_files_are_not_vfio_devices, NULL });
	harness_add_with(suite, "recognition", set_up, tear_down,
			 (const TTest *const[]){
				 a_descriptor_from_a_group_is_recognised,
				 without_proc_an_anonymous_inode_gets_an_ioctl,
				 a_character_device_is_known_by_its_number,
				 without_sysfs_a_character_device_is_known_by_its_path,
				 a_device_is_recognised_after_the_main_thread_has_ended, NULL });
	harness_add_with(suite, "refusal", set_up, tear_down,
			 (const TTest *const[]){ another_file_is_enotty_whatever_its_driver_returns,
						 the_error_of_a_vfio_device_is_returned, NULL });
	return harness_run(suite);
}
