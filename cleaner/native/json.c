/* json_bytes.py: values as JSON on one line, byte for byte as json.dumps writes them: compact, or with sorted keys and
 * blanks. None for what that would write otherwise or not at all: Python then does it, or says what is wrong. */
#include "accelerator.h"

enum { DEEPEST = 100, PIECE = 1024, LONGEST = 12 }; /* a character takes twelve bytes at most: two escapes */

typedef struct {
    char *data;
    size_t used, size;
    int ascii, sorted; /* escape all but ASCII; keys in order, blanks behind "," and ":" */
} Text;

enum { FAILED = -1, OTHERWISE, WRITTEN }; /* FAILED: an exception is set */

static int room(Text *text, size_t more) {
    if (text->size - text->used >= more) return WRITTEN;
    size_t size = 2 * text->size > text->used + more ? 2 * text->size : text->used + more;
    char *data = PyMem_Realloc(text->data, size);
    if (data == NULL) return PyErr_NoMemory(), FAILED;
    text->data = data, text->size = size;
    return WRITTEN;
}

static int put(Text *text, const char *data, size_t size) {
    if (room(text, size) != WRITTEN) return FAILED;
    memcpy(text->data + text->used, data, size);
    text->used += size;
    return WRITTEN;
}

/* The functions from here to `put_piece` write where there is room. */
static void put_escape(Text *text, unsigned unit) {
    static const char digits[] = "0123456789abcdef";
    char *to = text->data + text->used;
    to[0] = '\\', to[1] = 'u';
    for (int place = 0; place < 4; place++) to[2 + place] = digits[unit >> (12 - 4 * place) & 15];
    text->used += 6;
}

static int put_special(Text *text, Py_UCS4 character) {
    static const char from[] = "\"\\\b\f\n\r\t", as[] = "\"\\bfnrt";
    const char *at = character && character < 128 ? strchr(from, (int)character) : NULL;
    if (at == NULL) return 0;
    text->data[text->used++] = '\\', text->data[text->used++] = as[at - from];
    return 1;
}

static int put_utf8(Text *text, Py_UCS4 character) {
    unsigned char *to = (unsigned char *)text->data + text->used;
    if (character < 0x80) {
        to[0] = (unsigned char)character;
        text->used += 1;
    } else if (character < 0x800) {
        to[0] = (unsigned char)(0xC0 | character >> 6), to[1] = (unsigned char)(0x80 | (character & 63));
        text->used += 2;
    } else if (character < 0x10000) {
        if (character >= 0xD800 && character < 0xE000) return OTHERWISE;
        to[0] = (unsigned char)(0xE0 | character >> 12), to[1] = (unsigned char)(0x80 | (character >> 6 & 63));
        to[2] = (unsigned char)(0x80 | (character & 63));
        text->used += 3;
    } else {
        to[0] = (unsigned char)(0xF0 | character >> 18), to[1] = (unsigned char)(0x80 | (character >> 12 & 63));
        to[2] = (unsigned char)(0x80 | (character >> 6 & 63)), to[3] = (unsigned char)(0x80 | (character & 63));
        text->used += 4;
    }
    return WRITTEN;
}

static int put_character(Text *text, Py_UCS4 character) {
    if (character < 0x20 || character == '"' || character == '\\') {
        if (!put_special(text, character)) put_escape(text, character);
    } else if (!text->ascii || (character < 0x7F)) {
        return put_utf8(text, character);
    } else if (character < 0x10000) {
        put_escape(text, character);
    } else {
        put_escape(text, 0xD800 | (character - 0x10000) >> 10);
        put_escape(text, 0xDC00 | (character & 0x3FF));
    }
    return WRITTEN;
}

/* Are eight bytes ASCII that stands as it is? The high bit of a byte tells, of `~word` and of three differences. */
static int is_plain(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\'), last = word ^ (ones * 0x7F);
    return !((word | (word - ones * 0x20) | (quote - ones) | (slash - ones) | (last - ones)) & high);
}

/* Copies ASCII that stands as it is, up to the first other character, whose place is the answer. */
static Py_ssize_t put_plain(Text *text, const void *data, int kind, Py_ssize_t at, Py_ssize_t end) {
    char *to = text->data + text->used, *const first = to;
    if (kind == PyUnicode_1BYTE_KIND) {
        uint64_t word;
        for (; at + 8 <= end; at += 8, to += 8) {
            memcpy(&word, (const char *)data + at, 8);
            if (!is_plain(word)) break;
            memcpy(to, &word, 8);
        }
    } else if (kind == PyUnicode_2BYTE_KIND) {
        const Py_UCS2 *units = data;
        for (; at < end; at++) {
            const Py_UCS2 unit = units[at];
            if (unit < 0x20 || unit >= 0x7F || unit == '"' || unit == '\\') break;
            *to++ = (char)unit;
        }
    }
    text->used += (size_t)(to - first);
    return at;
}

static int put_piece(Text *text, PyObject *string, Py_ssize_t first, Py_ssize_t end) {
    const int kind = PyUnicode_KIND(string);
    const void *data = PyUnicode_DATA(string);
    if (room(text, (size_t)(end - first) * LONGEST) != WRITTEN) return FAILED;
    for (Py_ssize_t at = first; at < end; at++) {
        at = put_plain(text, data, kind, at, end);
        if (at < end && put_character(text, PyUnicode_READ(kind, data, at)) != WRITTEN) return OTHERWISE;
    }
    return WRITTEN;
}

static int put_string(Text *text, PyObject *string) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(string);
    if (put(text, "\"", 1) != WRITTEN) return FAILED;
    for (Py_ssize_t first = 0; first < length; first += PIECE) {
        const int result = put_piece(text, string, first, first + PIECE < length ? first + PIECE : length);
        if (result != WRITTEN) return result;
    }
    return put(text, "\"", 1);
}

static int put_repr(Text *text, PyObject *number, reprfunc repr) {
    PyObject *digits = repr(number);
    Py_ssize_t size = 0;
    const char *data = digits ? PyUnicode_AsUTF8AndSize(digits, &size) : NULL;
    const int result = data ? put(text, data, (size_t)size) : FAILED;
    Py_XDECREF(digits);
    return result;
}

static int put_value(Text *text, PyObject *value, int depth);

static int put_sequence(Text *text, PyObject *values, int depth) {
    int result = put(text, "[", 1);
    for (Py_ssize_t at = 0; result == WRITTEN && at < PySequence_Fast_GET_SIZE(values); at++) {
        if (at && (result = put(text, ", ", text->sorted ? 2 : 1)) != WRITTEN) break;
        result = put_value(text, PySequence_Fast_GET_ITEM(values, at), depth);
    }
    return result == WRITTEN ? put(text, "]", 1) : result;
}

static int put_pairs(Text *text, PyObject *dict, PyObject *keys, int depth) {
    int result = put(text, "{", 1);
    for (Py_ssize_t at = 0; result == WRITTEN && at < PyList_GET_SIZE(keys); at++) {
        PyObject *key = PyList_GET_ITEM(keys, at), *value = PyDict_GetItemWithError(dict, key); /* borrowed */
        if (value == NULL) return PyErr_Occurred() ? FAILED : OTHERWISE;
        if (at && (result = put(text, ", ", text->sorted ? 2 : 1)) != WRITTEN) break;
        if ((result = put_string(text, key)) != WRITTEN || (result = put(text, ": ", text->sorted ? 2 : 1)) != WRITTEN) break;
        result = put_value(text, value, depth);
    }
    return result == WRITTEN ? put(text, "}", 1) : result;
}

static int put_dict(Text *text, PyObject *dict, int depth) {
    PyObject *keys = PyDict_Keys(dict);
    if (keys == NULL) return FAILED;
    int result = WRITTEN;
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(keys); at++)
        if (!PyUnicode_CheckExact(PyList_GET_ITEM(keys, at))) result = OTHERWISE;
    if (result == WRITTEN && text->sorted && PyList_Sort(keys) < 0) result = FAILED;
    if (result == WRITTEN) result = put_pairs(text, dict, keys, depth);
    Py_DECREF(keys);
    return result;
}

static int put_value(Text *text, PyObject *value, int depth) {
    if (PyUnicode_Check(value)) return put_string(text, value);
    if (value == Py_None) return put(text, "null", 4);
    if (value == Py_True) return put(text, "true", 4);
    if (value == Py_False) return put(text, "false", 5);
    if (PyLong_Check(value)) return put_repr(text, value, PyLong_Type.tp_repr);
    if (PyFloat_Check(value)) {
        const double number = PyFloat_AS_DOUBLE(value);
        return number - number == 0 ? put_repr(text, value, PyFloat_Type.tp_repr) : OTHERWISE;
    }
    if (depth >= DEEPEST) return OTHERWISE;
    if (PyDict_CheckExact(value)) return put_dict(text, value, depth + 1);
    if (PyList_CheckExact(value) || PyTuple_CheckExact(value)) return put_sequence(text, value, depth + 1);
    return OTHERWISE;
}

PyObject *accelerator_json(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "json takes 3 arguments, not %zd", count);
    Text text = {NULL, 0, 0, PyObject_IsTrue(args[1]), PyObject_IsTrue(args[2])};
    if (text.ascii < 0 || text.sorted < 0) return NULL;
    const int result = room(&text, 4096) == WRITTEN ? put_value(&text, args[0], 0) : FAILED;
    PyObject *answer = NULL;
    if (result == WRITTEN) answer = PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.used);
    else if (result == OTHERWISE) answer = Py_NewRef(Py_None);
    PyMem_Free(text.data);
    return answer;
}
