/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shown DEVICE: reads the output of "barspan show --json" from its standard
 * input, and compares it with sysfs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "complain.h"
#include "sysfs.h"

enum { CONFIG_REGION = 7 }; /* VFIO_PCI_CONFIG_REGION_INDEX, <linux/vfio.h> */

/* Returns the only region of that index, or NULL. */
static const json_t *find_region(const json_t *regions, unsigned int index)
{
	const json_t *region, *found = NULL;
	size_t i;

	json_array_foreach(regions, i, region) {
		if (json_integer_value(json_object_get(region, "index")) != (json_int_t)index)
			continue;
		EXPECT(!found, "region %u appears twice", index);
		found = region;
	}
	return found;
}

static uint64_t get_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	EXPECT(json_is_integer(value), "\"%s\" is missing, or not a number", name);
	return (uint64_t)json_integer_value(value);
}

static void expect_flag(const json_t *region, unsigned int index, const char *name, bool wanted)
{
	const json_t *flag = json_object_get(json_object_get(region, "flags"), name);

	EXPECT(json_is_boolean(flag), "region %u has no flag %s", index, name);
	EXPECT(json_is_true(flag) == wanted, "region %u has flag %s %d", index, name,
	       json_is_true(flag));
}

/* None of these regions is sparse: a mappable region is direct as a whole. */
static void compare_extents(const json_t *region, unsigned int index, uint64_t size, bool direct)
{
	const json_t *extents = json_object_get(region, "extents"),
		     *extent = json_array_get(extents, 0);
	const char *kind = json_string_value(json_object_get(extent, "kind"));

	EXPECT(json_array_size(extents) == 1, "region %u has %zu extents", index,
	       json_array_size(extents));
	EXPECT_EQUAL(get_number(extent, "offset"), 0);
	EXPECT_EQUAL(get_number(extent, "length"), size);
	EXPECT(kind && !strcmp(kind, direct ? "direct" : "hole"), "region %u is %s", index,
	       kind ? kind : "?");
	EXPECT_EQUAL(get_number(region, "direct"), direct ? size : 0);
	EXPECT_EQUAL(get_number(region, "hole"), direct ? 0 : size);
}

static void compare_region(const json_t *regions, unsigned int index, const struct sysfs_bar *bar)
{
	const json_t *region = find_region(regions, index);

	EXPECT(!region == !bar->size, "region %u is %s", index, region ? "shown" : "not shown");
	if (!region)
		return;
	EXPECT_EQUAL(get_number(region, "size"), bar->size);
	expect_flag(region, index, "read", true);
	expect_flag(region, index, "write", true);
	expect_flag(region, index, "mmap", bar->memory);
	expect_flag(region, index, "sparse", false);
	expect_flag(region, index, "msix_mappable", bar->msix);
	compare_extents(region, index, bar->size, bar->memory);
}

int main(int argc, char **argv)
{
	struct sysfs_bar bars[SYSFS_BARS], config = { 0 };
	json_error_t error;
	json_t *shown;

	NEED(argc == 2, "usage: shown DEVICE");
	shown = json_loadf(stdin, 0, &error);
	NEED(shown, "not JSON: line %d: %s", error.line, error.text);

	sysfs_bars(argv[1], bars);
	config.size = sysfs_config_size(argv[1]);
	for (unsigned int i = 0; i < SYSFS_BARS; i++)
		compare_region(json_object_get(shown, "regions"), i, &bars[i]);
	compare_region(json_object_get(shown, "regions"), CONFIG_REGION, &config);
	json_decref(shown);
	return complain_status();
}
