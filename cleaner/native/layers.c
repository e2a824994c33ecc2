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

/* Sums of a few tiles for a few rows ------------------------------------------------------------------------------- */

/* Tiles and rows that are worked on together, so that weights are read once for the rows, and rows once for the tiles. */
#define MOST_TILES 2
#define MOST_ROWS 12

typedef int32_t Sums[MOST_TILES][TILE];

/* Any processor: what compilers make of plain loops. */
static void sums_plain(const int16_t *const *tiles, const int16_t *const *taps, const Layer *layer, Sums *sums) {
    const Py_ssize_t pairs = even(layer->width) / 2;
    const int16_t *next = tiles[0];
    int32_t *sum = sums[0][0];
    memset(sum, 0, sizeof sums[0][0]);
    for (Py_ssize_t tap = 0; tap < layer->taps; tap++) {
        const int16_t *values = taps[tap];
        for (Py_ssize_t pair = 0; pair < pairs; pair++, next += 2 * TILE) {
            const int32_t one = values[2 * pair], two = values[2 * pair + 1];
            for (int at = 0; at < TILE; at++) sum[at] += one * next[2 * at] + two * next[2 * at + 1];
        }
    }
}

#ifdef INTEL
static ALWAYS int32_t pair_at(const int16_t *values, Py_ssize_t pair) {
    int32_t both;
    memcpy(&both, values + 2 * pair, sizeof both);
    return both;
}

/* Weights are asked for so many numbers ahead: those of many networks lie beyond the nearer caches. */
#define AHEAD 2048

/* The same for numbers of rows and tiles that are known when this is compiled: their sums stay in registers. */
#define INTEL_SUMS(NAME, TARGET, TILES, ROWS, VECTOR, WORDS, ZERO, LOAD, SPREAD, ADD_PRODUCTS, STORE_SUMS)              \
    static __attribute__((target(TARGET))) void NAME(const int16_t *const *tiles, const int16_t *const *taps,           \
                                                     const Layer *layer, Sums *sums) {                                  \
        const Py_ssize_t pairs = even(layer->width) / 2;                                                               \
        Py_ssize_t place = 0;                                                                                          \
        VECTOR total[ROWS][TILES * TILE / WORDS];                                                                      \
        for (int row = 0; row < ROWS; row++)                                                                           \
            for (int part = 0; part < TILES * TILE / WORDS; part++) total[row][part] = ZERO();                         \
        for (Py_ssize_t tap = 0; tap < layer->taps; tap++) {                                                           \
            const int16_t *from[ROWS];                                                                                 \
            for (int row = 0; row < ROWS; row++) from[row] = taps[row * layer->taps + tap];                            \
            for (Py_ssize_t pair = 0; pair < pairs; pair++, place += 2 * TILE) {                                       \
                VECTOR own[TILES * TILE / WORDS];                                                                      \
                for (int part = 0; part < TILES * TILE / WORDS; part++)                                                \
                    own[part] = LOAD((const VECTOR *)(tiles[part * WORDS / TILE] + place + 2 * (part * WORDS % TILE)));  \
                for (int part = 0; part < TILES; part++) __builtin_prefetch(tiles[part] + place + AHEAD);              \
                for (int row = 0; row < ROWS; row++) {                                                                 \
                    const VECTOR both = SPREAD(pair_at(from[row], pair));                                              \
                    for (int part = 0; part < TILES * TILE / WORDS; part++)                                            \
                        total[row][part] = ADD_PRODUCTS(total[row][part], both, own[part]);                            \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (int row = 0; row < ROWS; row++)                                                                           \
            for (int part = 0; part < TILES * TILE / WORDS; part++)                                                    \
                STORE_SUMS((VECTOR *)(sums[row][0] + WORDS * part), total[row][part]);                                 \
    }

#define ADD_256(total, a, b) _mm256_add_epi32(total, _mm256_madd_epi16(a, b))
#define ADD_512(total, a, b) _mm512_add_epi32(total, _mm512_madd_epi16(a, b))
#define AVX2(NAME, ROWS)                                                                                               \
    INTEL_SUMS(NAME, "avx2", 1, ROWS, __m256i, 8, _mm256_setzero_si256, _mm256_loadu_si256, _mm256_set1_epi32,         \
               ADD_256, _mm256_storeu_si256)
#define AVX512(NAME, ROWS)                                                                                             \
    INTEL_SUMS(NAME, "avx512f,avx512bw", 2, ROWS, __m512i, 16, _mm512_setzero_si512, _mm512_loadu_si512,               \
               _mm512_set1_epi32, ADD_512, _mm512_storeu_si512)
#define VNNI(NAME, ROWS)                                                                                               \
    INTEL_SUMS(NAME, "avx512f,avx512bw,avx512vnni", 2, ROWS, __m512i, 16, _mm512_setzero_si512, _mm512_loadu_si512,    \
               _mm512_set1_epi32, _mm512_dpwssd_epi32, _mm512_storeu_si512)
AVX2(avx2_by_4, 4)
AVX2(avx2_by_1, 1)
AVX512(avx512_by_12, 12)
AVX512(avx512_by_6, 6)
AVX512(avx512_by_1, 1)
VNNI(vnni_by_12, 12)
VNNI(vnni_by_6, 6)
VNNI(vnni_by_1, 1)
#endif

typedef void (*Summing)(const int16_t *const *, const int16_t *const *, const Layer *, Sums *);

/* Functions for so many rows at once, the last one for a single row, each for so many tiles. */
typedef struct {
    int tiles;
    struct {
        Summing sums;
        Py_ssize_t rows;
    } by[3];
} Kernel;

enum { PLAIN, KERNELS = 4 };

/* A kernel by its number, the faster ones later; NULL where this processor lacks it. */
static const Kernel *kernel(int number) {
    static const Kernel all[KERNELS] = {
        {1, {{sums_plain, 1}}},
#ifdef INTEL
        {1, {{avx2_by_4, 4}, {avx2_by_1, 1}}},
        {2, {{avx512_by_12, 12}, {avx512_by_6, 6}, {avx512_by_1, 1}}},
        {2, {{vnni_by_12, 12}, {vnni_by_6, 6}, {vnni_by_1, 1}}},
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

/* What is made of the sums of some rows of a tile of `count` outputs. */
WIDE static void finish_part(const int32_t *restrict sums, Py_ssize_t rows, float unit, const float *restrict scale,
                             const float *restrict bias, Py_ssize_t count, Py_ssize_t outputs, Finish finish,
                             float *restrict answer) {
    for (Py_ssize_t row = 0; row < rows; row++, answer += outputs, sums += MOST_TILES * TILE)
        for (Py_ssize_t at = 0; at < count; at++) {
            const float value = (float)sums[at] * (scale[at] * unit) + bias[at];
            if (finish == STORE)
                answer[at] = value;
            else
                answer[at] = (finish == ADD ? answer[at] : 0.0f) + (value > 0 ? value : 0.0f);
        }
}

#if defined(__GNUC__) && !defined(__clang__)
#define WHOLE_TILES 1
typedef float FloatTile __attribute__((vector_size(TILE * sizeof(float)), aligned(sizeof(float))));
typedef int32_t IntTile __attribute__((vector_size(TILE * sizeof(int32_t)), aligned(sizeof(int32_t))));

/* The same for a whole tile: GCC makes scalars of loops over sixteen. */
WIDE static void finish_whole(const int32_t *restrict sums, Py_ssize_t rows, float unit, const float *restrict scale,
                              const float *restrict bias, Py_ssize_t outputs, Finish finish, float *restrict answer) {
    const FloatTile units = *(const FloatTile *)scale * unit, more = *(const FloatTile *)bias;
    for (Py_ssize_t row = 0; row < rows; row++, answer += outputs, sums += MOST_TILES * TILE) {
        const FloatTile value = __builtin_convertvector(*(const IntTile *)sums, FloatTile) * units + more;
        const FloatTile positive = (FloatTile)((IntTile)value & (value > 0));
        FloatTile *own = (FloatTile *)answer;
        *own = finish == STORE ? value : finish == ADD ? *own + positive : positive;
    }
}
#endif

static void finish_tile(const int32_t *sums, Py_ssize_t rows, float unit, const float *scale, const float *bias,
                        Py_ssize_t count, Py_ssize_t outputs, Finish finish, float *answer) {
#ifdef WHOLE_TILES
    if (count == TILE) {
        finish_whole(sums, rows, unit, scale, bias, outputs, finish, answer);
        return;
    }
#endif
    finish_part(sums, rows, unit, scale, bias, count, outputs, finish, answer);
}

/* The rows from `first` on that are worked on together: how many, and by which function; a few as if they were more. */
static Py_ssize_t next_rows(const Kernel *fast, Py_ssize_t left, int *choice) {
    for (*choice = 0; fast->by[*choice].rows > 1; ++*choice) {
        const Py_ssize_t fewer = fast->by[*choice + 1].rows;
        if (left > (fewer > 1 ? fewer : 1)) break;
    }
    return left < fast->by[*choice].rows ? left : fast->by[*choice].rows;
}

static void apply_by(const Kernel *fast, const Layer *layer, const int16_t *const *taps, Py_ssize_t count, float unit,
                     Finish finish, float *answer) {
    const Py_ssize_t size = layer->taps * even(layer->width) * TILE, wide = fast->tiles * TILE;
    for (Py_ssize_t first = 0; first < layer->outputs; first += wide) {
        const int16_t *tiles[MOST_TILES], *filled[MOST_ROWS * MOST_TAPS];
        for (Py_ssize_t tile = 0; tile < fast->tiles; tile++) /* beyond the last one its own again */
            tiles[tile] = layer->weights + (first / TILE + (first + tile * TILE < layer->outputs ? tile : 0)) * size;
        for (Py_ssize_t row = 0, rows; row < count; row += rows) {
            Sums sums[MOST_ROWS];
            int choice;
            rows = next_rows(fast, count - row, &choice);
            const int16_t *const *from = taps + row * layer->taps;
            if (rows < fast->by[choice].rows) { /* beyond the last row its own again */
                for (Py_ssize_t tap = 0; tap < fast->by[choice].rows * layer->taps; tap++)
                    filled[tap] = from[tap < rows * layer->taps ? tap : tap % layer->taps];
                from = filled;
            }
            fast->by[choice].sums(tiles, from, layer, sums);
            for (Py_ssize_t tile = 0, start = first; tile < fast->tiles && start < layer->outputs; tile++, start += TILE)
                finish_tile(sums[0][tile], rows, unit, layer->scale + start, layer->bias + start,
                            layer->outputs - start < TILE ? layer->outputs - start : TILE, layer->outputs, finish,
                            answer + row * layer->outputs + start);
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

static const double LOG2E = 1.4426950408889634, LN2_HIGH = 0.6931471803691238, LN2_LOW = 1.9082149292705877e-10;
static const double TAYLOR[14] = {1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0,
                                  1 / 40320.0,      1 / 5040.0,      1 / 720.0,      1 / 120.0,     1 / 24.0,
                                  1 / 6.0,          1 / 2.0,         1.0,            1.0};

double exponential(double value) {
    const double twos = rint(value * LOG2E), rest = (value - twos * LN2_HIGH) - twos * LN2_LOW;
    double power = TAYLOR[0];
    for (int at = 1; at < 14; at++) power = power * rest + TAYLOR[at];
    return ldexp(power, (int)twos);
}

/* Eight at a time in plain loops; a power of two whose bits are those of a common double is multiplied exactly. */
WIDE void exponentials(double *values, Py_ssize_t count) {
    const double large = 6755399441055744.0; /* 1.5 * 2**52: added and taken away it leaves no fraction, as rint */
    for (Py_ssize_t first = 0; first < count; first += 8) {
        const Py_ssize_t some = count - first < 8 ? count - first : 8;
        double power[8], rest[8] = {0}, twos[8] = {0}, scale[8];
        double *value = values + first;
        int plain = 1;
        for (Py_ssize_t at = 0; at < some; at++) plain &= value[at] > -700 && value[at] < 700;
        if (!plain) {
            for (Py_ssize_t at = 0; at < some; at++) value[at] = exponential(value[at]);
            continue;
        }
        for (Py_ssize_t at = 0; at < some; at++) rest[at] = value[at];
        for (int at = 0; at < 8; at++) twos[at] = (rest[at] * LOG2E + large) - large;
        for (int at = 0; at < 8; at++) rest[at] = (rest[at] - twos[at] * LN2_HIGH) - twos[at] * LN2_LOW;
        for (int at = 0; at < 8; at++) power[at] = TAYLOR[0];
        for (int next = 1; next < 14; next++)
            for (int at = 0; at < 8; at++) power[at] = power[at] * rest[at] + TAYLOR[next];
        for (int at = 0; at < 8; at++) {
            const double shifted = twos[at] + (large + 1023); /* its lowest bits are the exponent's */
            uint64_t bits;
            memcpy(&bits, &shifted, sizeof bits);
            bits <<= 52;
            memcpy(&scale[at], &bits, sizeof bits);
        }
        for (Py_ssize_t at = 0; at < some; at++) value[at] = power[at] * scale[at];
    }
}

double logarithm(double value) {
    int twos;
    double fraction = frexp(value, &twos);
    if (fraction < 0.7071067811865476) fraction *= 2, twos--;
    const double slope = (fraction - 1) / (fraction + 1), square = slope * slope;
    double sum = 1.0 / 23;
    for (int odd = 21; odd > 0; odd -= 2) sum = sum * square + 1.0 / odd;
    return twos * LN2_HIGH + (2 * slope * sum + twos * LN2_LOW);
}
