/* model/repeats.py: what a block repeats of the others. Whole numbers only; hashes are found in an open table. */
#include "accelerator.h"

enum { COUNTED = 1, NAME = 2, STOP = 4, CLOSER = 8 };
/* Columns of the counts; those of `forms` from FORMS on. */
enum { PAIRS = 0, RUNS = 5, WORDS = 7, NAMES = 12, FORMS = 18, COLUMNS = 23 };
enum { LABELLED = FORMS, BRACKET, BRACKETED, ASIDES, STOPPED };

typedef struct {
    Py_ssize_t tokens, blocks, kinds;
    const uint64_t *hashes;
    const uint8_t *kind, *classes;
    const int64_t *lengths, *starts, *counts, *sizes;
    const float *logs; /* of 1 + count; the last one is that of all larger counts */
    Py_ssize_t most_log;
    unsigned long long pairing;
    int long_word, long_line, label, lower, opening, closing, colon, stop;
} Input;

/* Blocks that hold the same hash: one of them, and the nearest before and behind it; -1: none. */
typedef struct {
    uint64_t hash;
    int32_t block, last, next;
} Group;

/* Hashes in blocks, in the order of the text, each with the group of its hash and block. */
typedef struct {
    Py_ssize_t count, groups;
    uint64_t *hashes;
    int32_t *block, *group;
    uint8_t *first; /* the block begins with it */
    Group *known;
    int32_t *table; /* slot -> the last group of a hash; -1: free */
} Items;

static inline void add(Items *items, uint64_t hash, Py_ssize_t block, int first) {
    items->hashes[items->count] = hash;
    items->block[items->count] = (int32_t)block;
    items->first[items->count++] = (uint8_t)first;
}

static void find(Items *items) {
    size_t mask = 15;
    while (mask + 1 < 2 * (size_t)items->count) mask = 2 * mask + 1;
    memset(items->table, 0xFF, (mask + 1) * sizeof *items->table);
    Group *known = items->known;
    int32_t groups = 0;
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const uint64_t hash = items->hashes[at];
        const int32_t block = items->block[at];
        size_t slot = (size_t)((hash * 0x9E3779B97F4A7C15u) >> 32) & mask;
        while (items->table[slot] >= 0 && known[items->table[slot]].hash != hash) slot = (slot + 1) & mask;
        const int32_t before = items->table[slot];
        if (before < 0 || known[before].block != block) {
            known[groups] = (Group){hash, block, before < 0 ? -1 : known[before].block, -1};
            if (before >= 0) known[before].next = block;
            items->table[slot] = groups++;
        }
        items->group[at] = items->table[slot];
    }
}

/* How many items a block has; of them in the block before, in the next, in any before, in any behind. */
static void places(const Items *items, int32_t *columns, Py_ssize_t blocks) {
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const Group *group = &items->known[items->group[at]];
        int32_t *column = columns + group->block;
        column[0]++;
        column[blocks] += group->last >= 0 && group->last == group->block - 1;
        column[2 * blocks] += group->next == group->block + 1;
        column[3 * blocks] += group->last >= 0;
        column[4 * blocks] += group->next >= 0;
    }
}

/* The longest run of items that some block before holds, too, and of those that one behind does. */
static void runs(const Items *items, int32_t *columns, Py_ssize_t blocks) {
    int32_t before = 0, behind = 0, block = -1;
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const Group *group = &items->known[items->group[at]];
        if (group->block != block) before = behind = 0, block = group->block;
        int32_t *column = columns + block;
        before = group->last < 0 ? 0 : before + 1;
        behind = group->next < 0 ? 0 : behind + 1;
        column[0] = before > column[0] ? before : column[0];
        column[blocks] = behind > column[blocks] ? behind : column[blocks];
    }
}

static void names(const Items *items, int32_t *columns, Py_ssize_t blocks) {
    for (Py_ssize_t at = 0; at < items->count; at++) {
        const Group *group = &items->known[items->group[at]];
        const int before = group->last >= 0, behind = group->next >= 0, first = items->first[at];
        int32_t *column = columns + group->block;
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
        if (part == 0) runs(items, columns + RUNS * blocks, blocks);
    }
}

/* The counts of each block as shares, logarithms and flags, in the last columns of its row of the table. */
static void measure(const Input *in, const int32_t *counts, float *table, Py_ssize_t width) {
    static const int counted[] = {PAIRS, RUNS, RUNS + 1, NAMES, NAMES + 1, NAMES + 2, NAMES + 3, BRACKET};
    static const int flags[] = {NAMES + 4, NAMES + 5, LABELLED, BRACKETED, ASIDES};
    const Py_ssize_t blocks = in->blocks;
    int64_t long_lines = 0, stopped_lines = 0;
    for (Py_ssize_t block = 0; block < blocks; block++) {
        const int is_long = in->sizes[block] >= in->long_line;
        long_lines += is_long;
        stopped_lines += is_long && counts[STOPPED * blocks + block] > 0;
    }
    const double share = (double)stopped_lines / (double)(long_lines > 1 ? long_lines : 1);
    for (Py_ssize_t block = 0; block < blocks; block++) {
        const int32_t *own = counts + block;
        float *next = table + (block + 1) * width - COLUMNS;
        for (int part = 0; part < 2; part++) {
            const int32_t *some = own + (part ? WORDS : PAIRS) * blocks;
            const double all = some[0] > 1 ? some[0] : 1;
            for (int place = 1; place < 5; place++) *next++ = (float)((double)some[place * blocks] / all);
        }
        for (size_t at = 0; at < sizeof counted / sizeof *counted; at++) {
            const int32_t count = own[counted[at] * blocks];
            *next++ = in->logs[count < in->most_log ? count : in->most_log - 1];
        }
        for (size_t at = 0; at < sizeof flags / sizeof *flags; at++) *next++ = (float)own[flags[at] * blocks];
        *next++ = in->sizes[block] >= in->long_line && own[STOPPED * blocks] == 0 ? (float)share : 0.0f;
        *next = (float)share;
    }
}

/* 0 where memory is short. */
static int fill(const Input *in, float *table, Py_ssize_t width) {
    size_t slots = 16;
    while (slots < 2 * (size_t)in->tokens) slots *= 2;
    const size_t size = (size_t)in->tokens + 1;
    Items items = {0};
    items.table = malloc(slots * sizeof *items.table);
    items.hashes = malloc(size * sizeof *items.hashes);
    items.block = malloc(2 * size * sizeof *items.block);
    items.known = malloc(size * sizeof *items.known);
    items.first = malloc(size);
    int32_t *columns = calloc(COLUMNS * (size_t)in->blocks + 1, sizeof *columns);
    const int done = items.table && items.hashes && items.block && items.known && items.first && columns;
    if (done) {
        items.group = items.block + size;
        repeated(in, &items, columns);
        for (Py_ssize_t block = 0; block < in->blocks; block++) forms(in, block, columns + FORMS * in->blocks + block);
        measure(in, columns, table, width);
    }
    free(items.table), free(items.hashes), free(items.block), free(items.known), free(items.first), free(columns);
    return done;
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
    if (count != 10) return PyErr_Format(PyExc_TypeError, "repeats takes 10 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    Py_ssize_t items;
    if (!(in.hashes = buffer_of(&buffers, args[0], 8, &in.tokens))) goto done;
    if (!(in.kind = buffer_with(&buffers, args[1], 1, in.tokens))) goto done;
    if (!(in.lengths = buffer_with(&buffers, args[2], 8, in.tokens))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[3], 8, &in.blocks))) goto done;
    if (!(in.counts = buffer_with(&buffers, args[4], 8, in.blocks))) goto done;
    if (!(in.sizes = buffer_with(&buffers, args[5], 8, in.blocks))) goto done;
    if (!(in.classes = buffer_of(&buffers, args[6], 1, &in.kinds))) goto done;
    if (!(in.logs = buffer_of(&buffers, args[7], 4, &in.most_log))) goto done;
    if (!PyArg_ParseTuple(args[8], "Kiiiiiiii", &in.pairing, &in.long_word, &in.long_line, &in.label, &in.lower,
                          &in.opening, &in.closing, &in.colon, &in.stop))
        goto done;
    float *table = (float *)buffer_to_fill(&buffers, args[9], 4, &items);
    if (table == NULL) goto done;
    const Py_ssize_t width = in.blocks ? items / in.blocks : 0;
    if (!are_sound(&in) || in.most_log < 1 || width * in.blocks != items || (in.blocks && width < COLUMNS)) {
        PyErr_SetString(PyExc_ValueError, "the tokens of blocks that follow each other are needed, and room for each");
        goto done;
    }
    answer = fill(&in, table, width) ? Py_NewRef(Py_None) : PyErr_NoMemory();
done:
    release(&buffers);
    return answer;
}
