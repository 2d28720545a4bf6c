/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A unit test of a driver on a software device, without hardware and without
 * privileges. It prints TAP.
 *
 * The driver is in the first half. It uses accessors only, and works with any
 * set of direct registers. The test implements the device: accesses to
 * registers in holes call its hooks.
 */
#include <barspan.h>

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The driver. It resets an engine and waits until the engine is ready. */

enum {
	ENGINE_ID = 0x0000,	 /* reads as ENGINE_ID_VALUE */
	ENGINE_COMMAND = 0x1000, /* 1: reset */
	ENGINE_STATUS = 0x1004,	 /* bit 0: ready */
	ENGINE_ID_VALUE = 0x656e6731,
	ENGINE_POLLS = 100,
};

static int engine_start(struct barspan *registers)
{
	int r;

	if (barspan_read32(registers, ENGINE_ID) != ENGINE_ID_VALUE) {
		r = barspan_take_error(registers, NULL);
		return r ? r : -ENODEV;
	}
	barspan_write32(registers, ENGINE_COMMAND, 1);
	for (int i = 0; i < ENGINE_POLLS; i++) {
		uint32_t status = barspan_read32(registers, ENGINE_STATUS);

		/* A failed read returns all ones: check before you use the
		 * value. */
		r = barspan_take_error(registers, NULL);
		if (r)
			return r;
		if (status & 1)
			return 0;
	}
	return -ETIMEDOUT;
}

/* The device. The test configures its behaviour. */

struct engine {
	uint32_t id;
	int polls_until_ready;
	int error; /* result of every trapped access */
	int resets;
};

static int engine_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	struct engine *engine = context;
	uint32_t value = 0;

	if (offset == ENGINE_ID) /* in a hole, too, if pages are larger than 4 KiB */
		value = engine->id;
	else if (offset == ENGINE_STATUS)
		value = engine->polls_until_ready-- <= 0;
	value = htole32(value); /* the buffer has the device's byte order */
	memset(buffer, 0, length);
	memcpy(buffer, &value, length < sizeof(value) ? length : sizeof(value));
	return engine->error;
}

static int engine_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	struct engine *engine = context;

	if (offset == ENGINE_COMMAND && length && *(const unsigned char *)buffer == 1)
		engine->resets++;
	return engine->error;
}

/* Runs the driver on an engine, and returns the driver's result. */
static int try_engine(struct engine *engine)
{
	static const struct barspan_range first_page = { 0, 0x1000 };
	struct barspan_soft_region region = {
		.size = 0x4000,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = 1,
		.areas = &first_page,
		.read = engine_read,
		.write = engine_write,
		.context = engine,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	uint32_t id = htole32(engine->id);
	struct barspan_device *device;
	struct barspan *registers;
	int r = barspan_device_open_soft(&device, &options);

	if (r)
		return r;
	/* The direct part is memory, which the test can write without the
	 * driver. */
	if (pwrite(barspan_soft_fd(device, 0), &id, sizeof(id), ENGINE_ID) != sizeof(id))
		r = -EIO;
	else
		r = barspan_map(&registers, device, 0, NULL);
	if (!r) {
		r = engine_start(registers);
		barspan_unmap(registers);
	}
	barspan_device_close(device);
	return r;
}

static int failures;

static void expect(int number, int good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", number, what);
	failures += !good;
}

int main(void)
{
	struct engine good = { .id = ENGINE_ID_VALUE, .polls_until_ready = 3 };
	struct engine stuck = { .id = ENGINE_ID_VALUE, .polls_until_ready = ENGINE_POLLS + 1 };
	struct engine gone = { .id = ENGINE_ID_VALUE, .error = -ENODEV };
	struct engine other = { .id = 0x12345678 };

	printf("1..4\n");
	expect(1, try_engine(&good) == 0 && good.resets == 1,
	       "an engine that becomes ready is started");
	expect(2, try_engine(&stuck) == -ETIMEDOUT,
	       "an engine that never becomes ready is a timeout");
	expect(3, try_engine(&gone) == -ENODEV, "a device that is gone is an error");
	expect(4, try_engine(&other) == -ENODEV && !other.resets,
	       "another kind of device is not touched");
	return failures ? 1 : 0;
}
