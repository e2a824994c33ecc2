/* html/page_shape.py, `line_shapes`: what is asked of the characters of each line of a page. */
#include "accelerator.h"

/* A row of the answer for each; the order is that of `page_shape._COLUMNS`. */
enum { FINAL, COLON, CAPITAL, SHOUTED, DIGITS, QUOTED, COMMAS, BARS, SIGNS, IDEOGRAPHS, COLUMNS };
enum { DIGITS_IN = 200, IDEOGRAPHS_IN = 40 };

static int is_in(Py_UCS4 character, PyObject *signs) {
    const int kind = PyUnicode_KIND(signs);
    const void *data = PyUnicode_DATA(signs);
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(signs); at++)
        if (PyUnicode_READ(kind, data, at) == character) return 1;
    return 0;
}

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
