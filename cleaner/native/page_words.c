/* html/page_words.py: words of a page's lines, what they say as checksums, and which of them stand elsewhere, too. */
#include "accelerator.h"

#define WORDWISE 10
#define ECHOING 8
#define SHORT 4

/* Words found so far, each once: open addressing, a power of two of slots. */
typedef struct {
    const Py_UCS4 *start;
    Py_ssize_t length;
    uint64_t hash;
} Word;

typedef struct {
    Py_UCS4 *signs; /* of all texts, one after another */
    Word *words;    /* id -> word */
    int32_t *slots; /* slot -> id + 1 */
    size_t mask;
    Py_ssize_t count, used, room; /* distinct words; words in `ids`, and room there */
    int32_t *ids;                 /* of all words, text after text */
} Words;

static int is_single(Py_UCS4 sign) {
    return (sign >= 0x0e00 && sign <= 0x0eff) || (sign >= 0x1000 && sign <= 0x109f) || (sign >= 0x1780 && sign <= 0x17ff) ||
           (sign >= 0x3040 && sign <= 0x30ff) || (sign >= 0x3400 && sign <= 0x9fff);
}

static int32_t id_of(Words *words, const Py_UCS4 *start, Py_ssize_t length) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (Py_ssize_t at = 0; at < length; at++) hash = (hash ^ start[at]) * 0x100000001b3u;
    size_t slot = (size_t)(hash ^ (hash >> 32)) & words->mask;
    while (words->slots[slot]) {
        const Word *word = &words->words[words->slots[slot] - 1];
        if (word->hash == hash && word->length == length && memcmp(word->start, start, (size_t)length * sizeof *start) == 0)
            return words->slots[slot] - 1;
        slot = (slot + 1) & words->mask;
    }
    words->words[words->count] = (Word){start, length, hash};
    words->slots[slot] = (int32_t)++words->count;
    return words->slots[slot] - 1;
}

/* The words of one text, put behind those before; returns how many. */
static Py_ssize_t read_words(Words *words, const Py_UCS4 *signs, Py_ssize_t length) {
    const Py_ssize_t before = words->used;
    Py_ssize_t at = 0;
    while (at < length) {
        const Py_ssize_t start = at;
        if (is_single(signs[at])) at++;
        else
            while (at < length && Py_UNICODE_ISALNUM(signs[at])) at++;
        if (at > start) words->ids[words->used++] = id_of(words, signs + start, at - start);
        else at++;
    }
    return words->used - before;
}

static uint32_t crc_table[256];

static void fill_crc_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
        crc_table[byte] = value;
    }
}

static inline uint32_t crc_byte(uint32_t crc, unsigned byte) { return crc_table[(crc ^ byte) & 255] ^ (crc >> 8); }

static uint32_t crc_sign(uint32_t crc, Py_UCS4 sign) {
    if (sign < 0x80) return crc_byte(crc, sign);
    if (sign < 0x800) return crc_byte(crc_byte(crc, 0xC0 | (sign >> 6)), 0x80 | (sign & 63));
    if (sign < 0x10000)
        return crc_byte(crc_byte(crc_byte(crc, 0xE0 | (sign >> 12)), 0x80 | ((sign >> 6) & 63)), 0x80 | (sign & 63));
    crc = crc_byte(crc_byte(crc, 0xF0 | (sign >> 18)), 0x80 | ((sign >> 12) & 63));
    return crc_byte(crc_byte(crc, 0x80 | ((sign >> 6) & 63)), 0x80 | (sign & 63));
}

/* A word, its runs of digits as one 0 where `digits`. */
static uint32_t crc_word(uint32_t crc, const Word *word, int digits) {
    int in_digits = 0;
    for (Py_ssize_t at = 0; at < word->length; at++) {
        const Py_UCS4 sign = word->start[at];
        const int digit = digits && Py_UNICODE_ISDECIMAL(sign);
        if (!digit) crc = crc_sign(crc, sign);
        else if (!in_digits) crc = crc_byte(crc, '0');
        in_digits = digit;
    }
    return crc;
}

typedef struct {
    const Words *words;
    const int32_t *ids; /* the first words, and the last once more */
    Py_ssize_t count;
    int digits;
} Said;

static uint64_t joined(const Said *said, char sign, Py_ssize_t count) {
    uint32_t crc = crc_byte(0xFFFFFFFFu, (unsigned char)sign);
    for (Py_ssize_t at = 0; at < count && at < said->count; at++) {
        if (at) crc = crc_byte(crc, ' ');
        crc = crc_word(crc, &said->words->words[said->ids[at]], said->digits);
    }
    return crc ^ 0xFFFFFFFFu;
}

/* The checksums of what a line says; returns how many. */
static Py_ssize_t say(const Words *words, const int32_t *ids, Py_ssize_t count, uint64_t *to) {
    int32_t first[WORDWISE + 1];
    const Py_ssize_t some = count < WORDWISE ? count : WORDWISE;
    memcpy(first, ids, (size_t)some * sizeof *ids);
    if (count) first[some] = ids[count - 1];
    Said said = {words, first, count ? some + 1 : 0, 0};
    for (Py_ssize_t at = 0; at < said.count && !said.digits; at++) {
        const Word *word = &words->words[first[at]];
        for (Py_ssize_t sign = 0; sign < word->length && !said.digits; sign++) said.digits = !Py_UNICODE_ISALPHA(word->start[sign]);
    }
    uint64_t *start = to;
    for (Py_ssize_t some_of = 1; some_of <= 3; some_of++) *to++ = joined(&said, '^', some_of);
    const uint32_t end = crc_byte(0xFFFFFFFFu, '$');
    *to++ = (count ? crc_word(end, &words->words[first[some]], said.digits) : end) ^ 0xFFFFFFFFu;
    if (count > WORDWISE) return to - start;
    *to++ = joined(&said, '=', some);
    for (Py_ssize_t at = 0; at < some; at++)
        *to++ = crc_word(0xFFFFFFFFu, &words->words[first[at]], said.digits) ^ 0xFFFFFFFFu;
    return to - start;
}

/* Runs of three words, each once. */
typedef struct {
    int32_t (*runs)[3], *slots, *first, *last, *stamp;
    size_t mask;
    int32_t count;
} Runs;

static int32_t run_of(Runs *runs, const int32_t *ids, int add) {
    uint64_t hash = ((uint64_t)(uint32_t)ids[0] * 0x9E3779B97F4A7C15u) ^ ((uint64_t)(uint32_t)ids[1] * 0xC2B2AE3D27D4EB4Fu) ^
                    ((uint64_t)(uint32_t)ids[2] * 0x165667B19E3779F9u);
    size_t slot = (size_t)(hash ^ (hash >> 29)) & runs->mask;
    while (runs->slots[slot]) {
        const int32_t found = runs->slots[slot] - 1;
        if (memcmp(runs->runs[found], ids, sizeof runs->runs[found]) == 0) return found;
        slot = (slot + 1) & runs->mask;
    }
    if (!add) return -1;
    memcpy(runs->runs[runs->count], ids, sizeof runs->runs[0]);
    runs->slots[slot] = ++runs->count;
    return runs->count - 1;
}

static void free_runs(Runs *runs) {
    PyMem_Free(runs->runs), PyMem_Free(runs->slots);
    PyMem_Free(runs->first), PyMem_Free(runs->last), PyMem_Free(runs->stamp);
}

static int make_runs(Runs *runs, Py_ssize_t most) {
    size_t slots = 16;
    while (slots < 2 * (size_t)most) slots *= 2;
    const size_t room = (size_t)most + 1;
    *runs = (Runs){PyMem_Calloc(room, sizeof *runs->runs), PyMem_Calloc(slots, sizeof(int32_t)),
                   PyMem_Calloc(room, sizeof(int32_t)),    PyMem_Calloc(room, sizeof(int32_t)),
                   PyMem_Calloc(room, sizeof(int32_t)),    slots - 1, 0};
    if (runs->runs && runs->slots && runs->first && runs->last && runs->stamp) return 0;
    PyErr_NoMemory();
    return -1;
}

static int echo(const int32_t *ids, const int64_t *counts, Py_ssize_t lines, Py_ssize_t total, float *before, float *after) {
    Runs runs;
    if (make_runs(&runs, total) < 0) {
        free_runs(&runs);
        return -1;
    }
    const int32_t *at = ids;
    for (Py_ssize_t line = 0; line < lines; at += counts[line++])
        for (Py_ssize_t run = 0; counts[line] >= ECHOING && run + 2 < counts[line]; run++) {
            const int32_t known = runs.count, number = run_of(&runs, at + run, 1);
            if (number == known) runs.first[number] = (int32_t)line;
            runs.last[number] = (int32_t)line;
        }
    at = ids;
    for (Py_ssize_t line = 0; line < lines; at += counts[line++]) {
        Py_ssize_t seen = 0, later = 0;
        before[line] = after[line] = 0;
        if (counts[line] < ECHOING) continue;
        for (Py_ssize_t run = 0; run + 2 < counts[line]; run++) {
            const int32_t number = run_of(&runs, at + run, 0);
            later += runs.last[number] > line;
            seen += runs.first[number] < line && runs.stamp[number] != line + 1;
            runs.stamp[number] = (int32_t)line + 1;
        }
        before[line] = (float)((double)seen / (double)(counts[line] - 2));
        after[line] = (float)((double)later / (double)(counts[line] - 2));
    }
    free_runs(&runs);
    return 0;
}

/* A short line as a run: what it lacks of three words is -1. */
static void whole_line(const int32_t *ids, Py_ssize_t count, int32_t *run) {
    for (Py_ssize_t at = 0; at < 3; at++) run[at] = at < count ? ids[at] : -1;
}

/* A text of lines that others take for the article: how much of each line of the page is in it. */
static int share(const int32_t *ids, const int64_t *counts, Py_ssize_t lines, const int32_t *given, const Py_ssize_t *sizes,
                 Py_ssize_t parts, float *shares) {
    Py_ssize_t total = 0;
    for (Py_ssize_t part = 0; part < parts; part++) total += sizes[part];
    Runs runs = {0}, wholes = {0};
    if (make_runs(&runs, total) < 0 || make_runs(&wholes, parts) < 0) {
        free_runs(&runs), free_runs(&wholes);
        return -1;
    }
    int32_t whole[3];
    for (Py_ssize_t at = 0; at + 2 < total; at++) run_of(&runs, given + at, 1);
    for (Py_ssize_t part = 0; part < parts; given += sizes[part++])
        if (sizes[part] > 0 && sizes[part] < SHORT) {
            whole_line(given, sizes[part], whole);
            run_of(&wholes, whole, 1);
        }
    for (Py_ssize_t line = 0; line < lines; ids += counts[line++]) {
        const Py_ssize_t count = (Py_ssize_t)counts[line];
        Py_ssize_t found = 0;
        if (count >= SHORT) {
            for (Py_ssize_t run = 0; run + 2 < count; run++) found += run_of(&runs, ids + run, 0) >= 0;
            shares[line] = (float)((double)found / (double)(count - 2));
        } else {
            whole_line(ids, count, whole);
            shares[line] = count > 0 && run_of(&wholes, whole, 0) >= 0;
        }
    }
    free_runs(&runs), free_runs(&wholes);
    return 0;
}

#define COLUMNS_OF_8 4
#define COLUMNS_OF_4 2

/* How many distinct words of a line are in the title. stamps: word -> 1 in the title, line + 2 met in that line. */
static int64_t title_words(const int32_t *ids, Py_ssize_t count, int32_t *stamps, const uint8_t *wanted, Py_ssize_t line) {
    int64_t shared = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        shared += wanted[ids[at]] && stamps[ids[at]] != line + 1;
        stamps[ids[at]] = (int32_t)line + 1;
    }
    return shared;
}

/* The signs of all texts; their number, or -1 with an exception set. */
static Py_ssize_t copy_texts(PyObject *list, Py_UCS4 *signs, Py_ssize_t *lengths) {
    Py_ssize_t total = 0;
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(list); at++) {
        PyObject *text = PyList_GET_ITEM(list, at);
        if (!PyUnicode_Check(text)) {
            PyErr_SetString(PyExc_TypeError, "texts must be strings");
            return -1;
        }
        lengths[at] = PyUnicode_GET_LENGTH(text);
        if (signs != NULL && lengths[at] && PyUnicode_AsUCS4(text, signs + total, lengths[at], 0) == NULL) return -1;
        total += lengths[at];
    }
    return total;
}

static PyObject *columns_of(Words *words, const Py_ssize_t *lengths, Py_ssize_t lines, PyObject *const *others, Py_ssize_t groups,
                            Py_ssize_t texts) {
    PyObject *memory = NULL;
    Py_ssize_t *counts = PyMem_Calloc((size_t)texts + 1, sizeof *counts);
    uint64_t *said = PyMem_Malloc((size_t)(lines + 1) * (WORDWISE + 5) * sizeof *said);
    int32_t *stamps = NULL;
    uint8_t *wanted = NULL;
    if (counts == NULL || said == NULL) goto memory_error;
    const Py_UCS4 *signs = words->signs;
    for (Py_ssize_t text = 0; text < texts; signs += lengths[text++]) counts[text] = read_words(words, signs, lengths[text]);
    stamps = PyMem_Calloc((size_t)words->count + 1, sizeof *stamps), wanted = PyMem_Calloc((size_t)words->count + 1, 1);
    if (stamps == NULL || wanted == NULL) goto memory_error;
    Py_ssize_t in_lines = 0, sayings = 0;
    for (Py_ssize_t line = 0; line < lines; line++) in_lines += counts[line];
    const int32_t *title = words->ids + in_lines, *given = title + counts[lines];
    for (Py_ssize_t at = 0; at < counts[lines]; at++) wanted[title[at]] = 1;
    const size_t wide = (size_t)lines * COLUMNS_OF_8 * 8, narrow = (size_t)lines * (size_t)(COLUMNS_OF_4 + groups) * 4;
    int64_t *numbers = PyMem_Malloc(wide + narrow + 8);
    if (numbers == NULL) goto memory_error;
    int64_t *sizes = numbers + lines, *starts = sizes + lines, *shared = starts + lines;
    float *before = (float *)(shared + lines), *after = before + lines, *shares = after + lines;
    const int32_t *ids = words->ids;
    for (Py_ssize_t line = 0; line < lines; ids += counts[line++]) {
        numbers[line] = counts[line], sizes[line] = 0, starts[line] = sayings;
        for (Py_ssize_t at = 0; at < counts[line]; at++) sizes[line] += words->words[ids[at]].length;
        sayings += say(words, ids, counts[line], said + sayings);
        shared[line] = title_words(ids, counts[line], stamps, wanted, line);
    }
    int failed = echo(words->ids, numbers, lines, in_lines, before, after);
    Py_ssize_t text = lines + 1;
    for (Py_ssize_t group = 0; group < groups && !failed; group++) {
        const Py_ssize_t parts = PyList_GET_SIZE(others[group]);
        failed = share(words->ids, numbers, lines, given, counts + text, parts, shares + group * lines);
        for (Py_ssize_t part = 0; part < parts; part++) given += counts[text++];
    }
    if (!failed && (memory = bytes_of((size_t)sayings * 8 + wide + narrow)) != NULL) {
        char *to = PyByteArray_AS_STRING(memory);
        memcpy(to, numbers, wide), memcpy(to + wide, said, (size_t)sayings * 8);
        memcpy(to + wide + (size_t)sayings * 8, before, narrow);
    }
    PyMem_Free(numbers);
    goto done;
memory_error:
    PyErr_NoMemory();
done:
    PyMem_Free(counts), PyMem_Free(said), PyMem_Free(stamps), PyMem_Free(wanted);
    return memory;
}

/* page_words(lines, [title], *other texts' lines), all lower-case -> memory: int64 counts, sizes, starts, shared with
 * the title; uint64 sayings; float32 echoes before, echoes after, and for each other text the share in it. */
PyObject *accelerator_page_words(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Py_ssize_t texts = 0, total = 0;
    for (Py_ssize_t group = 0; group < count; group++) {
        if (!PyList_Check(args[group])) return PyErr_Format(PyExc_TypeError, "page_words takes lists of strings");
        texts += PyList_GET_SIZE(args[group]);
    }
    if (count < 2 || PyList_GET_SIZE(args[1]) != 1) return PyErr_Format(PyExc_TypeError, "page_words takes lines and a title");
    if (!crc_table[1]) fill_crc_table();
    PyObject *memory = NULL;
    Words words = {0};
    Py_ssize_t *lengths = PyMem_Calloc((size_t)texts + 1, sizeof *lengths), text = 0;
    if (lengths == NULL) return PyErr_NoMemory();
    for (Py_ssize_t group = 0; group < count; text += PyList_GET_SIZE(args[group++])) {
        const Py_ssize_t signs = copy_texts(args[group], NULL, lengths + text);
        if (signs < 0) goto done;
        total += signs;
    }
    size_t slots = 16;
    while (slots < 2 * (size_t)total) slots *= 2;
    const size_t room = (size_t)total + 1;
    words.mask = slots - 1;
    words.signs = PyMem_Malloc(room * sizeof *words.signs), words.words = PyMem_Malloc(room * sizeof *words.words);
    words.slots = PyMem_Calloc(slots, sizeof *words.slots), words.ids = PyMem_Malloc(room * sizeof *words.ids);
    if (!words.signs || !words.words || !words.slots || !words.ids || total > INT32_MAX / 2) {
        PyErr_NoMemory();
        goto done;
    }
    Py_UCS4 *signs = words.signs;
    text = 0;
    for (Py_ssize_t group = 0; group < count; text += PyList_GET_SIZE(args[group++])) {
        const Py_ssize_t copied = copy_texts(args[group], signs, lengths + text);
        if (copied < 0) goto done;
        signs += copied;
    }
    memory = columns_of(&words, lengths, PyList_GET_SIZE(args[0]), args + 2, count - 2, texts);
done:
    PyMem_Free(lengths), PyMem_Free(words.signs), PyMem_Free(words.words), PyMem_Free(words.slots), PyMem_Free(words.ids);
    return memory;
}
