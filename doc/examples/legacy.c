/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a driver that is written for `base + offset`, after a check that all
 * registers that it needs are direct. Without the check, the driver would fault
 * at the first register in a hole.
 *
 *     legacy [PCI-ADDRESS [REGION]]
 *
 * Without an address, it uses a software device whose mailbox cannot be mapped.
 */
#include <barspan.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The driver's registers. It reads the needed ones through a plain pointer. */
static const struct reg {
	const char *name;
	uint64_t offset, length;
	bool needed; /* the driver cannot work without it */
} registers[] = {
	{ "id", 0x0000, 4, true },
	{ "scratch", 0x0040, 8, true },
	{ "mailbox", 0x1000, 64, false },
	{ "doorbell", 0x3000, 4, true },
};

static int open_device(struct barspan_device **out, const char *address)
{
	static const struct barspan_range areas[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };
	static const struct barspan_soft_region bar0 = {
		.size = 0x4000,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = 2,
		.areas = areas,
	};
	static const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&bar0, 1);

	return address ? barspan_device_open_pci(out, address, NULL)
		       : barspan_device_open_soft(out, &options);
}

/* Returns the number of needed registers that a pointer cannot reach. */
static unsigned int check_registers(const struct barspan *span)
{
	unsigned int missing = 0;

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		const struct reg *reg = &registers[i];
		struct barspan_extent extent;

		if (barspan_is_direct(span, reg->offset, reg->length)) {
			printf("%s at 0x%04" PRIx64 ": direct\n", reg->name, reg->offset);
			continue;
		}
		missing += reg->needed;
		if (barspan_extent_at(span, reg->offset, &extent))
			printf("%s at 0x%04" PRIx64 ": past the end of the region\n", reg->name,
			       reg->offset);
		else
			printf("%s at 0x%04" PRIx64 ": not a direct range (%s)\n", reg->name,
			       reg->offset,
			       extent.kind == BARSPAN_DIRECT ? "only its beginning is"
							     : barspan_reason_name(extent.reason));
	}
	return missing;
}

/* The old code, unchanged. A raw access does not swap bytes: values are in the
 * device's byte order, which is little-endian. */
static bool old_driver_works(volatile uint8_t *base)
{
	volatile uint64_t *scratch = (volatile uint64_t *)(base + 0x40);
	uint64_t before = *scratch;
	bool good;

	*scratch = UINT64_C(0x0123456789abcdef);
	good = *scratch == UINT64_C(0x0123456789abcdef);
	*scratch = before;
	return good;
}

int main(int argc, char **argv)
{
	struct barspan_device *device;
	struct barspan *span;
	unsigned int missing;
	bool works = false;
	int r;

	r = open_device(&device, argc > 1 ? argv[1] : NULL);
	if (r) {
		fprintf(stderr, "legacy: cannot open the device: %s\n", strerror(-r));
		return 1;
	}
	r = barspan_map(&span, device, argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 0,
			NULL);
	barspan_device_close(device);
	if (r) {
		fprintf(stderr, "legacy: cannot map the region: %s\n", strerror(-r));
		return 1;
	}
	missing = check_registers(span);
	/* The driver and its device do not exist: run it on the software device
	 * only. */
	if (argc == 1 && !missing) {
		works = old_driver_works(barspan_base(span));
		printf("the old driver %s\n", works ? "works" : "fails");
	} else if (missing) {
		printf("the old driver needs accessors for %u of its registers\n", missing);
	}
	barspan_unmap(span);
	return missing || (argc == 1 && !works) ? 1 : 0;
}
