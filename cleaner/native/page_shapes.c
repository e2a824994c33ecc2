/* html/page_shape.py, `line_shapes`: what is asked of the characters of each line of a page. */
#include "accelerator.h"

/* A row of the answer for each; the order is that of `page_shape._COLUMNS`. */
enum { FINAL, COLON, CAPITAL, SHOUTED, DIGITS, QUOTED, COMMAS, BARS, SIGNS, IDEOGRAPHS, COLUMNS };
enum { DIGITS_IN = 200, IDEOGRAPHS_IN = 40 };

/* `signs`: final ones, closing ones, opening quotation marks. */
static ALWAYS void look(int kind, const void *data, Py_ssize_t length, PyObject *const *signs, int64_t *row, Py_ssize_t stride) {
    int64_t seen[COLUMNS] = {0};
    int cased = 0, shouted = 1;
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, at);
        if (c < 128) {
            const int upper = c - 'A' < 26u, lower = c - 'a' < 26u;
            cased |= upper;
            shouted &= !lower;
            seen[DIGITS] += at < DIGITS_IN && c - '0' < 10u;
            seen[COMMAS] += c == ',';
            seen[BARS] += c == '|';
            if (c == '@' || (c == 'h' && at + 3 < length && PyUnicode_READ(kind, data, at + 1) == 't' &&
                             PyUnicode_READ(kind, data, at + 2) == 't' && PyUnicode_READ(kind, data, at + 3) == 'p'))
                seen[SIGNS] = 1;
            continue;
        }
        if (Py_UNICODE_ISLOWER(c) || Py_UNICODE_ISTITLE(c))
            shouted = 0;
        else
            cased |= Py_UNICODE_ISUPPER(c);
        seen[DIGITS] += at < DIGITS_IN && Py_UNICODE_ISDECIMAL(c);
        seen[COMMAS] += c == 0xFF0C || c == 0x3001;
        seen[BARS] += c == 0x2022 || c == 0xB7;
        if (c == 0xA9) seen[SIGNS] = 1;
        if (at < IDEOGRAPHS_IN && c >= 0x3040 && c <= 0x9FFF) seen[IDEOGRAPHS] = 1;
    }
    Py_ssize_t end = length;
    while (end > 0 && is_in(PyUnicode_READ(kind, data, end - 1), signs[1])) end--;
    const Py_UCS4 last = end ? PyUnicode_READ(kind, data, end - 1) : 0, first = length ? PyUnicode_READ(kind, data, 0) : 0;
    seen[FINAL] = end > 0 && is_in(last, signs[0]);
    seen[COLON] = end > 0 && (last == ':' || last == 0xFF1A);
    seen[CAPITAL] = length > 0 && Py_UNICODE_ISUPPER(first);
    seen[SHOUTED] = cased && shouted;
    seen[QUOTED] = length == 0 || is_in(first, signs[2]);
    for (int column = 0; column < COLUMNS; column++) row[column * stride] = seen[column];
}

PyObject *accelerator_line_shapes(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    int sound = count == 4 && PyList_Check(args[0]);
    for (int at = 1; sound && at < 4; at++) sound = PyUnicode_Check(args[at]);
    const Py_ssize_t lines = sound ? PyList_GET_SIZE(args[0]) : 0;
    for (Py_ssize_t line = 0; line < lines; line++) sound &= PyUnicode_Check(PyList_GET_ITEM(args[0], line));
    if (!sound) return PyErr_Format(PyExc_TypeError, "a list of texts is needed, final signs, closing ones, quotation marks");
    PyObject *answer = bytes_of((size_t)(COLUMNS * lines) * sizeof(int64_t));
    if (answer == NULL) return NULL;
    int64_t *row = (int64_t *)PyByteArray_AS_STRING(answer);
    for (Py_ssize_t line = 0; line < lines; line++, row++) {
        PyObject *text = PyList_GET_ITEM(args[0], line);
        const void *data = PyUnicode_DATA(text);
        const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
        if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND)
            look(PyUnicode_1BYTE_KIND, data, length, args + 1, row, lines);
        else
            look(PyUnicode_KIND(text), data, length, args + 1, row, lines);
    }
    return answer;
}

/* html/page_places.py, `place_hashes`: buckets of what the elements around each row of lines are, near it and anywhere. */
typedef struct {
    int64_t *buckets;
    size_t count, room;
} Buckets;

static int64_t mixed(uint64_t value, int bits) {
    return (int64_t)(((value ^ (value >> 31)) * 0x9E3779B97F4A7C15u) >> (64 - bits));
}

/* The two buckets of each hash of one element; 0 with an exception set. */
static int add_element(Buckets *found, PyObject *hashes, uint64_t group, uint64_t anywhere, int bits) {
    const Py_ssize_t count = PyTuple_GET_SIZE(hashes);
    if (found->count + 2 * (size_t)count > found->room) {
        const size_t room = 2 * (found->count + 2 * (size_t)count);
        int64_t *larger = PyMem_Realloc(found->buckets, room * sizeof *larger);
        if (larger == NULL) return PyErr_NoMemory() != NULL;
        found->buckets = larger;
        found->room = room;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        const uint64_t base = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(hashes, at)) * 8u;
        if (PyErr_Occurred()) return 0;
        found->buckets[found->count++] = mixed(base + group, bits);
        found->buckets[found->count++] = mixed(base + anywhere, bits);
    }
    return 1;
}

/* (own hashes of each element: a tuple, or None where nobody asks; the elements around each row: tuples from the row's
 * own one outwards; group of each distance: bytes; group of any distance; bits) -> (memory of buckets, of rows' starts) */
PyObject *accelerator_place_hashes(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 5 || !PyList_Check(args[0]) || !PyList_Check(args[1]) || !PyBytes_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "lists of hashes and of rows, groups, a group and bits are needed");
    const long anywhere = PyLong_AsLong(args[3]), bits = PyLong_AsLong(args[4]);
    if (PyErr_Occurred()) return NULL;
    if (anywhere < 0 || anywhere > 7 || bits < 1 || bits > 62)
        return PyErr_Format(PyExc_ValueError, "a group is from 0 to 7, bits are from 1 to 62");
    const Py_ssize_t rows = PyList_GET_SIZE(args[1]), elements = PyList_GET_SIZE(args[0]);
    Buckets found = {NULL, 0, 0};
    PyObject *answer = NULL, *buckets = NULL, *starts = bytes_of((size_t)rows * sizeof(int64_t));
    for (Py_ssize_t row = 0; starts != NULL && row < rows; row++) {
        PyObject *around = PyList_GET_ITEM(args[1], row);
        ((int64_t *)PyByteArray_AS_STRING(starts))[row] = (int64_t)found.count;
        const Py_ssize_t size = PyTuple_Check(around) ? PyTuple_GET_SIZE(around) : -1;
        if (size < 0 || size > PyBytes_GET_SIZE(args[2])) {
            PyErr_SetString(PyExc_ValueError, "a row is a tuple of no more elements than there are groups");
            goto done;
        }
        for (Py_ssize_t at = 0; at < size; at++) {
            const Py_ssize_t element = PyLong_AsSsize_t(PyTuple_GET_ITEM(around, at));
            if (PyErr_Occurred()) goto done;
            PyObject *hashes = element >= 0 && element < elements ? PyList_GET_ITEM(args[0], element) : Py_None;
            if (!PyTuple_Check(hashes)) {
                PyErr_SetString(PyExc_ValueError, "an element has no hashes");
                goto done;
            }
            if (!add_element(&found, hashes, (uint8_t)PyBytes_AS_STRING(args[2])[at], (uint64_t)anywhere, (int)bits)) goto done;
        }
    }
    if (starts == NULL || (buckets = bytes_of(found.count * sizeof(int64_t))) == NULL) goto done;
    if (found.count) memcpy(PyByteArray_AS_STRING(buckets), found.buckets, found.count * sizeof(int64_t));
    answer = PyTuple_Pack(2, buckets, starts);
done:
    PyMem_Free(found.buckets);
    Py_XDECREF(buckets);
    Py_XDECREF(starts);
    return answer;
}
