/* heuristics/cue_matcher.py: what the phrases of a table say of a document's blocks. A phrase may only begin at a word's
 * edge, at a capital, or in a script without spaces: from each such place a hash of the characters grows by one after the
 * other, and is looked for among those of phrases. That is linear in the text, with the longest phrase as the factor; a
 * filter that fits the nearest cache ends nearly all of it after a few characters. */
#include "phrases.h"

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

static inline int is_letter(Py_UCS4 character) {
    if (character < 128) return (character | 32) - 'a' < 26u;
    return Py_UNICODE_ISALPHA(character);
}

static int holds_letter(const Text *text, Py_ssize_t start, Py_ssize_t end) {
    while (start < end)
        if (is_letter(at_(text, start++))) return 1;
    return 0;
}

/* What is heard in one block. */
typedef struct {
    PyObject *cues, *voices, *source;
    Py_ssize_t counted;
    int is_protected;
} Findings;

/* A phrase in the text: are its edges free of letters and digits, is a letter before it in its block? */
typedef struct {
    Py_ssize_t start, end;
    int free, lettered;
} Place;

static int add_hit(const Phrases *self, Findings *findings, PyObject *cue, const Place *place) {
    PyTypeObject *class = (PyTypeObject *)self->hit_class;
    PyObject *hit = class->tp_alloc(class, 3);
    if (hit == NULL) return -1;
    PyTuple_SET_ITEM(hit, 0, Py_NewRef(cue));
    PyTuple_SET_ITEM(hit, 1, PyLong_FromSsize_t(place->start));
    PyTuple_SET_ITEM(hit, 2, PyLong_FromSsize_t(place->end));
    const int done = PyErr_Occurred() ? -1 : PyList_Append(findings->cues, hit);
    Py_DECREF(hit);
    return done;
}

static int add_voice(Findings *findings, PyObject *voice) {
    PyObject *before = PyDict_GetItemWithError(findings->voices, voice);
    if (before == NULL && PyErr_Occurred()) return -1;
    PyObject *times = PyLong_FromLong((before == NULL ? 0 : PyLong_AsLong(before)) + 1);
    const int done = times == NULL ? -1 : PyDict_SetItem(findings->voices, voice, times);
    Py_XDECREF(times);
    return done;
}

static int add_cue(const Phrases *self, const Text *text, Findings *findings, const Meaning *meaning, const Place *place) {
    if ((!place->free && meaning->role != GLUED) || findings->counted >= self->most) return 0;
    findings->counted++;
    if (meaning->role == BEGINS && place->lettered) return 0;
    if (meaning->role == ENDS && holds_letter(text, place->end, text->ceiling)) return 0;
    return add_hit(self, findings, meaning->object, place);
}

static APART int record(const Phrases *self, const Text *text, Findings *findings, Py_ssize_t number, const Place *place) {
    if (findings->cues == NULL && (findings->cues = PyList_New(0)) == NULL) return -1;
    if (findings->voices == NULL && (findings->voices = PyDict_New()) == NULL) return -1;
    for (Py_ssize_t at = self->first_meanings[number]; at < self->first_meanings[number + 1]; at++) {
        const Meaning *meaning = &self->meanings[at];
        const int ours = meaning->source == Py_None ? 1 : PyObject_RichCompareBool(meaning->source, findings->source, Py_EQ);
        int done = ours < 0 ? -1 : 0;
        if (ours > 0 && meaning->role < VOICE) done = add_cue(self, text, findings, meaning, place);
        else if (ours > 0 && place->free && meaning->role == VOICE) done = add_voice(findings, meaning->object);
        else if (ours > 0 && place->free) findings->is_protected = 1;
        if (done < 0) return -1;
    }
    return 0;
}

/* The phrase of this length and hash at a place; -1 for none. */
static Py_ssize_t phrase_of(const Phrases *self, const Text *text, Py_ssize_t start, Py_ssize_t length, uint32_t hash) {
    for (size_t slot = slot_of(self, hash);; slot = (slot + 1) & self->mask) {
        const uint32_t number = self->table[slot];
        if (number == NONE) return -1;
        if (self->hashes[number] != hash) continue;
        PyObject *phrase = phrase_at(self, number);
        if (PyUnicode_GET_LENGTH(phrase) != length) continue;
        Py_ssize_t at = 0;
        while (at < length && PyUnicode_READ_CHAR(phrase, at) == at_(text, start + at)) at++;
        if (at == length) return number;
    }
}

static APART int try_phrase(const Phrases *self, const Text *text, Py_ssize_t length, uint32_t hash, Place place, Findings *findings) {
    const Py_ssize_t number = phrase_of(self, text, place.start, length, hash);
    if (number < 0) return 0;
    place.end = place.start + length;
    const int right = is_free_right(text, place.end);
    if (!right && !is_camel_right(text, place.end)) return 0;
    place.free = place.free && right;
    return record(self, text, findings, number, &place);
}

/* The longer phrases from `place` on, whose first HEAD characters have this hash. */
static APART int try_longer(const Phrases *self, const Text *text, uint32_t hash, Place place, Findings *findings) {
    const Head *head = head_of(self, hash);
    Py_ssize_t length = HEAD;
    for (uint32_t at = 0; at < head->count; at++) {
        const Py_ssize_t wanted = self->lengths[head->first + at];
        if (wanted > text->ceiling - place.start) return 0;
        for (; length < wanted; length++) {
            if (length == LATE && !passes(self, hash)) return 0;
            hash = hash_with(hash, at_(text, place.start + length));
        }
        if (try_phrase(self, text, length, hash, place, findings) < 0) return -1;
    }
    return 0;
}

/* All phrases that begin at `place`. */
static ALWAYS int try_all(const Phrases *self, const Text *text, Py_UCS4 first, Place place, Findings *findings) {
    const Py_ssize_t left = text->ceiling - place.start;
    const uint16_t shorter = self->shorter[first & ((1 << FIRST_BITS) - 1)];
    uint32_t hash = hash_with(0, first);
    for (int length = 1; length < HEAD; length++) {
        const int known = length == EARLY || shorter >> length & 1 ? passes(self, hash) : 0;
        if (known && shorter >> length & 1 && try_phrase(self, text, length, hash, place, findings) < 0) return -1;
        if ((length == EARLY && !known) || length >= left) return 0;
        hash = hash_with(hash, at_(text, place.start + length));
    }
    return passes(self, hash) ? try_longer(self, text, hash, place, findings) : 0;
}

static ALWAYS int search_block(const Phrases *self, const Text *text, Findings *findings) {
    int word_before = 0, lettered = 0;
    for (Py_ssize_t start = text->floor; start < text->ceiling; start++) {
        const Py_UCS4 first = at_(text, start);
        const int word = is_word(first), free = !(word && word_before) || is_spaceless(first), before = lettered;
        word_before = word;
        lettered = lettered || is_letter(first);
        /* within a word only where a capital begins, which folding has changed or left as it is beyond ASCII */
        if (!free && ((first < 128 && first == original_at(text, start)) || !is_camel_left(text, start))) continue;
        if (try_all(self, text, first, (Place){start, 0, free, before}, findings) < 0) return -1;
    }
    return 0;
}

/* The loop is compiled for each width of the characters. */
static int search_text(const Phrases *self, const Text *text, Findings *findings) {
    Text known = *text;
    if (text->kind == 1 && text->original_kind == 1) {
        known.kind = known.original_kind = 1;
        return search_block(self, &known, findings);
    }
    if (text->kind == 2 && text->original_kind == 2) {
        known.kind = known.original_kind = 2;
        return search_block(self, &known, findings);
    }
    return search_block(self, &known, findings);
}

static Py_ssize_t number_in(PyObject *object, PyObject *name) {
    PyObject *value = PyObject_GetAttr(object, name);
    const Py_ssize_t number = value == NULL ? -1 : PyLong_AsSsize_t(value);
    Py_XDECREF(value);
    return number;
}

static PyObject *names[2]; /* "start", "end" */

/* What is heard in one block, at its place in the list; the number of voices, or -1. */
static Py_ssize_t find_in(const Phrases *self, Text *text, PyObject *block, PyObject *source, PyObject *hits, Py_ssize_t at) {
    text->floor = number_in(block, names[0]);
    text->ceiling = number_in(block, names[1]);
    if (PyErr_Occurred()) return -1;
    if (text->floor < 0 || text->ceiling < text->floor || text->ceiling > text->length)
        return PyErr_Format(PyExc_ValueError, "a block lies outside of the text"), -1;
    Findings findings = {.source = source};
    Py_ssize_t voices = search_text(self, text, &findings);
    if (voices == 0 && findings.voices != NULL) {
        voices = PyDict_GET_SIZE(findings.voices);
        PyObject *nothing = PyUnicode_New(0, 0);
        PyObject *args[] = {findings.cues, findings.voices, findings.is_protected ? self->protection : nothing};
        PyObject *heard = nothing == NULL ? NULL : PyObject_Vectorcall(self->hits_class, args, 3, NULL);
        Py_XDECREF(nothing);
        if (heard == NULL || PyList_SetItem(hits, at, heard) < 0) voices = -1;
    }
    Py_XDECREF(findings.cues);
    Py_XDECREF(findings.voices);
    return voices;
}

static PyObject *find(PyObject *object, PyObject *args) {
    PyObject *hits, *folded, *original, *blocks, *wanted, *source;
    if (!PyArg_ParseTuple(args, "O!UUOOO", &PyList_Type, &hits, &folded, &original, &blocks, &wanted, &source)) return NULL;
    Text text = {PyUnicode_KIND(folded), PyUnicode_KIND(original), PyUnicode_DATA(folded), PyUnicode_DATA(original),
                 PyUnicode_GET_LENGTH(folded), 0, 0};
    if (PyUnicode_GET_LENGTH(original) != text.length)
        return PyErr_Format(PyExc_ValueError, "the folded text is not as long as the original");
    PyObject *sequence = PySequence_Fast(blocks, "blocks must be a sequence");
    if (sequence == NULL) return NULL;
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    Py_ssize_t most = 0;
    if (PyList_GET_SIZE(hits) != count || (wanted != Py_None && (!PyBytes_Check(wanted) || PyBytes_GET_SIZE(wanted) != count))) {
        PyErr_SetString(PyExc_TypeError, "a list with a place for each block is needed, and None or a byte for each");
        most = -1;
    }
    for (Py_ssize_t block = 0; most >= 0 && block < count; block++) {
        if (wanted != Py_None && !PyBytes_AS_STRING(wanted)[block]) continue;
        const Py_ssize_t voices = find_in((const Phrases *)object, &text, PySequence_Fast_GET_ITEM(sequence, block), source, hits, block);
        if (voices < 0 || voices > most) most = voices;
    }
    Py_DECREF(sequence);
    return most < 0 ? NULL : PyLong_FromSsize_t(most);
}

static PyMethodDef methods[] = {
    {"find", find, METH_VARARGS, "find(hits, folded, original, blocks, wanted, source) -> the most voices heard in a block"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject PhrasesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleaner._accelerator.Phrases",
    .tp_doc = "Phrases(phrases by length, their meanings, Hit, Hits, what a protected block has, most cues of a block)",
    .tp_basicsize = sizeof(Phrases),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = new_phrases,
    .tp_dealloc = free_phrases,
    .tp_methods = methods,
};

int accelerator_add_phrases(PyObject *module) {
    names[0] = PyUnicode_InternFromString("start");
    names[1] = PyUnicode_InternFromString("end");
    if (names[0] == NULL || names[1] == NULL || PyType_Ready(&PhrasesType) < 0) return -1;
    return PyModule_AddObjectRef(module, "Phrases", (PyObject *)&PhrasesType);
}
