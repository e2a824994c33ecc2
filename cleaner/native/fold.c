/* heuristics/cues.py, `fold`: lower case with straight quotes and plain spaces, one sign for one. */
#include "accelerator.h"

typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

static ALWAYS Py_UCS4 folded(Py_UCS4 sign) {
    if (sign < 128) return sign - 'A' < 26u ? sign + 32 : sign;
    switch (sign) {
    case 0x2018:
    case 0x2019: return '\'';
    case 0xA0:
    case 0x202F: return ' ';
    case 0x130: return sign; /* in lower case it is two */
    default: return Py_UNICODE_TOLOWER(sign);
    }
}

/* The highest sign of the folded text, or more; 0 for a capital sigma, whose lower case hangs on its neighbours. */
static ALWAYS Py_UCS4 highest(const Text *text) {
    Py_UCS4 most = 127;
    for (Py_ssize_t at = 0; at < text->length; at++) {
        const Py_UCS4 sign = PyUnicode_READ(text->kind, text->data, at);
        if (sign < 128) continue;
        if (sign == 0x3A3) return 0;
        most |= folded(sign);
    }
    return most <= 0x10FFFF ? most : 0x10FFFF;
}

static ALWAYS void lower(const Text *text, int kind, void *data) {
    for (Py_ssize_t at = 0; at < text->length; at++)
        PyUnicode_WRITE(kind, data, at, folded(PyUnicode_READ(text->kind, text->data, at)));
}

static Py_UCS4 highest_of(Text text) {
    if (text.kind == PyUnicode_1BYTE_KIND) return text.kind = PyUnicode_1BYTE_KIND, highest(&text);
    if (text.kind == PyUnicode_2BYTE_KIND) return text.kind = PyUnicode_2BYTE_KIND, highest(&text);
    return highest(&text);
}

static void lower_all(Text text, int kind, void *data) {
    if (text.kind == PyUnicode_1BYTE_KIND && kind == PyUnicode_1BYTE_KIND)
        text.kind = PyUnicode_1BYTE_KIND, lower(&text, PyUnicode_1BYTE_KIND, data);
    else if (text.kind == PyUnicode_2BYTE_KIND && kind == PyUnicode_1BYTE_KIND)
        text.kind = PyUnicode_2BYTE_KIND, lower(&text, PyUnicode_1BYTE_KIND, data);
    else if (text.kind == PyUnicode_2BYTE_KIND && kind == PyUnicode_2BYTE_KIND)
        text.kind = PyUnicode_2BYTE_KIND, lower(&text, PyUnicode_2BYTE_KIND, data);
    else
        lower(&text, kind, data);
}

PyObject *accelerator_fold(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 1 || !PyUnicode_Check(args[0])) return PyErr_Format(PyExc_TypeError, "a text is needed");
    const Text text = {PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), PyUnicode_GET_LENGTH(args[0])};
    const Py_UCS4 most = highest_of(text);
    if (most == 0) Py_RETURN_NONE;
    PyObject *lowered = PyUnicode_New(text.length, most);
    if (lowered != NULL && text.length) lower_all(text, PyUnicode_KIND(lowered), PyUnicode_DATA(lowered));
    return lowered;
}
