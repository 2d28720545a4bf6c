/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maps a BAR, and prints its extents.
 *
 *     map-bar [PCI-ADDRESS [REGION [OFFSET]]]
 *
 * Without an address, it maps a software device. With OFFSET, it also reads the
 * register there. A read can have side effects.
 */
#include <barspan.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library never prints. This callback prints its messages. */
static void print_message(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	fprintf(stderr, "map-bar: %s\n", message);
}

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

static void print_extents(const struct barspan *span)
{
	struct barspan_extent extent;

	printf("base %p, 0x%" PRIx64 " bytes\n", (void *)(uintptr_t)barspan_base(span),
	       barspan_length(span));
	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++)
		printf("0x%08" PRIx64 " + 0x%" PRIx64 " %s\n", extent.offset, extent.length,
		       extent.kind == BARSPAN_DIRECT ? "direct"
						     : barspan_reason_name(extent.reason));
}

static int read_register(struct barspan *span, uint64_t offset)
{
	uint32_t value = barspan_read32(span, offset);
	/* a failed read returns all ones, which can also be a true value */
	int r = barspan_take_error(span, NULL);

	if (!r)
		printf("register 0x%" PRIx64 " is 0x%08" PRIx32 "\n", offset, value);
	return r;
}

/* Parses a number as C does: 0x means hexadecimal. */
static int parse(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno || end == text || *end || strchr(text, '-') ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	struct barspan_device *device;
	struct barspan *span;
	uint64_t index = 0, offset = 0;
	int r;

	if (argc > 4 || (argc > 2 && (parse(argv[2], &index) || index > 65535)) ||
	    (argc > 3 && parse(argv[3], &offset))) {
		fprintf(stderr, "usage: map-bar [PCI-ADDRESS [REGION [OFFSET]]]\n");
		return 2;
	}
	barspan_set_log(print_message, NULL, BARSPAN_LOG_WARNING);
	r = open_device(&device, argc > 1 && argv[1][0] ? argv[1] : NULL);
	if (r)
		goto err;
	r = barspan_map(&span, device, (unsigned int)index, NULL);
	barspan_device_close(device); /* the span holds the device from here on */
	if (r)
		goto err;
	print_extents(span);
	if (argc > 3)
		r = read_register(span, offset);
	barspan_unmap(span);
err:
	if (r)
		fprintf(stderr, "map-bar: %s\n", strerror(-r));
	return r ? 1 : 0;
}
