/* html/class_hints.py and html/segment.py: the tag path and the marks of each line of a page, and the blocks. */
#include "page_layout.h"

#define MAX_ANCESTORS 40
#define CLASS_ANCESTORS 6
#define TEASERS 3
/* What a tag is here, as html/class_hints.py has it. */
enum { PLAIN = 1, CONTAINER = 2, ARTICLE = 4 };

/* What is known of each element; all owned, NULL where nobody asked yet. */
typedef struct {
    PyObject *path; /* text */
    PyObject *tag_marks, *name_marks; /* tuples */
    int32_t path_length, articles; /* tags of the path; `article` elements in it */
    int32_t marked; /* the nearest element with marks of its tag, itself or around it; -1: none */
} Known;

typedef struct {
    Page page;
    Known *known;
    PyObject *body, *tag_marks, *name_marks, *nothing; /* "articleBody", two callables, an empty text */
} Places;

/* The path of the element around with one more tag, or without its first one where it has as many as count. */
static PyObject *longer_path(PyObject *above, int32_t length, PyObject *tag) {
    if (length == 0) return Py_NewRef(tag);
    if (length < MAX_ANCESTORS) return PyUnicode_FromFormat("%U/%U", above, tag);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(above), first = PyUnicode_FindChar(above, '/', 0, size, 1);
    PyObject *rest = first < 0 ? NULL : PyUnicode_Substring(above, first + 1, size);
    PyObject *path = rest == NULL ? NULL : PyUnicode_FromFormat("%U/%U", rest, tag);
    Py_XDECREF(rest);
    return path;
}

/* Paths of an element and those around it, from the outside in; elements come after those around them. */
static int read_path(Places *in, int32_t index) {
    Known *known = &in->known[index];
    if (known->path != NULL) return 1;
    const PageElement *element = &in->page.elements[index];
    PyObject *above = element->parent < 0 ? in->nothing : in->known[element->parent].path;
    const int32_t length = element->parent < 0 ? 0 : in->known[element->parent].path_length;
    if (element->kind & PLAIN) known->path = Py_NewRef(above), known->path_length = length;
    else known->path = longer_path(above, length, element->tag), known->path_length = length < MAX_ANCESTORS ? length + 1 : length;
    return known->path != NULL;
}

static int is_marks(PyObject *marks) {
    int sound = marks != NULL && PyTuple_Check(marks);
    for (Py_ssize_t at = 0; sound && at < PyTuple_GET_SIZE(marks); at++) sound = PyUnicode_Check(PyTuple_GET_ITEM(marks, at));
    if (marks != NULL && !sound) PyErr_SetString(PyExc_TypeError, "marks must be a tuple of texts");
    return sound;
}

/* The marks of an element's tag, role and properties; those around it are read already. */
static int read_tag_marks(Places *in, int32_t index) {
    Known *known = &in->known[index];
    const PageElement *element = &in->page.elements[index];
    const int is_body = PyUnicode_GET_LENGTH(element->property) ? PyUnicode_Contains(element->property, in->body) : 0;
    PyObject *given[4] = {element->tag, element->role, element->hidden ? Py_True : Py_False, is_body > 0 ? Py_True : Py_False};
    known->tag_marks = is_body < 0 ? NULL : PyObject_Vectorcall(in->tag_marks, given, 4, NULL);
    if (!is_marks(known->tag_marks)) return 0;
    known->marked = PyTuple_GET_SIZE(known->tag_marks) ? index : element->parent < 0 ? -1 : in->known[element->parent].marked;
    return 1;
}

static PyObject *name_marks(Places *in, int32_t index) {
    Known *known = &in->known[index];
    if (known->name_marks == NULL) known->name_marks = PyObject_CallOneArg(in->name_marks, in->page.elements[index].names);
    return is_marks(known->name_marks) ? known->name_marks : NULL;
}

/* Adds those marks that are not there yet, `most` of them seen at most; how many were seen, or -1. */
static Py_ssize_t add_marks(PyObject *to, PyObject *marks, Py_ssize_t most) {
    const Py_ssize_t size = PyTuple_GET_SIZE(marks) < most ? PyTuple_GET_SIZE(marks) : most;
    for (Py_ssize_t at = 0; at < size; at++) {
        const int has = PySequence_Contains(to, PyTuple_GET_ITEM(marks, at));
        if (has < 0 || (!has && PyList_Append(to, PyTuple_GET_ITEM(marks, at)) < 0)) return -1;
    }
    return size;
}

/* All marks of an element: of tags from the inside out, then of the names of those near it. */
static PyObject *marks_of(Places *in, int32_t index) {
    PyObject *list = PyList_New(0), *answer = NULL;
    Py_ssize_t room = MAX_ANCESTORS;
    for (int32_t at = in->known[index].marked, above; list && at >= 0 && room > 0; at = above < 0 ? -1 : in->known[above].marked) {
        const Py_ssize_t seen = add_marks(list, in->known[at].tag_marks, room);
        if (seen < 0) goto done;
        room -= seen;
        above = in->page.elements[at].parent;
    }
    for (int count = 0, at = index; list && at >= 0 && count <= CLASS_ANCESTORS; count++, at = in->page.elements[at].parent) {
        const PageElement *element = &in->page.elements[at];
        const int teaser = element->kind & ARTICLE && element->parent >= 0 && in->known[element->parent].articles >= TEASERS;
        if (element->kind & CONTAINER && !teaser) break;
        if (!PyUnicode_GET_LENGTH(element->names)) continue;
        PyObject *marks = name_marks(in, at);
        if (marks == NULL || add_marks(list, marks, PY_SSIZE_T_MAX) < 0) goto done;
    }
    answer = list == NULL ? NULL : PyList_AsTuple(list);
done:
    Py_XDECREF(list);
    return answer;
}

/* A number for lines whose elements are alike in all that counts and stand in the same one. */
static int group_lines(const Page *page, int32_t *groups, int32_t *count) {
    int32_t *rows = PyMem_Malloc((size_t)(6 * page->line_count + 1) * sizeof *rows);
    if (rows == NULL) return PyErr_NoMemory() != NULL;
    for (Py_ssize_t line = 0; line < page->line_count; line++) {
        const PageElement *element = &page->elements[page->lines[line].element];
        const int32_t row[6] = {element->parent, element->tag_id, element->names_id, element->role_id, element->hidden, element->property_id};
        memcpy(rows + 6 * line, row, sizeof row);
    }
    const int done = group_rows(rows, page->line_count, 6, groups, count);
    PyMem_Free(rows);
    return done;
}

static int read_places(Places *in, PyObject *paths, PyObject *marks, PyObject *fallback) {
    const Page *page = &in->page;
    int32_t *groups = PyMem_Malloc((size_t)(2 * page->line_count + 2) * sizeof *groups), *first = groups + page->line_count + 1;
    int32_t count = 0, next = 0;
    int done = groups ? group_lines(page, groups, &count) : PyErr_NoMemory() != NULL;
    for (Py_ssize_t index = 0; done && index < page->element_count; index++) {
        if (page->elements[index].kind & ARTICLE && page->elements[index].parent >= 0) in->known[page->elements[index].parent].articles++;
        done = read_path(in, (int32_t)index) && read_tag_marks(in, (int32_t)index);
    }
    for (Py_ssize_t line = 0; done && line < page->line_count; line++) {
        const int32_t element = page->lines[line].element;
        PyObject *path = NULL, *own = NULL;
        if (groups[line] == next) {
            first[next++] = (int32_t)line;
            path = PyUnicode_GET_LENGTH(in->known[element].path) ? in->known[element].path : fallback;
            own = marks_of(in, element);
        } else {
            path = PyList_GET_ITEM(paths, first[groups[line]]);
            own = Py_NewRef(PyList_GET_ITEM(marks, first[groups[line]]));
        }
        done = own != NULL && PyList_Append(paths, path) == 0 && PyList_Append(marks, own) == 0;
        Py_XDECREF(own);
    }
    PyMem_Free(groups);
    return done;
}

/* page_places(lines, elements, kinds, "articleBody", marks of a tag, marks of names, path of what has none)
 * -> (paths of lines, marks of lines) */
PyObject *accelerator_page_places(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 7 || !PyUnicode_Check(args[3]) || !PyUnicode_Check(args[6]))
        return PyErr_Format(PyExc_TypeError, "page_places takes lists, kinds, two functions and texts");
    Places in = {.body = args[3], .tag_marks = args[4], .name_marks = args[5]};
    PyObject *paths = PyList_New(0), *marks = PyList_New(0), *answer = NULL;
    in.nothing = PyUnicode_New(0, 0);
    if (paths == NULL || marks == NULL || in.nothing == NULL || !read_page(&in.page, args[0], args[1], args[2])) goto done;
    in.known = PyMem_Calloc((size_t)in.page.element_count + 1, sizeof *in.known);
    if (in.known == NULL) PyErr_NoMemory();
    else if (read_places(&in, paths, marks, args[6])) answer = PyTuple_Pack(2, paths, marks);
done:
    for (Py_ssize_t index = 0; in.known && index < in.page.element_count; index++) {
        Py_XDECREF(in.known[index].path);
        Py_XDECREF(in.known[index].tag_marks);
        Py_XDECREF(in.known[index].name_marks);
    }
    PyMem_Free(in.known);
    free_page(&in.page);
    Py_XDECREF(in.nothing);
    Py_XDECREF(paths);
    Py_XDECREF(marks);
    return answer;
}

static PyObject *block_of(PyObject *class, PyObject *line, PyObject *path, PyObject *marks, Py_ssize_t *here, Py_ssize_t number) {
    PyObject *text = PyTuple_GET_ITEM(line, 0);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t first = 0, last = length;
    while (first < last && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, first))) first++;
    while (last > first && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, last - 1))) last--;
    if (first == last) first = length; /* as what lstrip leaves */
    if (number) *here += PyLong_AsSsize_t(PyTuple_GET_ITEM(line, 3));
    const Py_ssize_t start = *here + first, size = last > first ? last - first : 0;
    *here += length;
    PyObject *given[8] = {PyLong_FromSsize_t(start), PyLong_FromSsize_t(start + size), PyUnicode_Substring(text, first, first + size),
                          PyLong_FromSsize_t(number), PyLong_FromLong(number > 0), path, marks, PyTuple_GET_ITEM(line, 2)};
    int done = !PyErr_Occurred();
    for (int at = 0; at < 5; at++) done = done && given[at] != NULL;
    PyObject *block = done ? PyObject_Vectorcall(class, given, 8, NULL) : NULL;
    for (int at = 0; at < 5; at++) Py_XDECREF(given[at]);
    return block;
}

/* page_blocks(class, lines, paths, marks) -> a tuple of a block for each line */
PyObject *accelerator_page_blocks(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    int sound = count == 4;
    for (int at = 1; sound && at < 4; at++) sound = PyList_Check(args[at]) && PyList_GET_SIZE(args[at]) == PyList_GET_SIZE(args[1]);
    for (Py_ssize_t line = 0; sound && line < PyList_GET_SIZE(args[1]); line++) {
        PyObject *tuple = PyList_GET_ITEM(args[1], line);
        sound = PyTuple_Check(tuple) && PyTuple_GET_SIZE(tuple) == 4 && PyUnicode_Check(PyTuple_GET_ITEM(tuple, 0));
    }
    if (!sound) return PyErr_Format(PyExc_TypeError, "page_blocks takes a class and lists of lines, of paths and of marks");
    PyObject *blocks = PyTuple_New(PyList_GET_SIZE(args[1]));
    Py_ssize_t here = 0;
    for (Py_ssize_t number = 0; blocks != NULL && number < PyTuple_GET_SIZE(blocks); number++) {
        PyObject *block = block_of(args[0], PyList_GET_ITEM(args[1], number), PyList_GET_ITEM(args[2], number),
                                   PyList_GET_ITEM(args[3], number), &here, number);
        if (block == NULL) Py_CLEAR(blocks);
        else PyTuple_SET_ITEM(blocks, number, block);
    }
    return blocks;
}
