/* The module `cleaner._accelerator`: hot loops of the cleaner, with the same results as the NumPy code to the last
 * bit. Integer arithmetic, and floats added in the same order; built with -ffp-contract=off. */
#include "accelerator.h"

#define VERSION 23 /* as in cleaner/accelerator.py */

static void *buffer_for(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t *items, int flags) {
    static char nothing[sizeof(uint64_t)]; /* an empty array may have no memory at all */
    if (buffers->count >= MOST_BUFFERS) {
        PyErr_SetString(PyExc_SystemError, "too many buffers");
        return NULL;
    }
    Py_buffer *view = &buffers->held[buffers->count];
    if (PyObject_GetBuffer(object, view, flags) < 0) return NULL;
    buffers->count++;
    if (view->itemsize != (Py_ssize_t)width) {
        PyErr_Format(PyExc_TypeError, "an array of items of %zd bytes is needed, not of %zd", (Py_ssize_t)width,
                     view->itemsize);
        return NULL;
    }
    *items = view->len / (Py_ssize_t)width;
    return view->len ? view->buf : nothing;
}

const void *buffer_of(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t *items) {
    return buffer_for(buffers, object, width, items, PyBUF_C_CONTIGUOUS);
}

void *buffer_to_fill(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t *items) {
    return buffer_for(buffers, object, width, items, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
}

const void *buffer_with(Buffers *buffers, PyObject *object, size_t width, Py_ssize_t items) {
    Py_ssize_t given = 0;
    const void *memory = buffer_of(buffers, object, width, &given);
    if (memory != NULL && given != items) {
        PyErr_Format(PyExc_ValueError, "an array of %zd items is needed, not of %zd", items, given);
        return NULL;
    }
    return memory;
}

void release(Buffers *buffers) {
    while (buffers->count > 0) PyBuffer_Release(&buffers->held[--buffers->count]);
}

#define FAST(name, text) {#name, (PyCFunction)(void (*)(void))accelerator_##name, METH_FASTCALL, text}

static PyMethodDef methods[] = {
    FAST(tokenise, "tokenise(texts, packed, folds, upper, caps) -> (memory, tokens)"),
    FAST(featurise, "featurise(tokens' arrays, gaps, tables) -> memory, or None where NumPy must do it"),
    FAST(repeats, "repeats(tokens' arrays, classes, logs, settings, table): fills the last columns of the table"),
    FAST(linear, "linear(features' arrays, tables) -> memory of block x outputs float32"),
    FAST(cells, "cells(buckets, table, columns, outputs) -> memory of a float32 for each bucket"),
    FAST(dense, "dense(values, layer, kernel=the fastest) -> memory of rows x outputs float32"),
    FAST(networks, "networks(inputs, networks, steps) -> memory of blocks x labels float32 probabilities"),
    FAST(logits, "logits(inputs, rows, outputs, networks, steps) -> memory of networks x rows x outputs float32"),
    FAST(rows, "rows(words, stems, table of words, table of stems) -> memory of a row of vectors for each token"),
    FAST(topics, "topics(rows, tokens' arrays, vectors, settings) -> memory of blocks x topics float32"),
    FAST(sentences, "sentences(rows, tokens' arrays, odds, encoder) -> memory of blocks x outputs float32"),
    FAST(units, "units(tokens' arrays, glued, tables, settings) -> (memory, units, blocks, witness, sketch)"),
    FAST(entries, "entries(tokens' arrays, glued, tables, settings) -> (memory of blocks, then entries; entries, blocks, witness, sketch)"),
    FAST(known_units, "known_units(a source's arrays, keys, article) -> memory of units, places of keys, others' articles"),
    FAST(recall, "recall(known units, a source's arrays, units' arrays, settings) -> memory of blocks x measures float32"),
    FAST(scores, "scores(probabilities, texts, recurring, settings) -> lists of odds, costs, kept, gone, sure, plain"),
    FAST(fold, "fold(text) -> it in lower case with straight quotes, or None where Python must do it"),
    FAST(blocks, "blocks(class, text, lines, longest) -> the block of each line, None where Python must cut it"),
    FAST(damaged, "damaged(text, parts) -> False where no character can be one that was decoded wrongly"),
    FAST(measures, "measures(class, texts, asked, signs) -> [the measurements of each, in short of what is not asked]"),
    FAST(measure, "measure(class, text, signs) -> the measurements of a block, of that class"),
    FAST(lines, "lines(text) -> [(start, end, breaks before)], or None where Python must count them"),
    FAST(breaks, "breaks(tokens' arrays, gaps, sentences, tables, weights) -> memory of an int32 for each gap"),
    FAST(quick_init, "quick_init(class, fields, defaults, factories, slow) -> an __init__ that fills slots at once"),
    FAST(stretches, "stretches(text, decisions, names) -> [(start, end, decision)] without white space around them"),
    FAST(body, "body(text, stretches, headline, keep, name, closing, breaks of) -> (body, start -> place in it)"),
    FAST(replaced, "replaced(object, changes) -> a copy with other fields, or None where dataclasses.replace must do it"),
    FAST(page_words, "page_words(lines, [title], *other texts' lines) -> memory of what the lines say"),
    FAST(leaves, "leaves(table, width, roots, features, thresholds, children, depth) -> memory of rows x trees int64"),
    FAST(place_hashes, "place_hashes(hashes, rows, groups, any group, bits) -> (memory of buckets, of rows' starts)"),
    FAST(line_shapes, "line_shapes(texts, final, closing, quotes) -> memory of columns x lines int64"),
    FAST(page_measures, "page_measures(lines, elements, kinds, tags, columns, words, shapes, wanted ...) -> memory of float32"),
    FAST(page_inputs, "page_inputs(arguments of page_measures, places, scaling) -> memory of lines x (1 + columns) float32"),
    FAST(json, "json(value, ascii, sorted) -> bytes as json.dumps writes them, or None where Python must do it"),
    FAST(page_places, "page_places(lines, elements, kinds ...) -> (paths, marks) of each line"),
    FAST(page_blocks, "page_blocks(class, lines, paths, marks) -> a block for each line"),
    FAST(long_tag, "long_tag(markup, start, length) -> where the first tag as long begins, or -1"),
    FAST(has_surrogates, "has_surrogates(text) -> does it hold half of a pair?"),
    FAST(page_facts, "page_facts(root, functions) -> (what a page has, values of its meta elements, of its links)"),
    FAST(date_signs, "date_signs(texts) -> a byte for each: 0 without a digit, 2 with a year, else 1"),
    FAST(walk, "walk(root, functions, tags ...) -> (elements, lines) of a page, or None where Python must walk"),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cleaner._accelerator", "Hot loops of the cleaner; see cleaner/accelerator.py.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__accelerator(void) {
    if (accelerator_ready_quick_init() < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && (PyModule_AddIntConstant(module, "VERSION", VERSION) < 0 || accelerator_add_phrases(module) < 0 ||
                           accelerator_add_needles(module) < 0 || accelerator_add_signs(module) < 0))
        Py_CLEAR(module);
    return module;
}
