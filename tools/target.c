/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include <string.h>

#include "tool.h"

void target_parse(struct target *out, struct argp_state *state, const char *text)
{
	char complaint[COMPLAINT_SIZE];

	*out = (struct target){ .text = text };
	if (strncmp(text, "soft:", 5)) {
		if (!parse_is_pci_address(text))
			argp_error(state,
				   "DEVICE '%s': not a device; expected a PCI address such as "
				   "0000:01:00.0, or soft:LAYOUT",
				   text);
		return;
	}
	if (!parse_soft_layout(&out->layout, text + 5, complaint))
		argp_error(state, "DEVICE '%s': %s", text, complaint);
}

void target_free(struct target *target)
{
	soft_layout_free(&target->layout);
}

int target_open(struct target *target, struct barspan_device **out)
{
	const struct barspan_soft_options soft =
		BARSPAN_SOFT_OPTIONS(target->layout.regions, target->layout.n);
	int r = soft.n_regions ? barspan_device_open_soft(out, &soft)
			       : barspan_device_open_pci(out, target->text, NULL);

	target_free(target);
	if (r)
		tool_fail(r, "%s: cannot open", target->text);
	return r;
}

int target_map(struct target *target, unsigned int region, struct barspan **out)
{
	struct barspan_device *device;
	int r = target_open(target, &device);

	if (r)
		return r;
	r = barspan_map(out, device, region, NULL);
	barspan_device_close(device);
	if (r)
		tool_fail(r, "%s region %u: cannot map", target->text, region);
	return r;
}
