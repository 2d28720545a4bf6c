/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads and stores of arm64, to be tried with random registers and offsets. */
#ifndef ARM64_INSNS_H
#define ARM64_INSNS_H

/* The fields that take random values. */
enum fields {
	T = 1 << 0, /* registers */
	N = 1 << 1,
	T2 = 1 << 2,
	M = 1 << 3,
	REGISTERS = 4,
	IMM12 = 1 << 4, /* offsets */
	IMM9 = 1 << 5,
	IMM7 = 1 << 6,
	SHIFT = 1 << 7,
	FIELDS = 8,
	/* not a field: the operand must be aligned */
	ALIGNED = 1 << 8,
};

/* Processor features, AT_HWCAP. */
enum { LSE = 1 << 8, LRCPC = 1 << 15, SVE = 1 << 22, ILRCPC = 1 << 26, ANY = 0 };

/* Instructions, the fields that vary, and the feature that they need. */
#define INSNS(X) \
	X("ldr w0, [x0]", T | N | IMM12, ANY) \
	X("ldr x0, [x0]", T | N | IMM12, ANY) \
	X("ldrb w0, [x0]", T | N | IMM12, ANY) \
	X("ldrh w0, [x0]", T | N | IMM12, ANY) \
	X("ldrsb w0, [x0]", T | N | IMM12, ANY) \
	X("ldrsb x0, [x0]", T | N | IMM12, ANY) \
	X("ldrsh w0, [x0]", T | N | IMM12, ANY) \
	X("ldrsh x0, [x0]", T | N | IMM12, ANY) \
	X("ldrsw x0, [x0]", T | N | IMM12, ANY) \
	X("str w0, [x0]", T | N | IMM12, ANY) \
	X("str x0, [x0]", T | N | IMM12, ANY) \
	X("strb w0, [x0]", T | N | IMM12, ANY) \
	X("strh w0, [x0]", T | N | IMM12, ANY) \
	X("ldr b0, [x0]", T | N | IMM12, ANY) \
	X("ldr h0, [x0]", T | N | IMM12, ANY) \
	X("ldr s0, [x0]", T | N | IMM12, ANY) \
	X("ldr d0, [x0]", T | N | IMM12, ANY) \
	X("ldr q0, [x0]", T | N | IMM12, ANY) \
	X("str b0, [x0]", T | N | IMM12, ANY) \
	X("str h0, [x0]", T | N | IMM12, ANY) \
	X("str s0, [x0]", T | N | IMM12, ANY) \
	X("str d0, [x0]", T | N | IMM12, ANY) \
	X("str q0, [x0]", T | N | IMM12, ANY) \
	X("ldur w0, [x0, #0]", T | N | IMM9, ANY) \
	X("ldursh x0, [x0, #0]", T | N | IMM9, ANY) \
	X("stur x0, [x0, #0]", T | N | IMM9, ANY) \
	X("ldur q0, [x0, #0]", T | N | IMM9, ANY) \
	X("stur d0, [x0, #0]", T | N | IMM9, ANY) \
	X("ldtr w0, [x0, #0]", T | N | IMM9, ANY) \
	X("sttrb w0, [x0, #0]", T | N | IMM9, ANY) \
	X("ldr w0, [x0], #0", T | N | IMM9, ANY) \
	X("ldrsb w0, [x0], #0", T | N | IMM9, ANY) \
	X("str x0, [x0], #0", T | N | IMM9, ANY) \
	X("ldr q0, [x0], #0", T | N | IMM9, ANY) \
	X("str s0, [x0], #0", T | N | IMM9, ANY) \
	X("ldr x0, [x0, #0]!", T | N | IMM9, ANY) \
	X("ldrsw x0, [x0, #0]!", T | N | IMM9, ANY) \
	X("strh w0, [x0, #0]!", T | N | IMM9, ANY) \
	X("ldr h0, [x0, #0]!", T | N | IMM9, ANY) \
	X("str q0, [x0, #0]!", T | N | IMM9, ANY) \
	X("ldr w0, [x0, w0, uxtw]", T | N | M | SHIFT, ANY) \
	X("ldr x0, [x0, w0, sxtw]", T | N | M | SHIFT, ANY) \
	X("ldrsh w0, [x0, x0]", T | N | M | SHIFT, ANY) \
	X("str x0, [x0, x0, sxtx]", T | N | M | SHIFT, ANY) \
	X("strb w0, [x0, w0, sxtw]", T | N | M | SHIFT, ANY) \
	X("ldr q0, [x0, w0, sxtw]", T | N | M | SHIFT, ANY) \
	X("str d0, [x0, x0]", T | N | M | SHIFT, ANY) \
	X("ldp w0, w1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldp x0, x1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldpsw x0, x1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldp s0, s1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldp d0, d1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldp q0, q1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldp x0, x1, [x0], #0", T | T2 | N | IMM7, ANY) \
	X("ldpsw x0, x1, [x0, #0]!", T | T2 | N | IMM7, ANY) \
	X("ldp q0, q1, [x0, #0]!", T | T2 | N | IMM7, ANY) \
	X("ldnp x0, x1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldnp s0, s1, [x0]", T | T2 | N | IMM7, ANY) \
	X("stp w0, w1, [x0]", T | T2 | N | IMM7, ANY) \
	X("stp x0, x1, [x0, #0]!", T | T2 | N | IMM7, ANY) \
	X("stp q0, q1, [x0]", T | T2 | N | IMM7, ANY) \
	X("stp d0, d1, [x0], #0", T | T2 | N | IMM7, ANY) \
	X("stnp w0, w1, [x0]", T | T2 | N | IMM7, ANY) \
	X("ldar w0, [x0]", T | N | ALIGNED, ANY) \
	X("ldar x0, [x0]", T | N | ALIGNED, ANY) \
	X("ldarb w0, [x0]", T | N | ALIGNED, ANY) \
	X("ldarh w0, [x0]", T | N | ALIGNED, ANY) \
	X("stlr w0, [x0]", T | N | ALIGNED, ANY) \
	X("stlr x0, [x0]", T | N | ALIGNED, ANY) \
	X("stlrh w0, [x0]", T | N | ALIGNED, ANY) \
	X("ldapr w0, [x0]", T | N | ALIGNED, LRCPC) \
	X("ldaprb w0, [x0]", T | N | ALIGNED, LRCPC) \
	X("ldapur x0, [x0, #0]", T | N | ALIGNED, ILRCPC) \
	X("ldapursb w0, [x0, #1]", T | N | ALIGNED, ILRCPC) \
	X("stlur w0, [x0, #-4]", T | N | ALIGNED, ILRCPC) \
	X("ld1 {v0.16b}, [x0]", T | N, ANY) \
	X("ld1 {v0.4h, v1.4h}, [x0]", T | N, ANY) \
	X("ld1 {v0.2d, v1.2d, v2.2d}, [x0]", T | N, ANY) \
	X("ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [x0]", T | N, ANY) \
	X("ld1 {v0.8b}, [x0], #8", T | N, ANY) \
	X("ld1 {v0.16b, v1.16b}, [x0], x0", T | N | M, ANY) \
	X("st1 {v0.16b}, [x0]", T | N, ANY) \
	X("st1 {v0.8b, v1.8b, v2.8b}, [x0]", T | N, ANY) \
	X("st1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64", T | N, ANY) \
	X("st1 {v0.2d, v1.2d}, [x0], x0", T | N | M, ANY) \
	X("ldadd w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldclr x0, x0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldeorb w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldsetal w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldsmaxh w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldsmin x0, x0, [x0]", T | N | M | ALIGNED, LSE) \
	X("ldumax w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("lduminb w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("swpa x0, x0, [x0]", T | N | M | ALIGNED, LSE) \
	X("cas w0, w0, [x0]", T | N | M | ALIGNED, LSE) \
	X("casab w0, w0, [x0]", T | N | M | ALIGNED, LSE)

#endif
