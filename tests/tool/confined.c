/* SPDX-License-Identifier: BSD-3-Clause */
/* A program without a device. Its seccomp filter kills it for any system call
 * that it does not make itself. It maps memory, and the preloaded object must
 * not add a system call. */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 0x2000 };

#define ALLOW(number) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int confine_self(void)
{
	static struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_mmap),
		ALLOW(SYS_munmap),
		ALLOW(SYS_mprotect),
		ALLOW(SYS_mremap),
		ALLOW(SYS_close),
		ALLOW(SYS_write),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void *map_pages(void *address, int prot, int flags, int fd)
{
	void *mapped = mmap(address, SIZE, prot, flags, fd, 0);

	if (mapped == MAP_FAILED)
		_exit(3);
	return mapped;
}

int main(void)
{
	static const char good[] = "ok\n";
	int fd = memfd_create("data", MFD_CLOEXEC);
	void *here;

	if (fd < 0 || ftruncate(fd, SIZE) || confine_self()) {
		perror("confine");
		return EXIT_FAILURE;
	}
	here = map_pages(NULL, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	map_pages(here, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd);
	map_pages(here, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
	map_pages(NULL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_pages(NULL, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (mprotect(here, SIZE, PROT_READ) || mremap(here, SIZE, SIZE / 2, 0) != here ||
	    munmap(here, SIZE) || close(fd))
		_exit(4);
	if (write(STDOUT_FILENO, good, sizeof(good) - 1) < 0)
		_exit(5);
	_exit(0);
}
