/* heuristics/block_stats.py: what a block is like by itself; and segmentation/text.py: the lines of a text. */
#include "text.h"

/* Signs by what they say, as Python gives them. */
typedef struct {
    PyObject *ends, *closers, *openers, *marks;
    double ideograph_weight;
    Py_ssize_t prose;
} Signs;

/* Are more than half of some sixteen characters ideographs or wide forms? */
static int is_ideographic(const Text *text) {
    if (text->kind == PyUnicode_1BYTE_KIND) return 0;
    const Py_ssize_t step = text->length / 16 > 1 ? text->length / 16 : 1;
    Py_ssize_t sampled = 0, ideographs = 0;
    for (Py_ssize_t at = 0; at < text->length; at += step, sampled++) {
        const Py_UCS4 c = at_(text, at);
        ideographs += (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xFF00 && c <= 0xFFEF);
    }
    return ideographs * 2 > sampled;
}

/* "12. ", "3) " */
static int is_numbered(const Text *text) {
    Py_ssize_t at = 0;
    if (!Py_UNICODE_ISDIGIT(at_(text, 0))) return 0;
    while (at < 3 && at < text->length && Py_UNICODE_ISDECIMAL(at_(text, at))) at++;
    if (at == 0 || at + 1 >= text->length) return 0;
    const Py_UCS4 sign = at_(text, at);
    return (sign == '.' || sign == ')') && Py_UNICODE_ISSPACE(at_(text, at + 1));
}

/* A new tuple of a class made in Python, to be filled. */
static PyObject *new_measures(PyTypeObject *class) { return class->tp_alloc(class, 7); }

static PyObject *measures_of(PyTypeObject *class, PyObject *string, const Signs *signs) {
    const Text text = {PyUnicode_KIND(string), PyUnicode_DATA(string), PyUnicode_GET_LENGTH(string)};
    const double weight = is_ideographic(&text) ? signs->ideograph_weight : 1.0;
    Py_ssize_t spaces = 0, digits = 0, tail = text.length;
    for (Py_ssize_t at = 0; at < text.length; at++) {
        const Py_UCS4 c = at_(&text, at);
        spaces += c == ' ';
        digits += c - '0' < 10u;
    }
    while (tail > 0 && is_in(at_(&text, tail - 1), signs->closers)) tail--;
    const Py_UCS4 first = at_(&text, 0), last = at_(&text, text.length - 1);
    const Py_ssize_t by_weight = (Py_ssize_t)((double)text.length * (weight - 1));
    const int flags[4] = {
        tail > 0 && is_in(at_(&text, tail - 1), signs->ends),
        last == ':' || last == 0xFF1A,
        is_in(first, signs->openers),
        is_in(first, signs->marks) || is_numbered(&text),
    };
    PyObject *measures = new_measures(class);
    if (measures == NULL) return NULL;
    PyTuple_SET_ITEM(measures, 0, PyFloat_FromDouble((double)text.length * weight));
    PyTuple_SET_ITEM(measures, 1, PyLong_FromSsize_t(spaces + 1 > by_weight ? spaces + 1 : by_weight));
    for (int flag = 0; flag < 4; flag++) PyTuple_SET_ITEM(measures, 2 + flag, Py_NewRef(flags[flag] ? Py_True : Py_False));
    PyTuple_SET_ITEM(measures, 6, PyLong_FromSsize_t(text.length < signs->prose ? digits : 0));
    if (PyErr_Occurred()) Py_CLEAR(measures);
    return measures;
}

/* heuristics/block_stats.py, `measure_body` */
static PyObject *measures_in_short(PyTypeObject *class, PyObject *string) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(string);
    PyObject *measures = new_measures(class);
    if (measures == NULL) return NULL;
    PyTuple_SET_ITEM(measures, 0, PyFloat_FromDouble((double)length));
    PyTuple_SET_ITEM(measures, 1, PyLong_FromSsize_t(length / 6));
    for (int flag = 0; flag < 4; flag++) PyTuple_SET_ITEM(measures, 2 + flag, Py_NewRef(flag == 0 ? Py_True : Py_False));
    PyTuple_SET_ITEM(measures, 6, PyLong_FromLong(0));
    if (PyErr_Occurred()) Py_CLEAR(measures);
    return measures;
}

static int read_signs(PyObject *given, Signs *signs) {
    if (!PyTuple_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "signs are a tuple");
        return 0;
    }
    return PyArg_ParseTuple(given, "UUUUdn", &signs->ends, &signs->closers, &signs->openers, &signs->marks,
                            &signs->ideograph_weight, &signs->prose);
}

static int is_tuple_class(PyObject *class) {
    return PyType_Check(class) && PyType_IsSubtype((PyTypeObject *)class, &PyTuple_Type);
}

PyObject *accelerator_measures(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Signs signs;
    if (count != 4 || !is_tuple_class(args[0]) || !PyList_Check(args[1]) || !PyBytes_Check(args[2]) ||
        PyBytes_GET_SIZE(args[2]) != PyList_GET_SIZE(args[1]))
        return PyErr_Format(PyExc_TypeError, "a class of tuples, a list of texts, a byte for each, and signs are needed");
    if (!read_signs(args[3], &signs)) return NULL;
    const Py_ssize_t blocks = PyList_GET_SIZE(args[1]);
    PyObject *all = PyList_New(blocks);
    for (Py_ssize_t block = 0; all != NULL && block < blocks; block++) {
        PyObject *text = PyList_GET_ITEM(args[1], block), *measures = NULL;
        if (!PyUnicode_Check(text) || PyUnicode_GET_LENGTH(text) == 0)
            PyErr_SetString(PyExc_TypeError, "texts that are not empty are needed");
        else if (PyBytes_AS_STRING(args[2])[block])
            measures = measures_of((PyTypeObject *)args[0], text, &signs);
        else
            measures = measures_in_short((PyTypeObject *)args[0], text);
        if (measures == NULL)
            Py_CLEAR(all);
        else
            PyList_SET_ITEM(all, block, measures);
    }
    return all;
}

PyObject *accelerator_measure(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Signs signs;
    if (count != 3 || !is_tuple_class(args[0]) || !PyUnicode_Check(args[1]) || PyUnicode_GET_LENGTH(args[1]) == 0)
        return PyErr_Format(PyExc_TypeError, "a class of tuples, a text that is not empty, and signs are needed");
    if (!read_signs(args[2], &signs)) return NULL;
    return measures_of((PyTypeObject *)args[0], args[1], &signs);
}

/* Lines ------------------------------------------------------------------------------------------------------------- */

static inline int breaks_line(Py_UCS4 c) {
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static int add_line(PyObject *lines, Py_ssize_t start, Py_ssize_t end, Py_ssize_t breaks) {
    PyObject *line = PyTuple_New(3);
    if (line == NULL) return -1;
    PyTuple_SET_ITEM(line, 0, PyLong_FromSsize_t(start));
    PyTuple_SET_ITEM(line, 1, PyLong_FromSsize_t(end));
    PyTuple_SET_ITEM(line, 2, PyLong_FromSsize_t(breaks));
    const int done = PyErr_Occurred() ? -1 : PyList_Append(lines, line);
    Py_DECREF(line);
    return done;
}

/* 1: done, 0: a gap holds line breaks of a kind that Python must count, -1: an exception. */
static int find_lines(const Text *text, PyObject *lines) {
    Py_ssize_t at = 0, before = 0;
    for (int first = 1;; first = 0) {
        Py_ssize_t newlines = 0;
        while (at < text->length && Py_UNICODE_ISSPACE(at_(text, at))) newlines += at_(text, at++) == '\n';
        if (at == text->length) return 1;
        const Py_ssize_t start = at, gap = start - before;
        while (at < text->length && !breaks_line(at_(text, at))) at++;
        Py_ssize_t end = at;
        while (Py_UNICODE_ISSPACE(at_(text, end - 1))) end--;
        if (!first && gap != 1 && newlines == 0) return 0;
        if (add_line(lines, start, end, first ? 0 : gap == 1 ? 1 : newlines) < 0) return -1;
        at = before = end;
    }
}

PyObject *accelerator_lines(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 1 || !PyUnicode_Check(args[0])) return PyErr_Format(PyExc_TypeError, "a text is needed");
    const Text text = {PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), PyUnicode_GET_LENGTH(args[0])};
    PyObject *lines = PyList_New(0);
    const int done = lines == NULL ? -1 : find_lines(&text, lines);
    if (done == 1) return lines;
    Py_XDECREF(lines);
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

/* Does a letter that may be a capital stand right behind a stop, or behind a quotation mark there? */
static ALWAYS int holds_glued(const Text *text, Py_ssize_t start) {
    for (Py_ssize_t at = start; at + 1 < text->length; at++) {
        const Py_UCS4 stop = at_(text, at);
        if (stop != '.' && stop != '!' && stop != '?' && stop != 0x2026) continue;
        Py_UCS4 next = at_(text, at + 1);
        if ((next == '"' || next == 0x201D || next == 0xBB) && at + 2 < text->length) next = at_(text, at + 2);
        if (next < 128 ? next - 'A' < 26u : Py_UNICODE_ISUPPER(next)) return 1;
    }
    return 0;
}

static int is_glued(Text text, Py_ssize_t start, Py_ssize_t end) {
    text.length = end;
    if (text.kind == PyUnicode_1BYTE_KIND) return text.kind = PyUnicode_1BYTE_KIND, holds_glued(&text, start);
    return holds_glued(&text, start);
}

/* The block of a line; None for one that Python must cut. */
static PyObject *block_of(PyObject *class, PyObject *string, const Text *text, PyObject *line, Py_ssize_t number,
                          Py_ssize_t longest, int stuck) {
    if (!PyTuple_Check(line) || PyTuple_GET_SIZE(line) != 3)
        return PyErr_Format(PyExc_TypeError, "a line is (start, end, breaks before)");
    const Py_ssize_t start = PyLong_AsSsize_t(PyTuple_GET_ITEM(line, 0)), end = PyLong_AsSsize_t(PyTuple_GET_ITEM(line, 1));
    if (PyErr_Occurred()) return NULL;
    if (start < 0 || end < start || end > text->length)
        return PyErr_Format(PyExc_ValueError, "a line lies outside of the text");
    if (end - start > longest || (stuck && is_glued(*text, start, end))) return Py_NewRef(Py_None);
    PyObject *own = PyUnicode_Substring(string, start, end), *place = PyLong_FromSsize_t(number), *block = NULL;
    if (own != NULL && place != NULL) {
        PyObject *const *border = ((PyTupleObject *)line)->ob_item;
        PyObject *args[] = {border[0], border[1], own, place, border[2]};
        block = PyObject_Vectorcall(class, args, 5, NULL);
    }
    Py_XDECREF(own);
    Py_XDECREF(place);
    return block;
}

PyObject *accelerator_blocks(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 4 || !PyUnicode_Check(args[1]) || !PyList_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "a class, a text, a list of its lines, and the longest are needed");
    const Text text = {PyUnicode_KIND(args[1]), PyUnicode_DATA(args[1]), PyUnicode_GET_LENGTH(args[1])};
    const Py_ssize_t longest = PyLong_AsSsize_t(args[3]), lines = PyList_GET_SIZE(args[2]);
    if (PyErr_Occurred()) return NULL;
    const int stuck = is_glued(text, 0, text.length);
    PyObject *blocks = PyList_New(lines);
    for (Py_ssize_t line = 0; blocks != NULL && line < lines; line++) {
        PyObject *block = block_of(args[0], args[1], &text, PyList_GET_ITEM(args[2], line), line, longest, stuck);
        if (block == NULL)
            Py_CLEAR(blocks);
        else
            PyList_SET_ITEM(blocks, line, block);
    }
    return blocks;
}

/* decoding/mojibake.py, `_SUSPECT_PAIR`: may the text hold a damaged character? In doubt it may. */
enum { BEFORE = 1, BEHIND = 2, ALONE = 4, KNOWN = 1 << 16 };

static ALWAYS int may_be_damaged(const Text *text, const uint8_t *parts) {
    uint8_t before = 0;
    for (Py_ssize_t at = 0; at < text->length; at++) {
        const Py_UCS4 c = at_(text, at);
        const uint8_t part = c < 0x80 || c >= KNOWN ? 0 : parts[c];
        if (part & ALONE || (part & BEHIND && before & BEFORE)) return 1;
        before = part;
    }
    return 0;
}

PyObject *accelerator_damaged(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyBytes_Check(args[1]) || PyBytes_GET_SIZE(args[1]) != KNOWN)
        return PyErr_Format(PyExc_TypeError, "a text is needed, and a byte for each character of the first plane");
    Text text = {PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), PyUnicode_GET_LENGTH(args[0])};
    const uint8_t *parts = (const uint8_t *)PyBytes_AS_STRING(args[1]);
    int found;
    if (text.kind == PyUnicode_1BYTE_KIND)
        text.kind = PyUnicode_1BYTE_KIND, found = may_be_damaged(&text, parts);
    else if (text.kind == PyUnicode_2BYTE_KIND)
        text.kind = PyUnicode_2BYTE_KIND, found = may_be_damaged(&text, parts);
    else
        found = may_be_damaged(&text, parts);
    return PyBool_FromLong(found);
}
