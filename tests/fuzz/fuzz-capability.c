/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: the offset of the chain (4 bytes), then the kernel's answer. */
#include "fuzz.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "layout/capability.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capabilities found;
	size_t bad = SIZE_MAX;
	uint32_t first;
	uint8_t *exact;
	int r;

	if (size < sizeof(first))
		return 0;
	memcpy(&first, data, sizeof(first));
	size -= sizeof(first);
	/* An allocation of exactly this size makes a read past the end
	 * visible. */
	exact = malloc(size ? size : 1);
	MUST(exact);
	memcpy(exact, data + sizeof(first), size);

	r = capabilities_parse(&found, exact, size, first, &bad);
	MUST(r == 0 || r == -EPROTO);
	if (r) {
		MUST(bad != SIZE_MAX);
	} else {
		MUST(found.sparse || !found.n_areas);
		MUST(!found.n_areas || found.areas_at >= sizeof(struct vfio_region_info));
		for (uint32_t i = 0; i < found.n_areas; i++) {
			struct barspan_range area = capabilities_area(&found, exact, i);
			uint64_t pair[2];

			MUST(found.areas_at + 16 * (i + UINT64_C(1)) <= size);
			memcpy(pair, exact + found.areas_at + 16 * (size_t)i, sizeof(pair));
			MUST(area.offset == pair[0] && area.length == pair[1]);
		}
	}
	free(exact);
	return 0;
}
