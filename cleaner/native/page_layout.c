/* html/page.py in C: lines and elements out of their tuples, and elements alike. */
#include "page_layout.h"

#define FEWEST_RECORDS 3
#define ELEMENT_FIELDS 9
#define LINE_FIELDS 4

int make_numbers(Numbers *numbers, size_t most) {
    size_t slots = 16;
    while (slots < 2 * most) slots *= 2;
    numbers->mask = slots - 1;
    numbers->texts = PyMem_Malloc((most + 1) * sizeof *numbers->texts);
    numbers->hashes = PyMem_Malloc((most + 1) * sizeof *numbers->hashes);
    numbers->slots = PyMem_Calloc(slots, sizeof *numbers->slots);
    if (numbers->texts && numbers->hashes && numbers->slots) return 1;
    PyErr_NoMemory();
    return 0;
}

void free_numbers(Numbers *numbers) {
    for (int32_t at = 0; at < numbers->count; at++) Py_DECREF(numbers->texts[at]);
    PyMem_Free(numbers->texts), PyMem_Free(numbers->hashes), PyMem_Free(numbers->slots);
}

int32_t number_of(Numbers *numbers, PyObject *text) {
    const Py_hash_t hash = PyObject_Hash(text); /* which a text remembers */
    size_t slot = (size_t)hash & numbers->mask;
    for (; numbers->slots[slot]; slot = (slot + 1) & numbers->mask) {
        const int32_t known = numbers->slots[slot] - 1;
        if (numbers->hashes[known] != hash) continue;
        if (numbers->texts[known] == text || PyUnicode_Compare(numbers->texts[known], text) == 0) return known;
    }
    numbers->texts[numbers->count] = Py_NewRef(text), numbers->hashes[numbers->count] = hash;
    numbers->slots[slot] = ++numbers->count;
    return numbers->count - 1;
}

static int is_row(PyObject *tuple, Py_ssize_t fields, Py_ssize_t texts) {
    if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) != fields) return 0;
    return PyUnicode_Check(PyTuple_GET_ITEM(tuple, 0)) && (texts < 2 || (PyUnicode_Check(PyTuple_GET_ITEM(tuple, 2)) &&
           PyUnicode_Check(PyTuple_GET_ITEM(tuple, 3)) && PyUnicode_Check(PyTuple_GET_ITEM(tuple, 4))));
}

static int32_t whole(PyObject *tuple, Py_ssize_t field, Py_ssize_t most) {
    const long value = PyLong_AsLong(PyTuple_GET_ITEM(tuple, field));
    if (!PyErr_Occurred() && value >= -1 && value < most) return (int32_t)value;
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "an element or a line stands in none before it");
    return -2;
}

/* The first of some names, up to a space. */
static int32_t first_name(Page *page, PyObject *names, int32_t number) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(names);
    const Py_ssize_t end = length ? PyUnicode_FindChar(names, ' ', 0, length, 1) : -1;
    if (end < 0) return number;
    PyObject *first = PyUnicode_Substring(names, 0, end);
    if (first == NULL) return -1;
    const int32_t answer = number_of(&page->texts, first);
    Py_DECREF(first);
    return answer;
}

static int read_element(Page *page, PyObject *tuple, Py_ssize_t index, PyObject *kinds) {
    if (!is_row(tuple, ELEMENT_FIELDS, 4)) return PyErr_Format(PyExc_TypeError, "an element is no Element") != NULL;
    PageElement *element = &page->elements[index];
    element->tag = PyTuple_GET_ITEM(tuple, 0), element->names = PyTuple_GET_ITEM(tuple, 2);
    element->role = PyTuple_GET_ITEM(tuple, 3), element->property = PyTuple_GET_ITEM(tuple, 4);
    element->parent = whole(tuple, 1, index);
    element->depth = whole(tuple, 6, INT32_MAX);
    if (element->parent < -1 || element->depth < -1) return 0;
    element->hidden = PyTuple_GET_ITEM(tuple, 5) == Py_True;
    element->panel = PyTuple_GET_ITEM(tuple, 7) == Py_True;
    element->invisible = PyTuple_GET_ITEM(tuple, 8) == Py_True;
    PyObject *kind = PyDict_GetItemWithError(kinds, element->tag);
    element->kind = kind == NULL ? 0 : (unsigned)PyLong_AsUnsignedLong(kind);
    element->tag_id = number_of(&page->texts, element->tag), element->names_id = number_of(&page->texts, element->names);
    element->role_id = number_of(&page->texts, element->role);
    element->property_id = number_of(&page->texts, element->property);
    element->first_name = first_name(page, element->names, element->names_id);
    return !PyErr_Occurred();
}

static int read_line(Page *page, PyObject *tuple, Py_ssize_t index) {
    if (!is_row(tuple, LINE_FIELDS, 1)) return PyErr_Format(PyExc_TypeError, "a line is no Line") != NULL;
    PageLine *line = &page->lines[index];
    line->text = PyTuple_GET_ITEM(tuple, 0);
    line->element = whole(tuple, 1, page->element_count);
    line->links = PyFloat_AsDouble(PyTuple_GET_ITEM(tuple, 2));
    if (line->element >= 0 || PyErr_Occurred()) return !PyErr_Occurred();
    PyErr_SetString(PyExc_ValueError, "a line stands in no element");
    return 0;
}

int read_page(Page *page, PyObject *lines, PyObject *elements, PyObject *kinds) {
    if (!PyList_Check(lines) || !PyList_Check(elements) || !PyDict_Check(kinds)) {
        PyErr_SetString(PyExc_TypeError, "lists of lines and of elements are needed, and kinds of tags");
        return 0;
    }
    page->line_count = PyList_GET_SIZE(lines), page->element_count = PyList_GET_SIZE(elements);
    page->lines = PyMem_Malloc((size_t)(page->line_count + 1) * sizeof *page->lines);
    page->elements = PyMem_Malloc((size_t)(page->element_count + 1) * sizeof *page->elements);
    if (page->lines == NULL || page->elements == NULL) return PyErr_NoMemory() != NULL;
    if (page->element_count > INT32_MAX / 8 || page->line_count > INT32_MAX / 8) return PyErr_NoMemory() != NULL;
    if (!make_numbers(&page->texts, (size_t)(5 * page->element_count + page->line_count))) return 0;
    for (Py_ssize_t index = 0; index < page->element_count; index++)
        if (!read_element(page, PyList_GET_ITEM(elements, index), index, kinds)) return 0;
    for (Py_ssize_t index = 0; index < page->line_count; index++)
        if (!read_line(page, PyList_GET_ITEM(lines, index), index)) return 0;
    return 1;
}

void free_page(Page *page) {
    free_numbers(&page->texts);
    PyMem_Free(page->lines), PyMem_Free(page->elements);
}

int group_rows(const int32_t *rows, Py_ssize_t count, int width, int32_t *groups, int32_t *group_count) {
    size_t size = 16;
    while (size < 2 * (size_t)count) size *= 2;
    int32_t *slots = PyMem_Calloc(size, sizeof *slots), *first = PyMem_Malloc((size_t)(count + 1) * sizeof *first);
    int32_t known = 0;
    for (Py_ssize_t row = 0; slots && first && row < count; row++) {
        const int32_t *values = rows + row * width;
        uint64_t hash = 0xcbf29ce484222325u;
        for (int at = 0; at < width; at++) hash = (hash ^ (uint32_t)values[at]) * 0x9E3779B97F4A7C15u, hash ^= hash >> 32;
        size_t slot = (size_t)hash & (size - 1);
        while (slots[slot] && memcmp(rows + (Py_ssize_t)first[slots[slot] - 1] * width, values, (size_t)width * sizeof *rows))
            slot = (slot + 1) & (size - 1);
        if (!slots[slot]) first[known] = (int32_t)row, slots[slot] = ++known;
        groups[row] = slots[slot] - 1;
    }
    const int done = slots && first;
    *group_count = known;
    PyMem_Free(slots), PyMem_Free(first);
    return done || PyErr_NoMemory() != NULL;
}

/* Lists in the order of their first members, since groups are numbered so. */
static void fill_records(Records *records, const int32_t *candidates, Py_ssize_t count, const int32_t *groups, int32_t *sizes,
                         int32_t group_count) {
    int32_t total = 0;
    for (int32_t group = 0; group < group_count; group++) {
        const int32_t size = sizes[group];
        sizes[group] = -1; /* from here on: its list */
        if (size < FEWEST_RECORDS) continue;
        sizes[group] = records->lists;
        records->starts[records->lists++] = total;
        total += size;
    }
    records->starts[records->lists] = total;
    int32_t *filled = records->place + count; /* room behind what is used here: see find_records */
    memset(filled, 0, (size_t)(records->lists + 1) * sizeof *filled);
    for (Py_ssize_t at = 0; at < count; at++) {
        const int32_t list = sizes[groups[at]], element = candidates[at];
        if (list < 0) continue;
        records->list_of[element] = list;
        records->members[records->starts[list] + filled[list]++] = element;
    }
}

int find_records(const Page *page, Records *records) {
    const size_t count = (size_t)page->element_count;
    int32_t *rows = PyMem_Malloc((3 * count + 1) * sizeof *rows), *candidates = PyMem_Malloc((count + 1) * sizeof *rows);
    int32_t *groups = PyMem_Malloc((count + 1) * sizeof *rows), *sizes = PyMem_Calloc(count + 1, sizeof *rows);
    records->members = PyMem_Malloc((count + 1) * sizeof *rows), records->starts = PyMem_Malloc((count + 2) * sizeof *rows);
    records->list_of = PyMem_Malloc((count + 1) * sizeof *rows), records->place = PyMem_Malloc((2 * count + 2) * sizeof *rows);
    int32_t group_count = 0;
    Py_ssize_t found = 0;
    int done = rows && candidates && groups && sizes && records->members && records->starts && records->list_of && records->place;
    for (size_t index = 0; done && index < count; index++) {
        const PageElement *element = &page->elements[index];
        records->list_of[index] = -1;
        if (!(element->kind & TAG_RECORD) || element->parent < 0) continue;
        const int32_t key[3] = {element->parent, element->tag_id, element->first_name};
        memcpy(rows + 3 * found, key, sizeof key);
        candidates[found++] = (int32_t)index;
    }
    done = done && group_rows(rows, found, 3, groups, &group_count);
    if (done) {
        for (Py_ssize_t at = 0; at < found; at++) sizes[groups[at]]++;
        fill_records(records, candidates, found, groups, sizes, group_count);
        for (size_t index = 0; index < count; index++) records->place[index] = -1;
        for (int32_t list = 0; list < records->lists; list++)
            for (int32_t at = records->starts[list]; at < records->starts[list + 1]; at++)
                records->place[records->members[at]] = at - records->starts[list];
    }
    PyMem_Free(rows), PyMem_Free(candidates), PyMem_Free(groups), PyMem_Free(sizes);
    return done || PyErr_NoMemory() != NULL;
}

void free_records(Records *records) {
    PyMem_Free(records->members), PyMem_Free(records->starts), PyMem_Free(records->list_of), PyMem_Free(records->place);
}
