/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver of the device that tests/tool/fake-vfio.c simulates. Programs share
 * it that use signals in unusual ways. */
#ifndef DRIVE_H
#define DRIVE_H

#include <signal.h>
#include <stdbool.h>

extern volatile int *volatile nowhere; /* an unmapped address */
extern volatile sig_atomic_t calls;    /* of handlers */
extern sigset_t all, none;

/* Prints a message, and ends the program. */
void fail(const char *what);
void require(bool good, const char *what);

/* Maps the device. Its BAR has a hole in the middle. */
void map_device(void);

/* Writes a register in the hole, and reads it back. */
void use_hole(void);

/* Handlers. */
void count_call(int number);
void use_hole_in_handler(int number);

/* Sets a handler with all signals blocked. */
void set_handler(int number, void (*handler)(int));

bool is_blocked(int number);
bool is_equal(const sigset_t *a, const sigset_t *b);

/* Opens and maps the device, and calls the function whose name is the program's
 * argument. */
struct mode {
	const char *name;
	void (*function)(void);
};
int run_mode(const struct mode *modes, int argc, char **argv);

#endif
