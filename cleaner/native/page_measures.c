/* html/features.py: the measurements of a page's lines, a column after the other, each by the operations of the code in
 * NumPy in their order, in floats as wide as there. */
#include "page_measures.h"

#define MAIN_SHARE 0.7
#define PROSE 80
#define PROSE_LINKS 0.4f

void shape_basics(Measures *in) {
    EACH {
        in->size[line] = (float)in->sizes[line], in->words[line] = (float)in->counts[line];
        in->length[line] = (float)PyUnicode_GET_LENGTH(in->page->lines[line].text);
        in->links[line] = (float)in->page->lines[line].links;
        const double wide = in->signs[IDEOGRAPHS * in->count + line] > 0 ? 3.0 : 1.0;
        const int prose = in->length[line] * wide >= PROSE && in->links[line] < PROSE_LINKS;
        in->prose[line] = prose ? in->length[line] : 0;
        in->total += in->size[line], in->prose_total += in->prose[line];
    }
    in->total = LARGER(1.0, in->total), in->prose_total = LARGER(1.0, in->prose_total);
}

static void shape_flags(Measures *in) {
    const int64_t *signs = in->signs;
    const Py_ssize_t count = in->count;
    for (int sign = FINAL; sign <= SHOUTED; sign++) COLUMN(signs[sign * count + line]);
    COLUMN((double)signs[DIGITS * count + line] / LARGER(1.0f, SMALLER(in->length[line], 200.0f)));
    COLUMN(signs[QUOTED * count + line]);
    COLUMN(logged((double)signs[COMMAS * count + line]));
    COLUMN(signs[BARS * count + line] > 0);
    COLUMN(signs[SIGNS * count + line]);
    COLUMN((in->size[line] / LARGER(1.0f, in->words[line])) / 5.0f);
    COLUMN(1.0f - in->size[line] / LARGER(1.0f, in->length[line]));
}

/* The running sum of a line's prose before it, as NumPy's cumsum less the line's own. */
static void prose_places(Measures *in) {
    const float prose = (float)in->prose_total;
    float *share = column(in), *rest = column(in), *first = column(in), *last = column(in), sum = 0;
    EACH {
        sum = line ? sum + in->prose[line] : in->prose[line];
        const float before = sum - in->prose[line];
        share[line] = before / prose;
        rest[line] = ((prose - before) - in->prose[line]) / prose;
        first[line] = before == 0;
        last[line] = before + in->prose[line] >= prose;
    }
}

static void distances(Measures *in) {
    float *since = column(in), *until = column(in);
    Py_ssize_t last = -60, next = in->count + 60;
    EACH {
        if (in->prose[line] > 0) last = line;
        since[line] = logged((double)SMALLER(line - last, 60));
    }
    for (Py_ssize_t line = in->count - 1; line >= 0; line--) {
        if (in->prose[line] > 0) next = line;
        until[line] = logged((double)SMALLER(next - line, 60));
    }
}

/* Sums of each line and those up to `reach` around it; sums: room for one more than there are lines. */
static void window(const Measures *in, const float *values, const float *factors, Py_ssize_t reach, float *sums, double *to) {
    float sum = 0;
    sums[0] = 0;
    EACH {
        const float value = factors ? factors[line] * values[line] : values[line];
        sum = line ? sum + value : value;
        sums[line + 1] = sum;
    }
    EACH {
        const Py_ssize_t end = SMALLER(line + reach + 1, in->count), start = LARGER(line - reach, 0);
        to[line] = (double)sums[end] - (double)sums[start];
    }
}

static int windows(Measures *in) {
    float *sums = PyMem_Malloc((size_t)(in->count + 1) * sizeof *sums);
    double *sizes = PyMem_Malloc((size_t)(2 * in->count + 1) * sizeof *sizes), *some = sizes + in->count;
    if (sums && sizes)
        for (int number = 0; number < 3; number++) {
            const Py_ssize_t reach = (const Py_ssize_t[]){2, 5, 12}[number];
            window(in, in->prose, NULL, reach, sums, some);
            COLUMN(logged(some[line]));
            window(in, in->size, in->links, reach, sums, some);
            window(in, in->size, NULL, reach, sums, sizes);
            COLUMN(some[line] / LARGER(1.0, sizes[line]));
        }
    const int done = sums && sizes;
    PyMem_Free(sums), PyMem_Free(sizes);
    return done;
}

int shape_columns(Measures *in) {
    float largest = 1;
    EACH largest = LARGER(largest, in->size[line]);
    COLUMN(logged(in->size[line]));
    COLUMN(logged(in->words[line]));
    COLUMN(in->links[line]);
    COLUMN(in->links[line] == 1);
    COLUMN(in->prose[line] > 0);
    shape_flags(in);
    COLUMN((float)line / (float)in->count);
    COLUMN(logged((double)line));
    COLUMN(logged((double)(in->count - 1 - line)));
    const float whole[4] = {logged((double)in->count), logged(in->total - 1), logged(in->prose_total - 1),
                            (float)(in->prose_total / in->total)};
    for (int at = 0; at < 4; at++) COLUMN(whole[at]);
    prose_places(in);
    COLUMN(in->size[line] / largest);
    distances(in);
    return windows(in);
}

/* Per element what it holds with all inside it: those inside one follow it without a gap. */
int hold(Measures *in) {
    const Py_ssize_t count = in->page->element_count;
    int32_t *last = PyMem_Malloc((size_t)(count + 1) * sizeof *last);
    double (*before)[HELD] = PyMem_Calloc((size_t)(count + 1), sizeof *before);
    if (last && before) {
        EACH {
            double *own = before[in->page->lines[line].element + 1];
            own[IN_PROSE] += in->prose[line], own[IN_TEXT] += in->size[line];
            own[IN_LINKS] += in->size[line] * in->links[line], own[IN_LINES] += 1;
        }
        for (Py_ssize_t index = 0; index < count; index++) {
            last[index] = (int32_t)index;
            for (int what = 0; what < HELD; what++) before[index + 1][what] += before[index][what];
        }
        for (Py_ssize_t index = count - 1; index > 0; index--) {
            const int32_t above = in->page->elements[index].parent;
            if (above >= 0 && last[above] < last[index]) last[above] = last[index];
        }
        for (Py_ssize_t index = 0; index < count; index++)
            for (int what = 0; what < HELD; what++) in->held[index][what] = before[last[index] + 1][what] - before[index][what];
    }
    const int done = last && before;
    PyMem_Free(last), PyMem_Free(before);
    return done;
}

/* Per line the nearest elements around it that are no inline ones, from the inside out; the last once more to fill up. */
int chain(Measures *in) {
    const PageElement *elements = in->page->elements;
    int32_t *block = PyMem_Malloc((size_t)(in->page->element_count + 1) * sizeof *block); /* per element, itself or around it */
    if (block == NULL) return 0;
    for (int32_t index = 0; index < in->page->element_count; index++) {
        const int32_t parent = elements[index].parent;
        block[index] = !(elements[index].kind & TAG_INLINE) ? index : parent >= 0 ? block[parent] : -1;
    }
    EACH {
        int size = 0;
        int32_t at = block[in->page->lines[line].element];
        for (; at >= 0 && size <= NEAR; at = elements[at].parent < 0 ? -1 : block[elements[at].parent]) in->chains[line][size++] = at;
        if (size == 0) in->chains[line][size++] = 0;
        in->chain_sizes[line] = size;
        for (; size <= NEAR; size++) in->chains[line][size] = in->chains[line][size - 1];
    }
    PyMem_Free(block);
    return 1;
}

/* The deepest element with MAIN_SHARE of the prose. */
static int32_t main_container(const Measures *in) {
    int32_t best = 0;
    for (int32_t index = 0; index < in->page->element_count; index++)
        if (in->held[index][IN_PROSE] >= MAIN_SHARE * in->prose_total && (in->page->elements[index].parent == best || !index))
            best = index;
    return best;
}

/* Per element how many levels above the main container it joins the way to it; 0: inside. */
static void meetings(const Page *page, int32_t main, int32_t *levels) {
    int32_t level = 0;
    for (Py_ssize_t index = 0; index < page->element_count; index++) levels[index] = -1;
    for (int32_t at = main; at >= 0; at = page->elements[at].parent) levels[at] = level++;
    for (Py_ssize_t index = 0; index < page->element_count; index++)
        if (levels[index] < 0) {
            const int32_t parent = page->elements[index].parent;
            levels[index] = parent >= 0 ? levels[parent] : level;
        }
}

int spread_columns(Measures *in) {
    int32_t *levels = PyMem_Malloc((size_t)(in->page->element_count + 1) * sizeof *levels);
    if (levels == NULL) return 0;
    for (int distance = 0; distance <= NEAR; distance++) {
#define NEARBY (in->held[in->chains[line][distance]])
        COLUMN(NEARBY[IN_PROSE] / in->prose_total);
        COLUMN(NEARBY[IN_PROSE] / LARGER(1.0, NEARBY[IN_TEXT] * 1.2));
        COLUMN(NEARBY[IN_LINKS] / LARGER(1.0, NEARBY[IN_TEXT]));
        COLUMN(logged(NEARBY[IN_LINES]));
        COLUMN(logged(NEARBY[IN_TEXT]));
    }
    const int32_t main = main_container(in);
    meetings(in->page, main, levels);
    const int32_t depth = in->page->elements[main].depth;
#define LEVEL levels[in->page->lines[line].element]
#define DEPTH in->page->elements[in->page->lines[line].element].depth
    COLUMN(LEVEL == 0);
    COLUMN(SMALLER(LEVEL, 12));
    COLUMN(LEVEL == 0 ? SMALLER(DEPTH - depth, 15) : -1);
    COLUMN(SMALLER(DEPTH, 40) / 10.0);
    float *above = column(in), *below = column(in);
    int inside = 0;
    EACH inside |= LEVEL == 0, above[line] = !inside;
    inside = 0;
    for (Py_ssize_t line = in->count - 1; line >= 0; line--) inside |= LEVEL == 0, below[line] = !inside;
    const double text = LARGER(1.0, in->held[main][IN_TEXT]);
    COLUMN(in->held[main][IN_PROSE] / text);
    COLUMN(in->held[main][IN_LINKS] / text);
    PyMem_Free(levels);
    return 1;
}

/* Which telling tags are around a line; hidden; inside articleBody, and whether any is; then the line's own tag. */
int tag_columns(Measures *in, PyObject *body) {
    const Page *page = in->page;
    const uint64_t hidden = (uint64_t)1 << in->tags, in_body = hidden << 1;
    uint64_t *around = PyMem_Malloc((size_t)(page->element_count + 1) * sizeof *around);
    if (around == NULL) return 0;
    int any = 0;
    for (Py_ssize_t index = 0; index < page->element_count; index++) {
        const PageElement *element = &page->elements[index];
        const unsigned number = element->kind & TAG_NUMBER;
        uint64_t bits = (element->parent >= 0 ? around[element->parent] : 0) | (element->hidden ? hidden : 0);
        if (number) bits |= (uint64_t)1 << (number - 1);
        if (PyUnicode_GET_LENGTH(element->property) && PyUnicode_Contains(element->property, body) > 0)
            bits |= in_body, any = 1;
        around[index] = bits;
    }
    for (int bit = 0; bit < in->tags + 2; bit++) COLUMN(around[page->lines[line].element] >> bit & 1);
    COLUMN(any);
    for (unsigned number = 1; number <= (unsigned)in->tags; number++)
        COLUMN((page->elements[page->lines[line].element].kind & TAG_NUMBER) == number);
    PyMem_Free(around);
    return 1;
}
