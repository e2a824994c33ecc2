/* The measurements of a page's lines (html/features.py) while they are taken: what the two files of them share. */
#ifndef CLEANCOPY_PAGE_MEASURES_H
#define CLEANCOPY_PAGE_MEASURES_H

#include "layers.h"
#include "page_layout.h"

#define NEAR 4

/* Rows of what `line_shapes` gives. */
enum { FINAL, COLON, CAPITAL, SHOUTED, DIGITS, QUOTED, COMMAS, BARS, SIGNS, IDEOGRAPHS, SHAPES };
/* What an element holds with all inside it. */
enum { IN_PROSE, IN_TEXT, IN_LINKS, IN_LINES, HELD };

typedef struct {
    const Page *page;
    Py_ssize_t count; /* of lines */
    const int64_t *counts, *sizes, *in_title; /* as page_words gives them */
    const float *before, *after, *shares[2]; /* shares: in the stated text and the opinion; NULL without them */
    const uint64_t *said; /* checksums of what lines say, from the starts behind `sizes` on */
    Py_ssize_t said_count;
    const int64_t *signs;
    float *size, *words, *length, *links, *prose; /* per line */
    double (*held)[HELD]; /* per element */
    int32_t (*chains)[NEAR + 1]; /* per line the nearest blocks around it; chain_sizes: how many */
    int32_t *chain_sizes;
    double total, prose_total; /* at least 1 */
    float *next, *limit, *spare; /* where the next column goes, where the last ends, where one too many goes */
    Records records;
    int wanted, tags; /* words of the title, telling tags */
    Py_ssize_t columns;
} Measures;

static inline float *column(Measures *in) {
    float *answer = in->next;
    in->next += in->count;
    return in->next > in->limit ? in->spare : answer;
}

static inline float logged(double value) { return (float)logarithm(1 + value); }

#define EACH for (Py_ssize_t line = 0; line < in->count; line++)
/* One more column: for each line the value of an expression. */
#define COLUMN(value) do { float *to_ = column(in); EACH to_[line] = (float)(value); } while (0)
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))

/* Each adds its columns; 0 where memory is short. The basics of shape, what elements hold, and chains come first. */
void shape_basics(Measures *in);
int chain(Measures *in);
int hold(Measures *in);
int shape_columns(Measures *in);
int spread_columns(Measures *in);
int tag_columns(Measures *in, PyObject *body);

/* From the arguments of `page_measures`; 0 with an exception set. Then the columns, one after the other, into memory for
 * so many floats. end_measures is due in any case. */
#define MEASURE_ARGUMENTS 11
int begin_measures(Measures *in, Page *page, Buffers *buffers, PyObject *const *args);
int take_measures(Measures *in, PyObject *body, float *to);
void end_measures(Measures *in, Page *page, Buffers *buffers);

#endif
