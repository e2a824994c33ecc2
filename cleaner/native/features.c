/* model/features.py: tokens -> buckets and dense measurements. Counts are whole numbers, so that their float32 sums are
 * exact in any order; logarithms are looked up in a table that NumPy made. */
#include "accelerator.h"

/* What a kind of token is; the table of classes comes from Python. */
enum { WORD = 1, COUNTED = 2, STOP = 4, CLOSER = 8, STOP_OR_COMMA = 16 };
enum { EDGES = 6, LOGS = 20, PLAIN = 18, MIXES = 6, FAR = 50, SLOT_BITS = 14 };
#define MOST_UNITS (1 << 24) /* beyond it float32 sums are not exact */

typedef struct {
    Py_ssize_t tokens, blocks, kinds;
    const uint64_t *hashes, *stems, *whole;
    const uint8_t *kind, *classes;
    const int64_t *lengths, *starts, *counts, *sizes, *gaps;
    const uint64_t *mixes;
    const float *logs;
    Py_ssize_t most_log;
    int word_bits, pair_bits, edge_bits, stem_bits, whole_tokens, long_prose, room;
} Input;

typedef struct {
    int64_t *words, *stems, *pairs, *edges;
    float *dense;
    Py_ssize_t width;
} Output;

static inline int64_t mixed(uint64_t hash, uint64_t mix, int bits) {
    return (int64_t)(((hash ^ (hash >> 32)) * mix) >> (64 - bits));
}

static void buckets(const Input *in, const Output *out) {
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        uint64_t before = 0;
        for (Py_ssize_t token = in->starts[block]; token < in->starts[block] + in->counts[block]; token++) {
            const uint64_t hash = in->hashes[token];
            out->words[token] = mixed(hash, in->mixes[0], in->word_bits);
            out->stems[token] = mixed(in->stems[token], in->mixes[5], in->stem_bits);
            out->pairs[token] = mixed(before * in->mixes[3] + hash, in->mixes[1], in->pair_bits);
            before = hash;
        }
    }
}

/* EDGES hashes of one block; words that are not there count as 0. */
static void edges_of(const Input *in, Py_ssize_t block, uint64_t *edges) {
    const int64_t count = in->counts[block];
    const uint64_t *first = in->hashes + in->starts[block];
    const uint64_t one = count > 0 ? first[0] : 0, two = count > 1 ? first[1] : 0, three = count > 2 ? first[2] : 0;
    const uint64_t last = count > 0 ? first[count - 1] : 0, before_last = count > 1 ? first[count - 2] : 0;
    const uint64_t twos = one * in->mixes[1] + two;
    edges[0] = one, edges[1] = twos, edges[2] = twos * in->mixes[1] + three;
    edges[3] = last, edges[4] = last * in->mixes[2] + before_last;
    edges[5] = count <= in->whole_tokens ? in->whole[block] : 0;
}

/* How many others of `count` values, `step` apart, are the same; `slots` holds two entries for each. */
static void same(const uint64_t *values, Py_ssize_t count, Py_ssize_t step, int32_t *slots, size_t mask, int32_t *answer) {
    memset(slots, 0xFF, (mask + 1) * sizeof *slots);
    for (Py_ssize_t at = 0; at < count; at++) {
        const uint64_t value = values[at * step];
        size_t slot = (size_t)((value * 0x9E3779B97F4A7C15u) >> 32) & mask;
        while (slots[slot] >= 0 && values[slots[slot] * step] != value) slot = (slot + 1) & mask;
        if (slots[slot] < 0) {
            slots[slot] = (int32_t)at;
            answer[at] = 0;
        } else { /* counted at the first of them, told to all below */
            answer[slots[slot]]++;
            answer[at] = -1 - slots[slot];
        }
    }
    for (Py_ssize_t at = 0; at < count; at++)
        if (answer[at] < 0) answer[at] = answer[-1 - answer[at]];
}

typedef struct {
    int64_t words, longs, shared, letters;
    uint8_t first, final, stop, stopped, prose;
} Shape;

static void shape_of(const Input *in, Py_ssize_t block, const int32_t *slots, Shape *shape, float *kinds) {
    const Py_ssize_t start = in->starts[block], stop = start + in->counts[block];
    memset(shape, 0, sizeof *shape);
    for (Py_ssize_t token = start; token < stop; token++) {
        const uint8_t kind = in->kind[token], class = in->classes[kind];
        kinds[kind] += 1;
        shape->words += (class & COUNTED) != 0;
        if (class & WORD) {
            shape->letters += in->lengths[token];
            if (in->lengths[token] >= 4) {
                shape->longs++;
                shape->shared += slots[in->hashes[token] >> (64 - SLOT_BITS)] > 1;
            }
        }
    }
    if (stop > start) shape->first = in->kind[start], shape->final = in->kind[stop - 1];
    const uint8_t before = stop - start > 1 ? in->kind[stop - 2] : 0;
    shape->stop = (in->classes[shape->final] & STOP) != 0;
    shape->stopped =
        shape->stop || ((in->classes[shape->final] & CLOSER) && (in->classes[before] & STOP_OR_COMMA));
    shape->prose = shape->stopped && in->sizes[block] > in->long_prose;
}

/* Blocks since the last block of prose, and until the next. */
static void distances(const Shape *shapes, Py_ssize_t count, int32_t *since, int32_t *until) {
    Py_ssize_t last = -FAR;
    for (Py_ssize_t at = 0; at < count; at++) {
        if (shapes[at].prose) last = at;
        since[at] = (int32_t)(at - last < FAR ? at - last : FAR);
    }
    last = count - 1 + FAR;
    for (Py_ssize_t at = count - 1; at >= 0; at--) {
        if (shapes[at].prose) last = at;
        until[at] = (int32_t)(last - at < FAR ? last - at : FAR);
    }
}

typedef struct {
    Shape *shapes;
    int32_t *alike[4]; /* whole line, first word, last word, last two */
    int32_t *since, *until;
} Known;

static int dense_of(const Input *in, const Output *out, const Known *known, const float *kinds_of) {
    const Py_ssize_t count = in->blocks, kinds = in->kinds;
    int64_t size = 0, prose = 0, before = 0, prose_before = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        size += in->sizes[at];
        if (known->shapes[at].prose) prose += in->sizes[at];
    }
    const int64_t most = size > (int64_t)in->tokens ? size : in->tokens;
    if (most >= in->most_log || count >= in->most_log) return 0; /* beyond the table: NumPy */
    const float *logs = in->logs;
    for (Py_ssize_t at = 0; at < count; at++) {
        const Shape *shape = &known->shapes[at];
        const int64_t own = in->sizes[at];
        const int64_t prose_after = prose - prose_before - (shape->prose ? own : 0);
        const int64_t gap = in->gaps[at], next_gap = at + 1 < count ? in->gaps[at + 1] : 2;
        float *row = out->dense + at * out->width, *next = row;
        const int64_t counts[LOGS] = {
            own, in->counts[at], shape->words, shape->longs, shape->shared,
            known->alike[0][at], known->alike[1][at], known->alike[2][at], known->alike[3][at],
            at, count - 1 - at, count, size, 0,
            before, size - before - own, prose_before, prose_after, known->since[at], known->until[at],
        };
        for (int column = 0; column < LOGS; column++) *next++ = logs[counts[column]];
        row[13] = (float)size / (float)count; /* no whole number: Python takes its logarithm */
        const float words = (float)(shape->words > 1 ? shape->words : 1);
        const float longs = (float)(shape->longs > 1 ? shape->longs : 1);
        const float tokens = (float)(in->counts[at] > 1 ? in->counts[at] : 1);
        const float plain[PLAIN] = {
            (float)shape->letters / words / 5.0f, shape->stopped, shape->stop, shape->prose, own > 60, own > 300,
            (float)shape->shared / longs, at < 1, at < 2, at == count - 1,
            (float)before / (float)(size > 1 ? size : 1), prose_before == 0, prose_after == 0,
            gap == 0, gap == 1, gap > 2, next_gap == 0, next_gap == 1,
        };
        memcpy(next, plain, sizeof plain);
        next += PLAIN;
        const float *kind = kinds_of + at * kinds;
        for (Py_ssize_t column = 1; column < kinds; column++) *next++ = logs[(int64_t)kind[column]];
        for (Py_ssize_t column = 1; column < kinds; column++) *next++ = kind[column] / tokens;
        memset(next, 0, (size_t)(2 * kinds) * sizeof *next);
        next[shape->first] = 1, next[kinds + shape->final] = 1;
        before += own;
        if (shape->prose) prose_before += own;
    }
    return 1;
}

/* 1: done, 0: NumPy must do it, -1: no memory. */
static int measure(const Input *in, const Output *out) {
    size_t mask = 15;
    while (mask + 1 < 2 * (size_t)in->blocks) mask = 2 * mask + 1;
    const size_t rows = (size_t)in->blocks;
    int32_t *numbers = calloc((1 << SLOT_BITS) + (mask + 1) + 6 * rows, sizeof *numbers);
    uint64_t *edges = malloc(rows * EDGES * sizeof *edges);
    Shape *shapes = malloc(rows * sizeof *shapes);
    float *kinds = calloc(rows * (size_t)in->kinds, sizeof *kinds);
    int done = -1;
    if (numbers && edges && shapes && kinds) {
        int32_t *slots = numbers, *table = slots + (1 << SLOT_BITS), *next = table + mask + 1;
        for (Py_ssize_t token = 0; token < in->tokens; token++) slots[in->hashes[token] >> (64 - SLOT_BITS)]++;
        for (Py_ssize_t block = 0; block < in->blocks; block++) {
            edges_of(in, block, edges + block * EDGES);
            for (int edge = 0; edge < EDGES; edge++)
                out->edges[block * EDGES + edge] = mixed(edges[block * EDGES + edge], in->mixes[edge], in->edge_bits);
            shape_of(in, block, slots, &shapes[block], kinds + block * in->kinds);
        }
        const Known known = {shapes, {next, next + rows, next + 2 * rows, next + 3 * rows}, next + 4 * rows,
                             next + 5 * rows};
        same(in->whole, in->blocks, 1, table, mask, known.alike[0]);
        same(edges, in->blocks, EDGES, table, mask, known.alike[1]);
        same(edges + 3, in->blocks, EDGES, table, mask, known.alike[2]);
        same(edges + 4, in->blocks, EDGES, table, mask, known.alike[3]);
        distances(shapes, in->blocks, known.since, known.until);
        done = dense_of(in, out, &known, kinds);
    }
    free(numbers), free(edges), free(shapes), free(kinds);
    return done;
}

static int are_sound(const Input *in) {
    int64_t token = 0, units = 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        if (in->counts[block] < 0 || in->starts[block] != token || in->sizes[block] < 0) return 0;
        token += in->counts[block];
        units += in->sizes[block];
    }
    for (Py_ssize_t at = 0; at < in->tokens; at++)
        if (in->kind[at] >= in->kinds) return 0;
    return token == in->tokens && units < MOST_UNITS;
}

static PyObject *features_of(const Input *in) {
    const size_t tokens = (size_t)in->tokens, blocks = (size_t)in->blocks;
    const Py_ssize_t width = LOGS + PLAIN + 2 * (in->kinds - 1) + 2 * in->kinds + in->room;
    PyObject *memory = bytes_of((3 * tokens + EDGES * blocks) * 8 + blocks * (size_t)width * 4);
    if (memory == NULL) return NULL;
    int64_t *next = (int64_t *)PyByteArray_AS_STRING(memory);
    const Output out = {next, next + tokens, next + 2 * tokens, next + 3 * tokens,
                        (float *)(next + 3 * tokens + EDGES * blocks), width};
    buckets(in, &out);
    const int done = measure(in, &out);
    if (done == 1) return memory;
    Py_DECREF(memory);
    if (done < 0) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyObject *accelerator_featurise(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 13) return PyErr_Format(PyExc_TypeError, "featurise takes 13 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    if (!(in.hashes = buffer_of(&buffers, args[0], 8, &in.tokens))) goto done;
    if (!(in.stems = buffer_with(&buffers, args[1], 8, in.tokens))) goto done;
    if (!(in.kind = buffer_with(&buffers, args[2], 1, in.tokens))) goto done;
    if (!(in.lengths = buffer_with(&buffers, args[3], 8, in.tokens))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[4], 8, &in.blocks))) goto done;
    if (!(in.counts = buffer_with(&buffers, args[5], 8, in.blocks))) goto done;
    if (!(in.whole = buffer_with(&buffers, args[6], 8, in.blocks))) goto done;
    if (!(in.sizes = buffer_with(&buffers, args[7], 8, in.blocks))) goto done;
    if (!(in.gaps = buffer_with(&buffers, args[8], 8, in.blocks))) goto done;
    if (!(in.classes = buffer_of(&buffers, args[9], 1, &in.kinds))) goto done;
    if (!(in.mixes = buffer_with(&buffers, args[10], 8, MIXES))) goto done;
    if (!(in.logs = buffer_of(&buffers, args[11], 4, &in.most_log))) goto done;
    if (!PyArg_ParseTuple(args[12], "iiiiiii", &in.word_bits, &in.pair_bits, &in.edge_bits, &in.stem_bits,
                          &in.whole_tokens, &in.long_prose, &in.room))
        goto done;
    if (!are_sound(&in) || in.blocks == 0 || in.room < 0) {
        answer = Py_NewRef(Py_None);
        goto done;
    }
    answer = features_of(&in);
done:
    release(&buffers);
    return answer;
}
