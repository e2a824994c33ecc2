/* html/model.py: what the page model's networks read of each line: the linear score, and the measurements, scaled.
 *
 * A line's surroundings have thousands of hashes, but few kinds of elements: what those of a kind weigh at a distance is
 * summed once. Sums are of whole numbers, so that the order is nobody's business. */
#include <math.h>
#include "page_measures.h"

#define MOST_GROUPS 8

typedef struct {
    PyObject *own; /* callable: tag, names, role, property -> hashes of one element */
    const uint8_t *groups; /* of each distance; beyond them nothing counts */
    Py_ssize_t reach;
    unsigned anywhere;
    int bits;
    const int8_t *codes;
    Py_ssize_t code_count;
} Places;

/* What elements alike weigh: at each distance's group. */
typedef struct {
    uint64_t *hashes;
    Py_ssize_t count;
    int64_t sums[MOST_GROUPS];
    unsigned known; /* bits of groups that are summed */
} Kind;

static inline int64_t code_of(const Places *places, uint64_t value) {
    const uint64_t spread = (value ^ (value >> 31)) * 0x9E3779B97F4A7C15u;
    return places->codes[spread >> (64 - places->bits)];
}

static int read_kind(const Places *places, const PageElement *element, Kind *kind) {
    PyObject *given[4] = {element->tag, element->names, element->role, element->property};
    PyObject *hashes = PyObject_Vectorcall(places->own, given, 4, NULL);
    int done = hashes != NULL && PyTuple_Check(hashes);
    if (hashes != NULL && !done) PyErr_SetString(PyExc_TypeError, "hashes must be a tuple");
    if (done) {
        kind->count = PyTuple_GET_SIZE(hashes);
        kind->hashes = PyMem_Malloc((size_t)(kind->count + 1) * sizeof *kind->hashes);
        if (kind->hashes == NULL) PyErr_NoMemory();
        for (Py_ssize_t at = 0; kind->hashes && at < kind->count; at++)
            kind->hashes[at] = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(hashes, at)) * 8u;
        done = !PyErr_Occurred();
    }
    Py_XDECREF(hashes);
    return done;
}

static int64_t weight_of(const Places *places, Kind *kind, unsigned group) {
    if (!(kind->known >> group & 1)) {
        kind->sums[group] = 0, kind->known |= 1u << group;
        for (Py_ssize_t at = 0; at < kind->count; at++) kind->sums[group] += code_of(places, kind->hashes[at] + group);
    }
    return kind->sums[group];
}

/* A number for elements that are alike in tag, names, role and property (and for `width` 5 stand in the same one). */
static int group_elements(const Page *page, const int32_t *elements, Py_ssize_t count, int width, int32_t *groups, int32_t *group_count) {
    int32_t *rows = PyMem_Malloc((size_t)(width * count + 1) * sizeof *rows);
    if (rows == NULL) return PyErr_NoMemory() != NULL;
    for (Py_ssize_t at = 0; at < count; at++) {
        const PageElement *element = &page->elements[elements ? elements[at] : at];
        const int32_t row[5] = {element->tag_id, element->names_id, element->role_id, element->property_id, element->parent};
        memcpy(rows + at * width, row, (size_t)width * sizeof *rows);
    }
    const int done = group_rows(rows, count, width, groups, group_count);
    PyMem_Free(rows);
    return done;
}

/* The linear score of one row of surroundings. */
static int score_row(const Places *places, const Page *page, int32_t element, const int32_t *kind_of, Kind *kinds, double *score) {
    int64_t sum = 0, count = 0;
    for (Py_ssize_t distance = 0; element >= 0 && distance < places->reach; distance++) {
        Kind *kind = &kinds[kind_of[element]];
        if (kind->hashes == NULL && !read_kind(places, &page->elements[element], kind)) return 0;
        sum += weight_of(places, kind, places->groups[distance]) + weight_of(places, kind, places->anywhere);
        count += 2 * kind->count;
        element = page->elements[element].parent;
    }
    *score = (double)sum * (1 / sqrt((double)count));
    return 1;
}

/* Per line what the elements around it weigh: once for elements that are alike and stand in the same one. */
static int score_places(const Places *places, const Page *page, double *scores) {
    const size_t lines = (size_t)page->line_count, elements = (size_t)page->element_count;
    int32_t *room = PyMem_Malloc((2 * lines + elements + 2) * sizeof *room), kind_count = 0, row_count = 0;
    double *rows = PyMem_Malloc((lines + 1) * sizeof *rows);
    Kind *kinds = PyMem_Calloc(elements + 1, sizeof *kinds);
    int done = room && rows && kinds;
    if (!done) PyErr_NoMemory();
    int32_t *of_line = room, *row_of = room + lines, *kind_of = row_of + lines, next = 0;
    for (size_t line = 0; done && line < lines; line++) of_line[line] = page->lines[line].element;
    done = done && group_elements(page, of_line, (Py_ssize_t)lines, 5, row_of, &row_count) &&
           group_elements(page, NULL, (Py_ssize_t)elements, 4, kind_of, &kind_count);
    for (size_t line = 0; done && line < lines; line++) {
        if (row_of[line] == next) done = score_row(places, page, of_line[line], kind_of, kinds, &rows[next++]);
        scores[line] = rows[row_of[line]];
    }
    for (int32_t kind = 0; kinds && kind < kind_count; kind++) PyMem_Free(kinds[kind].hashes);
    PyMem_Free(room), PyMem_Free(rows), PyMem_Free(kinds);
    return done;
}

/* (own, groups, group of any distance, bits, codes); 0 with an exception set. */
static int read_places(Places *places, Buffers *buffers, PyObject *given) {
    if (!PyTuple_Check(given) || PyTuple_GET_SIZE(given) != 5 || !PyBytes_Check(PyTuple_GET_ITEM(given, 1))) {
        PyErr_SetString(PyExc_TypeError, "places are a function, groups, a group, bits and codes");
        return 0;
    }
    const long anywhere = PyLong_AsLong(PyTuple_GET_ITEM(given, 2)), bits = PyLong_AsLong(PyTuple_GET_ITEM(given, 3));
    if (PyErr_Occurred()) return 0;
    places->own = PyTuple_GET_ITEM(given, 0), places->groups = (const uint8_t *)PyBytes_AS_STRING(PyTuple_GET_ITEM(given, 1));
    places->reach = PyBytes_GET_SIZE(PyTuple_GET_ITEM(given, 1));
    int sound = anywhere >= 0 && anywhere < MOST_GROUPS && bits >= 1 && bits <= 30;
    for (Py_ssize_t at = 0; at < places->reach; at++) sound = sound && places->groups[at] < MOST_GROUPS;
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "a group is from 0 to 7, bits are from 1 to 30");
        return 0;
    }
    places->anywhere = (unsigned)anywhere, places->bits = (int)bits;
    return (places->codes = buffer_with(buffers, PyTuple_GET_ITEM(given, 4), 1, (Py_ssize_t)1 << bits)) != NULL;
}

typedef struct {
    double unit, bias, linear_clip, linear_scale, dense_clip;
    const float *mean, *scale;
} Scaling;

/* (unit, bias, clip of the linear score, its scale, clip of measurements, means, scales) */
static int read_scaling(Scaling *scaling, Buffers *buffers, PyObject *given, Py_ssize_t columns) {
    PyObject *mean, *scale;
    if (!PyTuple_Check(given)) return PyErr_Format(PyExc_TypeError, "a tuple of seven is needed") != NULL;
    if (!PyArg_ParseTuple(given, "dddddOO", &scaling->unit, &scaling->bias, &scaling->linear_clip, &scaling->linear_scale,
                          &scaling->dense_clip, &mean, &scale))
        return 0;
    scaling->mean = buffer_with(buffers, mean, 4, columns);
    scaling->scale = scaling->mean ? buffer_with(buffers, scale, 4, columns) : NULL;
    return scaling->scale != NULL;
}

/* The linear score of each line by its places and by what it says. said: checksums; starts: of each line. */
static void add_linear(const Measures *in, const Places *places, const Scaling *scaling, const double *around, const uint64_t *said,
                       Py_ssize_t all, float *to) {
    const int64_t *starts = in->sizes + in->count;
    EACH {
        const Py_ssize_t end = line + 1 < in->count ? (Py_ssize_t)starts[line + 1] : all;
        int64_t sum = 0;
        for (Py_ssize_t at = (Py_ssize_t)starts[line]; at < end; at++) sum += code_of(places, said[at]);
        const double own = (double)sum * (1 / sqrt((double)(4 * (end - (Py_ssize_t)starts[line]))));
        double linear = (around[line] + own) * scaling->unit + scaling->bias;
        linear = SMALLER(LARGER(linear, -scaling->linear_clip), scaling->linear_clip);
        to[line * (in->columns + 1)] = (float)(linear * scaling->linear_scale);
    }
}

/* Columns of measurements as rows, scaled, behind a row's linear score. */
static void add_dense(const Measures *in, const Scaling *scaling, const float *dense, float *to) {
    const float clip = (float)scaling->dense_clip;
    for (Py_ssize_t at = 0; at < in->columns; at++) {
        const float mean = scaling->mean[at], scale = scaling->scale[at], *values = dense + at * in->count;
        EACH {
            const float value = (values[line] - mean) * scale;
            to[line * (in->columns + 1) + 1 + at] = SMALLER(LARGER(value, -clip), clip);
        }
    }
}

/* page_inputs(the arguments of page_measures, places, scaling) -> memory of lines x (1 + columns) float32. */
PyObject *accelerator_page_inputs(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 3 || !PyTuple_Check(args[0]) || PyTuple_GET_SIZE(args[0]) != MEASURE_ARGUMENTS)
        return PyErr_Format(PyExc_TypeError, "page_inputs takes three tuples");
    PyObject *const *given = &PyTuple_GET_ITEM(args[0], 0), *answer = NULL;
    Page page = {0};
    Measures in = {0};
    Buffers buffers = {.count = 0};
    Places places;
    Scaling scaling;
    float *dense = NULL;
    double *around = NULL;
    if (!begin_measures(&in, &page, &buffers, given) || !read_places(&places, &buffers, args[1]) ||
        !read_scaling(&scaling, &buffers, args[2], in.columns))
        goto done;
    dense = PyMem_Malloc((size_t)in.columns * (size_t)in.count * sizeof *dense);
    around = PyMem_Malloc((size_t)in.count * sizeof *around);
    if (dense == NULL || around == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    if (!take_measures(&in, given[8], dense) || !score_places(&places, &page, around)) goto done;
    answer = bytes_of((size_t)(in.columns + 1) * (size_t)in.count * sizeof(float));
    if (answer != NULL) {
        float *to = (float *)PyByteArray_AS_STRING(answer);
        add_linear(&in, &places, &scaling, around, in.said, in.said_count, to);
        add_dense(&in, &scaling, dense, to);
    }
done:
    PyMem_Free(dense), PyMem_Free(around);
    end_measures(&in, &page, &buffers);
    return answer;
}
