/* html/limits.py and html/segment.py: what a page's markup is looked through for before it is parsed; and
 * html/structured_data.py: what of its head can be read in one walk over the tree. */
#include "tree.h"

/* long_tag(markup, start, length) -> where the first tag begins that has so many characters before a ">", or -1 */
PyObject *accelerator_long_tag(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 3 || !PyUnicode_Check(args[0])) return PyErr_Format(PyExc_TypeError, "long_tag takes a text and two numbers");
    const Py_ssize_t start = PyLong_AsSsize_t(args[1]), longest = PyLong_AsSsize_t(args[2]), size = PyUnicode_GET_LENGTH(args[0]);
    if (PyErr_Occurred()) return NULL;
    const int kind = PyUnicode_KIND(args[0]);
    const void *data = PyUnicode_DATA(args[0]);
    Py_ssize_t from = start < 0 ? 0 : start;
    while (from + longest < size) {
        Py_ssize_t end = PyUnicode_FindChar(args[0], '>', from, size, 1);
        if (end < -1) return NULL;
        if (end < 0) end = size;
        for (Py_ssize_t at = from; at + longest < end; at++) {
            if (PyUnicode_READ(kind, data, at) != '<') continue;
            const Py_UCS4 next = PyUnicode_READ(kind, data, at + 1) | 0x20;
            if (next >= 'a' && next <= 'z') return PyLong_FromSsize_t(at);
        }
        from = end + 1;
    }
    return PyLong_FromLong(-1);
}

/* has_surrogates(text): does it hold half of a pair? */
PyObject *accelerator_has_surrogates(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 1 || !PyUnicode_Check(args[0])) return PyErr_Format(PyExc_TypeError, "has_surrogates takes a text");
    const Py_ssize_t size = PyUnicode_GET_LENGTH(args[0]);
    unsigned found = 0;
    if (PyUnicode_KIND(args[0]) == PyUnicode_2BYTE_KIND) {
        const Py_UCS2 *signs = PyUnicode_2BYTE_DATA(args[0]);
        for (Py_ssize_t at = 0; at < size; at++) found |= (signs[at] & 0xF800u) == 0xD800u;
    } else if (PyUnicode_KIND(args[0]) == PyUnicode_4BYTE_KIND) {
        const Py_UCS4 *signs = PyUnicode_4BYTE_DATA(args[0]);
        for (Py_ssize_t at = 0; at < size; at++) found |= (signs[at] & 0xFFFFF800u) == 0xD800u;
    }
    return PyBool_FromLong(found != 0);
}

/* What a page has at all, as html/page_facts.py has it: what it has not need not be looked for. */
enum {
    HAS_DATA = 1, HAS_TIME = 2, HAS_ITEM_AUTHOR = 4, HAS_AUTHOR_LINK = 8, HAS_AUTHOR_CLASS = 16, HAS_FIGURE = 32, HAS_BASE = 64,
};

typedef struct {
    const Lexbor *lexbor;
    PyObject *metas, *links; /* lists of tuples */
    unsigned has;
} Facts;

static int is_named(const unsigned char *name, size_t length, const char *wanted) {
    return name != NULL && length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

/* Does a value hold a word in lower-case letters, in whatever case? */
static int holds(const unsigned char *value, size_t length, const char *word) {
    const size_t size = strlen(word);
    for (size_t at = 0; at + size <= length; at++) {
        size_t same = 0;
        while (same < size && (value[at + same] | 0x20) == (unsigned char)word[same]) same++;
        if (same == size) return 1;
    }
    return 0;
}

static PyObject *value_of(const Lexbor *lexbor, Node *node, const char *wanted) {
    for (Attribute *at = lexbor->first_attribute(node); at != NULL; at = lexbor->next_attribute(at)) {
        size_t size = 0, length = 0;
        const unsigned char *name = lexbor->attribute_name(at, &size);
        if (!is_named(name, size, wanted)) continue;
        const unsigned char *value = lexbor->attribute_value(at, &length);
        return value == NULL ? PyUnicode_New(0, 0) : PyUnicode_DecodeUTF8((const char *)value, (Py_ssize_t)length, "replace");
    }
    return Py_NewRef(Py_None);
}

/* Adds the values of some attributes, None for those that are not there. */
static int add_values(const Lexbor *lexbor, Node *node, const char *const *names, int count, PyObject *list) {
    PyObject *tuple = PyTuple_New(count);
    int done = tuple != NULL;
    for (int at = 0; done && at < count; at++) {
        PyObject *value = value_of(lexbor, node, names[at]);
        if (value == NULL) done = 0;
        else PyTuple_SET_ITEM(tuple, at, value);
    }
    done = done && PyList_Append(list, tuple) == 0;
    Py_XDECREF(tuple);
    return done;
}

static void read_attributes(Facts *facts, Node *node, int is_script) {
    for (Attribute *at = facts->lexbor->first_attribute(node); at != NULL; at = facts->lexbor->next_attribute(at)) {
        size_t size = 0, length = 0;
        const unsigned char *name = facts->lexbor->attribute_name(at, &size);
        if (name == NULL || size < 3 || size > 8) continue;
        const unsigned char *value = facts->lexbor->attribute_value(at, &length);
        if (value == NULL || length == 0) continue;
        if (is_named(name, size, "class")) {
            if (holds(value, length, "author") || holds(value, length, "byline")) facts->has |= HAS_AUTHOR_CLASS;
            if (holds(value, length, "wp-caption")) facts->has |= HAS_FIGURE;
        } else if (is_named(name, size, "itemprop")) {
            if (holds(value, length, "author")) facts->has |= HAS_ITEM_AUTHOR;
        } else if (is_named(name, size, "rel")) {
            if (holds(value, length, "author")) facts->has |= HAS_AUTHOR_LINK;
        } else if (is_script && is_named(name, size, "type")) {
            if (holds(value, length, "ld+json")) facts->has |= HAS_DATA;
        }
    }
}

static int read_element(Facts *facts, Node *node) {
    static const char *const meta[] = {"property", "name", "itemprop", "http-equiv", "content"}, *const link[] = {"rel", "href"};
    size_t size = 0;
    const unsigned char *name = facts->lexbor->name(node, &size);
    if (name == NULL) return 1;
    if (is_named(name, size, "meta") && !add_values(facts->lexbor, node, meta, 5, facts->metas)) return 0;
    if (is_named(name, size, "link") && !add_values(facts->lexbor, node, link, 2, facts->links)) return 0;
    if (is_named(name, size, "time")) facts->has |= HAS_TIME;
    if (is_named(name, size, "figure")) facts->has |= HAS_FIGURE;
    if (is_named(name, size, "base")) facts->has |= HAS_BASE;
    read_attributes(facts, node, is_named(name, size, "script"));
    return 1;
}

static int grow_path(Node ***path, size_t *room) {
    Node **larger = PyMem_Realloc(*path, (2 * *room + 64) * sizeof *larger);
    if (larger == NULL) return PyErr_NoMemory() != NULL;
    *path = larger, *room = 2 * *room + 64;
    return 1;
}

/* page_facts(root, functions) -> (what the page has, values of its `meta` elements, of its `link` elements) */
PyObject *accelerator_page_facts(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2) return PyErr_Format(PyExc_TypeError, "page_facts takes a node and functions");
    Lexbor lexbor;
    Buffers buffers = {.count = 0};
    const void *functions = buffer_with(&buffers, args[1], sizeof(void *), LEXBOR_FUNCTIONS);
    if (functions != NULL) memcpy(&lexbor, functions, sizeof lexbor);
    release(&buffers);
    Node *const root = PyLong_AsVoidPtr(args[0]);
    if (functions == NULL || PyErr_Occurred()) return NULL;
    Facts facts = {&lexbor, PyList_New(0), PyList_New(0), 0};
    int done = facts.metas != NULL && facts.links != NULL;
    Node **path = NULL; /* the elements around */
    size_t depth = 0, room = 0;
    Node *node = root;
    while (done && node != NULL) {
        const int is_element = lexbor.type(node) == ELEMENT_NODE;
        if (is_element) done = read_element(&facts, node);
        Node *next = is_element ? lexbor.first_child(node) : NULL;
        if (next != NULL) {
            if (depth == room && !grow_path(&path, &room)) done = 0;
            else path[depth++] = node;
        } else {
            next = node == root ? NULL : lexbor.next(node);
            while (next == NULL && depth > 1) next = lexbor.next(path[--depth]);
        }
        node = next;
    }
    PyMem_Free(path);
    PyObject *answer = done ? Py_BuildValue("IOO", facts.has, facts.metas, facts.links) : NULL;
    Py_XDECREF(facts.metas);
    Py_XDECREF(facts.links);
    return answer;
}
