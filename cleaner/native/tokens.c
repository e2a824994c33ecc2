/* segmentation/tokens.py: texts -> tokens. A hash is the sum of folded code unit times a power of the base, from the
 * token's own begin on, modulo 2**64: what the NumPy code gets from prefix sums. */
#include "accelerator.h"

#define SHIFT 6 /* kinds fill the low six bits of a table entry, what a character does the two above */
enum { SPACE, LETTER, DIGIT, SINGLE };
static const uint64_t BASE = 0x9E3779B97F4A7C15u;
#define STEM 5

/* The code units of a text, a NUL read as a space; returns how many. */
static Py_ssize_t units_of(PyObject *text, uint16_t *units) {
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    uint16_t *out = units;
    if (kind == PyUnicode_1BYTE_KIND) {
        const Py_UCS1 *from = data;
        for (Py_ssize_t at = 0; at < length; at++) *out++ = from[at] ? from[at] : ' ';
    } else if (kind == PyUnicode_2BYTE_KIND) {
        const Py_UCS2 *from = data;
        for (Py_ssize_t at = 0; at < length; at++) *out++ = from[at] ? from[at] : ' ';
    } else {
        const Py_UCS4 *from = data;
        for (Py_ssize_t at = 0; at < length; at++) {
            const Py_UCS4 code = from[at];
            if (code >= 0x10000) {
                *out++ = (uint16_t)(0xD7C0 + (code >> 10));
                *out++ = (uint16_t)(0xDC00 + (code & 0x3FF));
            } else {
                *out++ = code ? (uint16_t)code : ' ';
            }
        }
    }
    return out - units;
}

typedef struct {
    const uint8_t *packed;
    const uint16_t *folds;
    uint8_t upper, caps;
} Tables;

static Py_ssize_t count_tokens(const uint16_t *units, Py_ssize_t length, const uint8_t *packed) {
    Py_ssize_t tokens = 0;
    int before = SPACE;
    for (Py_ssize_t at = 0; at < length; at++) {
        const int does = packed[units[at]] >> SHIFT;
        tokens += does == SINGLE || (does != SPACE && does != before);
        before = does;
    }
    return tokens;
}

typedef struct {
    uint64_t *hashes, *stems;
    int64_t *begins, *lengths, *block;
    uint64_t *whole;
    int64_t *block_starts, *block_lengths, *starts, *counts;
    uint8_t *kinds;
} Columns;

/* The tokens of one block, whose units are followed by the separator; `token` is the next free row. */
static Py_ssize_t fill_block(const Columns *to, Py_ssize_t token, Py_ssize_t number, const uint16_t *joined,
                             Py_ssize_t start, Py_ssize_t length, const Tables *tables) {
    const uint16_t *units = joined + start, *folds = tables->folds;
    const uint8_t *packed = tables->packed;
    const uint8_t mask = (1 << SHIFT) - 1;
    uint64_t whole = 0, whole_power = 1;
    Py_ssize_t at = 0;
    while (at < length) {
        const uint8_t entry = packed[units[at]], does = entry >> SHIFT;
        if (does == SPACE) {
            whole += folds[units[at++]] * whole_power, whole_power *= BASE;
            continue;
        }
        const Py_ssize_t begin = at;
        const uint8_t kind = entry & mask, second = packed[units[at + 1]] & mask;
        uint64_t sum = 0, power = 1, stem = 0;
        do {
            const uint64_t fold = folds[units[at]];
            whole += fold * whole_power, whole_power *= BASE;
            sum += fold * power, power *= BASE;
            at++;
            if (at - begin <= STEM) stem = sum;
        } while (does != SINGLE && at < length && packed[units[at]] >> SHIFT == does);
        to->hashes[token] = sum;
        to->stems[token] = stem;
        to->begins[token] = start + begin;
        to->lengths[token] = at - begin;
        to->block[token] = number;
        to->kinds[token] = kind == tables->upper && second == tables->upper ? tables->caps : kind;
        token++;
    }
    to->whole[number] = whole;
    to->block_starts[number] = start;
    to->block_lengths[number] = length;
    return token;
}

static Columns columns_in(char *memory, Py_ssize_t tokens, Py_ssize_t blocks) {
    Columns to;
    uint64_t *next = (uint64_t *)memory;
    to.hashes = next, next += tokens;
    to.stems = next, next += tokens;
    to.begins = (int64_t *)next, next += tokens;
    to.lengths = (int64_t *)next, next += tokens;
    to.block = (int64_t *)next, next += tokens;
    to.whole = next, next += blocks;
    to.block_starts = (int64_t *)next, next += blocks;
    to.block_lengths = (int64_t *)next, next += blocks;
    to.starts = (int64_t *)next, next += blocks;
    to.counts = (int64_t *)next, next += blocks;
    to.kinds = (uint8_t *)next;
    return to;
}

static PyObject *tokens_of(PyObject *sequence, const Tables *tables) {
    const Py_ssize_t blocks = PySequence_Fast_GET_SIZE(sequence);
    PyObject **texts = PySequence_Fast_ITEMS(sequence);
    size_t most = 1;
    for (Py_ssize_t number = 0; number < blocks; number++) {
        if (!PyUnicode_Check(texts[number])) {
            PyErr_SetString(PyExc_TypeError, "texts must be strings");
            return NULL;
        }
        const int wide = PyUnicode_KIND(texts[number]) == PyUnicode_4BYTE_KIND;
        most += (size_t)PyUnicode_GET_LENGTH(texts[number]) * (wide ? 2 : 1) + 1;
    }
    uint16_t *joined = PyMem_Malloc(most * sizeof *joined);
    int64_t *ends = PyMem_Malloc((size_t)(blocks + 1) * sizeof *ends);
    PyObject *memory = NULL, *answer = NULL;
    if (joined == NULL || ends == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    Py_ssize_t length = 0, tokens = 0;
    for (Py_ssize_t number = 0; number < blocks; number++) {
        const Py_ssize_t units = units_of(texts[number], joined + length);
        tokens += count_tokens(joined + length, units, tables->packed);
        length += units;
        ends[number] = length;
        joined[length++] = 0;
    }
    memory = bytes_of((size_t)(5 * tokens + 5 * blocks) * 8 + (size_t)tokens);
    if (memory == NULL) goto done;
    const Columns to = columns_in(PyByteArray_AS_STRING(memory), tokens, blocks);
    Py_ssize_t start = 0, token = 0;
    for (Py_ssize_t number = 0; number < blocks; number++) {
        to.starts[number] = token;
        token = fill_block(&to, token, number, joined, start, ends[number] - start, tables);
        to.counts[number] = token - to.starts[number];
        start = ends[number] + 1;
    }
    answer = Py_BuildValue("(On)", memory, tokens);
done:
    Py_XDECREF(memory);
    PyMem_Free(joined);
    PyMem_Free(ends);
    return answer;
}

PyObject *accelerator_tokenise(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 5) return PyErr_Format(PyExc_TypeError, "tokenise takes 5 arguments, not %zd", count);
    PyObject *sequence = PySequence_Fast(args[0], "texts must be a sequence");
    if (sequence == NULL) return NULL;
    Buffers buffers = {.count = 0};
    PyObject *answer = NULL;
    Tables tables;
    tables.packed = buffer_with(&buffers, args[1], 1, 0x10000);
    tables.folds = tables.packed ? buffer_with(&buffers, args[2], 2, 0x10000) : NULL;
    const long upper = PyLong_AsLong(args[3]), caps = PyLong_AsLong(args[4]);
    tables.upper = (uint8_t)upper, tables.caps = (uint8_t)caps;
    if (tables.folds != NULL && !PyErr_Occurred()) answer = tokens_of(sequence, &tables);
    release(&buffers);
    Py_DECREF(sequence);
    return answer;
}
