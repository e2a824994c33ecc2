/* html/hidden.py: what a page does not show. Styles and class names that may say so are shown to its regular
 * expressions; all others hold none of the letters that these need. */
#include "tree.h"

#define NEIGHBOURS 8

static int same(const unsigned char *name, size_t length, const char *wanted) {
    return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

void attributes_of(const Tree *tree, Node *node, Attributes *found) {
    memset(found, 0, sizeof *found);
    for (Attribute *at = tree->lexbor.first_attribute(node); at != NULL; at = tree->lexbor.next_attribute(at)) {
        size_t size = 0, length = 0;
        const unsigned char *name = tree->lexbor.attribute_name(at, &size);
        found->any = 1;
        if (name == NULL || size < 2) continue;
        const char *data = (const char *)tree->lexbor.attribute_value(at, &length);
        const Bytes value = {data, length};
        switch (name[0]) {
        case 'a':
            if (same(name, size, "aria-hidden")) found->aria_hidden = value;
            else if (same(name, size, "aria-expanded")) found->expanded = 1;
            else if (same(name, size, "aria-controls")) found->controls = 1;
            break;
        case 'c':
            if (same(name, size, "class")) found->class = value;
            break;
        case 'd':
            if (same(name, size, "data-testid")) found->test_id = value;
            else if (same(name, size, "data-component")) found->component = value;
            break;
        case 'h':
            if (same(name, size, "hidden")) found->hidden = 1;
            else if (same(name, size, "href")) found->href = 1;
            break;
        case 'i':
            if (same(name, size, "id")) found->id = value;
            else if (same(name, size, "itemprop")) found->property = value;
            break;
        case 'o':
            if (same(name, size, "open")) found->open = 1;
            break;
        case 'r':
            if (same(name, size, "role")) found->role = value;
            break;
        case 's':
            if (same(name, size, "style")) found->style = value;
            break;
        default:
            break;
        }
    }
}

PyObject *string_of(Bytes bytes) {
    return bytes.data == NULL ? PyUnicode_New(0, 0) : PyUnicode_DecodeUTF8(bytes.data, (Py_ssize_t)bytes.length, "replace");
}

int is_blank(PyObject *text) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t at = 0; at < length; at++)
        if (!Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, at))) return 0;
    return length > 0;
}

/* Do the bytes hold a word of ASCII letters, whatever their case? */
static int holds(Bytes bytes, const char *word) {
    const size_t size = strlen(word);
    for (size_t at = 0; at + size <= bytes.length; at++) {
        size_t same_letters = 0;
        while (same_letters < size && (bytes.data[at + same_letters] | 0x20) == word[same_letters]) same_letters++;
        if (same_letters == size) return 1;
    }
    return 0;
}

static int says(PyObject *callable, Bytes bytes) {
    PyObject *string = string_of(bytes);
    if (string == NULL) return -1;
    PyObject *answer = PyObject_CallOneArg(callable, string);
    Py_DECREF(string);
    if (answer == NULL) return -1;
    const int truth = PyObject_IsTrue(answer);
    Py_DECREF(answer);
    return truth;
}

int is_undrawn(Tree *tree, const Attributes *attributes) {
    const Bytes style = attributes->style;
    return style.length && holds(style, "dden") ? says(tree->undrawn, style) : 0;
}

static int is_for_readers(Tree *tree, const Attributes *attributes) {
    static const char *const telling[] = {"only", "dden", "reader", "text", "creen"};
    const Bytes names = attributes->class;
    for (size_t at = 0; names.length && at < sizeof telling / sizeof *telling; at++)
        if (holds(names, telling[at])) return says(tree->for_readers, names);
    return 0;
}

int is_hidden(Tree *tree, unsigned tag, const Attributes *attributes) {
    if (tag & NOSCRIPT || attributes->hidden || (tag & DIALOG && !attributes->open)) return 1;
    int answer = attributes->style.length && holds(attributes->style, "none") ? says(tree->hides, attributes->style) : 0;
    if (answer == 0) answer = is_undrawn(tree, attributes);
    if (answer == 0 && !(tag & TITLE)) answer = is_for_readers(tree, attributes);
    return answer;
}

typedef Node *(*Step)(Node *);

static int is_true(Bytes value) { return value.data != NULL && value.length == 4 && memcmp(value.data, "true", 4) == 0; }

/* What one neighbour says: 1 text that is shown, 0 none, 2 text for screen readers. */
static int neighbour_says(Tree *tree, Node *other) {
    if (tree->lexbor.type(other) == TEXT_NODE) {
        PyObject *text = text_of(tree, other);
        if (text == NULL) return -1;
        const int blank = is_blank(text);
        Py_DECREF(text);
        return !blank;
    }
    if (tree->lexbor.type(other) != ELEMENT_NODE || tree->lexbor.first_child(other) == NULL) return 0;
    Attributes attributes;
    attributes_of(tree, other, &attributes);
    const int hidden = is_for_readers(tree, &attributes);
    return hidden < 0 ? -1 : hidden ? 2 : !is_true(attributes.aria_hidden);
}

static int is_copy(Tree *tree, Node *node) {
    int texts = 0;
    const Step steps[2] = {tree->lexbor.prev, tree->lexbor.next};
    for (int way = 0; way < 2; way++) {
        Node *other = steps[way](node);
        for (int count = 0; count < NEIGHBOURS && other != NULL; count++, other = steps[way](other)) {
            const int said = neighbour_says(tree, other);
            if (said < 0) return -1;
            if (said == 2) return 0;
            texts |= said;
        }
    }
    return texts;
}

int is_unseen_inline(Tree *tree, Node *node, unsigned tag, const Attributes *attributes) {
    const int hidden = is_hidden(tree, tag, attributes);
    if (hidden) return hidden;
    return is_true(attributes->aria_hidden) ? is_copy(tree, node) : 0;
}

/* The nearest element on one side, NEIGHBOURS nodes away at most. */
static Node *element_beside(const Tree *tree, Node *node, Step step) {
    Node *other = step(node);
    for (int count = 0; count < NEIGHBOURS && other != NULL && tree->lexbor.type(other) != ELEMENT_NODE; count++)
        other = step(other);
    return other != NULL && tree->lexbor.type(other) == ELEMENT_NODE ? other : NULL;
}

/* The first element inside, unless text stands before it. -1 with an exception set, else 0. */
static int first_element(Tree *tree, Node *node, Node **found) {
    *found = NULL;
    Node *child = tree->lexbor.first_child(node);
    for (int count = 0; count < NEIGHBOURS && child != NULL; count++, child = tree->lexbor.next(child)) {
        const int type = tree->lexbor.type(child);
        if (type == ELEMENT_NODE) {
            *found = child;
            return 0;
        }
        if (type != TEXT_NODE) continue;
        PyObject *text = text_of(tree, child);
        if (text == NULL) return -1;
        const int blank = is_blank(text);
        Py_DECREF(text);
        if (!blank) return 0;
    }
    return 0;
}

static int opens(Tree *tree, Node *node) {
    Node *inside = node;
    for (int depth = 0; depth < 3 && inside != NULL; depth++) {
        Tag tag;
        Attributes attributes;
        if (tag_of(tree, inside, &tag) < 0) return -1;
        attributes_of(tree, inside, &attributes);
        if (tag.flags & OPENER || attributes.expanded) return 1;
        if (first_element(tree, inside, &inside) < 0) return -1;
    }
    return 0;
}

/* The first word of a class attribute; an empty string without one. */
static PyObject *first_name(Bytes names) {
    PyObject *string = string_of(names);
    if (string == NULL) return NULL;
    const Py_ssize_t length = PyUnicode_GET_LENGTH(string);
    Py_ssize_t start = 0, end;
    while (start < length && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(string, start))) start++;
    for (end = start; end < length && !Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(string, end)); end++) {}
    PyObject *word = PyUnicode_Substring(string, start, end);
    Py_DECREF(string);
    return word;
}

static int is_slide(Tree *tree, Node *node, const Attributes *attributes) {
    const Step steps[2] = {tree->lexbor.prev, tree->lexbor.next};
    PyObject *own = first_name(attributes->class);
    int answer = own == NULL ? -1 : 0;
    Tag tag, theirs;
    if (own != NULL && tag_of(tree, node, &tag) < 0) answer = -1;
    for (int way = 0; way < 2 && answer == 0 && PyUnicode_GET_LENGTH(own) > 0; way++) {
        Node *other = element_beside(tree, node, steps[way]);
        if (other == NULL) continue;
        if (tag_of(tree, other, &theirs) < 0) {
            answer = -1;
            break;
        }
        if (PyUnicode_Compare(tag.name, theirs.name) != 0) continue;
        Attributes beside;
        attributes_of(tree, other, &beside);
        PyObject *name = first_name(beside.class);
        answer = name == NULL ? -1 : PyUnicode_Compare(own, name) == 0;
        Py_XDECREF(name);
    }
    Py_XDECREF(own);
    return answer;
}

int is_panel(Tree *tree, Node *node, const Attributes *attributes) {
    const Bytes role = attributes->role;
    if (role.data != NULL && ((role.length == 8 && memcmp(role.data, "tabpanel", 8) == 0) ||
                              (role.length == 6 && memcmp(role.data, "region", 6) == 0)))
        return 1;
    Node *before = element_beside(tree, node, tree->lexbor.prev);
    const int opened = before == NULL ? 0 : opens(tree, before);
    return opened ? opened : is_slide(tree, node, attributes);
}

int opens_panel(Tree *tree, Node *node, const Attributes *attributes) {
    if (!attributes->expanded && !attributes->controls) return 0;
    Node *after = element_beside(tree, node, tree->lexbor.next);
    if (after == NULL || tree->lexbor.first_child(after) == NULL) return 0;
    Tag tag;
    Attributes beside;
    if (tag_of(tree, after, &tag) < 0) return -1;
    attributes_of(tree, after, &beside);
    return is_hidden(tree, tag.flags, &beside);
}
