/* SPDX-License-Identifier: BSD-3-Clause */
#include "run-counts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Programs use low numbers, and those that close descriptors by number often
 * stop at 1024. */
static int high_number(void)
{
	struct rlimit limit;
	rlim_t most = 1024;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < most)
		most = limit.rlim_cur;
	return most > 64 ? (int)most - 24 : 3;
}

static int fill_file(int fd, bool timed)
{
	/* The table's first members. */
	const uint64_t head[] = { TABLE_MAGIC, sizeof(struct table), timed };

	if (ftruncate(fd, sizeof(struct table)))
		return -errno;
	if (pwrite(fd, head, sizeof(head), 0) != sizeof(head))
		return -EIO;
	/* If a program truncated the file, it would die at its next count. */
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ? -errno : 0;
}

/* Opens the file again: a lock belongs to an open file, not to a process. */
static int open_shared(int fd)
{
	char path[64];
	int again, moved;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again < 0)
		return -errno;
	moved = flock(again, LOCK_SH) ? -1 : fcntl(again, F_DUPFD, high_number());
	if (moved < 0)
		moved = -errno;
	close(again);
	return moved;
}

static int name_counts(const struct run_counts *counts)
{
	struct stat status;
	char text[96];

	if (fstat(counts->fd, &status))
		return -errno;
	snprintf(text, sizeof(text), "%d:%d:%d:%lu", counts->shared, (int)getpid(), counts->fd,
		 (unsigned long)status.st_ino);
	return setenv("BARSPAN_COUNTS", text, 1) ? -errno : 0;
}

int run_counts_open(struct run_counts *counts, bool timed)
{
	int r;

	counts->shared = -1;
	counts->fd = memfd_create("barspan-counts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (counts->fd < 0)
		return -errno;
	r = fill_file(counts->fd, timed);
	if (!r) {
		counts->shared = open_shared(counts->fd);
		r = counts->shared < 0 ? counts->shared : name_counts(counts);
	}
	if (r) {
		run_counts_give(counts);
		close(counts->fd);
	}
	return r;
}

void run_counts_give(struct run_counts *counts)
{
	if (counts->shared >= 0)
		close(counts->shared);
	counts->shared = -1;
}

bool run_counts_used(const struct run_counts *counts)
{
	return flock(counts->fd, LOCK_EX | LOCK_NB) != 0;
}

void run_counts_await(const struct run_counts *counts)
{
	while (flock(counts->fd, LOCK_EX) && errno == EINTR)
		;
}

/* Ends a string and replaces its control characters, which would reach the
 * terminal. */
static void check_string(char *string, size_t room)
{
	if (string[room - 1])
		string[room - 1] = '\0';
	for (; *string; string++)
		if ((unsigned char)*string < ' ' || *string == 0x7f)
			*string = '?';
}

static bool is_possible(const struct table_row *row)
{
	return row->state == TABLE_READY && row->count > row->error &&
	       row->process < TABLE_PROCESSES && row->object < TABLE_OBJECTS &&
	       row->device < TABLE_DEVICES && row->access <= 1 && row->end > ~row->unstart;
}

static void check_row(struct table_row *row)
{
	uint64_t left = row->count - row->error;

	for (size_t i = 0; i < TABLE_REGISTERS; i++) {
		uint64_t offset = row->registers[i] - 1;
		bool fits = row->registers[i] && offset >= ~row->unstart && offset < row->end &&
			    row->counts[i] > row->errors[i] &&
			    row->counts[i] - row->errors[i] <= left;

		if (fits)
			left -= row->counts[i] - row->errors[i];
		else
			row->registers[i] = 0;
	}
}

void run_counts_check(struct table *table)
{
	for (size_t i = 0; i < TABLE_OBJECTS; i++)
		check_string(table->objects[i].path, TABLE_PATH);
	for (size_t i = 0; i < TABLE_DEVICES; i++)
		check_string(table->devices[i].name, TABLE_NAME);
	for (size_t i = 0; i < TABLE_PROCESSES; i++)
		check_string(table->processes[i].program, TABLE_PATH);
	for (size_t i = 0; i < TABLE_ROWS; i++) {
		struct table_row *row = &table->rows[i];

		if (is_possible(row))
			check_row(row);
		else if (row->state == TABLE_READY)
			row->state = TABLE_CLAIMED;
	}
}

/* Reads the written parts of a file. The rest, which is most of it, is zero. */
static void read_data(int fd, uint8_t *to, off_t end)
{
	off_t start = 0, stop;
	ssize_t n = 0;

	while (n >= 0 && (start = lseek(fd, start, SEEK_DATA)) >= 0 && start < end) {
		stop = lseek(fd, start, SEEK_HOLE);
		if (stop <= start || stop > end)
			stop = end;
		n = pread(fd, to + start, (size_t)(stop - start), start);
		start = stop;
	}
}

struct table *run_counts_copy(const struct run_counts *counts)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	read_data(counts->fd, (uint8_t *)table, sizeof(*table));
	run_counts_check(table);
	return table;
}
