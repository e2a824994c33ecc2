/* model/encoder.py, class Rows: which word vector a token has; and model/topics.py: does a block speak of what the others
 * speak of? Sums are whole numbers; what follows is fixed by IEEE 754 to the last bit. */
#include "layers.h"
#include <math.h>

/* Which buckets have a row: for each 64 of them a bit each, and how many are set before them; then the rows. */
typedef struct {
    const uint64_t *bits;
    const int32_t *rows;
    Py_ssize_t words, count;
} Table;

static int table_of(Buffers *buffers, Table *table, PyObject *arguments) {
    if (!PyTuple_Check(arguments) || PyTuple_GET_SIZE(arguments) != 2) {
        PyErr_SetString(PyExc_TypeError, "a table is (bits and ranks, rows)");
        return 0;
    }
    if (!(table->bits = buffer_of(buffers, PyTuple_GET_ITEM(arguments, 0), 8, &table->words))) return 0;
    if (!(table->rows = buffer_of(buffers, PyTuple_GET_ITEM(arguments, 1), 4, &table->count))) return 0;
    return 1;
}

/* The row of a bucket, 0 for none; -1 when either lies outside of its table. */
static ALWAYS int32_t row_in(const Table *table, int64_t bucket) {
    if (bucket < 0 || 2 * (bucket >> 6) + 1 >= table->words) return -1;
    const uint64_t *entry = table->bits + 2 * (bucket >> 6), bit = (uint64_t)1 << (bucket & 63);
    if (!(entry[0] & bit)) return 0;
    const uint64_t rank = entry[1] + (uint64_t)BITS_IN(entry[0] & (bit - 1));
    return rank < (uint64_t)table->count ? table->rows[rank] : -1;
}

#define AHEAD 12

WIDE static int find_rows(const Table *words, const Table *stems, const int64_t *word, const int64_t *stem, Py_ssize_t count,
                          int32_t *rows) {
    for (Py_ssize_t at = 0; at < count; at++) {
        if (at + AHEAD < count) PREFETCH(words->bits + 2 * (word[at + AHEAD] >> 6));
        int32_t row = row_in(words, word[at]);
        if (row == 0) row = row_in(stems, stem[at]);
        if (row < 0) return 0;
        rows[at] = row;
    }
    return 1;
}

PyObject *accelerator_rows(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 4) return PyErr_Format(PyExc_TypeError, "rows takes 4 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Table words, stems;
    Py_ssize_t tokens;
    PyObject *answer = NULL;
    const int64_t *word = buffer_of(&buffers, args[0], 8, &tokens);
    const int64_t *stem = word ? buffer_with(&buffers, args[1], 8, tokens) : NULL;
    if (stem == NULL || !table_of(&buffers, &words, args[2]) || !table_of(&buffers, &stems, args[3])) goto done;
    if ((answer = bytes_of((size_t)tokens * sizeof(int32_t))) == NULL) goto done;
    if (!find_rows(&words, &stems, word, stem, tokens, (int32_t *)PyByteArray_AS_STRING(answer))) {
        Py_CLEAR(answer);
        PyErr_SetString(PyExc_IndexError, "a bucket lies outside of its table");
    }
done:
    release(&buffers);
    return answer;
}

/* Topics ----------------------------------------------------------------------------------------------------------- */

enum { TOPICS = 8, TOGETHER = 512, MOST_WIDTH = 512 };

typedef struct {
    Py_ssize_t tokens, blocks, width, vectors;
    const int32_t *rows, *rarity;
    const int64_t *starts, *counts, *lengths;
    const int8_t *codes;
    Py_ssize_t long_length, reach;
    int levels, rarity_unit; /* of the units; what of `rarity` is 1 */
    float scale, step;       /* of what is said */
} Input;

typedef struct {
    int64_t *sums, *total, *about, *weights;
    int16_t *units;
    int32_t *nearest, *nearest_long;
} Room;

/* The rows of a block's tokens, each times how rare the word is, added up. */
WIDE static void add_words(const Input *in, Py_ssize_t block, int64_t *sums, int64_t *weight) {
    const int64_t end = in->starts[block] + in->counts[block];
    memset(sums, 0, (size_t)in->width * sizeof *sums);
    *weight = 0;
    for (int64_t first = in->starts[block]; first < end; first += TOGETHER) {
        const int64_t stop = first + TOGETHER < end ? first + TOGETHER : end;
        int32_t some[MOST_WIDTH];
        memset(some, 0, (size_t)in->width * sizeof *some);
        for (int64_t token = first; token < stop; token++) {
            if (token + AHEAD < in->tokens) PREFETCH(in->codes + in->rows[token + AHEAD] * in->width);
            const int8_t *codes = in->codes + in->rows[token] * in->width;
            const int32_t rarity = in->rarity[in->rows[token]];
            for (Py_ssize_t at = 0; at < in->width; at++) some[at] += rarity * codes[at];
            *weight += rarity;
        }
        for (Py_ssize_t at = 0; at < in->width; at++) sums[at] += some[at];
    }
}

/* The direction of a sum of rows: whole numbers whose length is about `levels`. */
static void unit_of(const int64_t *sums, Py_ssize_t width, int levels, int16_t *unit) {
    double values[MOST_WIDTH];
    int64_t largest = 0;
    for (Py_ssize_t at = 0; at < width; at++) {
        const int64_t size = sums[at] < 0 ? -sums[at] : sums[at];
        largest = size > largest ? size : largest;
    }
    if (largest == 0) {
        memset(unit, 0, (size_t)width * sizeof *unit);
        return;
    }
    int exponent;
    const double fraction = frexp((double)largest / INT16_MAX, &exponent);
    const double factor = ldexp(1.0, fraction > 0.5 ? -exponent : 1 - exponent);
    double square = 0;
    for (Py_ssize_t at = 0; at < width; at++) {
        values[at] = rint((double)sums[at] * factor);
        square += values[at] * values[at];
    }
    const double wanted = levels / sqrt(square);
    for (Py_ssize_t at = 0; at < width; at++) unit[at] = (int16_t)rint(values[at] * wanted);
}

static ALWAYS int32_t dot(const int16_t *one, const int16_t *other, Py_ssize_t width) {
    int32_t sum = 0;
    for (Py_ssize_t at = 0; at < width; at++) sum += (int32_t)one[at] * (int32_t)other[at];
    return sum;
}

static ALWAYS int32_t larger(int32_t one, int32_t other) { return one > other ? one : other; }

/* How near each block is to its nearest other one within reach, and to its nearest long one. */
WIDE static void find_nearest(const Input *in, const Room *room) {
    const int32_t least = -(int32_t)in->levels * in->levels;
    int any_long = 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++) any_long |= in->lengths[block] > in->long_length;
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        room->nearest[block] = in->blocks > 1 ? least : 0;
        room->nearest_long[block] = any_long ? least : 0;
    }
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        const int16_t *own = room->units + block * in->width;
        const int is_long = in->lengths[block] > in->long_length;
        const Py_ssize_t end = in->blocks - block > in->reach ? block + in->reach + 1 : in->blocks;
        for (Py_ssize_t other = block + 1; other < end; other++) {
            const int32_t near = dot(own, room->units + other * in->width, in->width);
            room->nearest[block] = larger(room->nearest[block], near);
            room->nearest[other] = larger(room->nearest[other], near);
            if (in->lengths[other] > in->long_length)
                room->nearest_long[block] = larger(room->nearest_long[block], near);
            if (is_long) room->nearest_long[other] = larger(room->nearest_long[other], near);
        }
    }
}

static float rounded(const Input *in, double value) {
    return (float)(rint(value * in->scale / in->step) * in->step);
}

static void tell(const Input *in, const Room *room, float *answer) {
    const Py_ssize_t width = in->width;
    const double whole = (double)in->levels * in->levels;
    int64_t rest[MOST_WIDTH];
    int16_t others[MOST_WIDTH];
    for (Py_ssize_t block = 0; block < in->blocks; block++, answer += TOPICS) {
        const int64_t *sums = room->sums + block * width;
        const int16_t *own = room->units + block * width;
        const int is_long = in->lengths[block] > in->long_length;
        for (Py_ssize_t at = 0; at < width; at++) rest[at] = room->total[at] - sums[at];
        unit_of(rest, width, in->levels, others);
        answer[0] = rounded(in, dot(own, others, width) / whole);
        answer[1] = rounded(in, block ? dot(own, own - width, width) / whole : 0.0);
        answer[2] = rounded(in, block + 1 < in->blocks ? dot(own, own + width, width) / whole : 0.0);
        for (Py_ssize_t at = 0; at < width; at++) rest[at] = room->about[at] - (is_long ? sums[at] : 0);
        unit_of(rest, width, in->levels, others);
        answer[3] = rounded(in, dot(own, others, width) / whole);
        answer[4] = rounded(in, dot(own, room->units, width) / whole);
        answer[5] = rounded(in, room->nearest[block] / whole);
        answer[6] = rounded(in, room->nearest_long[block] / whole);
        answer[7] = rounded(in, logarithm(1 + (double)room->weights[block] / in->rarity_unit) / 4);
    }
}

static int say_topics(const Input *in, float *answer) {
    const size_t cells = (size_t)(in->blocks * in->width), width = (size_t)in->width, blocks = (size_t)in->blocks;
    int64_t *numbers = PyMem_Malloc((cells + 2 * width + 2 * blocks) * sizeof *numbers);
    int16_t *units = PyMem_Malloc((cells + 1) * sizeof *units);
    const int done = numbers != NULL && units != NULL;
    if (done) {
        Room room = {numbers, numbers + cells, numbers + cells + width, numbers + cells + 2 * width, units, NULL, NULL};
        room.nearest = (int32_t *)(room.weights + blocks), room.nearest_long = room.nearest + blocks;
        int any_long = 0;
        memset(room.total, 0, 2 * width * sizeof *room.total);
        for (Py_ssize_t block = 0; block < in->blocks; block++) {
            int64_t *sums = room.sums + block * in->width;
            const int is_long = in->lengths[block] > in->long_length;
            any_long |= is_long;
            add_words(in, block, sums, &room.weights[block]);
            unit_of(sums, in->width, in->levels, units + block * in->width);
            for (size_t at = 0; at < width; at++) {
                room.total[at] += sums[at];
                if (is_long) room.about[at] += sums[at];
            }
        }
        if (!any_long) memcpy(room.about, room.total, width * sizeof *room.total);
        find_nearest(in, &room);
        tell(in, &room, answer);
    }
    PyMem_Free(numbers);
    PyMem_Free(units);
    return done;
}

static int are_sound(const Input *in) {
    if (in->width < 1 || in->width > MOST_WIDTH || in->levels < 1 || in->levels > 4095 || in->rarity_unit < 1 || in->reach < 1)
        return 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++)
        if (in->counts[block] < 0 || in->starts[block] < 0 || in->starts[block] + in->counts[block] > in->tokens) return 0;
    for (Py_ssize_t token = 0; token < in->tokens; token++)
        if (in->rows[token] < 0 || in->rows[token] >= in->vectors) return 0;
    return 1;
}

PyObject *accelerator_topics(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 7) return PyErr_Format(PyExc_TypeError, "topics takes 7 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    Py_ssize_t items;
    if (!(in.rows = buffer_of(&buffers, args[0], 4, &in.tokens))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[1], 8, &in.blocks))) goto done;
    if (!(in.counts = buffer_with(&buffers, args[2], 8, in.blocks))) goto done;
    if (!(in.lengths = buffer_with(&buffers, args[3], 8, in.blocks))) goto done;
    if (!(in.codes = buffer_of(&buffers, args[4], 1, &items))) goto done;
    if (!(in.rarity = buffer_of(&buffers, args[5], 4, &in.vectors))) goto done;
    if (!PyArg_ParseTuple(args[6], "niiffn", &in.long_length, &in.levels, &in.rarity_unit, &in.scale, &in.step, &in.reach))
        goto done;
    in.width = in.vectors ? items / in.vectors : 0;
    if (in.width * in.vectors != items || !are_sound(&in)) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    answer = bytes_of((size_t)(in.blocks * TOPICS) * sizeof(float));
    if (answer != NULL && !say_topics(&in, (float *)PyByteArray_AS_STRING(answer))) {
        Py_CLEAR(answer);
        PyErr_NoMemory();
    }
done:
    release(&buffers);
    return answer;
}
