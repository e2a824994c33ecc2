/* html/dom.py: pieces of text -> lines, frames -> elements; and the function that Python calls. */
#include "walk.h"

Py_ssize_t visible(PyObject *text) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    Py_ssize_t count = 0;
    for (Py_ssize_t at = 0; at < length; at++) count += !Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, at));
    return count;
}

static int is_gap(Py_UCS4 sign) { return sign == ' ' || (sign >= '\t' && sign <= '\r') || sign == 0x2028 || sign == 0x2029; }

/* Text being put together, in as many bytes a character as its widest needs. */
typedef struct {
    Py_UCS4 *signs;
    Py_ssize_t count;
} Text;

static void append(Text *to, PyObject *text, int collapse) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    int gap = 0;
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 sign = PyUnicode_READ(kind, data, at);
        if (!collapse || !is_gap(sign)) {
            to->signs[to->count++] = sign;
            gap = 0;
        } else if (!gap) {
            to->signs[to->count++] = ' ';
            gap = 1;
        }
    }
}

/* Runs of white space that pieces make together become one space. */
static void collapse_all(Text *text) {
    Py_ssize_t kept = 0;
    for (Py_ssize_t at = 0; at < text->count; at++)
        if (text->signs[at] != ' ' || kept == 0 || text->signs[kept - 1] != ' ') text->signs[kept++] = text->signs[at];
    text->count = kept;
}

static PyObject *stripped(const Text *text, int left) {
    Py_ssize_t start = 0, end = text->count;
    while (left && start < end && Py_UNICODE_ISSPACE(text->signs[start])) start++;
    while (end > start && Py_UNICODE_ISSPACE(text->signs[end - 1])) end--;
    return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, text->signs + start, end - start);
}

/* The text of a line; empty where it shows nothing. */
static PyObject *line_text(const Walk *walk, const Piece *pieces, Py_ssize_t count) {
    Py_ssize_t room = 1;
    int pre = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        room += PyUnicode_GET_LENGTH(pieces[at].text);
        pre |= walk->frames[pieces[at].frame].pre;
    }
    Text text = {PyMem_Malloc((size_t)room * sizeof(Py_UCS4)), 0};
    if (text.signs == NULL) return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < count; at++) append(&text, pieces[at].text, !walk->frames[pieces[at].frame].pre);
    if (!pre && count > 1) collapse_all(&text);
    PyObject *found = stripped(&text, !pre);
    PyMem_Free(text.signs);
    return found;
}

/* Several attributes as one text: stripped, no longer than `longest`. */
static PyObject *joined_names(PyObject *format, const Bytes *parts, int count, Py_ssize_t longest) {
    size_t total = 0;
    for (int part = 0; part < count; part++) total += parts[part].length;
    if (total == 0) return PyUnicode_New(0, 0);
    PyObject *strings[3] = {NULL, NULL, NULL}, *joined = NULL, *found = NULL;
    for (int part = 0; part < count; part++)
        if ((strings[part] = string_of(parts[part])) == NULL) goto done;
    PyObject *list = PyTuple_New(count);
    if (list == NULL) goto done;
    for (int part = 0; part < count; part++) PyTuple_SET_ITEM(list, part, Py_NewRef(strings[part]));
    joined = PyUnicode_Join(format, list);
    Py_DECREF(list);
    if (joined == NULL) goto done;
    const Py_ssize_t length = PyUnicode_GET_LENGTH(joined);
    Py_ssize_t start = 0, end = length;
    while (start < end && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(joined, start))) start++;
    while (end > start && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(joined, end - 1))) end--;
    found = PyUnicode_Substring(joined, start, end - start > longest ? start + longest : end);
done:
    for (int part = 0; part < count; part++) Py_XDECREF(strings[part]);
    Py_XDECREF(joined);
    return found;
}

#define LONGEST_NAMES 500
#define LONGEST_TOLD 200
#define LONGEST_ROLE 40

static PyObject *role_of(const Attributes *attributes) {
    if (attributes->role.length == 0) return PyUnicode_New(0, 0);
    PyObject *role = string_of(attributes->role), *bare = NULL, *lower = NULL, *found = NULL;
    if (role != NULL && (bare = PyObject_CallMethod(role, "strip", NULL)) != NULL &&
        (lower = PyObject_CallMethod(bare, "lower", NULL)) != NULL)
        found = PyUnicode_Substring(lower, 0, LONGEST_ROLE < PyUnicode_GET_LENGTH(lower) ? LONGEST_ROLE : PyUnicode_GET_LENGTH(lower));
    Py_XDECREF(role);
    Py_XDECREF(bare);
    Py_XDECREF(lower);
    return found;
}

#define ELEMENT_FIELDS 9
#define LINE_FIELDS 4

/* A tuple of a class; takes the references to the values, which may be NULL after an error. */
static PyObject *tuple_of(PyObject *class, PyObject **values, Py_ssize_t count) {
    PyTypeObject *type = (PyTypeObject *)class;
    int whole = 1;
    for (Py_ssize_t at = 0; at < count; at++) whole = whole && values[at] != NULL;
    PyObject *tuple = whole ? type->tp_alloc(type, count) : NULL;
    for (Py_ssize_t at = 0; at < count; at++) {
        if (tuple != NULL) PyTuple_SET_ITEM(tuple, at, values[at]);
        else Py_XDECREF(values[at]);
    }
    return tuple;
}

static int append_new(PyObject *list, PyObject *item) {
    const int answer = item == NULL ? -1 : PyList_Append(list, item);
    Py_XDECREF(item);
    return answer;
}

static int add_element(Walk *walk, Frame *frame, Py_ssize_t parent) {
    const Attributes *given = &frame->attributes;
    const int noscript = (frame->tag.flags & NOSCRIPT) != 0;
    const int hidden = given->any ? is_hidden(&walk->tree, frame->tag.flags, given)
                                  : (frame->tag.flags & (NOSCRIPT | DIALOG)) != 0;
    if (hidden < 0) return -1;
    const int panel = given->any && hidden && !noscript ? is_panel(&walk->tree, frame->node, given) : 0;
    const int undrawn = given->any && hidden ? is_undrawn(&walk->tree, given) : 0;
    if (panel < 0 || undrawn < 0) return -1;
    const Bytes names[2] = {given->class, given->id}, told[3] = {given->property, given->test_id, given->component};
    PyObject *values[ELEMENT_FIELDS] = {
        Py_NewRef(frame->tag.name), PyLong_FromSsize_t(parent), joined_names(walk->space, names, 2, LONGEST_NAMES),
        role_of(given), joined_names(walk->space, told, 3, LONGEST_TOLD), PyBool_FromLong(hidden),
        PyLong_FromSsize_t(frame->depth), PyBool_FromLong(panel), PyBool_FromLong(undrawn),
    };
    frame->element = PyList_GET_SIZE(walk->elements);
    return append_new(walk->elements, tuple_of(walk->element_class, values, ELEMENT_FIELDS));
}

/* The index of a frame's element, those around it before it; -1 with an exception set. */
static Py_ssize_t element_of(Walk *walk, Py_ssize_t number) {
    Py_ssize_t inner = -1, at = number;
    for (; at >= 0 && walk->frames[at].element < 0; at = walk->frames[at].parent) {
        walk->frames[at].inner = inner; /* the way back */
        inner = at;
    }
    Py_ssize_t last = at < 0 ? -1 : walk->frames[at].element;
    for (at = inner; at >= 0; at = walk->frames[at].inner) {
        if (add_element(walk, &walk->frames[at], last) < 0) return -1;
        last = walk->frames[at].element;
    }
    return last;
}

static int is_seen(const Piece *piece) { return PyUnicode_GET_LENGTH(piece->text) > 0 && !is_blank(piece->text); }

/* The frame that a line belongs to: the inline one that holds all of it, else the nearest block. */
static Py_ssize_t holder(const Walk *walk, const Piece *pieces, Py_ssize_t count) {
    Py_ssize_t first = -1;
    int several = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        const Py_ssize_t frame = pieces[at].frame;
        if (!is_seen(&pieces[at])) continue;
        if (walk->frames[frame].tag.flags & ROW) return frame; /* it holds the separators */
        if (first < 0) first = frame;
        several |= frame != first;
    }
    while (several && !(walk->frames[first].tag.flags & (BLOCK | CELL)) && walk->frames[first].parent >= 0)
        first = walk->frames[first].parent;
    return first;
}

static double link_density(const Walk *walk, const Piece *pieces, Py_ssize_t count) {
    if (count == 1 && !walk->frames[pieces[0].frame].pre) return walk->frames[pieces[0].frame].linked;
    Py_ssize_t linked = 0, all = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        const Py_ssize_t size = visible(pieces[at].text);
        all += size;
        linked += walk->frames[pieces[at].frame].linked ? size : 0;
    }
    return linked ? (double)linked / (double)all : 0.0;
}

int add_line(Walk *walk, const Piece *pieces, Py_ssize_t count) {
    PyObject *text = line_text(walk, pieces, count);
    if (text == NULL) return -1;
    if (PyUnicode_GET_LENGTH(text) == 0) {
        Py_DECREF(text);
        return 0;
    }
    const Py_ssize_t element = element_of(walk, holder(walk, pieces, count));
    PyObject *values[LINE_FIELDS] = {
        text, element < 0 ? NULL : PyLong_FromSsize_t(element), PyFloat_FromDouble(link_density(walk, pieces, count)),
        PyLong_FromLong(walk->gap),
    };
    walk->gap = 1;
    return append_new(walk->lines, tuple_of(walk->line_class, values, LINE_FIELDS));
}

static void free_walk(Walk *walk) {
    while (walk->piece_count > 0) Py_DECREF(walk->pieces[--walk->piece_count].text);
    while (walk->row_count > 0) PyMem_Free(walk->rows[--walk->row_count].cells);
    PyMem_Free(walk->pieces);
    PyMem_Free(walk->rows);
    PyMem_Free(walk->frames);
    Py_XDECREF(walk->tree.names);
    Py_XDECREF(walk->elements);
    Py_XDECREF(walk->lines);
    Py_XDECREF(walk->empty);
    Py_XDECREF(walk->space);
}

#define WALK_ARGUMENTS 12

/* walk(root, functions, tags, hides, undrawn, for_readers, Element, Line, separator, row characters, row breaks,
 * long inline) -> (elements, lines), or None where Python must walk. */
PyObject *accelerator_walk(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != WALK_ARGUMENTS || !PyDict_Check(args[2]) || !PyType_Check(args[6]) || !PyType_Check(args[7]) ||
        !PyType_IsSubtype((PyTypeObject *)args[6], &PyTuple_Type) ||
        !PyType_IsSubtype((PyTypeObject *)args[7], &PyTuple_Type) || !PyUnicode_Check(args[8]))
        return PyErr_Format(PyExc_TypeError, "walk takes a node, functions, tags, three callables and two classes");
    Walk walk = {.gap = 1, .tree = {.tags = args[2], .hides = args[3], .undrawn = args[4], .for_readers = args[5]}};
    walk.element_class = args[6], walk.line_class = args[7], walk.separator = args[8];
    void *root = PyLong_AsVoidPtr(args[0]);
    Buffers buffers = {.count = 0};
    const void *functions = buffer_with(&buffers, args[1], sizeof(void *), LEXBOR_FUNCTIONS);
    if (functions != NULL) memcpy(&walk.tree.lexbor, functions, sizeof walk.tree.lexbor);
    release(&buffers);
    walk.row_characters = PyLong_AsSsize_t(args[9]);
    walk.row_breaks = PyLong_AsSsize_t(args[10]);
    walk.long_inline = PyLong_AsSsize_t(args[11]);
    PyObject *answer = NULL;
    if (functions == NULL || PyErr_Occurred()) goto done;
    walk.tree.names = PyList_New(0), walk.elements = PyList_New(0), walk.lines = PyList_New(0);
    walk.empty = PyUnicode_New(0, 0), walk.space = PyUnicode_FromString(" ");
    if (walk.tree.names == NULL || walk.elements == NULL || walk.lines == NULL || walk.empty == NULL || walk.space == NULL)
        goto done;
    const int walked = run_walk(&walk, root);
    if (walked == 0) answer = Py_NewRef(Py_None);
    else if (walked > 0) answer = PyTuple_Pack(2, walk.elements, walk.lines);
done:
    free_walk(&walk);
    return answer;
}
