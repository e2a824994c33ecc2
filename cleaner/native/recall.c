/* memory/lookup.py: which of a document's units the memory of its source holds, and what that says of each block. */
#include "accelerator.h"

enum { WHOLE, HEAD, TAIL, RUN };
/* The columns, in the order of lookup.MEASURES. */
enum { ARTICLES, OTHERS, SHARE, PLACE, FROM_END, BEFORE, AFTER, MOST, COVERED, RUNS, HEADS, HEAD_SHARE, TAILS, TAIL_SHARE,
       MEASURES };
/* Fields of postings.ENTRY, packed. */
enum { AT_BEFORE = 16, AT_AFTER = 18, AT_PLACE = 20, AT_FROM_END = 21, ENTRY = 30 };

typedef struct {
    Py_ssize_t keys, rows, units, blocks, found, wholes;
    int64_t tokens; /* of the units */
    const uint64_t *known, *articles, *asked;
    const int64_t *starts, *unit, *at, *block, *place, *from_end, *first, *last;
    const float *held;
    const double *others, *logs;
    const uint8_t *entries, *kinds;
    const uint16_t *before, *after;
    unsigned long long mine;
    double documents, recurring;
} Input;

/* Where a key stands in the sorted ones, or -1. Keys are hashes: it is sought from where it should stand. */
static Py_ssize_t place_of(const Input *in, uint64_t key) {
    Py_ssize_t low = 0, high = in->keys, step = 1;
    if (high == 0) return -1;
    Py_ssize_t guess = (Py_ssize_t)(((key >> 32) * (uint64_t)in->keys) >> 32);
    if (in->known[guess] <= key) {
        low = guess;
        while (guess + step < in->keys && in->known[guess + step] <= key) low = guess + step, step *= 2;
        if (guess + step < in->keys) high = guess + step;
    } else {
        high = guess;
        while (guess - step >= 0 && in->known[guess - step] > key) high = guess - step, step *= 2;
        if (guess - step >= 0) low = guess - step;
    }
    while (high - low > 1) {
        const Py_ssize_t middle = low + (high - low) / 2;
        if (in->known[middle] <= key) low = middle;
        else high = middle;
    }
    return in->known[low] == key ? low : -1;
}

static int refuse(void) {
    PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
    return 0;
}

/* Do the rows of a key lie in the table? */
static int is_sound(const Input *in, int64_t key) {
    return in->starts[key] >= 0 && in->starts[key] <= in->starts[key + 1] && in->starts[key + 1] <= in->rows;
}

/* The units that are known: of each its number, its key's place, and how many other articles hold it, estimated. */
static PyObject *known_units(const Input *in) {
    int64_t *room = PyMem_Malloc((size_t)(2 * in->units + 1) * sizeof *room);
    if (room == NULL) return PyErr_NoMemory();
    Py_ssize_t found = 0;
    for (Py_ssize_t unit = 0; unit < in->units; unit++) {
        const Py_ssize_t at = place_of(in, in->asked[unit]);
        if (at < 0) continue;
        if (!is_sound(in, at)) {
            PyMem_Free(room);
            refuse();
            return NULL;
        }
        room[2 * found] = unit, room[2 * found++ + 1] = at;
    }
    PyObject *memory = bytes_of((size_t)found * 3 * 8);
    if (memory != NULL) {
        int64_t *units = (int64_t *)PyByteArray_AS_STRING(memory), *places = units + found;
        double *others = (double *)(places + found);
        for (Py_ssize_t at = 0; at < found; at++) {
            const int64_t key = room[2 * at + 1], first = in->starts[key], last = in->starts[key + 1];
            int64_t kept = 0;
            for (int64_t row = first; row < last; row++) kept += in->articles[row] != in->mine;
            units[at] = room[2 * at], places[at] = key;
            others[at] = (double)kept * (double)in->held[key] / (double)(last > first ? last - first : 1);
        }
    }
    PyMem_Free(room);
    return memory;
}

static uint16_t short_at(const uint8_t *entry, int field) {
    uint16_t value;
    memcpy(&value, entry + field, sizeof value);
    return value;
}

static double at_most_one(double share) {
    return share < 1 ? share : 1;
}

static int is_near(int64_t one, int64_t other) {
    return one - other <= 1 && other - one <= 1;
}

/* At how many of the other articles the block stands at the same place, beside the same blocks. */
static void measure_whole(const Input *in, Py_ssize_t at, float *row) {
    const int64_t unit = in->unit[at], key = in->at[at];
    int64_t total = 0, agree[4] = {0};
    for (int64_t held = in->starts[key]; held < in->starts[key + 1]; held++) {
        if (in->articles[held] == in->mine) continue;
        const uint8_t *entry = in->entries + ENTRY * held;
        total++;
        agree[0] += is_near(entry[AT_PLACE], in->place[unit]);
        agree[1] += is_near(entry[AT_FROM_END], in->from_end[unit]);
        agree[2] += short_at(entry, AT_BEFORE) == in->before[unit];
        agree[3] += short_at(entry, AT_AFTER) == in->after[unit];
    }
    row[OTHERS] = (float)in->logs[at];
    row[SHARE] = (float)at_most_one(in->others[at] / in->documents);
    for (int what = 0; what < 4; what++) row[PLACE + what] = (float)((double)agree[what] / (double)(total ? total : 1));
}

/* Blocks by the runs of words in them that others hold: the most, the mean, and how much of the words they cover. */
static int measure_runs(const Input *in, float *table) {
    double *sums = PyMem_Calloc((size_t)in->blocks + 1, sizeof *sums);
    int64_t *runs = PyMem_Calloc((size_t)in->blocks + 1, sizeof *runs);
    int64_t *marks = PyMem_Calloc((size_t)in->tokens + 1, sizeof *marks); /* then: covered tokens before each */
    const int is_done = sums != NULL && runs != NULL && marks != NULL;
    if (is_done) {
        int64_t depth = 0, covered = 0;
        for (Py_ssize_t unit = 0; unit < in->units; unit++) runs[in->block[unit]] += in->kinds[unit] == RUN;
        for (Py_ssize_t at = 0; at < in->found; at++) {
            const int64_t unit = in->unit[at];
            if (in->kinds[unit] != RUN) continue;
            float *most = table + MEASURES * in->block[unit] + MOST;
            if ((float)in->logs[at] > *most) *most = (float)in->logs[at];
            sums[in->block[unit]] += in->logs[at];
            if (in->others[at] >= in->recurring) marks[in->first[unit]]++, marks[in->last[unit] + 1]--;
        }
        for (int64_t token = 0; token <= in->tokens; token++) {
            depth += marks[token];
            marks[token] = covered;
            covered += depth > 0;
        }
        for (Py_ssize_t block = 0; block < in->blocks; block++)
            table[MEASURES * block + RUNS] = (float)(sums[block] / (double)(runs[block] ? runs[block] : 1));
        for (Py_ssize_t whole = 0; whole < in->wholes; whole++) {
            const int64_t first = in->first[whole], end = in->last[whole] + 1;
            const double share = (double)(marks[end] - marks[first]) / (double)(end - first);
            table[MEASURES * in->block[whole] + COVERED] = (float)share;
        }
    } else {
        PyErr_NoMemory();
    }
    PyMem_Free(sums), PyMem_Free(runs), PyMem_Free(marks);
    return is_done;
}

static PyObject *measured(const Input *in) {
    const size_t size = (size_t)in->blocks * MEASURES * sizeof(float);
    PyObject *memory = bytes_of(size);
    if (memory == NULL) return NULL;
    float *table = (float *)PyByteArray_AS_STRING(memory);
    memset(table, 0, size);
    int has_runs = 0;
    for (Py_ssize_t at = 0; at < in->found; at++) {
        const int64_t unit = in->unit[at];
        float *row = table + MEASURES * in->block[unit];
        const float share = (float)at_most_one(in->others[at] / in->documents);
        if (in->kinds[unit] == WHOLE) measure_whole(in, at, row);
        else if (in->kinds[unit] == HEAD) row[HEADS] = (float)in->logs[at], row[HEAD_SHARE] = share;
        else if (in->kinds[unit] == TAIL) row[TAILS] = (float)in->logs[at], row[TAIL_SHARE] = share;
        else has_runs = 1;
    }
    if (has_runs && !measure_runs(in, table)) Py_CLEAR(memory);
    return memory;
}

static int are_units_sound(Input *in) {
    in->tokens = 0;
    if (in->wholes < 0 || in->wholes > in->units || in->blocks < 0) return refuse();
    for (Py_ssize_t unit = 0; unit < in->units; unit++) {
        if (in->block[unit] < 0 || in->block[unit] >= in->blocks || in->first[unit] < 0 ||
            in->last[unit] < in->first[unit] || in->last[unit] > INT32_MAX)
            return refuse();
        if (in->last[unit] >= in->tokens) in->tokens = in->last[unit] + 1;
    }
    for (Py_ssize_t at = 0; at < in->found; at++)
        if (in->unit[at] < 0 || in->unit[at] >= in->units || in->at[at] < 0 || in->at[at] >= in->keys ||
            !is_sound(in, in->at[at]))
            return refuse();
    return 1;
}

PyObject *accelerator_known_units(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 6) return PyErr_Format(PyExc_TypeError, "known_units takes 6 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    if (!(in.known = buffer_of(&buffers, args[0], 8, &in.keys))) goto done;
    if (!(in.starts = buffer_with(&buffers, args[1], 8, in.keys + 1))) goto done;
    if (!(in.held = buffer_with(&buffers, args[2], 4, in.keys))) goto done;
    if (!(in.articles = buffer_of(&buffers, args[3], 8, &in.rows))) goto done;
    if (!(in.asked = buffer_of(&buffers, args[4], 8, &in.units))) goto done;
    in.mine = PyLong_AsUnsignedLongLong(args[5]);
    if (!PyErr_Occurred()) answer = known_units(&in);
done:
    release(&buffers);
    return answer;
}

PyObject *accelerator_recall(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 16) return PyErr_Format(PyExc_TypeError, "recall takes 16 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    if (!(in.unit = buffer_of(&buffers, args[0], 8, &in.found))) goto done;
    if (!(in.at = buffer_with(&buffers, args[1], 8, in.found))) goto done;
    if (!(in.others = buffer_with(&buffers, args[2], 8, in.found))) goto done;
    if (!(in.logs = buffer_with(&buffers, args[3], 8, in.found))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[4], 8, &in.keys))) goto done;
    if (!(in.entries = buffer_of(&buffers, args[5], ENTRY, &in.rows))) goto done;
    if (!(in.articles = buffer_with(&buffers, args[6], 8, in.rows))) goto done;
    if (!(in.kinds = buffer_of(&buffers, args[7], 1, &in.units))) goto done;
    if (!(in.block = buffer_with(&buffers, args[8], 8, in.units))) goto done;
    if (!(in.before = buffer_with(&buffers, args[9], 2, in.units))) goto done;
    if (!(in.after = buffer_with(&buffers, args[10], 2, in.units))) goto done;
    if (!(in.place = buffer_with(&buffers, args[11], 8, in.units))) goto done;
    if (!(in.from_end = buffer_with(&buffers, args[12], 8, in.units))) goto done;
    if (!(in.first = buffer_with(&buffers, args[13], 8, in.units))) goto done;
    if (!(in.last = buffer_with(&buffers, args[14], 8, in.units))) goto done;
    if (!PyArg_ParseTuple(args[15], "Kddnn", &in.mine, &in.documents, &in.recurring, &in.wholes, &in.blocks)) goto done;
    in.keys--; /* of starts there is one more */
    if (in.keys < 0) refuse();
    else if (are_units_sound(&in)) answer = measured(&in);
done:
    release(&buffers);
    return answer;
}
