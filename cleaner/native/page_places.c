/* html/class_hints.py and html/segment.py: the tag path and the marks of each line of a page, and the blocks. */
#include "page_layout.h"

#define MAX_ANCESTORS 40
#define CLASS_ANCESTORS 6
#define TEASERS 3
#define LONGEST_TAG 64
/* What a tag is here, as html/class_hints.py has it. */
enum { PLAIN = 1, CONTAINER = 2, ARTICLE = 4 };

/* What is known of each element; all owned, NULL where nobody asked yet. */
typedef struct {
    PyObject *path; /* text; of telling elements alone */
    PyObject *tag_marks, *name_marks; /* tuples */
    int32_t telling; /* the nearest element whose tag is in the path, itself or around it; -1: none */
    int32_t articles; /* `article` elements in it */
    int32_t marked; /* the nearest element with marks of its tag, itself or around it; -1: none */
} Known;

typedef struct {
    Page page;
    Known *known;
    PyObject *body, *tag_marks, *name_marks, *nothing, *slash; /* "articleBody", two callables, an empty text, "/" */
} Places;

/* The path of an element: its telling tags, as many as count, from the outside in; borrowed. It is made for lines that ask
 * for it, not for all elements: a page's tags may be long, and its elements many. */
static PyObject *path_of(Places *in, int32_t index) {
    const int32_t innermost = in->known[index].telling;
    if (innermost < 0) return in->nothing;
    if (in->known[innermost].path != NULL) return in->known[innermost].path;
    int32_t around[MAX_ANCESTORS], count = 0, parent = 0;
    for (int32_t at = innermost; at >= 0 && count < MAX_ANCESTORS; at = parent < 0 ? -1 : in->known[parent].telling)
        around[count++] = at, parent = in->page.elements[at].parent;
    PyObject *tags = PyTuple_New(count);
    for (int32_t place = 0; tags != NULL && place < count; place++) {
        PyObject *tag = PyUnicode_Substring(in->page.elements[around[count - 1 - place]].tag, 0, LONGEST_TAG);
        if (tag == NULL) Py_CLEAR(tags);
        else PyTuple_SET_ITEM(tags, place, tag);
    }
    if (tags != NULL) in->known[innermost].path = PyUnicode_Join(in->slash, tags);
    Py_XDECREF(tags);
    return in->known[innermost].path;
}

static int is_marks(PyObject *marks) {
    int sound = marks != NULL && PyTuple_Check(marks);
    for (Py_ssize_t at = 0; sound && at < PyTuple_GET_SIZE(marks); at++) sound = PyUnicode_Check(PyTuple_GET_ITEM(marks, at));
    if (marks != NULL && !sound) PyErr_SetString(PyExc_TypeError, "marks must be a tuple of texts");
    return sound;
}

/* What an element's tag, role and properties say; those around it are read already. */
static int read_tag_marks(Places *in, int32_t index) {
    Known *known = &in->known[index];
    const PageElement *element = &in->page.elements[index];
    const int is_body = PyUnicode_GET_LENGTH(element->property) ? PyUnicode_Contains(element->property, in->body) : 0;
    PyObject *given[4] = {element->tag, element->role, element->hidden ? Py_True : Py_False, is_body > 0 ? Py_True : Py_False};
    known->tag_marks = is_body < 0 ? NULL : PyObject_Vectorcall(in->tag_marks, given, 4, NULL);
    if (!is_marks(known->tag_marks)) return 0;
    known->telling = !(element->kind & PLAIN) ? index : element->parent < 0 ? -1 : in->known[element->parent].telling;
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
        done = read_tag_marks(in, (int32_t)index);
    }
    for (Py_ssize_t line = 0; done && line < page->line_count; line++) {
        const int32_t element = page->lines[line].element;
        PyObject *path = NULL, *own = NULL;
        if (groups[line] == next) {
            first[next++] = (int32_t)line;
            path = path_of(in, element);
            own = path == NULL ? NULL : marks_of(in, element);
            path = path != NULL && PyUnicode_GET_LENGTH(path) == 0 ? fallback : path;
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
    in.nothing = PyUnicode_New(0, 0), in.slash = PyUnicode_FromString("/");
    if (paths == NULL || marks == NULL || in.nothing == NULL || in.slash == NULL || !read_page(&in.page, args[0], args[1], args[2])) goto done;
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
    Py_XDECREF(in.slash);
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
