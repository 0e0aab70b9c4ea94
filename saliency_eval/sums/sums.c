/* Sums over all pixels, for maps of 8-bit levels (u8) and of floats (f32, f64), and components of levels.

   A sum runs in LANES lanes, which are joined after every PART pixels: it does not depend on the vector width of the
   processor, and rounding errors stay small. To be compiled without contraction to fused operations. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
#define PART 2048
#define LEVELS 256
#define STRETCHES 4096
#define TABLES 8 /* neighbours often have one level: each of them adds to a table of its own */

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#elif defined(_WIN32)
#define KERNEL __declspec(dllexport)
#else
#define KERNEL
#endif

#define CAT(a, b) a##_##b
#define NAMED(a, b) CAT(a, b)
#define FOR(i, from, to) for (int64_t i = (from); i < (to); i++)

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Natural logarithm of a normal, positive number, in operations that a compiler turns into vectors: the exponent, and
   2 artanh((m - 1) / (m + 1)) of a mantissa m between sqrt(1/2) and sqrt(2). */
static inline double ln(double x) {
    static const uint64_t half = 0x3fe6a09e667f3bcdULL, bias = 0x3ff0000000000000ULL, whole = 0x4330000000000000ULL;
    uint64_t bits, exponent, rest;
    double power, m;
    memcpy(&bits, &x, sizeof bits);
    exponent = (bits - half + bias) >> 52;
    rest = bits - (exponent << 52) + bias;
    exponent |= whole; /* 2^52 + exponent, as a double */
    memcpy(&m, &rest, sizeof m);
    memcpy(&power, &exponent, sizeof power);
    double s = (m - 1) / (m + 1), z = s * s; /* the first power that is left out is below 2^-55 */
    double series = (((((((((1. / 19) * z + 1. / 17) * z + 1. / 15) * z + 1. / 13) * z + 1. / 11) * z + 1. / 9) * z
                        + 1. / 7) * z + 1. / 5) * z + 1. / 3) * z + 1;
    return (power - (4503599627370496.0 + 1023)) * 0.693147180559945309417 + 2 * s * series;
}

/* The number, or its size. */
static inline double signless(double x, int64_t size) {
    uint64_t bits, mask = (uint64_t)!size << 63 | 0x7fffffffffffffffULL;
    memcpy(&bits, &x, sizeof bits);
    bits &= mask;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Which stretch of a line a number lies in, rising with it: numbers below the bottom are in the first. */
static inline int32_t stretch_of(double x, double bottom, double scale) {
    double place = (x - bottom) * scale + 1;
    place = place > 0 ? place : 0;
    return (int32_t)(place < STRETCHES - 1 ? place : STRETCHES - 1);
}

/* Number of pixels of each level. */
KERNEL void histogram_u8(const uint8_t *v, int64_t n, int64_t *out) {
    static const int64_t part = 1 << 30;
    memset(out, 0, LEVELS * sizeof *out);
    for (int64_t start = 0; start < n; start += part) {
        uint32_t table[TABLES][LEVELS] = {{0}};
        int64_t end = least(start + part, n), i = start;
        for (; i + TABLES <= end; i += TABLES) FOR(k, 0, TABLES) table[k][v[i + k]]++;
        for (; i < end; i++) table[0][v[i]]++;
        FOR(k, 0, TABLES) FOR(level, 0, LEVELS) out[level] += table[k][level];
    }
}

/* Sum of w over the pixels of each level. */
KERNEL void level_sums_u8(const uint8_t *v, const double *w, int64_t n, double *out) {
    static const int64_t part = 1 << 16;
    memset(out, 0, LEVELS * sizeof *out);
    for (int64_t start = 0; start < n; start += part) {
        double table[TABLES][LEVELS] = {{0}};
        int64_t end = least(start + part, n), i = start;
        for (; i + TABLES <= end; i += TABLES) FOR(k, 0, TABLES) table[k][v[i + k]] += w[i + k];
        for (; i < end; i++) table[0][v[i]] += w[i];
        FOR(k, 0, TABLES) FOR(level, 0, LEVELS) out[level] += table[k][level];
    }
}

/* Sum over all points k of rows[k][y] table[start[k] + x], for each pixel; tiles that a point does not reach into are
   left out. Returns whether there was memory. */
KERNEL int64_t deposit_f64(
    const double *rows, int64_t height, const int64_t *start, int64_t n, const double *table, int64_t length,
    int64_t width, double *out
) {
    enum { HIGH = 4, WIDE = 32 };
    double *kernel = calloc((size_t)(length + WIDE), sizeof *kernel);
    int64_t *before = calloc((size_t)(length + WIDE + 1), sizeof *before); /* values that are not 0, up to each */
    double(*near)[HIGH] = malloc((size_t)(n + 1) * sizeof *near); /* rows of the points that reach into these */
    int64_t *from = malloc((size_t)(n + 1) * sizeof *from);
    int made = kernel && before && near && from;
    if (made) memcpy(kernel, table, (size_t)length * sizeof *kernel);
    if (made) FOR(i, 0, length + WIDE) before[i + 1] = before[i] + (kernel[i] != 0);
    for (int64_t y = 0; made && y < height; y += HIGH) {
        int64_t high = least(HIGH, height - y), count = 0;
        FOR(k, 0, n) {
            int there = 0;
            FOR(h, 0, HIGH) {
                near[count][h] = h < high ? rows[k * height + y + h] : 0;
                there |= near[count][h] != 0;
            }
            from[count] = start[k];
            count += there;
        }
        for (int64_t x = 0; x < width; x += WIDE) {
            double sum[HIGH][WIDE];
            memset(sum, 0, sizeof sum);
            FOR(i, 0, count) {
                const double *across = kernel + from[i] + x, *row = near[i];
                if (before[from[i] + x + WIDE] == before[from[i] + x]) continue;
                FOR(h, 0, HIGH) FOR(j, 0, WIDE) sum[h][j] += row[h] * across[j];
            }
            FOR(h, 0, high)
                memcpy(out + (y + h) * width + x, sum[h], (size_t)least(WIDE, width - x) * sizeof(double));
        }
    }
    free(kernel), free(before), free(near), free(from);
    return made;
}

#include "components.h"

#define T uint8_t
#define TYPE u8
#include "typed.h"
#undef T
#undef TYPE

#define T float
#define TYPE f32
#include "typed.h"
#undef T
#undef TYPE

#define T double
#define TYPE f64
#include "typed.h"
