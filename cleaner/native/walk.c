/* html/dom.py: a page's tree as elements and lines. Pieces of text, rows and frames are as in class Walk there. */
#include "walk.h"

static int grow(void **memory, Py_ssize_t *room, Py_ssize_t needed, size_t width) {
    if (needed <= *room) return 0;
    const Py_ssize_t wanted = needed < 64 ? 64 : needed + needed / 2;
    void *larger = PyMem_Realloc(*memory, (size_t)wanted * width);
    if (larger == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    *memory = larger;
    *room = wanted;
    return 0;
}

int tag_of(Tree *tree, Node *node, Tag *tag) {
    const uintptr_t number = tree->lexbor.tag_id(node);
    if (number < KNOWN_TAGS && tree->known[number].name != NULL) {
        *tag = tree->known[number];
        return 0;
    }
    size_t length = 0;
    const unsigned char *name = tree->lexbor.name(node, &length);
    PyObject *string = PyUnicode_DecodeUTF8(name == NULL ? "" : (const char *)name, (Py_ssize_t)length, "replace");
    if (string == NULL) return -1;
    PyObject *flags = PyDict_GetItemWithError(tree->tags, string);
    const int kept = flags == NULL && PyErr_Occurred() ? -1 : PyList_Append(tree->names, string);
    Py_DECREF(string); /* the list holds it */
    if (kept < 0) return -1;
    tag->name = string;
    tag->flags = flags == NULL ? 0 : (unsigned)PyLong_AsUnsignedLong(flags);
    if (number < KNOWN_TAGS) tree->known[number] = *tag;
    return 0;
}

PyObject *text_of(const Tree *tree, Node *node) {
    size_t length = 0;
    const unsigned char *text = tree->lexbor.text(node, &length);
    return PyUnicode_DecodeUTF8(text == NULL ? "" : (const char *)text, text == NULL ? 0 : (Py_ssize_t)length, "replace");
}

/* Takes the reference to the text, also where it fails. */
static int add_piece(Walk *walk, PyObject *text, Py_ssize_t frame) {
    if (text == NULL) return -1;
    if (grow((void **)&walk->pieces, &walk->piece_room, walk->piece_count + 1, sizeof *walk->pieces) < 0) {
        Py_DECREF(text);
        return -1;
    }
    walk->pieces[walk->piece_count++] = (Piece){text, frame};
    return 0;
}

static void set_piece(Walk *walk, Py_ssize_t at, PyObject *text, Py_ssize_t frame) {
    Py_SETREF(walk->pieces[at].text, Py_NewRef(text));
    walk->pieces[at].frame = frame;
}

static int flush(Walk *walk) {
    Py_ssize_t start = 0;
    int answer = 0;
    for (Py_ssize_t at = 0; at <= walk->piece_count && answer == 0; at++) {
        if (at < walk->piece_count && walk->pieces[at].frame != NO_FRAME) continue;
        if (at > start) answer = add_line(walk, walk->pieces + start, at - start);
        start = at + 1;
    }
    while (walk->piece_count > 0) Py_DECREF(walk->pieces[--walk->piece_count].text);
    return answer;
}

static int break_line(Walk *walk, int member) {
    if (walk->row_count) {
        Row *row = &walk->rows[walk->row_count - 1];
        if (row->cell_count) row->broken = 1;
        return add_piece(walk, Py_NewRef(walk->empty), NO_FRAME);
    }
    if (walk->piece_count && flush(walk) < 0) return -1;
    if (!member) walk->gap = 2;
    return 0;
}

static int begin_cell(Walk *walk, Py_ssize_t frame) {
    if (!walk->row_count) return flush(walk);
    Row *row = &walk->rows[walk->row_count - 1];
    if (grow((void **)&row->cells, &row->cell_room, row->cell_count + 1, sizeof *row->cells) < 0) return -1;
    row->cells[row->cell_count++] = walk->piece_count;
    return add_piece(walk, Py_NewRef(walk->empty), frame);
}

static int inner_breaks(const Walk *walk, Py_ssize_t start, Py_ssize_t end) {
    int breaks = 0, pending = 0, seen = 0;
    for (Py_ssize_t at = start; at < end; at++) {
        const Piece *piece = &walk->pieces[at];
        if (piece->frame == NO_FRAME) {
            pending = seen;
        } else if (PyUnicode_GET_LENGTH(piece->text) && !is_blank(piece->text)) {
            breaks += pending;
            pending = 0, seen = 1;
        }
    }
    return breaks;
}

/* Is a row whose cells break lines one of data: several short cells, a few breaks? */
static int is_data(const Walk *walk, const Row *row) {
    if (row->layout || row->cell_count < 2) return 0;
    Py_ssize_t total = 0, filled = 0, breaks = 0;
    for (Py_ssize_t cell = 0; cell < row->cell_count; cell++) {
        const Py_ssize_t start = row->cells[cell];
        const Py_ssize_t end = cell + 1 < row->cell_count ? row->cells[cell + 1] : walk->piece_count;
        Py_ssize_t size = 0;
        for (Py_ssize_t at = start; at < end; at++) size += visible(walk->pieces[at].text);
        total += size;
        filled += size > 0;
        breaks += inner_breaks(walk, start, end);
    }
    return filled >= 2 && total <= walk->row_characters && breaks <= walk->row_breaks;
}

static int end_row(Walk *walk, Row *row) {
    const int joined = !row->broken || is_data(walk, row);
    if (joined && row->broken)
        for (Py_ssize_t at = row->cells[0]; at < walk->piece_count; at++)
            if (walk->pieces[at].frame == NO_FRAME) set_piece(walk, at, walk->space, row->frame);
    for (Py_ssize_t cell = 0; cell < row->cell_count; cell++) {
        if (!joined) set_piece(walk, row->cells[cell], walk->empty, NO_FRAME);
        else if (cell) set_piece(walk, row->cells[cell], walk->separator, row->frame);
    }
    PyMem_Free(row->cells);
    return walk->row_count ? 0 : flush(walk);
}

static int add_preformatted(Walk *walk, PyObject *text, Py_ssize_t frame) {
    PyObject *lines = PyUnicode_Splitlines(text, 0);
    int answer = lines == NULL ? -1 : 0;
    for (Py_ssize_t number = 0; answer == 0 && number < PyList_GET_SIZE(lines); number++) {
        PyObject *line = PyList_GET_ITEM(lines, number);
        if (number) answer = break_line(walk, 1);
        if (answer == 0 && PyUnicode_GET_LENGTH(line)) answer = add_piece(walk, Py_NewRef(line), frame);
    }
    Py_XDECREF(lines);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (answer == 0 && length && PyUnicode_READ_CHAR(text, length - 1) == '\n') answer = break_line(walk, 1);
    return answer;
}

static int add_text(Walk *walk, Node *node, Py_ssize_t frame) {
    PyObject *text = text_of(&walk->tree, node);
    if (text == NULL) return -1;
    if (!walk->frames[frame].pre) {
        if (walk->piece_count || !is_blank(text)) return add_piece(walk, text, frame);
        Py_DECREF(text);
        return 0;
    }
    const int answer = add_preformatted(walk, text, frame);
    Py_DECREF(text);
    return answer;
}

static int is_apart(const Frame *frame) { return (frame->tag.flags & BLOCK) || frame->apart; }

static int enter(Walk *walk, Py_ssize_t number) {
    const Frame frame = walk->frames[number];
    if (frame.tag.flags & ROW) {
        if (break_line(walk, 1) < 0) return -1;
        if (walk->row_count) walk->rows[walk->row_count - 1].layout = 1;
        if (grow((void **)&walk->rows, &walk->row_room, walk->row_count + 1, sizeof *walk->rows) < 0) return -1;
        walk->rows[walk->row_count++] = (Row){.frame = number};
    } else if (frame.tag.flags & CELL) {
        if (begin_cell(walk, number) < 0) return -1;
    } else if (is_apart(&frame)) {
        if (break_line(walk, frame.member || frame.tag.flags & MEMBER) < 0) return -1;
        if (frame.tag.flags & HEADING && walk->row_count) walk->rows[walk->row_count - 1].layout = 1;
    }
    if (frame.tag.flags & PRE) walk->frames[number].pre = 1;
    return 0;
}

static int leave(Walk *walk, Py_ssize_t number) {
    const Frame frame = walk->frames[number];
    if (frame.tag.flags & ROW && walk->row_count && walk->rows[walk->row_count - 1].frame == number) {
        Row row = walk->rows[--walk->row_count];
        return end_row(walk, &row) < 0 ? -1 : break_line(walk, 1);
    }
    if (is_apart(&frame) || (frame.tag.flags & CELL && !walk->row_count))
        return break_line(walk, frame.member || frame.tag.flags & MEMBER);
    return 0;
}

/* What a button is read as: inside a heading as its words, around one or above a panel as a heading's box. */
static int read_button(Walk *walk, Frame *frame, const Frame *parent) {
    const char *name = "span";
    if (!parent->heading) {
        Node *child = walk->tree.lexbor.first_child(frame->node);
        Tag inner = {NULL, 0};
        if (child != NULL && walk->tree.lexbor.type(child) == ELEMENT_NODE && tag_of(&walk->tree, child, &inner) < 0)
            return -1;
        const int panel = inner.flags & HEADING ? 0 : opens_panel(&walk->tree, frame->node, &frame->attributes);
        if (panel < 0) return -1;
        if (!panel && !(inner.flags & HEADING)) return 0;
        name = panel ? "summary" : "div";
    }
    PyObject *string = PyUnicode_FromString(name);
    if (string == NULL) return -1;
    PyObject *flags = PyDict_GetItemWithError(walk->tree.tags, string);
    const int kept = PyErr_Occurred() ? -1 : PyList_Append(walk->tree.names, string);
    Py_DECREF(string);
    frame->tag = (Tag){string, flags == NULL ? 0 : (unsigned)PyLong_AsUnsignedLong(flags)};
    return kept;
}

static int is_long(const Walk *walk, Node *node) {
    PyObject *text = text_of(&walk->tree, node);
    if (text == NULL) return -1;
    const int answer = PyUnicode_GET_LENGTH(text) >= walk->long_inline;
    Py_DECREF(text);
    return answer;
}

/* The frame of an element with content as the next in `frames`; 0 where it is not to be seen in the middle of a line. */
static int open_frame(Walk *walk, Node *node, Tag tag, Py_ssize_t outer) {
    if (grow((void **)&walk->frames, &walk->frame_room, walk->frame_count + 1, sizeof *walk->frames) < 0) return -1;
    const Frame *parent = &walk->frames[outer];
    Frame *frame = &walk->frames[walk->frame_count];
    *frame = (Frame){.node = node, .tag = tag, .parent = outer, .depth = parent->depth + 1, .element = -1,
                     .linked = parent->linked, .pre = parent->pre, .heading = parent->heading};
    attributes_of(&walk->tree, node, &frame->attributes);
    if (tag.flags & BUTTON) {
        if (read_button(walk, frame, parent) < 0) return -1;
    } else if (tag.flags & LINK) {
        frame->linked = parent->linked || frame->attributes.href;
    } else if (tag.flags & (HEADING | TERM)) {
        frame->heading = 1;
    }
    frame->member = (tag.flags & ITEM) || (parent->member && !(tag.flags & WHOLE));
    if (frame->attributes.any && !(frame->tag.flags & BLOCK) && !(tag.flags & CELL)) {
        const int unseen = is_unseen_inline(&walk->tree, node, tag.flags, &frame->attributes);
        if (unseen < 0) return -1;
        if (unseen) {
            const int hidden = is_hidden(&walk->tree, tag.flags, &frame->attributes);
            const int shown_later = hidden > 0 ? is_long(walk, node) : hidden;
            if (shown_later <= 0) return shown_later;
            frame->apart = 1;
        }
    }
    walk->frame_count++;
    return 1;
}

/* An element's step: 2 where its children come next, 1 where its neighbour does, 0 where Python must walk. */
static int visit_element(Walk *walk, Node *node, Py_ssize_t here) {
    Tag tag;
    if (tag_of(&walk->tree, node, &tag) < 0) return -1;
    if (tag.flags & BREAK) return break_line(walk, tag.flags & MEMBER) < 0 ? -1 : 1;
    if (tag.flags & MATH) return 0;
    if (tag.flags & SKIPPED) return 1;
    if (walk->tree.lexbor.first_child(node) != NULL) {
        const int opened = open_frame(walk, node, tag, here);
        if (opened <= 0) return opened < 0 ? -1 : 1;
        return enter(walk, walk->frame_count - 1) < 0 ? -1 : 2;
    }
    if (tag.flags & BLOCK) {
        if (tag.flags & BUTTON && walk->frames[here].heading) return 1;
        return break_line(walk, tag.flags & MEMBER) < 0 ? -1 : 1;
    }
    if (!(tag.flags & CELL)) return 1;
    if (grow((void **)&walk->frames, &walk->frame_room, walk->frame_count + 1, sizeof *walk->frames) < 0) return -1;
    walk->frames[walk->frame_count] = (Frame){
        .node = node, .tag = tag, .parent = here, .depth = walk->frames[here].depth + 1, .element = -1};
    attributes_of(&walk->tree, node, &walk->frames[walk->frame_count].attributes);
    return begin_cell(walk, walk->frame_count++) < 0 ? -1 : 1;
}

int run_walk(Walk *walk, Node *root) {
    Tag tag;
    if (tag_of(&walk->tree, root, &tag) < 0) return -1;
    if (grow((void **)&walk->frames, &walk->frame_room, 1, sizeof *walk->frames) < 0) return -1;
    walk->frames[0] = (Frame){.node = root, .tag = tag, .parent = -1, .element = -1};
    attributes_of(&walk->tree, root, &walk->frames[0].attributes);
    walk->frame_count = 1;
    Py_ssize_t here = 0;
    Node *node = walk->tree.lexbor.first_child(root);
    for (;;) {
        if (node == NULL) {
            if (leave(walk, here) < 0) return -1;
            node = walk->tree.lexbor.next(walk->frames[here].node);
            here = walk->frames[here].parent;
            if (here < 0) return flush(walk) < 0 ? -1 : 1;
            continue;
        }
        const int type = walk->tree.lexbor.type(node);
        int step = 1;
        if (type == TEXT_NODE) step = add_text(walk, node, here) < 0 ? -1 : 1;
        else if (type == ELEMENT_NODE) step = visit_element(walk, node, here);
        if (step <= 0) return step;
        if (step == 2) {
            here = walk->frame_count - 1;
            node = walk->tree.lexbor.first_child(node);
        } else {
            node = walk->tree.lexbor.next(node);
        }
    }
}
