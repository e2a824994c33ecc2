/* html/dom.py and html/hidden.py in C: what its files share. The tree is lexbor's, in selectolax's memory; it is read
 * through functions that selectolax's library exports, whose addresses come from Python. No structure of lexbor's is
 * looked into. */
#ifndef CLEANCOPY_TREE_H
#define CLEANCOPY_TREE_H

#include "accelerator.h"

typedef void Node;
typedef void Attribute;

/* In the order of html/native_tree.py's FUNCTIONS. */
typedef struct {
    Node *(*first_child)(Node *), *(*next)(Node *), *(*prev)(Node *);
    int (*type)(Node *);
    uintptr_t (*tag_id)(Node *);
    const unsigned char *(*name)(Node *, size_t *);
    unsigned char *(*text)(Node *, size_t *);
    Attribute *(*first_attribute)(Node *), *(*next_attribute)(Attribute *);
    const unsigned char *(*attribute_name)(Attribute *, size_t *);
    const unsigned char *(*attribute_value)(Attribute *, size_t *);
} Lexbor;
#define LEXBOR_FUNCTIONS 11

enum { ELEMENT_NODE = 1, TEXT_NODE = 3 };

/* What a tag's name says; as html/native_tree.py has them. */
enum {
    BLOCK = 1, CELL = 2, BREAK = 4, PRE = 8, HEADING = 16, MEMBER = 32, ITEM = 64, WHOLE = 128, SKIPPED = 256,
    OPENER = 512, NOSCRIPT = 1024, DIALOG = 2048, ROW = 4096, BUTTON = 8192, LINK = 16384, TERM = 32768, MATH = 65536,
    TITLE = 131072,
};

typedef struct {
    PyObject *name; /* owned by the table or by `names` */
    unsigned flags;
} Tag;

typedef struct {
    const char *data; /* NULL: not there, or without a value */
    size_t length;
} Bytes;

/* An element's attributes, as far as they are asked for. */
typedef struct {
    Bytes class, id, style, role, property, test_id, component, aria_hidden;
    unsigned any : 1, hidden : 1, open : 1, href : 1, expanded : 1, controls : 1;
} Attributes;

#define KNOWN_TAGS 512
typedef struct {
    Lexbor lexbor;
    PyObject *tags; /* dict: name -> flags */
    PyObject *hides, *undrawn, *for_readers; /* callables: style or class names -> bool */
    Tag known[KNOWN_TAGS]; /* by lexbor's number of the tag */
    PyObject *names; /* list: keeps the names that were made here */
} Tree;

int tag_of(Tree *tree, Node *node, Tag *tag);
void attributes_of(const Tree *tree, Node *node, Attributes *found);
PyObject *text_of(const Tree *tree, Node *node);
PyObject *string_of(Bytes bytes);
int is_blank(PyObject *text);

/* As the functions of the same names in html/hidden.py: 1, 0, or -1 with an exception set. */
int is_hidden(Tree *tree, unsigned tag, const Attributes *attributes);
int is_undrawn(Tree *tree, const Attributes *attributes);
int is_unseen_inline(Tree *tree, Node *node, unsigned tag, const Attributes *attributes);
int is_panel(Tree *tree, Node *node, const Attributes *attributes);
int opens_panel(Tree *tree, Node *node, const Attributes *attributes);

#endif
