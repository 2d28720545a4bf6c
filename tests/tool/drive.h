/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver of the device that tests/tool/fake-vfio.c plays, for programs that
 * do unusual things with signals meanwhile. */
#ifndef DRIVE_H
#define DRIVE_H

#include <signal.h>
#include <stdbool.h>

extern volatile int *volatile nowhere; /* no memory is there */
extern volatile sig_atomic_t calls;    /* of handlers */
extern sigset_t all, none;

/* Ends the program, with a message. */
void fail(const char *what);
void require(bool good, const char *what);

/* Maps the device, whose BAR has a hole in its middle. */
void map_device(void);

/* Writes a register in the hole, and reads it back. */
void use_hole(void);

/* Handlers. */
void count_call(int number);
void use_hole_in_handler(int number);

/* Sets a handler during which everything is blocked. */
void set_handler(int number, void (*handler)(int));

bool is_blocked(int number);
bool is_equal(const sigset_t *a, const sigset_t *b);

/* Opens the device, maps it, and calls the function of the name that the
 * program was given. */
struct mode {
	const char *name;
	void (*function)(void);
};
int run_mode(const struct mode *modes, int argc, char **argv);

#endif
