/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver without any knowledge of libbarspan: it maps a whole BAR with one
 * mmap(), and loads and stores at base + offset. Its device is a memory file
 * that tests/tool/fake-vfio.c makes look like a VFIO device. The BAR has a hole
 * in its middle. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000 };

static int device;
static volatile uint8_t *base;
static volatile int *volatile nowhere;

static int fail_test(const char *what)
{
	printf("not ok: %s\n", what);
	return EXIT_FAILURE;
}

/* The device's value at an offset of the BAR. */
static uint32_t read_device(uint32_t offset)
{
	uint32_t value = 0;

	return pread(device, &value, sizeof(value), BAR + offset) == sizeof(value) ? value : 0;
}

static int drive_device(void)
{
	for (uint32_t offset = 0; offset < SIZE; offset += 0x404) {
		volatile uint32_t *reg = (volatile uint32_t *)(base + offset);

		*reg = offset + 1;
		if (read_device(offset) != offset + 1)
			return fail_test("a store did not reach the device");
		*reg |= 0x80000000;
		if (*reg != ((offset + 1) | 0x80000000))
			return fail_test("a load returned a wrong value");
		*(volatile uint8_t *)reg = 7;
		if ((read_device(offset) & 0xff) != 7)
			return fail_test("a byte did not reach the device");
	}
	memset((void *)(uintptr_t)(base + HOLE + 0x100), 0x5a, 64);
	if (read_device(HOLE + 0x120) != 0x5a5a5a5a)
		return fail_test("memset() did not reach the device");
	return 0;
}

/* Maps the driver's own memory over a part of the span. Stores there no longer
 * reach the device, and stores elsewhere do. */
static int map_over(void)
{
	uint32_t before = read_device(HOLE + 0x10);
	void *hole = (void *)(uintptr_t)(base + HOLE);
	volatile uint32_t *over = mmap(hole, 0x1000, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (over == MAP_FAILED || over[4] != 0)
		return fail_test("cannot map memory over a hole");
	over[4] = ~before;
	if (read_device(HOLE + 0x10) != before)
		return fail_test("a store to memory reached the device");
	if (mprotect(hole, 0x1000, PROT_READ))
		return fail_test("cannot protect the memory");
	*(volatile uint32_t *)(base + HOLE + 0x1010) = 0x55;
	if (read_device(HOLE + 0x1010) != 0x55)
		return fail_test("the rest of the hole does not reach the device");
	return 0;
}

static void on_fault(int number)
{
	(void)number;
	_exit(42);
}

/* The trap lets the program install its own handler, and passes it the faults
 * outside the spans. */
static int use_handler(void)
{
	struct sigaction old;

	if (signal(SIGSEGV, on_fault) != SIG_DFL)
		return fail_test("the program sees a handler that it did not set");
	if (sigaction(SIGSEGV, NULL, &old) || old.sa_handler != on_fault)
		return fail_test("the handler is not installed");
	if (drive_device())
		return EXIT_FAILURE;
	*nowhere = 1;
	return fail_test("a fault did not reach the handler");
}

/* The device has been removed, and accesses to its mapped registers fault. */
static int lose_device(void)
{
	if (ftruncate(device, BAR))
		return fail_test("ftruncate");
	if (*(volatile uint32_t *)base != UINT32_MAX)
		return fail_test("a register of a removed device is not all ones");
	printf("ok\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	device = memfd_create("vfio", MFD_CLOEXEC);
	if (device < 0 || ftruncate(device, BAR + SIZE))
		return fail_test("cannot make the device");
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, BAR);
	if (base == MAP_FAILED)
		return fail_test("mmap");
	if (!strcmp(mode, "handler"))
		return use_handler();
	if (!strcmp(mode, "direct")) {
		base[0x10] = 1;
		printf("ok\n");
		return EXIT_SUCCESS;
	}
	if (!strcmp(mode, "lost"))
		return lose_device();
	if (drive_device() || (!strcmp(mode, "over") && map_over()))
		return EXIT_FAILURE;
	if (munmap((void *)(uintptr_t)base, SIZE) || close(device))
		return fail_test("munmap");
	printf("ok\n");
	return EXIT_SUCCESS;
}
