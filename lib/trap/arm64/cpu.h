/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of an arm64 thread in a signal frame. Async-signal-safe. */
#ifndef TRAP_ARM64_CPU_H
#define TRAP_ARM64_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

enum { CPU_VECTOR = 16 }; /* bytes of a vector register without SVE */

/* Whether the frame has the vector registers. */
bool cpu_has_vectors(ucontext_t *context);

/* The low 16 bytes of a vector register. Setting it clears the rest of an SVE
 * register, as loads of the shorter ones do. Only if the frame has them. */
void cpu_get_vector(ucontext_t *context, unsigned int reg, uint8_t *out);
void cpu_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);

#endif
