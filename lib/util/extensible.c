/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/extensible.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int copy_extensible(void *to, size_t known, const void *from, size_t least)
{
	size_t size;

	memcpy(&size, from, sizeof(size));
	return copy_extensible_sized(to, known, from, size, least);
}

int copy_extensible_sized(void *to, size_t known, const void *from, size_t size, size_t least)
{
	const unsigned char *bytes = from;

	if (size < least)
		return -EINVAL;
	if (size > EXTENSIBLE_MAX)
		return -E2BIG;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memset(to, 0, known);
	memcpy(to, from, size < known ? size : known);
	return 0;
}

const char *extensible_explain(char text[EXTENSIBLE_TEXT], size_t known, size_t size, size_t least)
{
	if (size < least)
		snprintf(text, EXTENSIBLE_TEXT, "size %zu is less than %zu", size, least);
	else if (size > EXTENSIBLE_MAX)
		snprintf(text, EXTENSIBLE_TEXT, "size %zu is more than %d", size, EXTENSIBLE_MAX);
	else
		snprintf(text, EXTENSIBLE_TEXT, "nonzero bytes after the first %zu of %zu", known,
			 size);
	return text;
}
