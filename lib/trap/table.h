/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counts of the trap's report: one block of memory of fixed size, without
 * pointers. It is private to a process, or a file that all processes started by
 * `barspan run` share. Zeroed memory is an empty table.
 *
 * Signal handlers in several threads and processes write to it, and each may be
 * killed at any instruction. They take no lock: a writer claims a slot by
 * compare-and-swap and fills it, and a slot that is never filled is lost.
 *
 * A row counts the accesses of one instruction in one direction and width to
 * one region, and the registers that it accesses most. If no row or register is
 * free, a new one replaces the one with the smallest count, takes over that
 * count and records it as its error (the Space-Saving algorithm; Metwally,
 * Agrawal and El Abbadi, 2005). A row or register that is accessed often is
 * therefore always present, even if it appears late. A count minus its error is
 * exact or too low, never too high.
 */
#ifndef TRAP_TABLE_H
#define TRAP_TABLE_H

#include <stdint.h>

enum {
	TABLE_ROWS = 4096,
	TABLE_PROBES = 64,
	TABLE_REGISTERS = 32,
	TABLE_OBJECTS = 512,
	TABLE_DEVICES = 64,
	TABLE_PROCESSES = 512,
	TABLE_NAME = 32,
	TABLE_PATH = 248,
};

enum table_state { TABLE_FREE, TABLE_CLAIMED, TABLE_READY };

#define TABLE_MAGIC UINT64_C(0x0165627461706e62)

struct table_row {
	uint64_t key; /* of everything that identifies the row; 0: free */
	uint64_t count, error;
	uint64_t end, unstart; /* the registers' range: its end, and the complement of its start */
	uint64_t pc;	       /* in its process */
	uint64_t offset;       /* in the object's file */
	uint32_t state;
	uint32_t width;			  /* 0: unknown */
	uint16_t process, object, device; /* 0: unknown, or the table was full */
	uint16_t region;
	uint32_t access; /* enum report_access */
	uint32_t reserved;
	uint64_t registers[TABLE_REGISTERS]; /* offset + 1; 0: free */
	uint64_t counts[TABLE_REGISTERS], errors[TABLE_REGISTERS];
};

struct table_object {
	uint32_t state;
	char path[TABLE_PATH];
};

struct table_device {
	uint32_t state;
	char name[TABLE_NAME];
};

struct table_process {
	uint32_t state;
	int32_t pid;
	char program[TABLE_PATH];
};

struct table {
	uint64_t magic, size; /* of a shared table: TABLE_MAGIC and its size */
	uint64_t timed;	      /* whether time is measured */
	uint64_t failed, rescued, nanoseconds;
	uint64_t lost; /* accesses that found no row */
	struct table_object objects[TABLE_OBJECTS];
	struct table_device devices[TABLE_DEVICES];
	struct table_process processes[TABLE_PROCESSES];
	struct table_row rows[TABLE_ROWS];
};

#endif
