/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suspends a span while the device's memory decoding is off, as during a reset
 * or in a low-power state.
 *
 *     reset [PCI-ADDRESS [REGION]]
 *
 * Without an address, it uses a software device. With one, make sure that
 * nothing else uses the device. To reset a device, call
 * ioctl(barspan_device_fd(device), VFIO_DEVICE_RESET) between suspend and
 * resume.
 */
#include <barspan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PCI Local Bus Specification 3.0, section 6.2.2. Configuration space is
 * little-endian. */
enum {
	COMMAND = 0x04,
	COMMAND_MEMORY = 0x02, /* in the low byte */
};

static int open_device(struct barspan_device **out, const char *address)
{
	static const struct barspan_range areas[] = { { 0, 0x10000 }, { 0x30000, 0x10000 } };
	static const struct barspan_soft_region regions[BARSPAN_CONFIG + 1] = {
		[0] = {
			.size = 0x40000,
			.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
			.n_areas = 2,
			.areas = areas,
		},
		[BARSPAN_CONFIG] = { .size = 256, .flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE },
	};
	static const struct barspan_soft_options options =
		BARSPAN_SOFT_OPTIONS(regions, BARSPAN_CONFIG + 1);

	return address ? barspan_device_open_pci(out, address, NULL)
		       : barspan_device_open_soft(out, &options);
}

static int switch_memory(struct barspan_device *device, int on)
{
	uint8_t command;
	int r = barspan_device_read(device, BARSPAN_CONFIG, COMMAND, &command, sizeof(command));

	if (r)
		return r;
	command = (uint8_t)(on ? command | COMMAND_MEMORY : command & ~COMMAND_MEMORY);
	return barspan_device_write(device, BARSPAN_CONFIG, COMMAND, &command, sizeof(command));
}

static void print_extents(const struct barspan *span, const char *when)
{
	size_t n = barspan_extent_count(span), direct = 0;
	struct barspan_extent extent;

	for (size_t i = 0; i < n && !barspan_extent_get(span, i, &extent); i++)
		direct += extent.kind == BARSPAN_DIRECT;
	printf("%s: %zu extents, %zu direct\n", when, n, direct);
}

/* From suspend to resume, do not use a raw pointer into the span. You may use
 * accessors, which fail while decoding is off. The span keeps its addresses:
 * after resume, a pointer to a direct offset is valid again. */
static int restart(struct barspan *span)
{
	struct barspan_device *device = barspan_device_of(span);
	int r = barspan_suspend(span), resumed;

	if (r)
		return r;
	print_extents(span, "suspended");
	r = switch_memory(device, 0);
	if (!r)
		r = switch_memory(device, 1);
	resumed = barspan_resume(span);
	return r ? r : resumed;
}

int main(int argc, char **argv)
{
	struct barspan_device *device;
	volatile void *base;
	struct barspan *span;
	int r = open_device(&device, argc > 1 ? argv[1] : NULL);

	if (r) {
		fprintf(stderr, "reset: cannot open the device: %s\n", strerror(-r));
		return 1;
	}
	r = barspan_map(&span, device, argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 0,
			NULL);
	barspan_device_close(device);
	if (r) {
		fprintf(stderr, "reset: cannot map the region: %s\n", strerror(-r));
		return 1;
	}
	base = barspan_base(span);
	print_extents(span, "mapped");
	r = restart(span);
	if (r) {
		fprintf(stderr, "reset: %s\n", strerror(-r));
	} else {
		print_extents(span, "resumed");
		printf("the base is %s\n", base == barspan_base(span) ? "the same" : "another");
	}
	barspan_unmap(span);
	return r ? 1 : 0;
}
