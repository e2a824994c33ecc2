/* heuristics/cue_matcher.py: the phrases of a table and what they stand for, read once for many documents. */
#include "phrases.h"

static uint32_t hash_of(PyObject *phrase, Py_ssize_t length) {
    uint32_t hash = 0;
    for (Py_ssize_t at = 0; at < length; at++) hash = hash_with(hash, PyUnicode_READ_CHAR(phrase, at));
    return hash;
}

static void add_to_filter(Phrases *self, uint32_t hash) {
    self->filter[place_of(hash) >> 3] |= (uint8_t)(1 << (place_of(hash) & 7));
}

static void add_phrase(Phrases *self, Py_ssize_t number) {
    PyObject *phrase = phrase_at(self, number);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(phrase);
    const uint32_t hash = self->hashes[number] = hash_of(phrase, length);
    size_t slot = slot_of(self, hash);
    while (self->table[slot] != NONE) slot = (slot + 1) & self->mask;
    self->table[slot] = (uint32_t)number;
    if (length < HEAD) {
        add_to_filter(self, hash);
        self->shorter[PyUnicode_READ_CHAR(phrase, 0) & ((1 << FIRST_BITS) - 1)] |= (uint16_t)(1 << length);
    }
    if (length >= EARLY) add_to_filter(self, hash_of(phrase, EARLY));
    if (length >= LATE) add_to_filter(self, hash_of(phrase, LATE));
    if (length < HEAD) return;
    const uint32_t start = hash_of(phrase, HEAD);
    add_to_filter(self, start);
    Head *head = head_of(self, start);
    head->hash = start;
    head->count++; /* at most, until `add_lengths` knows which lengths are the same */
}

/* The phrases come by their lengths, so those of each head do, too. */
static void add_lengths(Phrases *self) {
    uint32_t total = 0;
    for (size_t slot = 0; slot <= self->mask; slot++) {
        Head *head = &self->heads[slot];
        head->first = total;
        total += head->count;
        if (head->count) head->count = NONE; /* none yet, but not empty */
    }
    for (Py_ssize_t number = 0; number < self->count; number++) {
        const Py_ssize_t length = PyUnicode_GET_LENGTH(phrase_at(self, number));
        if (length < HEAD) continue;
        Head *head = head_of(self, hash_of(phrase_at(self, number), HEAD));
        if (head->count == NONE) head->count = 0;
        if (head->count && self->lengths[head->first + head->count - 1] == length) continue;
        self->lengths[head->first + head->count++] = (uint32_t)length;
    }
}

static int add_meanings(Phrases *self, PyObject *all) {
    Py_ssize_t total = 0;
    for (Py_ssize_t number = 0; number < self->count; number++) {
        PyObject *meanings = PyList_GET_ITEM(all, number);
        if (!PyTuple_Check(meanings)) return PyErr_Format(PyExc_TypeError, "the meanings of a phrase are a tuple"), -1;
        self->first_meanings[number] = total;
        total += PyTuple_GET_SIZE(meanings);
    }
    self->first_meanings[self->count] = total;
    self->meanings = PyMem_Calloc((size_t)total + 1, sizeof *self->meanings);
    if (self->meanings == NULL) return PyErr_NoMemory(), -1;
    for (Py_ssize_t number = 0; number < self->count; number++) {
        PyObject *meanings = PyList_GET_ITEM(all, number);
        for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(meanings); at++) {
            Meaning *meaning = &self->meanings[self->first_meanings[number] + at];
            if (!PyArg_ParseTuple(PyTuple_GET_ITEM(meanings, at), "lOO", &meaning->role, &meaning->object, &meaning->source))
                return -1;
            if (meaning->role < 0 || meaning->role >= ROLES) return PyErr_Format(PyExc_ValueError, "an unknown role"), -1;
        }
    }
    return 0;
}

static int are_phrases(PyObject *phrases, PyObject *meanings) {
    const Py_ssize_t count = PyList_GET_SIZE(phrases);
    Py_ssize_t before = 1;
    if (count != PyList_GET_SIZE(meanings)) return PyErr_Format(PyExc_ValueError, "each phrase has its meanings"), 0;
    for (Py_ssize_t number = 0; number < count; number++) {
        PyObject *phrase = PyList_GET_ITEM(phrases, number);
        if (!PyUnicode_Check(phrase) || PyUnicode_GET_LENGTH(phrase) < before || PyUnicode_GET_LENGTH(phrase) >= NONE)
            return PyErr_Format(PyExc_TypeError, "phrases are strings that are not empty, the shortest first"), 0;
        before = PyUnicode_GET_LENGTH(phrase);
    }
    return 1;
}

void free_phrases(PyObject *object) {
    Phrases *self = (Phrases *)object;
    Py_XDECREF(self->given);
    PyMem_Free(self->meanings);
    PyMem_Free(self->first_meanings);
    PyMem_Free(self->hashes);
    PyMem_Free(self->table);
    PyMem_Free(self->lengths);
    PyMem_Free(self->heads);
    Py_TYPE(object)->tp_free(object);
}

PyObject *new_phrases(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *phrases, *meanings, *hit, *hits, *protection;
    Py_ssize_t most;
    if (keywords != NULL) return PyErr_Format(PyExc_TypeError, "no names of arguments are known");
    if (!PyArg_ParseTuple(args, "O!O!O!OUn", &PyList_Type, &phrases, &PyList_Type, &meanings, &PyType_Type, &hit, &hits,
                          &protection, &most) || !are_phrases(phrases, meanings))
        return NULL;
    if (!PyType_IsSubtype((PyTypeObject *)hit, &PyTuple_Type)) return PyErr_Format(PyExc_TypeError, "a hit is a tuple");
    Phrases *self = (Phrases *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    const size_t count = (size_t)(self->count = PyList_GET_SIZE(phrases));
    self->most = most;
    self->given = Py_BuildValue("NNOOO", PyList_GetSlice(phrases, 0, self->count), PyList_GetSlice(meanings, 0, self->count), hit, hits, protection);
    self->hit_class = hit, self->hits_class = hits, self->protection = protection;
    self->mask = 63;
    while (self->mask < 2 * count) self->mask = 2 * self->mask + 1;
    self->first_meanings = PyMem_Calloc(count + 1, sizeof *self->first_meanings);
    self->hashes = PyMem_Calloc(count + 1, sizeof *self->hashes);
    self->lengths = PyMem_Calloc(count + 1, sizeof *self->lengths);
    self->table = PyMem_Malloc((self->mask + 1) * sizeof *self->table);
    self->heads = PyMem_Calloc(self->mask + 1, sizeof *self->heads);
    if (!self->given || !self->first_meanings || !self->hashes || !self->lengths || !self->table || !self->heads) {
        Py_DECREF(self);
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    memset(self->table, 0xFF, (self->mask + 1) * sizeof *self->table);
    for (Py_ssize_t number = 0; number < self->count; number++) add_phrase(self, number);
    add_lengths(self);
    if (add_meanings(self, PyTuple_GET_ITEM(self->given, 1)) < 0) Py_CLEAR(self);
    return (PyObject *)self;
}
