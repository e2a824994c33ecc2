/* A page's lines and elements (html/page.py) as C reads them: what the files on pages share. */
#ifndef CLEANCOPY_PAGE_LAYOUT_H
#define CLEANCOPY_PAGE_LAYOUT_H

#include "accelerator.h"

/* What a tag is, as html/features.py has them; in the lower bits its number among the telling ones, plus one. */
enum { TAG_NUMBER = 127, TAG_INLINE = 128, TAG_RECORD = 256, TAG_ARTICLE = 512, TAG_TIME = 1024, TAG_HEADLINE = 2048 };

/* Texts are numbered: equal ones have the same number. Borrowed from the tuples, as long as these live. */
typedef struct {
    PyObject *tag, *names, *role, *property;
    int32_t tag_id, names_id, role_id, property_id, first_name; /* first_name: the first class */
    int32_t parent, depth;
    unsigned kind; /* what its tag is */
    unsigned hidden : 1, panel : 1, invisible : 1;
} PageElement;

typedef struct {
    PyObject *text;
    int32_t element;
    double links;
} PageLine;

/* Texts, or rows of numbers, each once: open addressing. */
typedef struct {
    PyObject **texts;
    Py_hash_t *hashes;
    int32_t *slots, count;
    size_t mask;
} Numbers;

typedef struct {
    Py_ssize_t line_count, element_count;
    PageLine *lines;
    PageElement *elements;
    Numbers texts;
    PyObject *space; /* " " */
} Page;

/* From lists of Line and Element and a dict tag -> kind; 0 with an exception set. free_page is due in any case. */
int read_page(Page *page, PyObject *lines, PyObject *elements, PyObject *kinds);
void free_page(Page *page);
/* The number of a text; -1 with an exception set. */
int32_t number_of(Numbers *numbers, PyObject *text);
int make_numbers(Numbers *numbers, size_t most);
void free_numbers(Numbers *numbers);

/* Rows of `width` numbers, each once: their groups in the order in which they first come; 0 where memory is short. */
int group_rows(const int32_t *rows, Py_ssize_t count, int width, int32_t *groups, int32_t *group_count);

/* Elements alike that follow each other, as `Layout.records`: the members list after list. */
typedef struct {
    int32_t *members, *starts, *list_of, *place; /* starts: of lists, and the end of the last; the others per element */
    int32_t lists;
} Records;
int find_records(const Page *page, Records *records);
void free_records(Records *records);

#endif
