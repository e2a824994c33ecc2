/* heuristics/cue_matcher.py: all phrases of a table in a document, at the places where they may stand. A phrase may only
 * begin at a word's edge, at a capital, or in a script without spaces: from each such place a trie is walked. That is
 * linear in the text, with the longest phrase as the factor. */
#include "accelerator.h"

#define FILTER_BITS 17
#define FIRST_BITS 10
#define HEAD 5
#define NONE UINT32_MAX

typedef struct {
    PyObject_HEAD
    uint64_t *keys; /* node and character; 0 in an empty slot, since no edge leads from node 0 */
    uint32_t *nodes, *patterns;
    size_t mask, used, count;
    uint8_t shorter[1 << FIRST_BITS];  /* by its first character, the lengths of phrases of less than HEAD: a bit each */
    uint8_t heads[1 << (FILTER_BITS - 3)]; /* all of a short phrase, the first HEAD characters of others */
} Phrases;

enum { ROOT = 1 };

static inline size_t slot_of(uint64_t key, size_t mask) {
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 24) & mask;
}

static inline uint64_t key_of(uint32_t node, Py_UCS4 character) { return (uint64_t)node << 21 | character; }

static inline uint32_t step(const Phrases *self, uint32_t node, Py_UCS4 character) {
    const uint64_t key = key_of(node, character);
    size_t slot = slot_of(key, self->mask);
    while (self->keys[slot] != key) {
        if (self->keys[slot] == 0) return NONE;
        slot = (slot + 1) & self->mask;
    }
    return self->nodes[slot];
}

/* A place in the filter for the first characters of a phrase, made one character after the other. */
static ALWAYS uint32_t head_with(uint32_t head, Py_UCS4 character) { return (head ^ character) * 0x9E3779B1u; }
static ALWAYS uint32_t place_of(uint32_t head) { return (head ^ head >> 15) & ((1u << FILTER_BITS) - 1); }

static inline int is_set(const uint8_t *bits, uint32_t at) { return bits[at >> 3] >> (at & 7) & 1; }

static void add(Phrases *self, PyObject *phrase, uint32_t pattern) {
    const int kind = PyUnicode_KIND(phrase);
    const void *data = PyUnicode_DATA(phrase);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(phrase);
    uint32_t node = ROOT;
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 character = PyUnicode_READ(kind, data, at);
        uint32_t next = step(self, node, character);
        if (next == NONE) {
            const uint64_t key = key_of(node, character);
            size_t slot = slot_of(key, self->mask);
            while (self->keys[slot]) slot = (slot + 1) & self->mask;
            next = (uint32_t)++self->count;
            self->keys[slot] = key;
            self->nodes[slot] = next;
            self->patterns[next] = NONE;
        }
        node = next;
    }
    self->patterns[node] = pattern;
    uint32_t head = 0;
    for (Py_ssize_t at = 0; at < length && at < HEAD; at++) head = head_with(head, PyUnicode_READ(kind, data, at));
    head = place_of(head);
    self->heads[head >> 3] |= (uint8_t)(1 << (head & 7));
    if (length < HEAD) self->shorter[PyUnicode_READ(kind, data, 0) & ((1 << FIRST_BITS) - 1)] |= (uint8_t)(1 << length);
}

static void dealloc(PyObject *object) {
    Phrases *self = (Phrases *)object;
    PyMem_Free(self->keys);
    PyMem_Free(self->nodes);
    PyMem_Free(self->patterns);
    Py_TYPE(object)->tp_free(object);
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *phrases;
    if (keywords != NULL || !PyArg_ParseTuple(args, "O!", &PyList_Type, &phrases)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a list of phrases is needed");
        return NULL;
    }
    size_t characters = 2;
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(phrases); at++) {
        PyObject *phrase = PyList_GET_ITEM(phrases, at);
        if (!PyUnicode_Check(phrase) || PyUnicode_GET_LENGTH(phrase) == 0)
            return PyErr_Format(PyExc_TypeError, "a phrase is a string that is not empty");
        characters += (size_t)PyUnicode_GET_LENGTH(phrase);
    }
    Phrases *self = (Phrases *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->mask = 63;
    while (self->mask < 2 * characters) self->mask = 2 * self->mask + 1;
    self->keys = PyMem_Calloc(self->mask + 1, sizeof *self->keys);
    self->nodes = PyMem_Calloc(self->mask + 1, sizeof *self->nodes);
    self->patterns = PyMem_Calloc(characters + 1, sizeof *self->patterns);
    self->count = ROOT;
    if (!self->keys || !self->nodes || !self->patterns) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    self->patterns[ROOT] = NONE;
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(phrases); at++) add(self, PyList_GET_ITEM(phrases, at), (uint32_t)at);
    return (PyObject *)self;
}

/* Both texts have the same length; borders of the block that is searched. */
typedef struct {
    int kind, original_kind;
    const void *data, *original;
    Py_ssize_t length, floor, ceiling;
} Text;

static ALWAYS Py_UCS4 at_(const Text *text, Py_ssize_t at) { return PyUnicode_READ(text->kind, text->data, at); }
static ALWAYS Py_UCS4 original_at(const Text *text, Py_ssize_t at) {
    return PyUnicode_READ(text->original_kind, text->original, at);
}

static inline int is_word(Py_UCS4 character) {
    if (character < 128) return character - 'a' < 26u || character - '0' < 10u || character - 'A' < 26u;
    return Py_UNICODE_ISALNUM(character);
}

static inline int is_spaceless(Py_UCS4 c) {
    return c >= 0x0E00 && (c <= 0x0EFF || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || c >= 0x2E80);
}

static inline int is_free_right(const Text *text, Py_ssize_t end) {
    if (end == text->ceiling) return 1;
    const Py_UCS4 last = at_(text, end - 1);
    return !is_word(last) || !is_word(at_(text, end)) || is_spaceless(last);
}

/* Told apart from the word before it by its capital. */
static int is_camel_left(const Text *text, Py_ssize_t start) {
    return Py_UNICODE_ISUPPER(original_at(text, start)) && !Py_UNICODE_ISUPPER(original_at(text, start - 1));
}

static int is_camel_right(const Text *text, Py_ssize_t end) {
    if (!Py_UNICODE_ISUPPER(original_at(text, end))) return 0;
    return !Py_UNICODE_ISUPPER(original_at(text, end - 1)) ||
           (end + 1 < text->length && Py_UNICODE_ISLOWER(original_at(text, end + 1)));
}

static int report(PyObject *matches, uint32_t pattern, Py_ssize_t block, Py_ssize_t start, Py_ssize_t end, int is_free) {
    PyObject *match = PyTuple_New(5);
    if (match == NULL) return -1;
    const long values[4] = {(long)pattern, (long)block, (long)start, (long)end};
    for (int at = 0; at < 4; at++) {
        PyObject *number = PyLong_FromLong(values[at]);
        if (number == NULL) {
            Py_DECREF(match);
            return -1;
        }
        PyTuple_SET_ITEM(match, at, number);
    }
    PyTuple_SET_ITEM(match, 4, Py_NewRef(is_free ? Py_True : Py_False));
    const int done = PyList_Append(matches, match);
    Py_DECREF(match);
    return done;
}

/* The phrases that begin at `start`. */
static __attribute__((noinline)) int walk(const Phrases *self, const Text *text, Py_ssize_t start, Py_ssize_t block, int left, PyObject *matches) {
    uint32_t node = ROOT;
    for (Py_ssize_t at = start; at < text->ceiling; at++) {
        if ((node = step(self, node, at_(text, at))) == NONE) return 0;
        const uint32_t pattern = self->patterns[node];
        if (pattern == NONE) continue;
        const int right = is_free_right(text, at + 1);
        if ((right || is_camel_right(text, at + 1)) && report(matches, pattern, block, start, at + 1, left && right) < 0)
            return -1;
    }
    return 0;
}

static ALWAYS int may_begin(const Phrases *self, const Text *text, Py_ssize_t start, Py_UCS4 first) {
    const Py_ssize_t left = text->ceiling - start;
    const uint8_t shorter = self->shorter[first & ((1 << FIRST_BITS) - 1)];
    uint32_t head = head_with(0, first);
    for (int length = 1; length < HEAD; length++) {
        if (shorter >> length & 1 && is_set(self->heads, place_of(head))) return 1;
        if (length >= left) return 0;
        head = head_with(head, at_(text, start + length));
    }
    return is_set(self->heads, place_of(head));
}

static ALWAYS int search_block(const Phrases *self, const Text *text, Py_ssize_t block, PyObject *matches) {
    int word_before = 0;
    for (Py_ssize_t start = text->floor; start < text->ceiling; start++) {
        const Py_UCS4 first = at_(text, start);
        const int word = is_word(first), left = !(word && word_before) || is_spaceless(first);
        word_before = word;
        /* within a word only where a capital begins, which folding has changed or left as it is beyond ASCII */
        if (!left && first < 128 && first == original_at(text, start)) continue;
        if (!may_begin(self, text, start, first)) continue;
        if ((left || is_camel_left(text, start)) && walk(self, text, start, block, left, matches) < 0) return -1;
    }
    return 0;
}

/* The loop is compiled for each width of the characters. */
static int search_text(const Phrases *self, const Text *text, Py_ssize_t block, PyObject *matches) {
    Text known = *text;
    if (text->kind == 1 && text->original_kind == 1) {
        known.kind = known.original_kind = 1;
        return search_block(self, &known, block, matches);
    }
    if (text->kind == 2 && text->original_kind == 2) {
        known.kind = known.original_kind = 2;
        return search_block(self, &known, block, matches);
    }
    return search_block(self, &known, block, matches);
}

static Py_ssize_t number_in(PyObject *object, PyObject *name) {
    PyObject *value = PyObject_GetAttr(object, name);
    const Py_ssize_t number = value == NULL ? -1 : PyLong_AsSsize_t(value);
    Py_XDECREF(value);
    return number;
}

static PyObject *names[2]; /* "start", "end" */

static PyObject *search(PyObject *object, PyObject *args) {
    PyObject *folded, *original, *blocks, *wanted = Py_None;
    if (!PyArg_ParseTuple(args, "UUO|O", &folded, &original, &blocks, &wanted)) return NULL;
    Text text = {PyUnicode_KIND(folded), PyUnicode_KIND(original), PyUnicode_DATA(folded), PyUnicode_DATA(original),
                 PyUnicode_GET_LENGTH(folded), 0, 0};
    if (PyUnicode_GET_LENGTH(original) != text.length)
        return PyErr_Format(PyExc_ValueError, "the folded text is not as long as the original");
    PyObject *sequence = PySequence_Fast(blocks, "blocks must be a sequence");
    PyObject *matches = sequence == NULL ? NULL : PyList_New(0);
    if (matches == NULL) goto failed;
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    if (wanted != Py_None && (!PyBytes_Check(wanted) || PyBytes_GET_SIZE(wanted) != count)) {
        PyErr_SetString(PyExc_TypeError, "what is wanted are bytes, one for each block");
        goto failed;
    }
    for (Py_ssize_t block = 0; block < count; block++) {
        if (wanted != Py_None && !PyBytes_AS_STRING(wanted)[block]) continue;
        text.floor = number_in(PySequence_Fast_GET_ITEM(sequence, block), names[0]);
        text.ceiling = number_in(PySequence_Fast_GET_ITEM(sequence, block), names[1]);
        if (PyErr_Occurred()) goto failed;
        if (text.floor < 0 || text.ceiling < text.floor || text.ceiling > text.length) {
            PyErr_SetString(PyExc_ValueError, "a block lies outside of the text");
            goto failed;
        }
        if (search_text((const Phrases *)object, &text, block, matches) < 0) goto failed;
    }
    Py_DECREF(sequence);
    return matches;
failed:
    Py_XDECREF(sequence);
    Py_XDECREF(matches);
    return NULL;
}

static PyMethodDef methods[] = {
    {"search", search, METH_VARARGS, "search(folded, original, blocks, wanted=all) -> [(phrase, block, start, end, free)], by start"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject PhrasesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleaner._accelerator.Phrases",
    .tp_doc = "Phrases(list of strings)",
    .tp_basicsize = sizeof(Phrases),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = new,
    .tp_dealloc = dealloc,
    .tp_methods = methods,
};

int accelerator_add_phrases(PyObject *module) {
    names[0] = PyUnicode_InternFromString("start");
    names[1] = PyUnicode_InternFromString("end");
    if (names[0] == NULL || names[1] == NULL || PyType_Ready(&PhrasesType) < 0) return -1;
    return PyModule_AddObjectRef(module, "Phrases", (PyObject *)&PhrasesType);
}
