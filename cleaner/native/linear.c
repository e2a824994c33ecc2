/* model/network.py, class Linear: sums of table rows. A token's word, stem and pair are added in float32, in this order
 * as in NumPy; tokens in float64, where their sum is exact; the edges of a block one after another, then the bias. */
#include "accelerator.h"
#include <math.h>

#define MOST_OUTPUTS 64
#define SHIPPED_OUTPUTS 19
#define AHEAD 12 /* tokens whose rows are fetched beforehand */

typedef struct {
    const int64_t *buckets;
    const int32_t *rows;
    const float *weights;
    Py_ssize_t items, bits, table;
} Table;

static int table_of(Buffers *buffers, Table *table, PyObject *const *args, Py_ssize_t outputs) {
    if (!(table->buckets = buffer_of(buffers, args[0], 8, &table->items))) return 0;
    if (!(table->rows = buffer_of(buffers, args[1], 4, &table->bits))) return 0;
    if (!(table->weights = buffer_of(buffers, args[2], 4, &table->table))) return 0;
    table->table /= outputs;
    return 1;
}

/* Per item the offset of its row; 0 when a bucket or a row lies outside of its table. */
static int offsets_of(const Table *table, Py_ssize_t outputs, const float **rows) {
    for (Py_ssize_t at = 0; at < table->items; at++) {
        const int64_t bucket = table->buckets[at];
        if (at + AHEAD < table->items) {
            const int64_t later = table->buckets[at + AHEAD];
            if (later >= 0 && later < table->bits) __builtin_prefetch(table->rows + later);
        }
        if (bucket < 0 || bucket >= table->bits) return 0;
        const int32_t row = table->rows[bucket];
        if (row < 0 || row >= table->table) return 0;
        rows[at] = table->weights + (Py_ssize_t)row * outputs;
        __builtin_prefetch(rows[at]);
    }
    return 1;
}

typedef struct {
    Py_ssize_t blocks, outputs, edges;
    const int64_t *starts, *counts;
    const float *bias;
    float clip;
} Rest;

static ALWAYS void score(const float **words, const float **stems, const float **pairs,
                                                        const float **edges, const Rest *rest, Py_ssize_t width,
                                                        float *sums) {
    for (Py_ssize_t block = 0; block < rest->blocks; block++, sums += width) {
        double tokens[MOST_OUTPUTS];
        const int64_t start = rest->starts[block], count = rest->counts[block];
        for (Py_ssize_t column = 0; column < width; column++) sums[column] = edges[block * rest->edges][column];
        for (Py_ssize_t edge = 1; edge < rest->edges; edge++) {
            const float *row = edges[block * rest->edges + edge];
            for (Py_ssize_t column = 0; column < width; column++) sums[column] += row[column];
        }
        for (Py_ssize_t column = 0; column < width; column++) sums[column] += rest->bias[column];
        memset(tokens, 0, sizeof tokens);
        for (int64_t token = start; token < start + count; token++) {
            const float *word = words[token], *stem = stems[token], *pair = pairs[token];
            for (Py_ssize_t column = 0; column < width; column++)
                tokens[column] += (word[column] + stem[column]) + pair[column];
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
WIDE static void score_all(const float **rows, Py_ssize_t tokens, const Rest *rest, float *sums) {
    const float **edges = rows + 3 * tokens;
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
    if (count != 16) return PyErr_Format(PyExc_TypeError, "linear takes 16 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Table tables[4];
    Rest rest;
    PyObject *answer = NULL;
    const float **rows = NULL;
    if (!(rest.bias = buffer_of(&buffers, args[2], 4, &rest.outputs))) goto done;
    if (!(rest.starts = buffer_of(&buffers, args[0], 8, &rest.blocks))) goto done;
    if (!(rest.counts = buffer_with(&buffers, args[1], 8, rest.blocks))) goto done;
    rest.clip = (float)PyFloat_AsDouble(args[3]);
    if (PyErr_Occurred()) goto done;
    Py_ssize_t items = 0;
    for (int table = 0; table < 4; table++) {
        if (!table_of(&buffers, &tables[table], args + 4 + 3 * table, rest.outputs ? rest.outputs : 1)) goto done;
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
        if (!offsets_of(&tables[table], rest.outputs, rows + table * tokens)) {
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
