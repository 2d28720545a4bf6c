/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap-fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first page is direct; the rest is a hole. */
static const struct barspan_range area = { 0, PAGE };
struct barspan_device *device;
struct barspan *span;
volatile uint8_t *base;
int output;

void set_up_device(const struct barspan_soft_region *region)
{
	ck_assert_zero(harness_open_soft(&device, region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	base = barspan_base(span);
	output = memfd_create("explanations", MFD_CLOEXEC);
}

int enable(unsigned int flags)
{
	const struct barspan_trap_options options = { .size = sizeof(options),
						      .flags = flags,
						      .fd = output };

	return barspan_trap_enable(&options);
}

void set_up(unsigned int flags)
{
	set_up_device(&(struct barspan_soft_region){
		.size = SIZE, .flags = RW | BARSPAN_REGION_MMAP, .n_areas = 1, .areas = &area });
	ck_assert_zero(enable(flags));
}

void tear_down(void)
{
	barspan_trap_disable();
	barspan_unmap(span);
	barspan_device_close(device);
	close(output);
}

struct barspan_trap_counts count(void)
{
	struct barspan_trap_counts counts = { .size = sizeof(counts) };

	ck_assert_zero(barspan_trap_count(&counts));
	return counts;
}

volatile uint32_t *reg32(uint64_t offset)
{
	return (volatile uint32_t *)(base + offset);
}

const char *read_back(int fd)
{
	static char text[1 << 20];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

void check_killed(void (*act)(void))
{
	int status = harness_run_child(act);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
}

uint8_t registers[SIZE];
bool gone;

static int read_registers(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	memcpy(buffer, registers + offset, length);
	return gone ? -EIO : 0;
}

static int write_registers(void *context, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	if (gone)
		return -EIO;
	memcpy(registers + offset, buffer, length);
	return 0;
}

void lose_page(void)
{
	ck_assert_zero(ftruncate(barspan_soft_fd(device, 0), 0));
}

void protect_page(int prot)
{
	ck_assert_zero(mprotect((void *)(uintptr_t)base, PAGE, prot));
}

void set_up_registers(void)
{
	set_up_device(&(struct barspan_soft_region){ .size = SIZE,
						     .flags = RW | BARSPAN_REGION_MMAP,
						     .n_areas = 1,
						     .areas = &area,
						     .read = read_registers,
						     .write = write_registers });
	gone = false;
	for (size_t i = 0; i < SIZE; i++)
		registers[i] = (uint8_t)(i * 7 + 1);
	ck_assert_zero(enable(BARSPAN_TRAP_RESCUE));
	lose_page();
}
