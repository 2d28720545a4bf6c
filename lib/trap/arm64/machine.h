/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of an arm64 thread in a signal frame. Async-signal-safe. */
#ifndef TRAP_ARM64_MACHINE_H
#define TRAP_ARM64_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

enum { MACHINE_VECTOR = 16 }; /* bytes of a vector register without SVE */

/* Whether the frame has the vector registers. */
bool machine_has_vectors(ucontext_t *context);

/* The low 16 bytes of a vector register. Setting it clears the rest of an SVE
 * register, as loads of the shorter ones do. Only if the frame has them. */
void machine_get_vector(ucontext_t *context, unsigned int reg, uint8_t *out);
void machine_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);

#endif
