/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define EACH_WIDTH(make, name, ...) \
	make(name##_8, uint8_t, int8_t, __VA_ARGS__) \
		make(name##_16, uint16_t, int16_t, __VA_ARGS__) \
			make(name##_32, uint32_t, int32_t, __VA_ARGS__) \
				make(name##_64, uint64_t, int64_t, __VA_ARGS__)

/* U and S are the register's unsigned and signed types. R is the register; RS
 * is the register as a signed value. */
#define FUNCTION(name, unsigned_, signed_, ...) \
	static uint64_t name(volatile void *reg, uint64_t x, uint64_t y) \
	{ \
		typedef unsigned_ U; \
		typedef signed_ S; \
		enum { BITS = 8 * sizeof(U) }; \
		U a = (U)x, b = (U)y; \
\
		(void)(S)a; \
		(void)b; \
		(void)BITS; \
		__VA_ARGS__; \
	}
#define R (*(volatile U *)reg)
#define RS (*(volatile S *)reg)
#define RETURN(...) return (uint64_t)(__VA_ARGS__)
#define SET(...) \
	do { \
		R = (U)(__VA_ARGS__); \
		return a; \
	} while (0)

typedef uint64_t function_of_one(uint64_t x);

uint64_t __attribute__((noinline)) target_function(uint64_t x)
{
	return x * 3;
}

static uint64_t __attribute__((noinline))
take_seven(int a, int b, int c, int d, int e, uint64_t f, uint64_t g)
{
	__asm__ volatile("" : "+r"(a), "+r"(g));
	return (uint64_t)(a + b + c + d + e) + f * g;
}

static uint64_t add_crc(uint32_t crc, uint32_t value)
{
#ifdef __SSE4_2__
	return _mm_crc32_u32(crc, value);
#else
	return crc ^ value;
#endif
}

EACH_WIDTH(FUNCTION, get_product, RETURN((U)(a *R)))
EACH_WIDTH(FUNCTION, get_multiple, RETURN((U)(R * 45U)))
EACH_WIDTH(FUNCTION, get_high_product, RETURN((U)(((unsigned __int128)a * R) >> BITS)))
EACH_WIDTH(FUNCTION, get_high_signed_product, RETURN((U)(((__int128)(S)a * RS) >> BITS)))
EACH_WIDTH(FUNCTION, get_quotient, RETURN(a / R))
EACH_WIDTH(FUNCTION, get_remainder, RETURN(a % R))
EACH_WIDTH(FUNCTION, get_signed_quotient, RETURN((S)a / RS))
EACH_WIDTH(FUNCTION, get_divided, RETURN(R / (U)(a | 1)))
EACH_WIDTH(FUNCTION, get_shifted_left, RETURN((U)(R << (a % BITS))))
EACH_WIDTH(FUNCTION, get_shifted_right, RETURN((U)(R >> (a % BITS))))
EACH_WIDTH(FUNCTION, get_signed_shifted, RETURN((U)(RS >> (a % BITS))))
EACH_WIDTH(FUNCTION, get_shifted_by_it, RETURN((U)(a << (R % BITS))))
EACH_WIDTH(FUNCTION, get_rotated, U r = R; RETURN((U)(r << 5 | r >> (BITS - 5))))
EACH_WIDTH(FUNCTION, get_equal, RETURN(R == a))
EACH_WIDTH(FUNCTION, get_less, RETURN(RS < (S)a))
EACH_WIDTH(FUNCTION, get_larger, U r = R; RETURN(r > a ? r : a))
EACH_WIDTH(FUNCTION, get_chosen, U r = R; RETURN(x & 1 ? r : b))
EACH_WIDTH(FUNCTION, get_bits_counted, RETURN(__builtin_popcountll(R)))
EACH_WIDTH(FUNCTION, get_field, RETURN((U)(R >> 3) & 0x1f))
EACH_WIDTH(FUNCTION, get_lowest_bit, U r = R; RETURN((U)(r & -r)))
EACH_WIDTH(FUNCTION, get_lowest_bit_cleared, U r = R; RETURN((U)(r & (r - 1))))
EACH_WIDTH(FUNCTION, get_without, RETURN((U)(R & ~a)))
EACH_WIDTH(FUNCTION, get_masked, RETURN((U)(~R &a)))
EACH_WIDTH(FUNCTION, get_bit, RETURN(R >> (a % BITS) & 1))
EACH_WIDTH(FUNCTION, get_sum, RETURN((U)(a + R + b)))
EACH_WIDTH(FUNCTION, get_double, RETURN((uint64_t)((double)R * 3)))
EACH_WIDTH(FUNCTION, get_negative, RETURN((U)-R))
EACH_WIDTH(FUNCTION, set_product, SET(a *b))
EACH_WIDTH(FUNCTION, set_shifted, SET(a << 3 | b))
EACH_WIDTH(FUNCTION, set_compared, SET(a < b))
EACH_WIDTH(FUNCTION, set_chosen, SET(x & 1 ? a : b))
EACH_WIDTH(FUNCTION, set_counted, SET(__builtin_popcountll(a)))
EACH_WIDTH(FUNCTION, set_converted, SET((double)(a % 100) * 0.25))
EACH_WIDTH(FUNCTION, multiply, SET(R *a))
EACH_WIDTH(FUNCTION, divide, SET(R / (U)(a | 1)))
EACH_WIDTH(FUNCTION, shift_left, R = (U)(R << 2); return a)
EACH_WIDTH(FUNCTION, shift_right_by, R = (U)(R >> (a % BITS)); return a)
EACH_WIDTH(FUNCTION, shift_signed, RS = (S)(RS >> 1); return a)
EACH_WIDTH(FUNCTION, rotate, U r = R; SET(r >> 3 | r << (BITS - 3)))
EACH_WIDTH(FUNCTION, add, R = (U)(R + a); return a)
EACH_WIDTH(FUNCTION, clear_bits, R = (U)(R & ~a); return a)
EACH_WIDTH(FUNCTION, set_bit, R = (U)(R | (U)1 << (a % BITS)); return a)
EACH_WIDTH(FUNCTION, toggle_bit, R = (U)(R ^ (U)1 << (a % BITS)); return a)
EACH_WIDTH(FUNCTION, invert, R = (U)~R; return a)
EACH_WIDTH(FUNCTION, negate, R = (U)-R; return a)
EACH_WIDTH(FUNCTION, count, R = (U)(R + 1); return a)
FUNCTION(get_swapped_16, uint16_t, int16_t, RETURN(__builtin_bswap16(R)))
FUNCTION(set_swapped_16, uint16_t, int16_t, SET(__builtin_bswap16(a)))
FUNCTION(get_swapped_32, uint32_t, int32_t, RETURN(__builtin_bswap32(R)))
FUNCTION(set_swapped_32, uint32_t, int32_t, SET(__builtin_bswap32(a)))
FUNCTION(get_swapped_64, uint64_t, int64_t, RETURN(__builtin_bswap64(R)))
FUNCTION(set_swapped_64, uint64_t, int64_t, SET(__builtin_bswap64(a)))
FUNCTION(get_ctz_32, uint32_t, int32_t, RETURN(__builtin_ctz(R)))
FUNCTION(get_clz_32, uint32_t, int32_t, RETURN(__builtin_clz(R)))
FUNCTION(get_ffs_32, uint32_t, int32_t, RETURN(__builtin_ffs(R)))
FUNCTION(get_ctz_64, uint64_t, int64_t, RETURN(__builtin_ctzll(R)))
FUNCTION(get_clz_64, uint64_t, int64_t, RETURN(__builtin_clzll(R)))
FUNCTION(get_ffs_64, uint64_t, int64_t, RETURN(__builtin_ffsll(R)))
FUNCTION(get_crc, uint32_t, int32_t, RETURN(add_crc(a, R)))
FUNCTION(get_funnel, uint32_t, int32_t, U r = R; RETURN((U)(r << 7 | a >> 25)))
FUNCTION(get_float_sum_32, uint32_t, int32_t, float f = *(volatile float *)reg + (float)a;
	 RETURN(f))
FUNCTION(get_float_product_32, uint32_t, int32_t,
	 float f = *(volatile float *)reg * (float)(a % 99);
	 RETURN(f))
FUNCTION(get_float_quotient_32, uint32_t, int32_t,
	 float f = (float)(a % 99) / *(volatile float *)reg;
	 RETURN(f))
FUNCTION(get_float_difference_32, uint32_t, int32_t,
	 float f = (float)(a % 99) - *(volatile float *)reg;
	 RETURN(f))
FUNCTION(get_float_compared_32, uint32_t, int32_t, RETURN(*(volatile float *)reg < (float)a))
FUNCTION(get_float_larger_32, uint32_t, int32_t, float f = *(volatile float *)reg;
	 RETURN(f > (float)3 ? f : (float)3))
FUNCTION(get_float_whole_32, uint32_t, int32_t, RETURN((int)*(volatile float *)reg))
FUNCTION(get_float_converted_32, uint32_t, int32_t, double d = *(volatile float *)reg;
	 float f = (float)d; RETURN(f))
FUNCTION(get_float_root_32, uint32_t, int32_t,
	 float f = (float)__builtin_sqrt(*(volatile float *)reg);
	 RETURN(f))
FUNCTION(get_float_negative_32, uint32_t, int32_t, float f = -*(volatile float *)reg; RETURN(f))
FUNCTION(set_float_32, uint32_t, int32_t, *(volatile float *)reg = (float)(a % 1000) / 7; return a)
FUNCTION(add_float_32, uint32_t, int32_t,
	 *(volatile float *)reg = *(volatile float *)reg + (float)(a % 99);
	 return a)
FUNCTION(get_float_sum_64, uint64_t, int64_t, double f = *(volatile double *)reg + (double)a;
	 RETURN(f))
FUNCTION(get_float_product_64, uint64_t, int64_t,
	 double f = *(volatile double *)reg * (double)(a % 99);
	 RETURN(f))
FUNCTION(get_float_quotient_64, uint64_t, int64_t,
	 double f = (double)(a % 99) / *(volatile double *)reg;
	 RETURN(f))
FUNCTION(get_float_difference_64, uint64_t, int64_t,
	 double f = (double)(a % 99) - *(volatile double *)reg;
	 RETURN(f))
FUNCTION(get_float_compared_64, uint64_t, int64_t, RETURN(*(volatile double *)reg < (double)a))
FUNCTION(get_float_larger_64, uint64_t, int64_t, double f = *(volatile double *)reg;
	 RETURN(f > (double)3 ? f : (double)3))
FUNCTION(get_float_whole_64, uint64_t, int64_t, RETURN((int)*(volatile double *)reg))
FUNCTION(get_float_converted_64, uint64_t, int64_t, double d = *(volatile double *)reg;
	 float f = (float)d; RETURN(f))
FUNCTION(get_float_root_64, uint64_t, int64_t,
	 double f = (double)__builtin_sqrt(*(volatile double *)reg);
	 RETURN(f))
FUNCTION(get_float_negative_64, uint64_t, int64_t, double f = -*(volatile double *)reg; RETURN(f))
FUNCTION(set_float_64, uint64_t, int64_t, *(volatile double *)reg = (double)(a % 1000) / 7;
	 return a)
FUNCTION(add_float_64, uint64_t, int64_t,
	 *(volatile double *)reg = *(volatile double *)reg + (double)(a % 99);
	 return a)
FUNCTION(get_vector_sum, uint32_t, int32_t,
	 __m128i v = _mm_add_epi32(*(volatile __m128i *)reg, _mm_set1_epi32((int)a));
	 RETURN(_mm_cvtsi128_si64(_mm_xor_si128(v, _mm_srli_si128(v, 8)))))
FUNCTION(get_vector_shuffled, uint32_t, int32_t,
	 __m128i v = _mm_shuffle_epi32(*(volatile __m128i *)reg, 0x1b);
	 RETURN(_mm_cvtsi128_si64(v) ^ b))
FUNCTION(get_vector_of_one, uint32_t, int32_t, __m128i v = _mm_set1_epi32((int)R);
	 RETURN(_mm_cvtsi128_si64(v)))
FUNCTION(get_vector_inserted, uint32_t, int32_t,
	 __m128i v = _mm_insert_epi16(_mm_set1_epi32((int)a), *(volatile short *)reg, 3);
	 RETURN(_mm_cvtsi128_si64(v)))
FUNCTION(get_vector_compared, uint32_t, int32_t,
	 RETURN(_mm_movemask_epi8(_mm_cmpeq_epi8(*(volatile __m128i *)reg,
						 _mm_set1_epi8((char)a)))))
FUNCTION(set_vector, uint32_t, int32_t, *(volatile __m128i *)reg = _mm_set1_epi32((int)a); return a)
FUNCTION(pass_on_stack, uint32_t, int32_t,
	 RETURN(take_seven(1, 2, 3, 4, 5, x, *(volatile uint64_t *)reg)))
FUNCTION(call_it, uint32_t, int32_t, *(volatile uintptr_t *)reg = (uintptr_t)target_function;
	 RETURN((*(function_of_one *volatile *)reg)(x) + 1))
FUNCTION(jump_to_it, uint32_t, int32_t, *(volatile uintptr_t *)reg = (uintptr_t)target_function;
	 return (*(function_of_one *volatile *)reg)(x))

#define NAMED(function_) \
	{ \
#function_, function_ \
	}
#define NAMED_EACH(function_) \
	NAMED(function_##_8), NAMED(function_##_16), NAMED(function_##_32), NAMED(function_##_64)

const struct named_function functions[] = {
	NAMED_EACH(get_product),
	NAMED_EACH(get_multiple),
	NAMED_EACH(get_high_product),
	NAMED_EACH(get_high_signed_product),
	NAMED_EACH(get_quotient),
	NAMED_EACH(get_remainder),
	NAMED_EACH(get_signed_quotient),
	NAMED_EACH(get_divided),
	NAMED_EACH(get_shifted_left),
	NAMED_EACH(get_shifted_right),
	NAMED_EACH(get_signed_shifted),
	NAMED_EACH(get_shifted_by_it),
	NAMED_EACH(get_rotated),
	NAMED_EACH(get_equal),
	NAMED_EACH(get_less),
	NAMED_EACH(get_larger),
	NAMED_EACH(get_chosen),
	NAMED_EACH(get_bits_counted),
	NAMED_EACH(get_field),
	NAMED_EACH(get_lowest_bit),
	NAMED_EACH(get_lowest_bit_cleared),
	NAMED_EACH(get_without),
	NAMED_EACH(get_masked),
	NAMED_EACH(get_bit),
	NAMED_EACH(get_sum),
	NAMED_EACH(get_double),
	NAMED_EACH(get_negative),
	NAMED_EACH(set_product),
	NAMED_EACH(set_shifted),
	NAMED_EACH(set_compared),
	NAMED_EACH(set_chosen),
	NAMED_EACH(set_counted),
	NAMED_EACH(set_converted),
	NAMED_EACH(multiply),
	NAMED_EACH(divide),
	NAMED_EACH(shift_left),
	NAMED_EACH(shift_right_by),
	NAMED_EACH(shift_signed),
	NAMED_EACH(rotate),
	NAMED_EACH(add),
	NAMED_EACH(clear_bits),
	NAMED_EACH(set_bit),
	NAMED_EACH(toggle_bit),
	NAMED_EACH(invert),
	NAMED_EACH(negate),
	NAMED_EACH(count),
	NAMED(get_swapped_16),
	NAMED(set_swapped_16),
	NAMED(get_swapped_32),
	NAMED(set_swapped_32),
	NAMED(get_swapped_64),
	NAMED(set_swapped_64),
	NAMED(get_ctz_32),
	NAMED(get_clz_32),
	NAMED(get_ffs_32),
	NAMED(get_ctz_64),
	NAMED(get_clz_64),
	NAMED(get_ffs_64),
	NAMED(get_crc),
	NAMED(get_funnel),
	NAMED(get_float_sum_32),
	NAMED(get_float_product_32),
	NAMED(get_float_quotient_32),
	NAMED(get_float_difference_32),
	NAMED(get_float_compared_32),
	NAMED(get_float_larger_32),
	NAMED(get_float_whole_32),
	NAMED(get_float_converted_32),
	NAMED(get_float_root_32),
	NAMED(get_float_negative_32),
	NAMED(set_float_32),
	NAMED(add_float_32),
	NAMED(get_float_sum_64),
	NAMED(get_float_product_64),
	NAMED(get_float_quotient_64),
	NAMED(get_float_difference_64),
	NAMED(get_float_compared_64),
	NAMED(get_float_larger_64),
	NAMED(get_float_whole_64),
	NAMED(get_float_converted_64),
	NAMED(get_float_root_64),
	NAMED(get_float_negative_64),
	NAMED(set_float_64),
	NAMED(add_float_64),
	NAMED(get_vector_sum),
	NAMED(get_vector_shuffled),
	NAMED(get_vector_of_one),
	NAMED(get_vector_inserted),
	NAMED(get_vector_compared),
	NAMED(set_vector),
	NAMED(pass_on_stack),
	NAMED(call_it),
	NAMED(jump_to_it),
};

const size_t n_functions = sizeof(functions) / sizeof(functions[0]);
