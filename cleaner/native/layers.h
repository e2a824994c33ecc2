/* Layers in whole numbers (model/quantised.py) and exact functions, shared by the files of the model. */
#ifndef CLEANCOPY_LAYERS_H
#define CLEANCOPY_LAYERS_H

#include "accelerator.h"

/* Weights lie in tiles of so many outputs; in a tile for each tap, for each pair of inputs: the outputs' two weights. */
#define TILE 16
#define MOST_TAPS 3

/* A row of inputs is made of `taps` parts of `width` values, which may lie apart. */
typedef struct {
    Py_ssize_t taps, width, outputs;
    const float *scale, *bias;
    const int16_t *weights;
    int levels;
} Layer;

/* What is done with a layer's values: put down, put down where positive (else 0), or added where positive. */
typedef enum { STORE, RECTIFY, ADD } Finish;

/* (weights, scale, bias, levels, taps, width); 0 with an exception set when they do not fit each other. */
int layer_of(Buffers *buffers, Layer *layer, PyObject *arguments);

/* Inputs lie in rows of an even number of values. */
static inline Py_ssize_t even(Py_ssize_t width) { return (width + 1) & ~(Py_ssize_t)1; }

/* Rows of inputs as whole numbers, each row followed by a zero where its width is odd; what a whole number is worth. */
float levels_of(const float *values, Py_ssize_t rows, Py_ssize_t width, int levels, int16_t *steps);

/* Applies a layer to `count` rows, each given by the places of its taps; `unit`: what a whole number is worth. */
void apply(const Layer *layer, const int16_t *const *taps, Py_ssize_t count, float unit, Finish finish, float *answer);

/* The same for rows of one tap that lie one after the other. */
void apply_to_rows(const Layer *layer, const int16_t *rows, Py_ssize_t count, float unit, Finish finish, float *answer);

int are_finite(const float *values, Py_ssize_t count);

/* By the rules of `quantised.exponential` and `quantised.logarithm`: every bit is fixed by IEEE 754. */
double exponential(double value);
void exponentials(double *values, Py_ssize_t count); /* in place */
double logarithm(double value);

#endif
