/* model/repeats.py: what a block repeats of the others. Whole numbers until the end; hashes are found in an open table. */
#include "accelerator.h"

enum { COUNTED = 1, NAME = 2, STOP = 4, CLOSER = 8 };
enum { PAIRS = 0, RUNS = 5, WORDS = 7, NAMES = 12, FORMS = 18, STOPPED = 22, COLUMNS = 23 };
/* The counts that are read as logarithms, those that say yes or no. */
static const int COUNTS[] = {PAIRS, RUNS, RUNS + 1, NAMES, NAMES + 1, NAMES + 2, NAMES + 3, FORMS + 1};
static const int FLAGS[] = {NAMES + 4, NAMES + 5, FORMS, FORMS + 2, FORMS + 3};

typedef struct {
    Py_ssize_t tokens, blocks, kinds;
    const uint64_t *hashes;
    const uint8_t *kind, *classes;
    const int64_t *lengths, *starts, *counts, *block_lengths;
    const float *logs;
    Py_ssize_t most; /* logarithms */
    unsigned long long pairing;
    int long_word, long_line, label, lower, opening, closing, colon, stop;
} Input;

/* The block that held a hash last, and the one before that; -1: none. Then the same from the end. */
typedef struct {
    uint64_t hash;
    int32_t block, other, block_behind, other_behind;
} Seen;

/* Hashes in blocks, in the order of the text, and the nearest block before and behind that holds the same. */
typedef struct {
    Py_ssize_t count;
    uint64_t *hashes;
    int32_t *block, *last, *next, *slot;
    uint8_t *first; /* the block begins with it */
    Seen *table;
    size_t mask;
} Items;

static inline void add(Items *items, uint64_t hash, Py_ssize_t block, int first) {
    items->hashes[items->count] = hash;
    items->block[items->count] = (int32_t)block;
    items->first[items->count++] = (uint8_t)first;
}

static inline Seen *entry_of(Items *items, Py_ssize_t at) {
    const uint64_t hash = items->hashes[at];
    size_t slot = (size_t)((hash * 0x9E3779B97F4A7C15u) >> 32) & items->mask;
    while (items->table[slot].block >= 0 && items->table[slot].hash != hash) slot = (slot + 1) & items->mask;
    items->slot[at] = (int32_t)slot;
    return &items->table[slot];
}

static void find(Items *items) {
    items->mask = 15;
    while (items->mask + 1 < 2 * (size_t)items->count) items->mask = 2 * items->mask + 1;
    memset(items->table, 0xFF, (items->mask + 1) * sizeof *items->table);
    for (Py_ssize_t at = 0; at < items->count; at++) {
        Seen *entry = entry_of(items, at);
        if (entry->block != items->block[at])
            *entry = (Seen){items->hashes[at], items->block[at], entry->block, -1, -1};
        items->last[at] = entry->other;
    }
    for (Py_ssize_t at = items->count - 1; at >= 0; at--) {
        Seen *entry = &items->table[items->slot[at]];
        if (entry->block_behind != items->block[at])
            entry->other_behind = entry->block_behind, entry->block_behind = items->block[at];
        items->next[at] = entry->other_behind;
    }
}

/* How many items a block has; of them in the block before, in the next, in any before, in any behind. */
static void places(const Items *items, int32_t *columns, Py_ssize_t blocks) {
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const int32_t block = items->block[at], last = items->last[at], next = items->next[at];
        int32_t *column = columns + block;
        column[0]++;
        column[blocks] += last >= 0 && last == block - 1;
        column[2 * blocks] += next == block + 1;
        column[3 * blocks] += last >= 0;
        column[4 * blocks] += next >= 0;
    }
}

static void runs(const Items *items, const int32_t *nearest, int32_t *column) {
    int32_t run = 0;
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const int32_t block = items->block[at];
        run = nearest[at] < 0 ? 0 : at > 0 && items->block[at - 1] == block ? run + 1 : 1;
        if (run > column[block]) column[block] = run;
    }
}

static void names(const Items *items, int32_t *columns, Py_ssize_t blocks) {
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const int before = items->last[at] >= 0, behind = items->next[at] >= 0, first = items->first[at];
        int32_t *column = columns + items->block[at];
        column[0]++;
        column[blocks] += before;
        column[2 * blocks] += behind;
        column[3 * blocks] += !before && !behind;
        column[4 * blocks] += first;
        column[5 * blocks] += first && (before || behind);
    }
}

static void forms(const Input *in, Py_ssize_t block, int32_t *column) {
    const Py_ssize_t blocks = in->blocks, count = (Py_ssize_t)in->counts[block];
    const uint8_t *kind = in->kind + in->starts[block];
    Py_ssize_t opened = -1;
    for (Py_ssize_t at = 0; at < count; at++) {
        if (kind[at] == in->colon && at > 0 && at <= in->label && at + 2 < count) column[0] = 1;
        if (kind[at] == in->opening && at + 1 < count) opened = at;
        column[3 * blocks] += at > 1 && kind[at - 2] == in->opening && kind[at - 1] == in->lower && kind[at] == in->closing;
    }
    if (count == 0) return;
    const uint8_t final = kind[count - 1], before = count > 1 ? kind[count - 2] : 0;
    const int closed = final == in->closing || (final == in->stop && before == in->closing);
    if (count > 2 && closed && opened >= 0) {
        column[blocks] = (int32_t)(count - opened);
        column[2 * blocks] = opened == 0;
    }
    column[4 * blocks] = (in->classes[final] & STOP) || ((in->classes[final] & CLOSER) && (in->classes[before] & STOP));
}

/* Pairs of counted words, long words, names: one kind after the other in the same memory. */
static void repeated(const Input *in, Items *items, int32_t *columns) {
    const Py_ssize_t blocks = in->blocks;
    for (int part = 0; part < 3; part++) {
        items->count = 0;
        for (Py_ssize_t block = 0; block < blocks; block++) {
            const Py_ssize_t start = in->starts[block];
            Py_ssize_t before = -1;
            for (Py_ssize_t token = start; token < start + in->counts[block]; token++) {
                const uint8_t class = in->classes[in->kind[token]];
                const uint64_t hash = in->hashes[token];
                if (part == 1 && (class & COUNTED) && in->lengths[token] >= in->long_word) add(items, hash, block, 0);
                if (part == 1 || !(class & (part ? NAME : COUNTED))) continue;
                if (before >= 0 && (part == 0 || before == token - 1))
                    add(items, in->hashes[before] * in->pairing + hash, block, before == start);
                before = token;
            }
        }
        find(items);
        if (part == 2) {
            names(items, columns + NAMES * blocks, blocks);
            continue;
        }
        places(items, columns + (part ? WORDS : PAIRS) * blocks, blocks);
        if (part == 0) {
            runs(items, items->last, columns + RUNS * blocks);
            runs(items, items->next, columns + (RUNS + 1) * blocks);
        }
    }
}

/* `_measured`: of each block the counts as shares, logarithms and flags; divided in float64, as NumPy does. */
static void measure(const Input *in, const int32_t *columns, float *row) {
    const Py_ssize_t blocks = in->blocks;
    int64_t long_lines = 0, stopped_lines = 0;
    for (Py_ssize_t block = 0; block < blocks; block++) {
        const int is_long = in->block_lengths[block] >= in->long_line;
        long_lines += is_long;
        stopped_lines += is_long && columns[STOPPED * blocks + block];
    }
    const double share = (double)stopped_lines / (double)(long_lines > 1 ? long_lines : 1);
    for (Py_ssize_t block = 0; block < blocks; block++, row += COLUMNS) {
        const int32_t *column = columns + block;
        float *at = row;
        for (int part = 0; part < 2; part++) {
            const int32_t *counts = column + (part ? WORDS : PAIRS) * blocks, all = counts[0];
            for (int place = 1; place < 5; place++) *at++ = (float)((double)counts[place * blocks] / (double)(all > 1 ? all : 1));
        }
        for (size_t number = 0; number < sizeof COUNTS / sizeof *COUNTS; number++) {
            const int32_t times = column[COUNTS[number] * blocks];
            *at++ = in->logs[times < in->most ? times : in->most - 1];
        }
        for (size_t number = 0; number < sizeof FLAGS / sizeof *FLAGS; number++) *at++ = (float)column[FLAGS[number] * blocks];
        *at++ = in->block_lengths[block] >= in->long_line && !column[STOPPED * blocks] ? (float)share : 0.0f;
        *at = (float)share;
    }
}

static PyObject *repeats_of(const Input *in) {
    size_t slots = 16;
    while (slots < 2 * (size_t)in->tokens) slots *= 2;
    const size_t size = (size_t)in->tokens + 1, cells = COLUMNS * (size_t)in->blocks;
    Items items = {0};
    items.table = malloc(slots * sizeof *items.table);
    items.hashes = malloc(size * sizeof *items.hashes);
    items.block = malloc(4 * size * sizeof *items.block);
    items.first = malloc(size);
    int32_t *columns = calloc(cells + 1, sizeof *columns);
    PyObject *memory = bytes_of(cells * sizeof(float));
    if (items.table && items.hashes && items.block && items.first && columns && memory) {
        items.last = items.block + size, items.next = items.last + size, items.slot = items.next + size;
        repeated(in, &items, columns);
        for (Py_ssize_t block = 0; block < in->blocks; block++) forms(in, block, columns + FORMS * in->blocks + block);
        measure(in, columns, (float *)(void *)PyByteArray_AS_STRING(memory));
    } else if (memory) {
        Py_CLEAR(memory);
        PyErr_NoMemory();
    }
    free(items.table), free(items.hashes), free(items.block), free(items.first), free(columns);
    return memory;
}

static int are_sound(const Input *in) {
    int64_t token = 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        if (in->counts[block] < 0 || in->starts[block] != token) return 0;
        token += in->counts[block];
    }
    for (Py_ssize_t at = 0; at < in->tokens; at++)
        if (in->kind[at] >= in->kinds) return 0;
    return token == in->tokens && token < INT32_MAX / 4 && in->blocks < INT32_MAX / 4;
}

PyObject *accelerator_repeats(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 9) return PyErr_Format(PyExc_TypeError, "repeats takes 9 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    if (!(in.hashes = buffer_of(&buffers, args[0], 8, &in.tokens))) goto done;
    if (!(in.kind = buffer_with(&buffers, args[1], 1, in.tokens))) goto done;
    if (!(in.lengths = buffer_with(&buffers, args[2], 8, in.tokens))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[3], 8, &in.blocks))) goto done;
    if (!(in.counts = buffer_with(&buffers, args[4], 8, in.blocks))) goto done;
    if (!(in.classes = buffer_of(&buffers, args[5], 1, &in.kinds))) goto done;
    if (!(in.block_lengths = buffer_with(&buffers, args[6], 8, in.blocks))) goto done;
    if (!(in.logs = buffer_of(&buffers, args[7], 4, &in.most))) goto done;
    if (!PyArg_ParseTuple(args[8], "Kiiiiiiii", &in.pairing, &in.long_word, &in.long_line, &in.label, &in.lower, &in.opening,
                          &in.closing, &in.colon, &in.stop))
        goto done;
    if (!are_sound(&in) || in.most < 1) {
        PyErr_SetString(PyExc_ValueError, "the tokens of blocks that follow each other are needed");
        goto done;
    }
    answer = repeats_of(&in);
done:
    release(&buffers);
    return answer;
}
