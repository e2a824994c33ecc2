/* html/features.py and html/records.py: lines set alike, records, articles, the title; and the function that Python calls. */
#include "page_measures.h"
#include <math.h>

#define ARTICLE_SHARE 0.12
#define RECORD_COLUMNS 9

/* What lines set alike hold together. */
typedef struct {
    double lines, prose, text, with_prose, links;
} Alike;

/* The kinds of a line's two nearest blocks: equal in tag, names, property, depth and invisibility. */
static int group_lines(const Measures *in, int32_t *groups, int32_t *count) {
    const Py_ssize_t elements = in->page->element_count;
    int32_t *rows = PyMem_Malloc((size_t)(5 * elements + 1) * sizeof *rows), *kinds = PyMem_Malloc((size_t)(elements + 1) * sizeof *rows);
    int32_t *keys = PyMem_Malloc((size_t)(2 * in->count + 1) * sizeof *rows), kind_count;
    int done = rows && kinds && keys;
    for (Py_ssize_t index = 0; done && index < elements; index++) {
        const PageElement *element = &in->page->elements[index];
        const int32_t row[5] = {element->tag_id, element->names_id, element->property_id, element->depth, element->invisible};
        memcpy(rows + 5 * index, row, sizeof row);
    }
    done = done && group_rows(rows, elements, 5, kinds, &kind_count);
    for (Py_ssize_t line = 0; done && line < in->count; line++) {
        keys[2 * line] = kinds[in->chains[line][0]];
        keys[2 * line + 1] = in->chain_sizes[line] > 1 ? kinds[in->chains[line][1]] : -1;
    }
    done = done && group_rows(keys, in->count, 2, groups, count);
    PyMem_Free(rows), PyMem_Free(kinds), PyMem_Free(keys);
    return done;
}

/* How often what a line says is said, and whether it is before; numbers: of texts, of which there are `texts`. */
static int said_twice(Measures *in, int32_t *numbers, int32_t texts) {
    int32_t *times = PyMem_Calloc((size_t)texts + 1, sizeof *times);
    if (times == NULL) return 0;
    EACH times[numbers[line]]++;
    COLUMN(logged((double)(times[numbers[line]] - 1)));
    memset(times, 0, (size_t)texts * sizeof *times);
    float *earlier = column(in);
    EACH earlier[line] = times[numbers[line]]++ > 0;
    PyMem_Free(times);
    return 1;
}

static int repeat_columns(Measures *in) {
    int32_t *groups = PyMem_Malloc((size_t)(in->count + 1) * sizeof *groups), count = 0, best = 0;
    Alike *alike = PyMem_Calloc((size_t)in->count + 1, sizeof *alike);
    int done = groups && alike && group_lines(in, groups, &count);
    if (done) {
#define OWN (&alike[groups[line]])
        EACH {
            OWN->lines += 1, OWN->prose += in->prose[line], OWN->text += in->size[line];
            OWN->with_prose += in->prose[line] > 0, OWN->links += in->size[line] * in->links[line];
        }
        for (int32_t group = 1; group < count; group++)
            if (alike[group].prose > alike[best].prose) best = group;
        COLUMN(logged(OWN->lines));
        COLUMN(OWN->prose / in->prose_total);
        COLUMN(logged(OWN->text / OWN->lines));
        COLUMN(OWN->with_prose / OWN->lines);
        COLUMN(OWN->links / LARGER(1.0, OWN->text));
        COLUMN(groups[line] == best);
        Numbers texts = {0};
        done = make_numbers(&texts, (size_t)in->count);
        if (done) EACH groups[line] = number_of(&texts, in->page->lines[line].text);
        done = done && said_twice(in, groups, texts.count);
        free_numbers(&texts);
    }
    PyMem_Free(groups), PyMem_Free(alike);
    return done;
}

/* What the records of a list are like together: the first seven values of a record. */
static void about_list(const Measures *in, const int32_t *members, int32_t size, const uint8_t *timed, double *about) {
    double prose = 0, text = 0, links = 0, with_prose = 0, with_time = 0, apart = 0;
    for (int32_t at = 0; at < size; at++) {
        const double *held = in->held[members[at]];
        prose += held[IN_PROSE], text += held[IN_TEXT], links += held[IN_LINKS];
        with_prose += held[IN_PROSE] > 0, with_time += timed[members[at]];
    }
    const double mean = text / size;
    for (int32_t at = 0; at < size; at++) {
        const double difference = in->held[members[at]][IN_TEXT] - mean;
        apart += difference * difference;
    }
    about[0] = logarithm(1 + (double)size), about[1] = prose / in->prose_total, about[2] = logarithm(1 + mean);
    about[3] = sqrt(apart / size) / LARGER(1.0, mean), about[4] = with_prose / size;
    about[5] = links / LARGER(1.0, text), about[6] = with_time / size;
}

/* The innermost (or outermost) record around each line. */
static void add_records(Measures *in, const int32_t *chosen, double (*about)[7]) {
    const Records *records = &in->records;
    for (int value = 0; value < RECORD_COLUMNS; value++) {
        float *to = column(in);
        EACH {
            const int32_t record = chosen[in->page->lines[line].element];
            const int32_t list = record < 0 ? -1 : records->list_of[record];
            if (list < 0) to[line] = 0;
            else if (value < 7) to[line] = (float)about[list][value];
            else if (value == 7) to[line] = (float)(records->place[record] / (double)(records->starts[list + 1] - records->starts[list]));
            else to[line] = (float)(in->held[record][IN_PROSE] / in->prose_total);
        }
    }
}

static int record_columns(Measures *in) {
    const Page *page = in->page;
    const size_t count = (size_t)page->element_count;
    int32_t *inner = PyMem_Malloc((2 * count + 1) * sizeof *inner), *outer = inner + count;
    uint8_t *timed = PyMem_Malloc(count + 1);
    double (*about)[7] = PyMem_Malloc((count + 1) * sizeof *about);
    const int done = inner && timed && about;
    if (done) {
        for (size_t index = 0; index < count; index++) {
            const int32_t parent = page->elements[index].parent, own = in->records.list_of[index] >= 0;
            inner[index] = own ? (int32_t)index : parent >= 0 ? inner[parent] : -1;
            outer[index] = parent >= 0 && outer[parent] >= 0 ? outer[parent] : own ? (int32_t)index : -1;
            timed[index] = (page->elements[index].kind & TAG_TIME) != 0;
        }
        for (size_t index = count; index-- > 1;)
            if (timed[index] && page->elements[index].parent >= 0) timed[page->elements[index].parent] = 1;
        for (int32_t list = 0; list < in->records.lists; list++) {
            const int32_t start = in->records.starts[list];
            about_list(in, in->records.members + start, in->records.starts[list + 1] - start, timed, about[list]);
        }
        add_records(in, inner, about);
        add_records(in, outer, about);
    }
    PyMem_Free(inner), PyMem_Free(timed), PyMem_Free(about);
    return done;
}

/* Which of a page's articles a line is in: `article` elements with prose, and headlines, one after another. */
static int article_columns(Measures *in) {
    const Page *page = in->page;
    int32_t *number = PyMem_Malloc((size_t)(page->element_count + 1) * sizeof *number), count = 0, heads = 0;
    if (number == NULL) return 0;
    for (Py_ssize_t index = 0; index < page->element_count; index++) {
        const PageElement *element = &page->elements[index];
        number[index] = element->parent >= 0 ? number[element->parent] : -1;
        if (number[index] < 0 && element->kind & TAG_ARTICLE && in->held[index][IN_PROSE] >= ARTICLE_SHARE * in->prose_total)
            number[index] = count++;
    }
    COLUMN(SMALLER(number[page->lines[line].element], 4));
    COLUMN(SMALLER(count, 5));
    float *before = column(in);
    EACH {
        heads += (page->elements[page->lines[line].element].kind & TAG_HEADLINE) != 0;
        before[line] = (float)SMALLER(heads, 6);
    }
    COLUMN(SMALLER(heads, 6));
    PyMem_Free(number);
    return 1;
}

/* How much a line says what the title says, and how it stands to the line that does so most. */
static void title_columns(Measures *in) {
    if (!in->wanted) {
        for (int value = 0; value < 5; value++) COLUMN(0);
        return;
    }
    float most = 0;
    Py_ssize_t first = -1;
    COLUMN((float)in->in_title[line] / LARGER(1.0f, in->words[line]));
    float *both = column(in);
    EACH {
        both[line] = 2 * (float)in->in_title[line] / LARGER(1.0f, in->words[line] + (float)in->wanted);
        most = LARGER(most, both[line]);
    }
    for (Py_ssize_t line = 0; most > 0.4f && first < 0; line++)
        if (both[line] >= 0.8f * most) first = line;
    COLUMN(both[line] > 0.7f);
    COLUMN(first < 0 ? 0 : (line > first) - (line < first));
    COLUMN(first < 0 ? 0 : logged((double)(line < first ? first - line : line - first)));
}

static int all_columns(Measures *in, PyObject *body) {
    shape_basics(in);
    int done = chain(in) && find_records(in->page, &in->records) && hold(in) && shape_columns(in) && spread_columns(in) &&
               tag_columns(in, body) && repeat_columns(in) && record_columns(in) && article_columns(in);
    if (!done) return 0;
    COLUMN(in->before[line]);
    COLUMN(in->after[line]);
    title_columns(in);
    for (int other = 0; other < 2; other++) {
        const float *share = in->shares[other];
        COLUMN(share != NULL);
        COLUMN(share ? share[line] : 0);
        COLUMN(share ? share[line] >= 0.5f : 0);
    }
    return 1;
}

/* Room for what is known of each line and element while measuring; 0 where memory is short. */
static int make_room(Measures *in) {
    const size_t lines = (size_t)in->count + 1, elements = (size_t)in->page->element_count + 1;
    in->size = PyMem_Malloc(6 * lines * sizeof *in->size);
    in->held = PyMem_Malloc(elements * sizeof *in->held);
    in->chains = PyMem_Malloc(lines * sizeof *in->chains);
    in->chain_sizes = PyMem_Malloc(lines * sizeof *in->chain_sizes);
    if (!in->size || !in->held || !in->chains || !in->chain_sizes) return 0;
    in->words = in->size + lines, in->length = in->words + lines, in->links = in->length + lines, in->prose = in->links + lines;
    in->spare = in->prose + lines;
    return 1;
}

/* Fills in what page_words and line_shapes gave; others: whether there is a stated text, and an opinion. */
static int read_words(Measures *in, Buffers *buffers, PyObject *words, PyObject *signs, PyObject *stated, PyObject *opinion) {
    const int others[2] = {stated == Py_True, opinion == Py_True};
    Py_ssize_t size = 0;
    const uint8_t *memory = buffer_of(buffers, words, 1, &size);
    Py_ssize_t signs_size = 0;
    const uint8_t *shapes = memory ? buffer_of(buffers, signs, 1, &signs_size) : NULL;
    const Py_ssize_t wide = 8 * in->count, narrow = (2 + others[0] + others[1]) * 4 * in->count;
    if (shapes == NULL) return 0;
    if (signs_size != SHAPES * wide || size < 4 * wide + narrow || (size - narrow) % 8) {
        PyErr_SetString(PyExc_ValueError, "words and shapes are not of these lines");
        return 0;
    }
    in->signs = (const int64_t *)shapes, in->counts = (const int64_t *)memory, in->sizes = in->counts + in->count;
    in->in_title = in->sizes + 2 * in->count;
    const float *floats = (const float *)(memory + size - narrow);
    in->said = (const uint64_t *)(memory + 4 * wide), in->said_count = ((const uint8_t *)floats - (memory + 4 * wide)) / 8;
    for (Py_ssize_t line = 0, before = 0; line < in->count; line++) {
        const int64_t start = in->sizes[in->count + line];
        if (start < before || start >= in->said_count) {
            PyErr_SetString(PyExc_ValueError, "every line says something");
            return 0;
        }
        before = (Py_ssize_t)start;
    }
    in->before = floats, in->after = floats + in->count;
    in->shares[0] = others[0] ? floats + 2 * in->count : NULL;
    in->shares[1] = others[1] ? floats + (2 + others[0]) * in->count : NULL;
    return 1;
}

#define MOST_TAGS 60

/* Is the number of each element's tag among those of the telling ones? */
static int are_told(const Page *page, unsigned tags) {
    for (Py_ssize_t index = 0; index < page->element_count; index++)
        if ((page->elements[index].kind & TAG_NUMBER) > tags) return 0;
    return 1;
}

int begin_measures(Measures *in, Page *page, Buffers *buffers, PyObject *const *args) {
    const long tags = PyLong_AsLong(args[3]), columns = PyLong_AsLong(args[4]), wanted = PyLong_AsLong(args[7]);
    if (PyErr_Occurred() || !read_page(page, args[0], args[1], args[2])) return 0;
    in->page = page, in->count = page->line_count, in->tags = (int)tags, in->wanted = (int)wanted, in->columns = columns;
    if (in->count == 0 || page->element_count == 0 || tags < 0 || tags > MOST_TAGS || columns < 0 || columns > 4096 ||
        !PyUnicode_Check(args[8]) || !are_told(page, (unsigned)tags)) {
        PyErr_SetString(PyExc_ValueError, "a page has a line, and no more telling tags than 60");
        return 0;
    }
    if (!read_words(in, buffers, args[5], args[6], args[9], args[10])) return 0;
    return make_room(in) || PyErr_NoMemory() != NULL;
}

int take_measures(Measures *in, PyObject *body, float *to) {
    in->next = to;
    in->limit = to + in->columns * in->count;
    if (!all_columns(in, body)) return PyErr_Occurred() ? 0 : PyErr_NoMemory() != NULL;
    if (in->next == in->limit) return 1;
    PyErr_SetString(PyExc_ValueError, "there are other measurements than are asked for");
    return 0;
}

void end_measures(Measures *in, Page *page, Buffers *buffers) {
    free_records(&in->records);
    PyMem_Free(in->size), PyMem_Free(in->held), PyMem_Free(in->chains), PyMem_Free(in->chain_sizes);
    release(buffers);
    free_page(page);
}

/* page_measures(lines, elements, kinds of tags, telling tags, columns, words, shapes, words of the title, "articleBody",
 * stated, opinion) -> memory of columns x lines float32; words, shapes: what page_words and line_shapes gave. */
PyObject *accelerator_page_measures(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != MEASURE_ARGUMENTS) return PyErr_Format(PyExc_TypeError, "page_measures takes 11 arguments");
    Page page = {0};
    Measures in = {0};
    Buffers buffers = {.count = 0};
    PyObject *answer = NULL;
    if (begin_measures(&in, &page, &buffers, args)) answer = bytes_of((size_t)in.columns * (size_t)in.count * sizeof(float));
    if (answer != NULL && !take_measures(&in, args[8], (float *)PyByteArray_AS_STRING(answer))) Py_CLEAR(answer);
    end_measures(&in, &page, &buffers);
    return answer;
}
