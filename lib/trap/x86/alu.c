/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/x86/alu.h"

#include <stddef.h>

enum {
	CARRY = 1 << 0,
	ALWAYS = 1 << 1,
	PARITY = 1 << 2,
	ADJUST = 1 << 4,
	ZERO = 1 << 6,
	SIGN = 1 << 7,
	OVERFLOW = 1 << 11,
	STATUS = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW,
};

/* Executes the instruction between popf and pushf, below the red zone, which
 * the compiler may use. */
#define WITH_FLAGS(instruction) \
	"leaq -128(%%rsp), %%rsp\n\tpushq %[flags]\n\tpopfq\n\t" instruction \
	"\n\tpushfq\n\tpopq %[flags]\n\tleaq 128(%%rsp), %%rsp"

#define BODY(name, bits, instruction) \
	static uint64_t name##_##bits(uint64_t a, uint64_t b, uint64_t *flags) \
	{ \
		uint##bits##_t x = (uint##bits##_t)a, y = (uint##bits##_t)b; \
		uint64_t f = (*flags & STATUS) | ALWAYS; \
\
		__asm__ volatile(WITH_FLAGS(instruction) \
				 : [x] "+q"(x), [flags] "+r"(f) \
				 : [y] "q"(y) \
				 : "cc", "memory"); \
		*flags = (*flags & ~(uint64_t)STATUS) | (f & STATUS); \
		return x; \
	}

#define WIDE(name, instruction, operands) \
	BODY(name, 16, instruction "w " operands) \
	BODY(name, 32, instruction "l " operands) \
	BODY(name, 64, instruction "q " operands)

#define BINARY(name) BODY(name, 8, #name "b %[y], %[x]") WIDE(name, #name, "%[y], %[x]")
#define UNARY(name) BODY(name, 8, #name "b %[x]") WIDE(name, #name, "%[x]")
#define BIT(name) WIDE(name, #name, "%[y], %[x]")

BINARY(add)
BINARY(or)
BINARY(adc)
BINARY(sbb)
BINARY(and)
BINARY(sub)
BINARY(xor)
BINARY(cmp)
BINARY(test)
BIT(bt)
BIT(bts)
BIT(btr)
BIT(btc)
UNARY(not )
UNARY(neg)
UNARY(inc)
UNARY(dec)

typedef uint64_t function(uint64_t a, uint64_t b, uint64_t *flags);

#define ROW(name) \
	{ \
		name##_8, name##_16, name##_32, name##_64 \
	}
#define BIT_ROW(name) \
	{ \
		NULL, name##_16, name##_32, name##_64 \
	}

static function *const functions[ALU_OPERATIONS][4] = {
	[ALU_ADD] = ROW(add),	  [ALU_OR] = ROW(or),	    [ALU_ADC] = ROW(adc),
	[ALU_SBB] = ROW(sbb),	  [ALU_AND] = ROW(and),	    [ALU_SUB] = ROW(sub),
	[ALU_XOR] = ROW(xor),	  [ALU_CMP] = ROW(cmp),	    [ALU_TEST] = ROW(test),
	[ALU_BT] = BIT_ROW(bt),	  [ALU_BTS] = BIT_ROW(bts), [ALU_BTR] = BIT_ROW(btr),
	[ALU_BTC] = BIT_ROW(btc), [ALU_NOT] = ROW(not ),    [ALU_NEG] = ROW(neg),
	[ALU_INC] = ROW(inc),	  [ALU_DEC] = ROW(dec),
};

uint64_t alu(enum alu operation, unsigned int width, uint64_t a, uint64_t b, uint64_t *flags)
{
	return functions[operation][__builtin_ctz(width)](a, b, flags);
}
