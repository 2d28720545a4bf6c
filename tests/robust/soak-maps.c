/* SPDX-License-Identifier: BSD-3-Clause */
/* The process's mappings and descriptors. Format: /proc/PID/maps, proc(5). */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

enum { MAX_MAPS = 1 << 18, MAX_DESCRIPTORS = 1024, BUFFER = 1 << 16 };

struct soak_map *soak_maps;
size_t soak_n_maps;

static struct soak_map *baseline;
static size_t n_baseline;
static bool open_before[MAX_DESCRIPTORS];

static uint64_t parse_number(const char **text, unsigned int base)
{
	uint64_t value = 0;

	for (;; ++*text) {
		char c = **text;
		unsigned int digit = c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
				     : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10
							    : 99;

		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

static void parse_line(const char *text)
{
	struct soak_map *map = &soak_maps[soak_n_maps++];

	SOAK_EXPECT(soak_n_maps < MAX_MAPS, "more than %d mappings", MAX_MAPS);
	memset(map, 0, sizeof(*map));
	map->start = (uintptr_t)parse_number(&text, 16);
	text++;
	map->end = (uintptr_t)parse_number(&text, 16);
	text++;
	map->prot = (text[0] == 'r' ? PROT_READ : 0) | (text[1] == 'w' ? PROT_WRITE : 0) |
		    (text[2] == 'x' ? PROT_EXEC : 0);
	map->shared = text[3] == 's';
	text += 5;
	map->offset = parse_number(&text, 16);
	text++;
	while (*text && *text != ' ')
		text++;
	text++;
	map->inode = parse_number(&text, 10);
	map->exempt = strstr(text, "[heap]") || strstr(text, "[stack") || strstr(text, "[v");
}

void soak_maps_read(void)
{
	static char buffer[BUFFER], line[512];
	size_t used = 0;
	ssize_t n;
	int fd;

	if (!soak_maps)
		soak_maps = mmap(NULL, MAX_MAPS * sizeof(*soak_maps), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	soak_n_maps = 0;
	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	SOAK_EXPECT(fd >= 0, "cannot open /proc/self/maps");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (buffer[i] == '\n') {
				line[used] = '\0';
				parse_line(line);
				used = 0;
			} else if (used + 1 < sizeof(line)) {
				line[used++] = buffer[i];
			}
		}
	close(fd);
}

static const struct soak_map *find_in(const struct soak_map *maps, size_t n, uintptr_t address)
{
	size_t low = 0;

	while (n) {
		size_t half = n / 2;

		if (maps[low + half].end <= address) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return &maps[low];
}

const struct soak_map *soak_map_at(uintptr_t address)
{
	const struct soak_map *map = find_in(soak_maps, soak_n_maps, address);

	return map < soak_maps + soak_n_maps && map->start <= address ? map : NULL;
}

bool soak_map_is_tool(const struct soak_map *map)
{
	uintptr_t arena = (uintptr_t)soak_arena;

	return harness_instrumented() && !map->shared &&
	       (map->start < arena || map->end > arena + SOAK_ARENA_PAGES * soak_page);
}

bool soak_in_baseline(uintptr_t address)
{
	const struct soak_map *map = find_in(baseline, n_baseline, address);

	return map < baseline + n_baseline && map->start <= address;
}

uintptr_t soak_baseline_end(uintptr_t address)
{
	return find_in(baseline, n_baseline, address)->end;
}

/* Calls `act` for each open descriptor except the one that reads the list. */
static void for_each_descriptor(void (*act)(int fd))
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	SOAK_EXPECT(directory, "cannot list descriptors");
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			act(atoi(entry->d_name));
	closedir(directory);
}

static void note_descriptor(int fd)
{
	if (fd < MAX_DESCRIPTORS)
		open_before[fd] = true;
}

/* Records the present mappings and descriptors. Checks ignore these. */
void soak_baseline(void)
{
	soak_maps_read();
	n_baseline = soak_n_maps;
	free(baseline);
	baseline = malloc(n_baseline * sizeof(*baseline));
	memcpy(baseline, soak_maps, n_baseline * sizeof(*baseline));
	memset(open_before, 0, sizeof(open_before));
	for_each_descriptor(note_descriptor);
}

unsigned int soak_endless;
static unsigned int extra;
static int extra_fd;

/* Only duplicates of a VFIO device's descriptor may have been opened. */
static void check_descriptor(int fd)
{
	struct stat status;

	/* valgrind's own descriptors have larger numbers. */
	if (fd >= MAX_DESCRIPTORS)
		return;
	if (open_before[fd]) {
		extra += 1u << 16;
		return;
	}
	extra++;
	extra_fd = fd;
	SOAK_EXPECT(!fstat(fd, &status), "descriptor %d", fd);
	for (int i = 0; i < SOAK_DEVICES; i++)
		if (soak_devices[i].kind == SOAK_VFIO &&
		    soak_devices[i].regions[0].inode == status.st_ino)
			return;
	soak_fail("left: descriptor %d, which is no VFIO device's", fd);
}

void soak_check_descriptors(void)
{
	unsigned int allowed = 0, before = 0;

	for (int i = 0; i < SOAK_SPANS; i++)
		allowed += soak_spans[i].span && soak_spans[i].by_mmap;
	allowed += soak_endless;
	for (int i = 0; i < MAX_DESCRIPTORS; i++)
		before += open_before[i];
	extra = 0;
	for_each_descriptor(check_descriptor);
	SOAK_EXPECT(extra >> 16 == before,
		    "%u descriptors of %u are left: the library has closed descriptors of others",
		    extra >> 16, before);
	SOAK_EXPECT((extra & 0xffff) <= allowed, "left: descriptor %d; %u duplicates for %u spans",
		    extra_fd, extra & 0xffff, allowed);
}
