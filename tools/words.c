/* SPDX-License-Identifier: BSD-3-Clause */
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *words_region(char out[WORDS_SIZE], unsigned int index)
{
	if (index < BARSPAN_ROM)
		snprintf(out, WORDS_SIZE, "BAR%u", index);
	else if (index == BARSPAN_ROM)
		snprintf(out, WORDS_SIZE, "ROM");
	else if (index == BARSPAN_CONFIG)
		snprintf(out, WORDS_SIZE, "CONFIG");
	else
		snprintf(out, WORDS_SIZE, "region %u", index);
	return out;
}

const char *words_size(char out[WORDS_SIZE], uint64_t bytes)
{
	static const char suffixes[][2] = { "", "K", "M", "G", "T" };
	size_t i = 0;

	while (bytes && bytes % 1024 == 0 && i + 1 < sizeof(suffixes) / sizeof(suffixes[0])) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, WORDS_SIZE, "%" PRIu64 "%s", bytes, suffixes[i]);
	return out;
}

const char *words_flags(char out[WORDS_SIZE], uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ BARSPAN_REGION_READ, "read" },
		{ BARSPAN_REGION_WRITE, "write" },
		{ BARSPAN_REGION_MMAP, "mmap" },
		{ BARSPAN_REGION_SPARSE, "sparse" },
		{ BARSPAN_REGION_MSIX_MAPPABLE, "msix-mappable" },
	};
	int used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			used += snprintf(out + used, WORDS_SIZE - (size_t)used, "%s%s",
					 used ? " " : "", names[i].name);
	return out;
}

const char *words_kind(enum barspan_kind kind)
{
	return kind == BARSPAN_DIRECT ? "direct" : "hole";
}

const char *words_reason(enum barspan_reason reason)
{
	switch (reason) {
	case BARSPAN_REASON_NONE:
		return "mapped: a load or store at base + offset";
	case BARSPAN_REASON_SPARSE:
		return "in no area that the device advertises";
	case BARSPAN_REASON_MSIX:
		return "the MSI-X table, which the kernel does not map";
	case BARSPAN_REASON_PAGE:
		return "mappable, but the rest of its page is not";
	case BARSPAN_REASON_UNMAPPABLE:
		return "the region cannot be mapped at all";
	case BARSPAN_REASON_FAILED:
		return "mapping it failed";
	case BARSPAN_REASON_REQUESTED:
		return "the caller asked for trapped access";
	case BARSPAN_REASON_SUSPENDED:
		return "suspended; direct after a resume";
	}
	return "a reason that this program does not know";
}
