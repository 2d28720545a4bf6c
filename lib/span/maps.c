/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "util/sys.h"

struct mapping {
	uintptr_t start, end;
	char access[5];
	uint64_t offset;
	unsigned long device_major, device_minor, inode;
};

static bool parse_mapping(const char *line, struct mapping *out)
{
	unsigned long start, end;

	if (sscanf(line, "%lx-%lx %4s %" SCNx64 " %lx:%lx %lu", &start, &end, out->access,
		   &out->offset, &out->device_major, &out->device_minor, &out->inode) != 7)
		return false;
	out->start = start;
	out->end = end;
	return true;
}

/* Called for each line, or for each mapping in ascending order. Returns false
 * to stop. */
typedef bool line_visitor(void *context, const char *line);
typedef bool mapping_visitor(void *context, const struct mapping *mapping);

/* Reads the list until its end or until `visit` stops it. 0 or -errno. */
static int visit_lines(int fd, line_visitor *visit, void *context)
{
	char buffer[4096], line[128];
	size_t used = 0;
	bool more = true;
	int n = 0;

	while (more && (n = sys_read(fd, buffer, sizeof(buffer))) > 0)
		for (int i = 0; more && i < n; i++) {
			/* The excess of a long line is part of a file name,
			 * which is not used. */
			if (buffer[i] != '\n') {
				if (used + 1 < sizeof(line))
					line[used++] = buffer[i];
				continue;
			}
			line[used] = '\0';
			used = 0;
			more = visit(context, line);
		}
	return n < 0 ? n : 0;
}

struct mapping_visit {
	mapping_visitor *visit;
	void *context;
};

static bool visit_mapping(void *context, const char *line)
{
	const struct mapping_visit *visit = context;
	struct mapping mapping;

	return !parse_mapping(line, &mapping) || visit->visit(visit->context, &mapping);
}

static int visit_mappings(int fd, mapping_visitor *visit, void *context)
{
	struct mapping_visit mapping_visit = { .visit = visit, .context = context };

	return visit_lines(fd, visit_mapping, &mapping_visit);
}

static int open_list(void)
{
	return sys_open("/proc/thread-self/maps", O_RDONLY);
}

struct one_search {
	uintptr_t start, end;
	bool found;
};

static bool look_for_one(void *context, const struct mapping *mapping)
{
	struct one_search *search = context;

	if (mapping->end <= search->start)
		return true;
	search->found = mapping->start <= search->start && mapping->end >= search->end;
	return false;
}

bool maps_has_one(uintptr_t start, uintptr_t end)
{
	struct one_search search = { .start = start, .end = end };
	int fd = open_list(), r = fd;

	if (fd >= 0) {
		r = visit_mappings(fd, look_for_one, &search);
		sys_close(fd);
	}
	return r >= 0 && search.found;
}

struct mark_search {
	uintptr_t start, end;
	bool is_in; /* the current mapping contains the range */
	bool found;
};

static bool look_for_mark(void *context, const char *line)
{
	static const char flags[] = "VmFlags:";
	struct mark_search *search = context;
	struct mapping mapping;

	if (parse_mapping(line, &mapping))
		search->is_in = mapping.start <= search->start && mapping.end >= search->end;
	if (!search->is_in || strncmp(line, flags, strlen(flags)))
		return true;
	search->found = strstr(line, " dd");
	return false;
}

bool maps_is_marked(uintptr_t start, uintptr_t end)
{
	struct mark_search search = { .start = start, .end = end };
	int fd = sys_open("/proc/thread-self/smaps", O_RDONLY), r = fd;

	if (fd >= 0) {
		r = visit_lines(fd, look_for_mark, &search);
		sys_close(fd);
	}
	return r >= 0 && search.found;
}

enum { MAX_LINE = 160 };

/* Formats the part of a mapping that is in a range. Returns the length of the
 * text, 0 if no part does. */
static size_t describe_mapping(const struct mapping *mapping, uintptr_t range_start,
			       uintptr_t range_end, char line[MAX_LINE])
{
	uintptr_t start = mapping->start > range_start ? mapping->start : range_start;
	uintptr_t end = mapping->end < range_end ? mapping->end : range_end;

	if (start >= end)
		return 0;
	return (size_t)snprintf(line, MAX_LINE,
				"%" PRIxPTR "-%" PRIxPTR " %s %" PRIx64 " %lx:%lx %lu\n", start,
				end, mapping->access,
				mapping->inode ? mapping->offset + (start - mapping->start) : 0,
				mapping->device_major, mapping->device_minor, mapping->inode);
}

struct recording {
	struct maps_snapshot *snapshot;
	size_t capacity;
	bool failed;
};

static bool record_mapping(void *context, const struct mapping *mapping)
{
	struct recording *recording = context;
	struct maps_snapshot *snapshot = recording->snapshot;
	char line[MAX_LINE], *grown;
	size_t n = describe_mapping(mapping, snapshot->start, snapshot->end, line);

	if (snapshot->length + n > recording->capacity) {
		recording->capacity = 2 * (recording->capacity + MAX_LINE);
		grown = sys_realloc(snapshot->text, recording->capacity);
		recording->failed = !grown;
		if (!grown)
			return false;
		snapshot->text = grown;
	}
	if (n)
		memcpy(snapshot->text + snapshot->length, line, n);
	snapshot->length += n;
	snapshot->lines += n > 0;
	return mapping->start < snapshot->end;
}

int maps_snapshot_take(struct maps_snapshot *out, uintptr_t start, uintptr_t end)
{
	struct maps_snapshot snapshot = { .start = start, .end = end, .fd = open_list() };
	struct recording recording = { .snapshot = &snapshot };
	int r = snapshot.fd;

	if (r >= 0)
		r = visit_mappings(snapshot.fd, record_mapping, &recording);
	if (!r && recording.failed)
		r = -ENOMEM;
	if (r)
		maps_snapshot_drop(&snapshot);
	*out = snapshot;
	return r;
}

struct comparison {
	const struct maps_snapshot *snapshot;
	size_t done; /* bytes of the text that later mappings cannot match */
	maps_visitor *visit;
	void *context;
};

/* Searches the snapshot for a line from the last match on. */
static bool find_line(struct comparison *comparison, const char *line, size_t n)
{
	const char *text = comparison->snapshot->text, *end = text + comparison->snapshot->length;
	const char *at = text + comparison->done, *next;

	for (; at < end; at = next) {
		next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
		if ((size_t)(next - at) == n && !memcmp(at, line, n)) {
			comparison->done = (size_t)(next - text);
			return true;
		}
	}
	return false;
}

static bool compare_mapping(void *context, const struct mapping *mapping)
{
	struct comparison *comparison = context;
	const struct maps_snapshot *snapshot = comparison->snapshot;
	char line[MAX_LINE];
	size_t n = describe_mapping(mapping, snapshot->start, snapshot->end, line);

	if (n && find_line(comparison, line, n))
		comparison->visit(comparison->context,
				  mapping->start > snapshot->start ? mapping->start
								   : snapshot->start,
				  mapping->end < snapshot->end ? mapping->end : snapshot->end,
				  mapping->inode);
	return mapping->start < snapshot->end;
}

int maps_snapshot_unchanged(const struct maps_snapshot *snapshot, maps_visitor *visit,
			    void *context)
{
	struct comparison comparison = { .snapshot = snapshot, .visit = visit, .context = context };
	int r = snapshot->fd < 0 ? -ENOENT : sys_rewind(snapshot->fd);

	return r ? r : visit_mappings(snapshot->fd, compare_mapping, &comparison);
}

void maps_snapshot_drop(struct maps_snapshot *snapshot)
{
	if (snapshot->fd >= 0)
		sys_close(snapshot->fd);
	sys_free(snapshot->text);
	*snapshot = (struct maps_snapshot){ .fd = -1 };
}
