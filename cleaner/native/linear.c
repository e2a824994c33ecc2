/* model/network.py, class Linear: sums of table rows. A token's word, stem and pair are added in float32, in this order
 * as in NumPy; tokens in float64, where their sum is exact; the edges of a block one after another, then the bias. */
#include "accelerator.h"
#include <math.h>

#define MOST_OUTPUTS 64
#define SHIPPED_OUTPUTS 19

/* So many look-ups ahead memory is asked for. */
#define AHEAD 16

/* Which buckets were learned, and their rows: for each 64 buckets a bit each, and how many are set before them. */
typedef struct {
    const int64_t *buckets;
    const uint64_t *bits;
    const uint8_t *lines; /* of each row what a whole number is worth, then the whole numbers: they lie together */
    Py_ssize_t items, words, size, stride;
} Table;

/* A row: four bytes of a float, then whole numbers. */
typedef const uint8_t *Row;

static const uint8_t NOTHING[sizeof(float) + MOST_OUTPUTS];

static int table_of(Buffers *buffers, Table *table, PyObject *const *args, Py_ssize_t outputs) {
    if (!(table->buckets = buffer_of(buffers, args[0], 8, &table->items))) return 0;
    if (!PyTuple_Check(args[1]) || PyTuple_GET_SIZE(args[1]) != 2) {
        PyErr_SetString(PyExc_TypeError, "a table is (bits and ranks, rows)");
        return 0;
    }
    PyObject *const *arrays = ((PyTupleObject *)args[1])->ob_item;
    if (!(table->bits = buffer_of(buffers, arrays[0], 8, &table->words))) return 0;
    if (!(table->lines = buffer_of(buffers, arrays[1], 1, &table->size))) return 0;
    table->stride = ((Py_ssize_t)sizeof(float) + outputs + 3) / 4 * 4;
    return 1;
}

/* The row of each item; 0 when a bucket or a row lies outside of its table. */
WIDE static int rows_of(const Table *table, Row *rows) {
    for (Py_ssize_t at = 0; at < table->items; at++) {
        const int64_t bucket = table->buckets[at];
        if (at + AHEAD < table->items) PREFETCH(table->bits + 2 * (table->buckets[at + AHEAD] >> 6));
        if (bucket < 0 || 2 * (bucket >> 6) + 1 >= table->words) return 0;
        const uint64_t *entry = table->bits + 2 * (bucket >> 6), bit = (uint64_t)1 << (bucket & 63);
        if (entry[0] & bit) {
            const Py_ssize_t row = (Py_ssize_t)entry[1] + BITS_IN(entry[0] & (bit - 1));
            if ((row + 1) * table->stride > table->size) return 0;
            rows[at] = table->lines + row * table->stride;
            PREFETCH(rows[at]);
        } else {
            rows[at] = NOTHING;
        }
    }
    return 1;
}

typedef struct {
    Py_ssize_t blocks, outputs, edges;
    const int64_t *starts, *counts;
    const float *bias;
    float clip;
} Rest;

static ALWAYS float unit_of(Row row) {
    float unit;
    memcpy(&unit, row, sizeof unit);
    return unit;
}

static ALWAYS float worth(Row row, float unit, Py_ssize_t column) {
    return (float)(int8_t)row[sizeof(float) + column] * unit;
}

static ALWAYS void score(const Row *words, const Row *stems, const Row *pairs, const Row *edges, const Rest *rest,
                         Py_ssize_t width, float *sums) {
    for (Py_ssize_t block = 0; block < rest->blocks; block++, sums += width, edges += rest->edges) {
        double tokens[MOST_OUTPUTS];
        const int64_t start = rest->starts[block], count = rest->counts[block];
        for (Py_ssize_t edge = 0; edge < rest->edges; edge++) {
            const float unit = unit_of(edges[edge]);
            for (Py_ssize_t column = 0; column < width; column++) {
                const float own = worth(edges[edge], unit, column);
                sums[column] = edge ? sums[column] + own : own;
            }
        }
        for (Py_ssize_t column = 0; column < width; column++) sums[column] += rest->bias[column];
        memset(tokens, 0, sizeof tokens);
        for (int64_t token = start; token < start + count; token++) {
            const Row word = words[token], stem = stems[token], pair = pairs[token];
            const float word_unit = unit_of(word), stem_unit = unit_of(stem), pair_unit = unit_of(pair);
            for (Py_ssize_t column = 0; column < width; column++)
                tokens[column] += (worth(word, word_unit, column) + worth(stem, stem_unit, column)) +
                                  worth(pair, pair_unit, column);
        }
        if (count > 0) {
            const float weight = (float)(1.0 / sqrt(2.0 * (double)count));
            for (Py_ssize_t column = 0; column < width; column++) sums[column] += (float)tokens[column] * weight;
        }
        for (Py_ssize_t column = 0; column < width; column++) {
            const float value = sums[column] > -rest->clip ? sums[column] : -rest->clip;
            sums[column] = value < rest->clip ? value : rest->clip;
        }
    }
}

/* The width of the shipped model is known when this is compiled: loops over it need no counting. */
WIDE static void score_all(const Row *rows, Py_ssize_t tokens, const Rest *rest, float *sums) {
    const Row *edges = rows + 3 * tokens;
    if (rest->outputs == SHIPPED_OUTPUTS)
        score(rows, rows + tokens, rows + 2 * tokens, edges, rest, SHIPPED_OUTPUTS, sums);
    else
        score(rows, rows + tokens, rows + 2 * tokens, edges, rest, rest->outputs, sums);
}

static int are_sound(const Rest *rest, Py_ssize_t tokens) {
    for (Py_ssize_t block = 0; block < rest->blocks; block++) {
        const int64_t start = rest->starts[block], count = rest->counts[block];
        if (count < 0 || start < 0 || start + count > tokens) return 0;
    }
    return 1;
}

PyObject *accelerator_linear(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 12) return PyErr_Format(PyExc_TypeError, "linear takes 12 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Table tables[4];
    Rest rest;
    PyObject *answer = NULL;
    Row *rows = NULL;
    if (!(rest.bias = buffer_of(&buffers, args[2], 4, &rest.outputs))) goto done;
    if (!(rest.starts = buffer_of(&buffers, args[0], 8, &rest.blocks))) goto done;
    if (!(rest.counts = buffer_with(&buffers, args[1], 8, rest.blocks))) goto done;
    rest.clip = (float)PyFloat_AsDouble(args[3]);
    if (PyErr_Occurred()) goto done;
    Py_ssize_t items = 0;
    for (int table = 0; table < 4; table++) {
        if (!table_of(&buffers, &tables[table], args + 4 + 2 * table, rest.outputs)) goto done;
        items += tables[table].items;
    }
    rest.edges = rest.blocks ? tables[3].items / rest.blocks : 0;
    const Py_ssize_t tokens = tables[0].items;
    if (rest.outputs < 1 || rest.outputs > MOST_OUTPUTS || tables[1].items != tokens || tables[2].items != tokens ||
        rest.edges < 1 || rest.edges * rest.blocks != tables[3].items || !are_sound(&rest, tokens)) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    if (!(rows = PyMem_Malloc((size_t)(items + 1) * sizeof *rows))) {
        PyErr_NoMemory();
        goto done;
    }
    for (int table = 0; table < 4; table++)
        if (!rows_of(&tables[table], rows + table * tokens)) {
            PyErr_SetString(PyExc_IndexError, "a bucket lies outside of its table");
            goto done;
        }
    if ((answer = bytes_of((size_t)(rest.blocks * rest.outputs) * sizeof(float))) != NULL)
        score_all(rows, tokens, &rest, (float *)PyByteArray_AS_STRING(answer));
done:
    PyMem_Free(rows);
    release(&buffers);
    return answer;
}

/* One weight of each bucket, in the column given for it; 0 where it was not learned. */
PyObject *accelerator_cells(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 4) return PyErr_Format(PyExc_TypeError, "cells takes 4 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Table table;
    PyObject *answer = NULL;
    Row *rows = NULL;
    const int64_t *columns = NULL;
    const Py_ssize_t outputs = PyLong_AsSsize_t(args[3]);
    if (PyErr_Occurred() || !table_of(&buffers, &table, args, outputs)) goto done;
    if (!(columns = buffer_with(&buffers, args[2], 8, table.items))) goto done;
    rows = PyMem_Malloc((size_t)(table.items + 1) * sizeof *rows);
    answer = rows == NULL ? PyErr_NoMemory() : bytes_of((size_t)table.items * sizeof(float));
    if (answer == NULL) goto done;
    int fit = outputs >= 1 && outputs <= MOST_OUTPUTS && rows_of(&table, rows);
    for (Py_ssize_t at = 0; at < table.items && fit; at++) {
        fit = columns[at] >= 0 && columns[at] < outputs;
        if (fit) ((float *)PyByteArray_AS_STRING(answer))[at] = worth(rows[at], unit_of(rows[at]), columns[at]);
    }
    if (!fit) {
        Py_CLEAR(answer);
        PyErr_SetString(PyExc_IndexError, "a bucket or a column lies outside of its table");
    }
done:
    PyMem_Free(rows);
    release(&buffers);
    return answer;
}
