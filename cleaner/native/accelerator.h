/* What the files of the accelerator share: buffers in, one bytearray out. NumPy's headers are not needed. */
#ifndef CLEANCOPY_ACCELERATOR_H
#define CLEANCOPY_ACCELERATOR_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Buffers of the arguments of one call; released together. */
#define MOST_BUFFERS 48
typedef struct {
    Py_buffer held[MOST_BUFFERS];
    int count;
} Buffers;

/* The memory of a contiguous buffer and its number of items of `width` bytes; NULL with an exception set. */
const void *buffer_of(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t *items);
/* The same for a buffer that must hold exactly `items`. */
const void *buffer_with(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t items);
/* The same as the first for memory to write to. */
void *buffer_to_fill(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t *items);
void release(Buffers *buffers);

/* Compiled for each, the widest one chosen when the program starts; the results are the same. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

/* Functions that are always part of their caller, and that never are; memory that is wanted soon; a word's set bits. */
#if defined(__GNUC__)
#define ALWAYS inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define PREFETCH(place) __builtin_prefetch(place)
#define BITS_IN(word) __builtin_popcountll(word)
#else
#ifdef _MSC_VER
#define ALWAYS __forceinline
#define APART __declspec(noinline)
#else
#define ALWAYS inline
#define APART
#endif
#define PREFETCH(place) ((void)0)
#define BITS_IN(word) bits_in(word)
static inline int bits_in(uint64_t word) {
    int bits = 0;
    for (; word; word &= word - 1) bits++;
    return bits;
}
#endif

/* An uninitialised bytearray. */
static inline PyObject *bytes_of(size_t size) {
    return PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)size);
}

PyObject *accelerator_tokenise(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_featurise(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_repeats(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_linear(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_cells(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_dense(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_networks(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_logits(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_rows(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_topics(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_sentences(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_units(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_entries(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_known_units(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_recall(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_scores(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_fold(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_blocks(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_damaged(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_measures(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_measure(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_lines(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_breaks(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_quick_init(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_words(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_leaves(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_place_hashes(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_line_shapes(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_measures(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_inputs(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_places(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_blocks(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_long_tag(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_has_surrogates(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_page_facts(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_date_signs(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_walk(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_json(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_replaced(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_stretches(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *accelerator_body(PyObject *module, PyObject *const *args, Py_ssize_t count);
int accelerator_ready_quick_init(void);
int accelerator_add_phrases(PyObject *module);
int accelerator_add_needles(PyObject *module);
int accelerator_add_signs(PyObject *module);

/* Is a character one of the signs? */
static inline int is_in(Py_UCS4 character, PyObject *signs) {
    const int kind = PyUnicode_KIND(signs);
    const void *data = PyUnicode_DATA(signs);
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(signs); at++)
        if (PyUnicode_READ(kind, data, at) == character) return 1;
    return 0;
}

#endif
