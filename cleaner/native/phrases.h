/* What phrase_table.c builds and phrases.c searches: the phrases of a table, by hashes of their first characters. */
#ifndef CLEANCOPY_PHRASES_H
#define CLEANCOPY_PHRASES_H

#include "accelerator.h"

#define FILTER_BITS 17
#define FIRST_BITS 10
#define NONE UINT32_MAX
/* Of phrases with so many characters and more, these first ones are in the filter; those with HEAD and more are known by
 * the lengths that go with their head. */
enum { EARLY = 5, HEAD = 9, LATE = 16 };

/* What a phrase stands for (cue_matcher.py, `_ROLES`): a cue that counts anywhere, one that may be glued to a word, one
 * with no letter before it in its block, one with none behind it; a voice; a phrase that protects its block. */
enum { ANYWHERE, GLUED, BEGINS, ENDS, VOICE, PROTECTED, ROLES };

typedef struct {
    long role;
    PyObject *object, *source;
} Meaning;

/* The lengths, from the shortest on, of phrases whose first HEAD characters have this hash. */
typedef struct {
    uint32_t hash, first, count;
} Head;

typedef struct {
    PyObject_HEAD
    PyObject *given, *hit_class, *hits_class, *protection; /* given: what holds all that is only pointed at here */
    Py_ssize_t most, count;                                /* cues kept of a block; phrases */
    Meaning *meanings;
    Py_ssize_t *first_meanings; /* of each phrase, and one more */
    uint32_t *hashes, *table;   /* of each phrase; the phrases in the slots of their hashes, NONE in an empty one */
    uint32_t *lengths;
    Head *heads;
    size_t mask;
    uint16_t shorter[1 << FIRST_BITS];      /* by its first character, the lengths of phrases below HEAD: a bit each */
    uint8_t filter[1 << (FILTER_BITS - 3)]; /* phrases below HEAD, and the first characters of longer ones */
} Phrases;

static ALWAYS uint32_t hash_with(uint32_t hash, Py_UCS4 character) { return (hash ^ character) * 0x9E3779B1u; }
static ALWAYS uint32_t place_of(uint32_t hash) { return (hash ^ hash >> 15) & ((1u << FILTER_BITS) - 1); }
static ALWAYS size_t slot_of(const Phrases *self, uint32_t hash) { return (hash ^ hash >> 13) & self->mask; }
static ALWAYS int passes(const Phrases *self, uint32_t hash) {
    return self->filter[place_of(hash) >> 3] >> (place_of(hash) & 7) & 1;
}

/* An empty slot, with a count of 0, where no phrase begins so. */
static inline Head *head_of(const Phrases *self, uint32_t hash) {
    size_t slot = slot_of(self, hash);
    while (self->heads[slot].count && self->heads[slot].hash != hash) slot = (slot + 1) & self->mask;
    return &self->heads[slot];
}

static inline PyObject *phrase_at(const Phrases *self, Py_ssize_t number) {
    return PyList_GET_ITEM(PyTuple_GET_ITEM(self->given, 0), number);
}

PyObject *new_phrases(PyTypeObject *type, PyObject *args, PyObject *keywords);
void free_phrases(PyObject *object);

#endif
