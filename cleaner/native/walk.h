/* The walk over one page's tree: mutable, local to one call. */
#ifndef CLEANCOPY_WALK_H
#define CLEANCOPY_WALK_H

#include "tree.h"

/* An open element. */
typedef struct {
    Node *node;
    Tag tag;
    Attributes attributes;
    Py_ssize_t parent, depth, inner; /* parent and inner: in `frames` */
    Py_ssize_t element; /* in the list of elements, once it has text */
    unsigned linked : 1, pre : 1, heading : 1, apart : 1, member : 1;
} Frame;

#define NO_FRAME (-1)
/* A piece of text and the frame it stands in; without one a line break. */
typedef struct {
    PyObject *text;
    Py_ssize_t frame;
} Piece;

typedef struct {
    Py_ssize_t frame, *cells, cell_count, cell_room;
    unsigned broken : 1, layout : 1;
} Row;

typedef struct {
    Tree tree;
    PyObject *element_class, *line_class, *elements, *lines;
    PyObject *empty, *space, *separator; /* texts */
    Py_ssize_t row_characters, row_breaks, long_inline;
    Frame *frames;
    Piece *pieces;
    Row *rows;
    Py_ssize_t frame_count, frame_room, piece_count, piece_room, row_count, row_room;
    long gap; /* line breaks before the next line */
} Walk;

/* 1, or 0 where only Python can walk, or -1 with an exception set. */
int run_walk(Walk *walk, Node *root);
int add_line(Walk *walk, const Piece *pieces, Py_ssize_t count);
Py_ssize_t visible(PyObject *text);

#endif
