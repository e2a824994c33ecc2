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
static int64_t mixed(uint64_t value, int bits) {
    return (int64_t)(((value ^ (value >> 31)) * 0x9E3779B97F4A7C15u) >> (64 - bits));
}

/* What is known of the elements: the hashes of all, one element after the other, and where those of each begin. */
typedef struct {
    uint64_t *hashes;
    Py_ssize_t *starts, elements;
} Own;

/* From a list of a tuple for each element, or None where nobody asks; 0 with an exception set. */
static int read_own(Own *own, PyObject *list) {
    Py_ssize_t count = 0;
    own->elements = PyList_GET_SIZE(list);
    for (Py_ssize_t element = 0; element < own->elements; element++)
        if (PyTuple_Check(PyList_GET_ITEM(list, element))) count += PyTuple_GET_SIZE(PyList_GET_ITEM(list, element));
    own->hashes = PyMem_Malloc((size_t)(count + 1) * sizeof *own->hashes);
    own->starts = PyMem_Malloc((size_t)(own->elements + 1) * sizeof *own->starts);
    if (own->hashes == NULL || own->starts == NULL) return PyErr_NoMemory() != NULL;
    uint64_t *next = own->hashes;
    own->starts[0] = 0;
    for (Py_ssize_t element = 0; element < own->elements; element++) {
        PyObject *hashes = PyList_GET_ITEM(list, element);
        for (Py_ssize_t at = 0; PyTuple_Check(hashes) && at < PyTuple_GET_SIZE(hashes); at++)
            *next++ = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(hashes, at)) * 8u;
        if (PyErr_Occurred()) return 0;
        own->starts[element + 1] = next - own->hashes;
    }
    return 1;
}

/* How many buckets a row has: two for each hash of each element around it; -1 with an exception set. */
static Py_ssize_t size_of(const Own *own, PyObject *around, Py_ssize_t groups) {
    Py_ssize_t count = 0;
    const Py_ssize_t size = PyTuple_Check(around) ? PyTuple_GET_SIZE(around) : groups + 1;
    for (Py_ssize_t at = 0; at < size && size <= groups; at++) {
        const Py_ssize_t element = PyLong_AsSsize_t(PyTuple_GET_ITEM(around, at));
        if (PyErr_Occurred()) return -1;
        if (element < 0 || element >= own->elements || own->starts[element + 1] == own->starts[element]) {
            PyErr_SetString(PyExc_ValueError, "an element has no hashes");
            return -1;
        }
        count += 2 * (own->starts[element + 1] - own->starts[element]);
    }
    if (size <= groups) return count;
    PyErr_SetString(PyExc_ValueError, "a row is a tuple of no more elements than there are groups");
    return -1;
}

static int64_t *add_row(const Own *own, PyObject *around, const uint8_t *groups, uint64_t anywhere, int bits, int64_t *next) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(around); at++) {
        const Py_ssize_t element = PyLong_AsSsize_t(PyTuple_GET_ITEM(around, at));
        for (Py_ssize_t hash = own->starts[element]; hash < own->starts[element + 1]; hash++) {
            *next++ = mixed(own->hashes[hash] + groups[at], bits);
            *next++ = mixed(own->hashes[hash] + anywhere, bits);
        }
    }
    return next;
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
    const Py_ssize_t rows = PyList_GET_SIZE(args[1]);
    Py_ssize_t total = 0;
    Own own = {NULL, NULL, 0};
    PyObject *answer = NULL, *buckets = NULL, *starts = bytes_of((size_t)rows * sizeof(int64_t));
    if (starts == NULL || !read_own(&own, args[0])) goto done;
    for (Py_ssize_t row = 0, size; row < rows; row++, total += size) {
        ((int64_t *)PyByteArray_AS_STRING(starts))[row] = (int64_t)total;
        if ((size = size_of(&own, PyList_GET_ITEM(args[1], row), PyBytes_GET_SIZE(args[2]))) < 0) goto done;
    }
    if ((buckets = bytes_of((size_t)total * sizeof(int64_t))) == NULL) goto done;
    int64_t *next = (int64_t *)PyByteArray_AS_STRING(buckets);
    for (Py_ssize_t row = 0; row < rows; row++)
        next = add_row(&own, PyList_GET_ITEM(args[1], row), (const uint8_t *)PyBytes_AS_STRING(args[2]),
                       (uint64_t)anywhere, (int)bits, next);
    answer = PyTuple_Pack(2, buckets, starts);
done:
    PyMem_Free(own.hashes);
    PyMem_Free(own.starts);
    Py_XDECREF(buckets);
    Py_XDECREF(starts);
    return answer;
}

/* Does a year of the last or this century begin here? */
static int is_year(int kind, const void *data, Py_ssize_t length, Py_ssize_t at) {
    if (at + 3 >= length) return 0;
    const Py_UCS4 first = PyUnicode_READ(kind, data, at), second = PyUnicode_READ(kind, data, at + 1);
    return ((first == '1' && second == '9') || (first == '2' && second == '0')) &&
           Py_UNICODE_ISDECIMAL(PyUnicode_READ(kind, data, at + 2)) && Py_UNICODE_ISDECIMAL(PyUnicode_READ(kind, data, at + 3));
}

/* date_signs(texts) -> a byte for each: 0 without a digit, 2 with a year, else 1 (html/threads.py) */
PyObject *accelerator_date_signs(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    int sound = count == 1 && PyList_Check(args[0]);
    for (Py_ssize_t at = 0; sound && at < PyList_GET_SIZE(args[0]); at++) sound = PyUnicode_Check(PyList_GET_ITEM(args[0], at));
    if (!sound) return PyErr_Format(PyExc_TypeError, "date_signs takes a list of texts");
    PyObject *answer = PyBytes_FromStringAndSize(NULL, PyList_GET_SIZE(args[0]));
    for (Py_ssize_t text = 0; answer != NULL && text < PyBytes_GET_SIZE(answer); text++) {
        PyObject *string = PyList_GET_ITEM(args[0], text);
        const int kind = PyUnicode_KIND(string);
        const void *data = PyUnicode_DATA(string);
        const Py_ssize_t length = PyUnicode_GET_LENGTH(string);
        char sign = 0;
        for (Py_ssize_t at = 0; at < length && sign < 2; at++)
            if (Py_UNICODE_ISDECIMAL(PyUnicode_READ(kind, data, at))) sign = is_year(kind, data, length, at) ? 2 : 1;
        PyBytes_AS_STRING(answer)[text] = sign;
    }
    return answer;
}
