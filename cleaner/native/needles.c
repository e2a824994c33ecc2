/* heuristics/certain.py: which of some strings stand in a text, wherever they begin. A filter by their first four
 * characters leaves few places to compare; shorter ones, of scripts in which a word is short, have one of their own. */
#include "text.h"

#define FILTER_BITS 13
#define BUCKETS 256
#define HEAD 4

/* Strings by the hash of how they begin: a filter, and lists of those with one place in it, -1 behind the last. */
typedef struct {
    uint8_t bits[1 << (FILTER_BITS - 3)];
    Py_ssize_t buckets[BUCKETS];
} Filter;

typedef struct {
    PyObject_HEAD
    PyObject *needles; /* a list of strings of two characters and more */
    Py_ssize_t *next;
    Filter longer, shorter; /* by their first HEAD characters, by two of what has fewer */
    Py_UCS4 lowest;         /* of the first characters of short ones */
} Needles;

static ALWAYS uint32_t place_of(uint64_t head) { return (uint32_t)((head * 0x9E3779B97F4A7C15u) >> (64 - FILTER_BITS)); }
static ALWAYS uint64_t head_with(uint64_t head, Py_UCS4 character) { return head << 16 | character; }
static ALWAYS int holds(const Filter *filter, uint32_t place) { return filter->bits[place >> 3] >> (place & 7) & 1; }

static void add(Needles *self, Py_ssize_t number, PyObject *needle) {
    const int length = PyUnicode_GET_LENGTH(needle) < HEAD ? 2 : HEAD;
    Filter *filter = length == HEAD ? &self->longer : &self->shorter;
    uint64_t head = 0;
    for (int at = 0; at < length; at++) head = head_with(head, PyUnicode_READ_CHAR(needle, at));
    const uint32_t place = place_of(head);
    filter->bits[place >> 3] |= (uint8_t)(1 << (place & 7));
    self->next[number] = filter->buckets[place % BUCKETS];
    filter->buckets[place % BUCKETS] = number;
    if (length < HEAD && PyUnicode_READ_CHAR(needle, 0) < self->lowest) self->lowest = PyUnicode_READ_CHAR(needle, 0);
}

static void dealloc(PyObject *object) {
    Needles *self = (Needles *)object;
    Py_XDECREF(self->needles);
    PyMem_Free(self->next);
    Py_TYPE(object)->tp_free(object);
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *given;
    if (keywords != NULL) return PyErr_Format(PyExc_TypeError, "a list of strings is needed");
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    Needles *self = (Needles *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    const Py_ssize_t count = PyList_GET_SIZE(given);
    self->needles = PyList_GetSlice(given, 0, count);
    self->next = PyMem_Calloc((size_t)count + 1, sizeof *self->next);
    if (self->needles == NULL || self->next == NULL) goto failed;
    for (int bucket = 0; bucket < BUCKETS; bucket++) self->longer.buckets[bucket] = self->shorter.buckets[bucket] = -1;
    self->lowest = UINT32_MAX;
    for (Py_ssize_t number = 0; number < count; number++) {
        PyObject *needle = PyList_GET_ITEM(self->needles, number);
        if (!PyUnicode_Check(needle) || PyUnicode_GET_LENGTH(needle) < 2) {
            PyErr_SetString(PyExc_TypeError, "strings of two characters and more are needed");
            goto failed;
        }
        add(self, number, needle);
    }
    return (PyObject *)self;
failed:
    Py_DECREF(self);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

static int stands_at(const Text *text, Py_ssize_t start, PyObject *needle) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(needle);
    if (length > text->length - start) return 0;
    const int kind = PyUnicode_KIND(needle);
    const void *data = PyUnicode_DATA(needle);
    for (Py_ssize_t at = 0; at < length; at++)
        if (PyUnicode_READ(kind, data, at) != at_(text, start + at)) return 0;
    return 1;
}

static void compare(const Needles *self, const Filter *filter, uint32_t place, const Text *text, Py_ssize_t start, uint8_t *marks) {
    for (Py_ssize_t number = filter->buckets[place % BUCKETS]; number >= 0; number = self->next[number])
        if (!marks[number]) marks[number] = (uint8_t)stands_at(text, start, PyList_GET_ITEM(self->needles, number));
}

/* Marks the needles that stand in the text. */
static ALWAYS void mark(const Needles *self, const Text *text, uint8_t *marks) {
    uint64_t head = 0;
    for (Py_ssize_t at = 0; at < text->length; at++) {
        const Py_UCS4 character = at_(text, at);
        head = head_with(head, character);
        const uint32_t place = place_of(head);
        if (at >= HEAD - 1 && holds(&self->longer, place)) compare(self, &self->longer, place, text, at - HEAD + 1, marks);
        if (character < self->lowest || at + 1 == text->length) continue;
        const uint32_t first = place_of(head_with(character, at_(text, at + 1)));
        if (holds(&self->shorter, first)) compare(self, &self->shorter, first, text, at, marks);
    }
}

static PyObject *search(PyObject *object, PyObject *string) {
    const Needles *self = (const Needles *)object;
    if (!PyUnicode_Check(string)) return PyErr_Format(PyExc_TypeError, "a text is needed");
    Text text = {PyUnicode_KIND(string), PyUnicode_DATA(string), PyUnicode_GET_LENGTH(string)};
    const Py_ssize_t count = PyList_GET_SIZE(self->needles);
    uint8_t *marks = PyMem_Calloc((size_t)count + 1, 1);
    PyObject *standing = marks == NULL ? PyErr_NoMemory() : PyList_New(0);
    if (standing != NULL) {
        if (text.kind == PyUnicode_1BYTE_KIND) text.kind = PyUnicode_1BYTE_KIND, mark(self, &text, marks);
        else if (text.kind == PyUnicode_2BYTE_KIND) text.kind = PyUnicode_2BYTE_KIND, mark(self, &text, marks);
        else mark(self, &text, marks);
    }
    for (Py_ssize_t number = 0; standing != NULL && number < count; number++)
        if (marks[number] && PyList_Append(standing, PyList_GET_ITEM(self->needles, number)) < 0) Py_CLEAR(standing);
    PyMem_Free(marks);
    return standing;
}

static PyMethodDef methods[] = {
    {"search", search, METH_O, "search(text) -> [the strings that stand in it]"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject NeedlesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleaner._accelerator.Needles",
    .tp_doc = "Needles(list of strings of two characters and more)",
    .tp_basicsize = sizeof(Needles),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = new,
    .tp_dealloc = dealloc,
    .tp_methods = methods,
};

int accelerator_add_needles(PyObject *module) {
    if (PyType_Ready(&NeedlesType) < 0) return -1;
    return PyModule_AddObjectRef(module, "Needles", (PyObject *)&NeedlesType);
}
