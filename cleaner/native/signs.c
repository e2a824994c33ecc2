/* heuristics/signs.py: which shapes a block may have and whether it may be program text, by its characters alone. */
#include "text.h"

#define MOST_PATTERNS 32
enum { EARLY = 4, HEAD = 64 };
enum { CODED = 1, UNSEEN = 2 };

typedef struct {
    Py_ssize_t longest;
    PyObject *needs, *ends, *words;
    uint64_t bits; /* of the characters needed */
    int is_open, counts;
} Shape;

typedef struct {
    PyObject_HEAD
    PyObject *given, *stops;
    int count;
    Py_ssize_t longest;
    Shape shapes[MOST_PATTERNS];
    uint64_t ascii[128];
    int further;
    Py_UCS4 others[64];
    uint64_t other_bits[64];
} Signs;

static ALWAYS uint64_t bits_of(const Signs *self, Py_UCS4 character) {
    if (character < 128) return self->ascii[character];
    for (int at = 0; at < self->further; at++)
        if (self->others[at] == character) return self->other_bits[at];
    return 0;
}

/* One more bit for a character that has none. */
static int add_character(Signs *self, Py_UCS4 character, int *used) {
    if (bits_of(self, character)) return 0;
    if (*used == 64) return PyErr_Format(PyExc_ValueError, "too many characters"), -1;
    const uint64_t bit = (uint64_t)1 << (*used)++;
    if (character < 128) {
        self->ascii[character] = bit;
    } else {
        self->others[self->further] = character;
        self->other_bits[self->further++] = bit;
    }
    return 0;
}

static int are_strings(PyObject *tuple) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(tuple); at++) {
        PyObject *string = PyTuple_GET_ITEM(tuple, at);
        if (!PyUnicode_Check(string) || PyUnicode_GET_LENGTH(string) == 0)
            return PyErr_Format(PyExc_TypeError, "strings that are not empty are needed"), 0;
    }
    return 1;
}

static int add_shape(Signs *self, PyObject *given, int *used) {
    Shape *shape = &self->shapes[self->count];
    if (!PyArg_ParseTuple(given, "nUO!pO!p", &shape->longest, &shape->needs, &PyTuple_Type, &shape->ends, &shape->is_open,
                          &PyTuple_Type, &shape->words, &shape->counts) ||
        !are_strings(shape->ends) || !are_strings(shape->words))
        return -1;
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(shape->needs); at++) {
        const Py_UCS4 character = PyUnicode_READ_CHAR(shape->needs, at);
        if (add_character(self, character, used) < 0) return -1;
        shape->bits |= bits_of(self, character);
    }
    if (shape->longest > self->longest) self->longest = shape->longest;
    self->count++;
    return 0;
}

static void dealloc(PyObject *object) {
    Py_XDECREF(((Signs *)object)->given);
    Py_TYPE(object)->tp_free(object);
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *shapes, *stops;
    if (keywords != NULL) return PyErr_Format(PyExc_TypeError, "no names of arguments are known");
    if (!PyArg_ParseTuple(args, "O!U", &PyTuple_Type, &shapes, &stops)) return NULL;
    if (PyTuple_GET_SIZE(shapes) > MOST_PATTERNS) return PyErr_Format(PyExc_ValueError, "too many patterns");
    Signs *self = (Signs *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    int used = 0;
    self->given = Py_NewRef(args);
    self->stops = stops;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(shapes); at++)
        if (!PyTuple_Check(PyTuple_GET_ITEM(shapes, at)) || add_shape(self, PyTuple_GET_ITEM(shapes, at), &used) < 0) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a pattern is a tuple");
            Py_DECREF(self);
            return NULL;
        }
    return (PyObject *)self;
}

static int ends_with(const Text *text, PyObject *end) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(end), start = text->length - length;
    Py_ssize_t at = 0;
    if (start < 0) return 0;
    while (at < length && PyUnicode_READ_CHAR(end, at) == at_(text, start + at)) at++;
    return at == length;
}

static int holds(const Text *text, PyObject *word) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(word);
    const Py_UCS4 first = PyUnicode_READ_CHAR(word, 0);
    for (Py_ssize_t start = 0; start + length <= text->length; start++) {
        Py_ssize_t at = 1;
        if (at_(text, start) != first) continue;
        while (at < length && at_(text, start + at) == PyUnicode_READ_CHAR(word, at)) at++;
        if (at == length) return 1;
    }
    return 0;
}

static int any_of(const Text *text, PyObject *strings, int (*has)(const Text *, PyObject *)) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(strings); at++)
        if (has(text, PyTuple_GET_ITEM(strings, at))) return 1;
    return PyTuple_GET_SIZE(strings) == 0;
}

/* Does a digit of any script stand at the beginning? */
static int begins_to_count(const Text *text) {
    for (Py_ssize_t at = 0; at < text->length && at < EARLY; at++)
        if (Py_UNICODE_ISDECIMAL(at_(text, at))) return 1;
    return 0;
}

static int may_have(const Signs *self, const Text *text, const Shape *shape, uint64_t all) {
    if (text->length > shape->longest || !(shape->bits & all) || (shape->counts && !begins_to_count(text))) return 0;
    if (shape->is_open && is_in(at_(text, text->length - 1), self->stops)) return 0;
    return any_of(text, shape->ends, ends_with) && any_of(text, shape->words, holds);
}

static ALWAYS uint32_t shapes_of(const Signs *self, const Text *text) {
    uint64_t all = 0;
    if (text->length > self->longest) return 0;
    for (Py_ssize_t at = 0; at < text->length; at++) all |= bits_of(self, at_(text, at));
    uint32_t shapes = 0;
    for (int number = 0; all && number < self->count; number++)
        shapes |= (uint32_t)may_have(self, text, &self->shapes[number], all) << number;
    return shapes;
}

static ALWAYS long looks_of(const Text *text) {
    long looks = UNSEEN;
    for (Py_ssize_t at = 0; at < text->length && at < HEAD; at++) {
        const Py_UCS4 c = at_(text, at);
        if (c < 127 ? c > ' ' : Py_UNICODE_ISPRINTABLE(c) && !Py_UNICODE_ISSPACE(c)) {
            looks = 0;
            break;
        }
    }
    int coded = 0; /* without a way out of the loop, so that several characters are looked at at once */
    for (Py_ssize_t at = 0; at + 1 < text->length; at++) {
        const Py_UCS4 c = at_(text, at);
        coded |= (c == '{') | (c == ';') | ((c == '<') & (at_(text, at + 1) == '/'));
    }
    const Py_UCS4 last = at_(text, text->length - 1);
    return coded || last == '{' || last == ';' ? looks | CODED : looks;
}

static int add(PyObject *signs, Py_ssize_t number, uint32_t shapes, long looks) {
    PyObject *sign = Py_BuildValue("nkl", number, (unsigned long)shapes, looks);
    const int done = sign == NULL ? -1 : PyList_Append(signs, sign);
    Py_XDECREF(sign);
    return done;
}

static PyObject *find(PyObject *object, PyObject *texts) {
    const Signs *self = (const Signs *)object;
    if (!PyList_Check(texts)) return PyErr_Format(PyExc_TypeError, "a list of texts is needed");
    PyObject *signs = PyList_New(0);
    for (Py_ssize_t number = 0; signs != NULL && number < PyList_GET_SIZE(texts); number++) {
        PyObject *string = PyList_GET_ITEM(texts, number);
        if (!PyUnicode_Check(string) || PyUnicode_GET_LENGTH(string) == 0) {
            PyErr_SetString(PyExc_TypeError, "texts that are not empty are needed");
            Py_CLEAR(signs);
            break;
        }
        Text text = {PyUnicode_KIND(string), PyUnicode_DATA(string), PyUnicode_GET_LENGTH(string)};
        uint32_t shapes;
        long looks;
        if (text.kind == PyUnicode_1BYTE_KIND) text.kind = PyUnicode_1BYTE_KIND, shapes = shapes_of(self, &text), looks = looks_of(&text);
        else shapes = shapes_of(self, &text), looks = looks_of(&text);
        if ((shapes || looks) && add(signs, number, shapes, looks) < 0) Py_CLEAR(signs);
    }
    return signs;
}

static PyMethodDef methods[] = {
    {"find", find, METH_O, "find(texts) -> [(number, bits of the patterns it may have, 1 for code | 2 for nothing seen)]"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject SignsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleaner._accelerator.Signs",
    .tp_doc = "Signs(patterns: (longest, needs, ends, is open, words, counts), stops)",
    .tp_basicsize = sizeof(Signs),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = new,
    .tp_dealloc = dealloc,
    .tp_methods = methods,
};

int accelerator_add_signs(PyObject *module) {
    if (PyType_Ready(&SignsType) < 0) return -1;
    return PyModule_AddObjectRef(module, "Signs", (PyObject *)&SignsType);
}
