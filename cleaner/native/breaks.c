/* segmentation/line_breaks.py: how likely a line break stood in each gap. Weights are whole numbers, so that their sums are
 * the same in any order. */
#include "accelerator.h"

enum { REACH = 3, COLUMNS = 19 };

typedef struct {
    Py_ssize_t tokens, gaps, sentences, farthest;
    const uint64_t *hashes, *stems;
    const uint8_t *kinds, *capital;
    const int64_t *gap, *firsts, *steps;
    const int8_t *weights;
    uint64_t no_kind;
    int bits;
} Input;

#define MIX 0xBF58476D1CE4E5B9u

static inline uint64_t stir(uint64_t mixed, uint64_t part) {
    mixed = (mixed ^ part) * MIX;
    return mixed ^ (mixed >> 29);
}

static inline uint64_t hash_at(const Input *in, int64_t token) {
    return token >= 0 && token < in->tokens ? in->hashes[token] : 0;
}

static inline uint64_t kind_at(const Input *in, int64_t token) {
    return token >= 0 && token < in->tokens ? in->kinds[token] : in->no_kind;
}

/* The kinds of the tokens at these steps from a gap, packed into one number. */
static uint64_t signs(const Input *in, int64_t gap, const int *steps, int count) {
    uint64_t packed = 0;
    for (int at = 0; at < count; at++) packed = packed * (in->no_kind + 1) + kind_at(in, gap + steps[at]);
    return packed;
}

static uint64_t capitals(const Input *in, int64_t from, int64_t to) {
    uint64_t count = 0;
    for (int64_t token = from; token < to; token++) count += in->capital[kind_at(in, token)];
    return count;
}

/* The sum of the weights of a gap: the token before it, and the borders of its sentence. */
static int32_t sum_of(const Input *in, int64_t gap, int64_t begin, int64_t end) {
    static const int near_steps[] = {0, 1}, four[] = {-1, 0, 1, 2}, six[] = {-2, -1, 0, 1, 2, 3}, after[] = {1, 2, 3},
                     around[] = {-1, 0, 2}, next[] = {1, 2};
    const int64_t last = in->farthest - 1;
    const uint64_t since = (uint64_t)in->steps[gap - begin < last ? gap - begin : last];
    const uint64_t until = (uint64_t)in->steps[end - gap - 1 < last ? end - gap - 1 : last];
    const uint64_t shouted = capitals(in, gap - 2, gap + 1) * 4 + capitals(in, gap + 1, gap + 4);
    const uint64_t own = hash_at(in, gap), one = hash_at(in, gap + 1), two = hash_at(in, gap + 2);
    const uint64_t three = hash_at(in, gap + 3), before = hash_at(in, gap - 1), earlier = hash_at(in, gap - 2);
    const uint64_t again = (uint64_t)(own == one) + 2 * (uint64_t)(before == one) + 4 * (uint64_t)(own == two);
    const uint64_t stem = in->stems[gap], next_stem = gap + 1 < in->tokens ? in->stems[gap + 1] : 0;
    const uint64_t near = signs(in, gap, near_steps, 2);
    const struct {
        int count;
        uint64_t parts[3];
    } columns[COLUMNS] = {
        {1, {own}}, {1, {one}}, {1, {stem}}, {1, {next_stem}},
        {2, {own, one}}, {2, {before, own}}, {2, {one, two}},
        {3, {earlier, before, own}}, {3, {one, two, three}},
        {1, {near}}, {1, {signs(in, gap, four, 4)}}, {1, {signs(in, gap, six, 6)}},
        {2, {own, signs(in, gap, after, 3)}}, {2, {one, signs(in, gap, around, 3)}},
        {2, {since, near}}, {2, {until, near}}, {2, {since, until}}, {2, {shouted, near}},
        {2, {again, signs(in, gap, next, 2)}},
    };
    int32_t sum = 0;
    for (int column = 0; column < COLUMNS; column++) {
        uint64_t mixed = (uint64_t)column + 1;
        for (int part = 0; part < columns[column].count; part++) mixed = stir(mixed, columns[column].parts[part]);
        sum += in->weights[mixed >> (64 - in->bits)];
    }
    return sum;
}

static int are_sound(const Input *in) {
    for (Py_ssize_t at = 0; at < in->gaps; at++)
        if (in->gap[at] < 0 || in->gap[at] >= in->tokens) return 0;
    for (Py_ssize_t at = 0; at < in->sentences; at++)
        if (in->firsts[at] < 0 || in->firsts[at] > in->tokens || (at && in->firsts[at] < in->firsts[at - 1])) return 0;
    for (Py_ssize_t at = 0; at < in->tokens; at++)
        if (in->kinds[at] >= in->no_kind) return 0;
    return in->sentences > 0 && (in->gaps == 0 || in->firsts[0] <= in->gap[0]);
}

PyObject *accelerator_breaks(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 8) return PyErr_Format(PyExc_TypeError, "breaks takes 8 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    Py_ssize_t kinds, buckets;
    PyObject *answer = NULL;
    if (!(in.hashes = buffer_of(&buffers, args[0], 8, &in.tokens))) goto done;
    if (!(in.stems = buffer_with(&buffers, args[1], 8, in.tokens))) goto done;
    if (!(in.kinds = buffer_with(&buffers, args[2], 1, in.tokens))) goto done;
    if (!(in.gap = buffer_of(&buffers, args[3], 8, &in.gaps))) goto done;
    if (!(in.firsts = buffer_of(&buffers, args[4], 8, &in.sentences))) goto done;
    if (!(in.capital = buffer_of(&buffers, args[5], 1, &kinds))) goto done;
    if (!(in.steps = buffer_of(&buffers, args[6], 8, &in.farthest))) goto done;
    if (!(in.weights = buffer_of(&buffers, args[7], 1, &buckets))) goto done;
    in.no_kind = (uint64_t)kinds - 1;
    for (in.bits = 0; (1 << in.bits) < buckets; in.bits++) {}
    if (buckets < 2 || (1 << in.bits) != buckets || in.farthest < 1 || kinds < 2 || !are_sound(&in)) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    if ((answer = bytes_of((size_t)in.gaps * sizeof(int32_t))) == NULL) goto done;
    int32_t *sums = (int32_t *)PyByteArray_AS_STRING(answer);
    Py_ssize_t sentence = 0;
    for (Py_ssize_t at = 0; at < in.gaps; at++) {
        while (sentence + 1 < in.sentences && in.firsts[sentence + 1] <= in.gap[at]) sentence++;
        const int64_t end = sentence + 1 < in.sentences ? in.firsts[sentence + 1] : in.tokens;
        sums[at] = sum_of(&in, in.gap[at], in.firsts[sentence], end);
    }
done:
    release(&buffers);
    return answer;
}
