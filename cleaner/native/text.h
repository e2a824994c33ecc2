/* The code points of a string. */
#ifndef CLEANCOPY_TEXT_H
#define CLEANCOPY_TEXT_H

#include "accelerator.h"

typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

static ALWAYS Py_UCS4 at_(const Text *text, Py_ssize_t at) { return PyUnicode_READ(text->kind, text->data, at); }

#endif
