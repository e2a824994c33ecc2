/* memory/fingerprints.py: a document's tokens -> the units that a source may repeat. Hashes modulo 2**64 throughout. */
#include "accelerator.h"

enum { WHOLE, HEAD, TAIL, RUN };
enum { ENTRY = 30 }; /* bytes of postings.ENTRY */
#define BASE 0x9E3779B97F4A7C15u
#define TWIST 0x2545F4914F6CDD1Du

typedef struct {
    Py_ssize_t tokens, kinds, named, glued_blocks;
    const uint64_t *hashes, *calendar;
    const uint8_t *kind, *is_word, *buckets, *glued;
    const int64_t *block;
    uint64_t number;
    int digit, run, window, head, tail, sketch, farthest;
} Input;

/* Words by their place in the document, and blocks that have words by theirs. */
typedef struct {
    int64_t *at, *owner, *start; /* start: of each block, and behind the last one the count of words */
    uint64_t *words, *runs, *whole;
    int64_t *run_start;
    uint8_t *chosen;
    Py_ssize_t count, blocks, run_count, units;
    uint64_t *hashes, *smallest; /* to be sorted: room for all units */
    int64_t *order, *starts, *noted;
} Room;

typedef struct {
    uint64_t *keys;
    int64_t *block, *place, *place_from_end, *first, *last;
    uint16_t *before, *after;
    uint8_t *kinds, *remembered;
} Output;

static ALWAYS uint64_t mixed(uint64_t hash) {
    hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDu;
    hash = (hash ^ (hash >> 29)) * 0xC4CEB9FE1A85EC53u;
    return hash ^ (hash >> 32);
}

static int is_named(const Input *in, uint64_t word) {
    Py_ssize_t low = 0, high = in->named;
    if (!in->buckets[word >> 50]) return 0;
    while (low < high) {
        const Py_ssize_t middle = (low + high) / 2;
        if (in->calendar[middle] < word) low = middle + 1;
        else high = middle;
    }
    return low < in->named && in->calendar[low] == word;
}

/* The words as they are compared; neighbouring numbers are one. */
static void find_words(const Input *in, Room *room) {
    int number_before = 0;
    int64_t block_before = -1;
    for (Py_ssize_t token = 0; token < in->tokens; token++) {
        if (!in->is_word[in->kind[token]]) continue;
        const uint64_t hash = in->hashes[token];
        const int is_number = in->kind[token] == in->digit || hash == in->number || is_named(in, hash);
        const int64_t block = in->block[token];
        if (!(is_number && number_before && block == block_before)) {
            if (room->count == 0 || room->owner[room->count - 1] != block) room->start[room->blocks++] = room->count;
            room->at[room->count] = token, room->owner[room->count] = block;
            room->words[room->count++] = mixed(is_number ? in->number : hash);
        }
        number_before = is_number, block_before = block;
    }
    room->start[room->blocks] = room->count;
}

static ALWAYS uint64_t key_of(const Room *room, int64_t first, int64_t last, uint64_t kind) {
    uint64_t sum = 0, power = 1;
    for (int64_t word = first; word < last; word++, power *= BASE) sum += room->words[word] * power;
    return mixed(sum + TWIST * kind);
}

static void find_runs(const Input *in, Room *room) {
    for (int64_t first = 0; first + in->run <= room->count; first++)
        if (room->owner[first] == room->owner[first + in->run - 1]) {
            room->run_start[room->run_count] = first;
            room->runs[room->run_count++] = key_of(room, first, first + in->run, RUN);
        }
    memset(room->chosen, 0, (size_t)room->run_count);
    for (Py_ssize_t run = 0; run + in->window <= room->run_count; run++) { /* of neighbouring runs the smallest */
        const Py_ssize_t last = run + in->window - 1;
        if (room->run_start[last] - room->run_start[run] != in->window - 1 ||
            room->owner[room->run_start[last]] != room->owner[room->run_start[run]])
            continue;
        uint64_t least = room->runs[run];
        for (Py_ssize_t at = run + 1; at <= last; at++) least = room->runs[at] < least ? room->runs[at] : least;
        for (Py_ssize_t at = run; at <= last; at++) room->chosen[at] |= room->runs[at] == least;
    }
}

static uint16_t short_of(const Room *room, Py_ssize_t block) {
    return block < 0 || block >= room->blocks ? 0 : (uint16_t)((room->whole[block] >> 48) | 1);
}

static void put(const Input *in, const Room *room, const Output *out, Py_ssize_t at, int kind, Py_ssize_t place,
                int64_t first, int64_t last, uint64_t key, int is_remembered) {
    const Py_ssize_t from_end = room->blocks - 1 - place;
    out->keys[at] = key, out->kinds[at] = (uint8_t)kind, out->block[at] = room->owner[first];
    out->place[at] = place < in->farthest ? place : in->farthest;
    out->place_from_end[at] = from_end < in->farthest ? from_end : in->farthest;
    out->first[at] = room->at[first], out->last[at] = room->at[last - 1];
    out->before[at] = short_of(room, place - 1), out->after[at] = short_of(room, place + 1);
    out->remembered[at] = (uint8_t)is_remembered;
}

static void put_all(const Input *in, const Room *room, const Output *out) {
    Py_ssize_t at = 0;
    for (int kind = WHOLE; kind <= TAIL; kind++) {
        const int least = kind == HEAD ? in->head : in->tail;
        for (Py_ssize_t block = 0; block < room->blocks; block++) {
            const int64_t start = room->start[block], end = room->start[block + 1];
            if (kind != WHOLE && end - start <= least) continue;
            const int64_t first = kind == TAIL ? end - in->tail : start, last = kind == HEAD ? start + in->head : end;
            const uint64_t key = kind == WHOLE ? room->whole[block] : key_of(room, first, last, (uint64_t)kind);
            put(in, room, out, at++, kind, block, first, last, key, 1);
        }
    }
    Py_ssize_t place = 0;
    for (Py_ssize_t run = 0; run < room->run_count; run++) {
        const int64_t first = room->run_start[run];
        while (room->start[place + 1] <= first) place++;
        const int is_remembered = room->chosen[run] || (in->glued && in->glued[room->owner[first]]);
        put(in, room, out, at++, RUN, place, first, first + in->run, room->runs[run], is_remembered);
    }
}

/* Puts the numbers of hashes in the order of the hashes, equal ones in their own: by the first bits, which are spread
 * evenly, then by insertion. `starts` has room for one more. */
static void sort(const uint64_t *hashes, Py_ssize_t count, int64_t *order, int64_t *starts) {
    int bits = 0;
    while ((Py_ssize_t)1 << (bits + 1) <= count) bits++;
    const Py_ssize_t buckets = (Py_ssize_t)1 << bits;
    memset(starts, 0, (size_t)(buckets + 1) * sizeof *starts);
    for (Py_ssize_t at = 0; at < count; at++) starts[(bits ? hashes[at] >> (64 - bits) : 0) + 1]++;
    for (Py_ssize_t bucket = 0; bucket < buckets; bucket++) starts[bucket + 1] += starts[bucket];
    for (Py_ssize_t at = 0; at < count; at++) order[starts[bits ? hashes[at] >> (64 - bits) : 0]++] = at;
    for (Py_ssize_t at = 1; at < count; at++) {
        const int64_t moved = order[at];
        Py_ssize_t to = at;
        for (; to > 0 && hashes[order[to - 1]] > hashes[moved]; to--) order[to] = order[to - 1];
        order[to] = moved;
    }
}

/* The smallest hashes of blocks and runs, each once; how many there are. */
static Py_ssize_t find_smallest(const Input *in, Room *room) {
    Py_ssize_t count = 0, kept = 0;
    for (Py_ssize_t block = 0; block < room->blocks; block++) room->hashes[count++] = mixed(room->whole[block] ^ TWIST);
    for (Py_ssize_t run = 0; run < room->run_count; run++)
        if (room->chosen[run]) room->hashes[count++] = mixed(room->runs[run] ^ TWIST);
    sort(room->hashes, count, room->order, room->starts);
    for (Py_ssize_t at = 0; at < count && kept < in->sketch; at++) {
        const uint64_t hash = room->hashes[room->order[at]];
        if (kept == 0 || hash != room->smallest[kept - 1]) room->smallest[kept++] = hash;
    }
    return kept;
}

/* Words, blocks and runs, how many units there are, and room to sort them; 0 where there is none. */
static int prepare(const Input *in, Room *room, uint64_t *document) {
    find_words(in, room);
    uint64_t witness = 0, power = 1;
    for (Py_ssize_t block = 0; block < room->blocks; block++, power *= BASE) {
        room->whole[block] = key_of(room, room->start[block], room->start[block + 1], WHOLE);
        witness += room->whole[block] * power;
    }
    find_runs(in, room);
    *document = mixed(witness + TWIST);
    room->units = room->blocks + room->run_count;
    for (Py_ssize_t block = 0; block < room->blocks; block++) {
        const int64_t words = room->start[block + 1] - room->start[block];
        room->units += (words > in->head) + (words > in->tail);
    }
    room->hashes = PyMem_Malloc((4 * (size_t)room->units + 2) * sizeof *room->hashes);
    if (room->hashes == NULL) return PyErr_NoMemory(), 0;
    room->order = (int64_t *)room->hashes + room->units, room->noted = room->order + room->units;
    room->starts = room->noted + room->units, room->smallest = (uint64_t *)room->noted;
    return 1;
}

static PyObject *with_sketch(const Input *in, Room *room, PyObject *memory, Py_ssize_t count, uint64_t witness) {
    const Py_ssize_t kept = find_smallest(in, room);
    PyObject *sketch = PyByteArray_FromStringAndSize((const char *)room->smallest, kept * 8);
    PyObject *answer =
        sketch ? Py_BuildValue("(OnnKO)", memory, count, room->blocks, (unsigned long long)witness, sketch) : NULL;
    Py_XDECREF(sketch);
    return answer;
}

static PyObject *units_of(const Input *in, Room *room) {
    uint64_t witness;
    if (!prepare(in, room, &witness)) return NULL;
    const Py_ssize_t units = room->units;
    PyObject *memory = bytes_of((size_t)units * (6 * 8 + 2 * 2 + 2));
    if (memory == NULL) return NULL;
    uint64_t *next = (uint64_t *)PyByteArray_AS_STRING(memory);
    int64_t *whole = (int64_t *)next;
    uint16_t *halves = (uint16_t *)(next + 6 * units);
    uint8_t *bytes = (uint8_t *)(halves + 2 * units);
    const Output out = {next, whole + units, whole + 2 * units, whole + 3 * units, whole + 4 * units, whole + 5 * units,
                        halves, halves + units, bytes, bytes + units};
    put_all(in, room, &out);
    PyObject *answer = with_sketch(in, room, memory, units, witness);
    Py_DECREF(memory);
    return answer;
}

/* A remembered unit: its key is noted beside where it stands. */
static void note(Room *room, Py_ssize_t *count, uint64_t key, int kind, Py_ssize_t place) {
    room->hashes[*count] = key;
    room->noted[(*count)++] = place * 4 + kind;
}

static Py_ssize_t note_all(const Input *in, Room *room) {
    Py_ssize_t count = 0, place = 0;
    for (int kind = WHOLE; kind <= TAIL; kind++) {
        const int least = kind == HEAD ? in->head : in->tail;
        for (Py_ssize_t block = 0; block < room->blocks; block++) {
            const int64_t start = room->start[block], end = room->start[block + 1];
            if (kind != WHOLE && end - start <= least) continue;
            const int64_t first = kind == TAIL ? end - in->tail : start, last = kind == HEAD ? start + in->head : end;
            note(room, &count, kind == WHOLE ? room->whole[block] : key_of(room, first, last, (uint64_t)kind), kind, block);
        }
    }
    for (Py_ssize_t run = 0; run < room->run_count; run++) {
        const int64_t first = room->run_start[run];
        while (room->start[place + 1] <= first) place++;
        if (room->chosen[run] || (in->glued && in->glued[room->owner[first]])) note(room, &count, room->runs[run], RUN, place);
    }
    return count;
}

/* One entry of postings.ENTRY: packed, without its text. */
static void put_entry(const Input *in, const Room *room, uint8_t *entry, uint64_t key, uint64_t witness, Py_ssize_t place) {
    const Py_ssize_t from_end = room->blocks - 1 - place;
    const uint16_t before = short_of(room, place - 1), after = short_of(room, place + 1);
    memset(entry, 0, ENTRY);
    memcpy(entry, &key, 8), memcpy(entry + 8, &witness, 8);
    memcpy(entry + 16, &before, 2), memcpy(entry + 18, &after, 2);
    entry[20] = (uint8_t)(place < in->farthest ? place : in->farthest);
    entry[21] = (uint8_t)(from_end < in->farthest ? from_end : in->farthest);
}

/* postings.entries_of: of the remembered units by their keys, each once, the block that it is, or -1; then the entries. */
static PyObject *entries_of(const Input *in, Room *room) {
    uint64_t witness;
    if (!prepare(in, room, &witness)) return NULL;
    const Py_ssize_t noted = note_all(in, room);
    Py_ssize_t count = 0;
    sort(room->hashes, noted, room->order, room->starts);
    for (Py_ssize_t at = 0; at < noted; at++)
        if (at == 0 || room->hashes[room->order[at]] != room->hashes[room->order[at - 1]]) room->order[count++] = room->order[at];
    PyObject *memory = bytes_of((size_t)count * (ENTRY + 8));
    if (memory == NULL) return NULL;
    int64_t *blocks = (int64_t *)PyByteArray_AS_STRING(memory);
    uint8_t *entry = (uint8_t *)(blocks + count);
    for (Py_ssize_t at = 0; at < count; at++, entry += ENTRY) {
        const int64_t number = room->order[at], place = room->noted[number] / 4;
        blocks[at] = room->noted[number] % 4 == WHOLE ? room->owner[room->start[place]] : -1;
        put_entry(in, room, entry, room->hashes[number], witness, (Py_ssize_t)place);
    }
    PyObject *answer = with_sketch(in, room, memory, count, witness);
    Py_DECREF(memory);
    return answer;
}

static int are_sound(const Input *in) {
    if (in->run < 1 || in->window < 1 || in->head < 1 || in->tail < 1) return 0;
    for (Py_ssize_t token = 0; token < in->tokens; token++) {
        const int64_t block = in->block[token];
        if (in->kind[token] >= in->kinds || block < 0 || (in->glued && block >= in->glued_blocks)) return 0;
    }
    return 1;
}

static PyObject *called(PyObject *const *args, Py_ssize_t count, PyObject *(*answer_of)(const Input *, Room *)) {
    if (count != 8) return PyErr_Format(PyExc_TypeError, "units and entries take 8 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *memory = NULL;
    unsigned long long number;
    in.glued = NULL;
    if (!(in.hashes = buffer_of(&buffers, args[0], 8, &in.tokens))) goto done;
    if (!(in.kind = buffer_with(&buffers, args[1], 1, in.tokens))) goto done;
    if (!(in.block = buffer_with(&buffers, args[2], 8, in.tokens))) goto done;
    if (args[3] != Py_None && !(in.glued = buffer_of(&buffers, args[3], 1, &in.glued_blocks))) goto done;
    if (!(in.is_word = buffer_of(&buffers, args[4], 1, &in.kinds))) goto done;
    if (!(in.calendar = buffer_of(&buffers, args[5], 8, &in.named))) goto done;
    if (!(in.buckets = buffer_with(&buffers, args[6], 1, 1 << 14))) goto done;
    if (!PyArg_ParseTuple(args[7], "Kiiiiiii", &number, &in.digit, &in.run, &in.window, &in.head, &in.tail, &in.sketch,
                          &in.farthest))
        goto done;
    in.number = number;
    if (!are_sound(&in)) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    const size_t most = (size_t)in.tokens + 1;
    uint64_t *numbers = PyMem_Malloc(most * (7 * sizeof *numbers + 1));
    if (numbers == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    Room room = {.count = 0};
    room.words = numbers, room.runs = numbers + most, room.whole = numbers + 2 * most;
    room.at = (int64_t *)(numbers + 3 * most), room.owner = room.at + most, room.start = room.at + 2 * most;
    room.run_start = room.at + 3 * most, room.chosen = (uint8_t *)(room.run_start + most);
    memory = answer_of(&in, &room);
    PyMem_Free(room.hashes), PyMem_Free(numbers);
done:
    release(&buffers);
    return memory;
}

PyObject *accelerator_units(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    return called(args, count, units_of);
}

PyObject *accelerator_entries(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    return called(args, count, entries_of);
}
