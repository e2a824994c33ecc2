/* model/quantised.py: layers in whole numbers. Sums of products of 16-bit numbers are exact in 32 bits as they are in the
 * float32 of the NumPy code; what follows is one multiplication and one addition, in float32. */
#include "layers.h"
#include <math.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define INTEL 1
#endif

static const double NOTHING = 1e-20;

static double unit_of(double largest, int levels) {
    int exponent;
    if (!(largest > NOTHING)) return 1.0;
    const double fraction = frexp(largest / levels, &exponent);
    return ldexp(1.0, fraction > 0.5 ? exponent : exponent - 1);
}

/* The next even whole number's rule of rounding, as rint: added and taken away, a large number leaves no fraction. */
WIDE static void in_levels(const float *values, Py_ssize_t count, float factor, int16_t *steps) {
    const float large = 12582912.0f; /* 1.5 * 2**23 */
    for (Py_ssize_t at = 0; at < count; at++) {
        const float shifted = values[at] * factor + large;
        steps[at] = (int16_t)(int32_t)(shifted - large);
    }
}

WIDE static float largest_of(const float *values, Py_ssize_t count) {
    int32_t most = 0; /* the order of the bits of floats without their sign is that of their size */
    const int32_t *bits = (const int32_t *)values;
    for (Py_ssize_t at = 0; at < count; at++) {
        const int32_t size = bits[at] & 0x7FFFFFFF;
        most = size > most ? size : most;
    }
    float largest;
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

int are_finite(const float *values, Py_ssize_t count) { return isfinite(largest_of(values, count)); }

float levels_of(const float *values, Py_ssize_t rows, Py_ssize_t width, int levels, int16_t *steps) {
    const double unit = unit_of(largest_of(values, rows * width), levels);
    const float factor = (float)(1 / unit);
    if (width == even(width)) {
        in_levels(values, rows * width, factor, steps);
    } else {
        for (Py_ssize_t row = 0; row < rows; row++, steps += even(width)) {
            in_levels(values + row * width, width, factor, steps);
            steps[width] = 0;
        }
    }
    return (float)unit;
}

/* Sums of one tile for a few rows ---------------------------------------------------------------------------------- */

typedef int32_t Sums[TILE];

/* Any processor: what compilers make of plain loops. */
static void sums_plain(const int16_t *weights, const int16_t *const *taps, const Layer *layer, Py_ssize_t rows, Sums *sums) {
    const Py_ssize_t pairs = even(layer->width) / 2;
    for (Py_ssize_t row = 0; row < rows; row++, taps += layer->taps) {
        const int16_t *next = weights;
        int32_t *sum = sums[row];
        memset(sum, 0, sizeof *sums);
        for (Py_ssize_t tap = 0; tap < layer->taps; tap++) {
            const int16_t *values = taps[tap];
            for (Py_ssize_t pair = 0; pair < pairs; pair++, next += 2 * TILE) {
                const int32_t one = values[2 * pair], two = values[2 * pair + 1];
                for (int at = 0; at < TILE; at++) sum[at] += one * next[2 * at] + two * next[2 * at + 1];
            }
        }
    }
}

#ifdef INTEL
static ALWAYS int32_t pair_at(const int16_t *values, Py_ssize_t pair) {
    int32_t both;
    memcpy(&both, values + 2 * pair, sizeof both);
    return both;
}

/* The same for a number of rows that is known when this is compiled: their sums stay in registers. */
#define INTEL_SUMS(NAME, TARGET, ROWS, VECTOR, WORDS, ZERO, LOAD, SPREAD, ADD_PRODUCTS, STORE_SUMS)                     \
    static __attribute__((target(TARGET))) void NAME(const int16_t *weights, const int16_t *const *taps,                \
                                                     const Layer *layer, Sums *sums) {                                  \
        const Py_ssize_t pairs = even(layer->width) / 2;                                                               \
        VECTOR total[ROWS][TILE / WORDS];                                                                              \
        for (int row = 0; row < ROWS; row++)                                                                           \
            for (int part = 0; part < TILE / WORDS; part++) total[row][part] = ZERO();                                 \
        for (Py_ssize_t tap = 0; tap < layer->taps; tap++) {                                                           \
            const int16_t *from[ROWS];                                                                                 \
            for (int row = 0; row < ROWS; row++) from[row] = taps[row * layer->taps + tap];                            \
            for (Py_ssize_t pair = 0; pair < pairs; pair++, weights += 2 * TILE) {                                     \
                VECTOR own[TILE / WORDS];                                                                              \
                for (int part = 0; part < TILE / WORDS; part++)                                                        \
                    own[part] = LOAD((const VECTOR *)(weights + 2 * WORDS * part));                                    \
                for (int row = 0; row < ROWS; row++) {                                                                 \
                    const VECTOR both = SPREAD(pair_at(from[row], pair));                                              \
                    for (int part = 0; part < TILE / WORDS; part++)                                                    \
                        total[row][part] = ADD_PRODUCTS(total[row][part], both, own[part]);                            \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (int row = 0; row < ROWS; row++)                                                                           \
            for (int part = 0; part < TILE / WORDS; part++)                                                            \
                STORE_SUMS((VECTOR *)(sums[row] + WORDS * part), total[row][part]);                                    \
    }

#define ADD_256(total, a, b) _mm256_add_epi32(total, _mm256_madd_epi16(a, b))
#define ADD_512(total, a, b) _mm512_add_epi32(total, _mm512_madd_epi16(a, b))
#define AVX2(NAME, ROWS)                                                                                               \
    INTEL_SUMS(NAME, "avx2", ROWS, __m256i, 8, _mm256_setzero_si256, _mm256_loadu_si256, _mm256_set1_epi32, ADD_256,   \
               _mm256_storeu_si256)
#define AVX512(NAME, ROWS)                                                                                             \
    INTEL_SUMS(NAME, "avx512f,avx512bw", ROWS, __m512i, 16, _mm512_setzero_si512, _mm512_loadu_si512,                  \
               _mm512_set1_epi32, ADD_512, _mm512_storeu_si512)
#define VNNI(NAME, ROWS)                                                                                               \
    INTEL_SUMS(NAME, "avx512f,avx512bw,avx512vnni", ROWS, __m512i, 16, _mm512_setzero_si512, _mm512_loadu_si512,       \
               _mm512_set1_epi32, _mm512_dpwssd_epi32, _mm512_storeu_si512)
AVX2(avx2_by_4, 4)
AVX2(avx2_by_1, 1)
AVX512(avx512_by_8, 8)
AVX512(avx512_by_1, 1)
VNNI(vnni_by_8, 8)
VNNI(vnni_by_1, 1)
#endif

/* Functions for several rows at once and for one; NULL: the plain one. */
typedef struct {
    void (*several)(const int16_t *, const int16_t *const *, const Layer *, Sums *);
    void (*single)(const int16_t *, const int16_t *const *, const Layer *, Sums *);
    Py_ssize_t rows;
} Kernel;

enum { PLAIN, KERNELS = 4 };

/* A kernel by its number, the faster ones later; NULL where this processor lacks it. */
static const Kernel *kernel(int number) {
    static const Kernel all[KERNELS] = {
        {NULL, NULL, 0},
#ifdef INTEL
        {avx2_by_4, avx2_by_1, 4},
        {avx512_by_8, avx512_by_1, 8},
        {vnni_by_8, vnni_by_1, 8},
#endif
    };
    int has = number == PLAIN;
#ifdef INTEL
    __builtin_cpu_init();
    if (number == 1) has = __builtin_cpu_supports("avx2");
    if (number == 2) has = __builtin_cpu_supports("avx512bw");
    if (number == 3) has = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
#endif
    return has ? &all[number] : NULL;
}

static const Kernel *fastest(void) {
    static const Kernel *known = NULL;
    for (int number = KERNELS - 1; known == NULL; number--) known = kernel(number);
    return known;
}

WIDE static void finish_tile(const Sums *sums, Py_ssize_t rows, const float *scale, const float *bias, Py_ssize_t count,
                             Py_ssize_t outputs, Finish finish, float *answer) {
    for (Py_ssize_t row = 0; row < rows; row++, answer += outputs) {
        float values[TILE];
        for (Py_ssize_t at = 0; at < count; at++) values[at] = (float)sums[row][at] * scale[at] + bias[at];
        if (finish != STORE)
            for (Py_ssize_t at = 0; at < count; at++) values[at] = values[at] > 0 ? values[at] : 0.0f;
        if (finish == ADD)
            for (Py_ssize_t at = 0; at < count; at++) answer[at] += values[at];
        else
            for (Py_ssize_t at = 0; at < count; at++) answer[at] = values[at];
    }
}

/* Rows that are worked on together, so that a tile of weights is read once for them. */
#define MOST_ROWS 8

/* The places of the taps of `rows` rows from `first` on; beyond the last row its own again. */
static void some_taps(const Layer *layer, const int16_t *const *taps, Py_ssize_t count, Py_ssize_t first, Py_ssize_t rows,
                      const int16_t **some) {
    for (Py_ssize_t row = 0; row < rows; row++, some += layer->taps) {
        const Py_ssize_t from = first + row < count ? first + row : count - 1;
        memcpy(some, taps + from * layer->taps, (size_t)layer->taps * sizeof *some);
    }
}

static void apply_by(const Kernel *fast, const Layer *layer, const int16_t *const *taps, Py_ssize_t count, float unit,
                     Finish finish, float *answer) {
    const Py_ssize_t size = layer->taps * even(layer->width) * TILE, together = fast->several ? fast->rows : MOST_ROWS;
    const int16_t *weights = layer->weights, *last[MOST_ROWS * MOST_TAPS];
    const Py_ssize_t whole = count / together * together, left = count - whole;
    if (left) some_taps(layer, taps, count, whole, together, last);
    for (Py_ssize_t first = 0; first < layer->outputs; first += TILE, weights += size) {
        const Py_ssize_t width = layer->outputs - first < TILE ? layer->outputs - first : TILE;
        float scale[TILE];
        for (Py_ssize_t at = 0; at < width; at++) scale[at] = layer->scale[first + at] * unit;
        for (Py_ssize_t row = 0; row < count; row += together) {
            Sums sums[MOST_ROWS];
            const Py_ssize_t rows = row < whole ? together : left;
            const int16_t *const *from = row < whole ? taps + row * layer->taps : (const int16_t *const *)last;
            if (fast->single && rows == 1)
                fast->single(weights, from, layer, sums);
            else if (fast->several)
                fast->several(weights, from, layer, sums);
            else
                sums_plain(weights, from, layer, rows, sums);
            finish_tile((const Sums *)sums, rows, scale, layer->bias + first, width, layer->outputs, finish,
                        answer + row * layer->outputs + first);
        }
    }
}

void apply(const Layer *layer, const int16_t *const *taps, Py_ssize_t count, float unit, Finish finish, float *answer) {
    apply_by(fastest(), layer, taps, count, unit, finish, answer);
}

static void apply_to_rows_by(const Kernel *fast, const Layer *layer, const int16_t *rows, Py_ssize_t count, float unit,
                             Finish finish, float *answer) {
    const int16_t *taps[64];
    const Py_ssize_t stride = even(layer->width);
    for (Py_ssize_t row = 0; row < count; row += 64) {
        const Py_ssize_t some = count - row < 64 ? count - row : 64;
        for (Py_ssize_t at = 0; at < some; at++) taps[at] = rows + (row + at) * stride;
        apply_by(fast, layer, taps, some, unit, finish, answer + row * layer->outputs);
    }
}

void apply_to_rows(const Layer *layer, const int16_t *rows, Py_ssize_t count, float unit, Finish finish, float *answer) {
    apply_to_rows_by(fastest(), layer, rows, count, unit, finish, answer);
}

int layer_of(Buffers *buffers, Layer *layer, PyObject *arguments) {
    PyObject *weights, *scale, *bias;
    Py_ssize_t items;
    if (!PyTuple_Check(arguments)) {
        PyErr_SetString(PyExc_TypeError, "a layer is (weights, scale, bias, levels, taps, width)");
        return 0;
    }
    if (!PyArg_ParseTuple(arguments, "OOOinn", &weights, &scale, &bias, &layer->levels, &layer->taps, &layer->width))
        return 0;
    if (!(layer->weights = buffer_of(buffers, weights, 2, &items))) return 0;
    if (!(layer->scale = buffer_of(buffers, scale, 4, &layer->outputs))) return 0;
    if (!(layer->bias = buffer_with(buffers, bias, 4, layer->outputs))) return 0;
    if (layer->taps >= 1 && layer->taps <= MOST_TAPS && layer->width >= 1 && layer->outputs >= 1 && layer->levels >= 1 &&
        layer->levels <= INT16_MAX &&
        items == (layer->outputs + TILE - 1) / TILE * TILE * layer->taps * even(layer->width))
        return 1;
    PyErr_SetString(PyExc_ValueError, "the arrays of a layer do not fit each other");
    return 0;
}

PyObject *accelerator_dense(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2 && count != 3) return PyErr_Format(PyExc_TypeError, "dense takes 2 or 3 arguments, not %zd", count);
    const long number = count == 3 ? PyLong_AsLong(args[2]) : 0;
    if (PyErr_Occurred()) return NULL;
    const Kernel *chosen = count == 2 ? fastest() : number >= 0 && number < KERNELS ? kernel((int)number) : NULL;
    if (chosen == NULL) return PyErr_Format(PyExc_LookupError, "this processor has no kernel %ld", number);
    Buffers buffers = {.count = 0};
    Layer layer;
    PyObject *answer = NULL;
    int16_t *steps = NULL;
    Py_ssize_t items;
    const float *values = buffer_of(&buffers, args[0], 4, &items);
    if (values == NULL || !layer_of(&buffers, &layer, args[1])) goto done;
    layer.width *= layer.taps; /* the taps lie one after the other, each of an even width */
    const Py_ssize_t rows = items / layer.width;
    if (rows * layer.width != items || (layer.taps > 1 && layer.width % (2 * layer.taps)) || !are_finite(values, items)) {
        PyErr_SetString(PyExc_ValueError, "the inputs do not fit the layer, or are not finite");
        goto done;
    }
    layer.taps = 1;
    steps = PyMem_Malloc((size_t)(rows * even(layer.width) + 2) * sizeof *steps);
    answer = steps == NULL ? PyErr_NoMemory() : bytes_of((size_t)(rows * layer.outputs) * sizeof(float));
    if (answer == NULL) goto done;
    const float unit = levels_of(values, rows, layer.width, layer.levels, steps);
    apply_to_rows_by(chosen, &layer, steps, rows, unit, STORE, (float *)PyByteArray_AS_STRING(answer));
done:
    PyMem_Free(steps);
    release(&buffers);
    return answer;
}

/* Exact functions -------------------------------------------------------------------------------------------------- */

double exponential(double value) {
    static const double taylor[14] = {1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0,
                                      1 / 40320.0,      1 / 5040.0,      1 / 720.0,      1 / 120.0,     1 / 24.0,
                                      1 / 6.0,          1 / 2.0,         1.0,            1.0};
    const double twos = rint(value * 1.4426950408889634);
    const double rest = (value - twos * 0.6931471803691238) - twos * 1.9082149292705877e-10;
    double power = taylor[0];
    for (int at = 1; at < 14; at++) power = power * rest + taylor[at];
    return ldexp(power, (int)twos);
}

double logarithm(double value) {
    int twos;
    double fraction = frexp(value, &twos);
    if (fraction < 0.7071067811865476) fraction *= 2, twos--;
    const double slope = (fraction - 1) / (fraction + 1), square = slope * slope;
    double sum = 1.0 / 23;
    for (int odd = 21; odd > 0; odd -= 2) sum = sum * square + 1.0 / odd;
    return twos * 0.6931471803691238 + (2 * slope * sum + twos * 1.9082149292705877e-10);
}
