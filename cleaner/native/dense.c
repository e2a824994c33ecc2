/* model/quantised.py: a layer in whole numbers. Sums of products of 16-bit numbers are exact in 32 bits as they are in the
 * float32 of the NumPy code; what follows is one multiplication and one addition, in float32. */
#include "accelerator.h"
#include <math.h>

static const double NOTHING = 1e-20;

typedef struct {
    Py_ssize_t rows, inputs, outputs;
    const float *scale, *bias;
    const int16_t *weights;
    int levels;
} Layer;

static double unit_of(double largest, int levels) {
    int exponent;
    if (!(largest > NOTHING)) return 1.0;
    const double fraction = frexp(largest / levels, &exponent);
    return ldexp(1.0, fraction > 0.5 ? exponent : exponent - 1);
}

/* The next even whole number's rule of rounding, as rint: added and taken away, a large number leaves no fraction. */
WIDE static void in_levels(const float *values, Py_ssize_t count, float factor, int16_t *steps) {
    const float large = 12582912.0f; /* 1.5 * 2**23 */
    for (Py_ssize_t at = 0; at < count; at++) {
        const float shifted = values[at] * factor + large;
        steps[at] = (int16_t)(int32_t)(shifted - large);
    }
}

WIDE static float largest_of(const float *values, Py_ssize_t count) {
    int32_t most = 0; /* the order of the bits of floats without their sign is that of their size */
    const int32_t *bits = (const int32_t *)values;
    for (Py_ssize_t at = 0; at < count; at++) {
        const int32_t size = bits[at] & 0x7FFFFFFF;
        most = size > most ? size : most;
    }
    float largest;
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

WIDE static void multiply(const Layer *layer, const int16_t *steps, float unit, float *answer) {
    const Py_ssize_t inputs = layer->inputs;
    for (Py_ssize_t row = 0; row < layer->rows; row++, steps += inputs, answer += layer->outputs) {
        const int16_t *weights = layer->weights;
        for (Py_ssize_t output = 0; output < layer->outputs; output++, weights += inputs) {
            int32_t sum = 0;
            for (Py_ssize_t at = 0; at < inputs; at++) sum += (int32_t)steps[at] * (int32_t)weights[at];
            answer[output] = (float)sum * (layer->scale[output] * unit) + layer->bias[output];
        }
    }
}

static int are_finite(const float *values, Py_ssize_t count) { return isfinite(largest_of(values, count)); }

/* Values in levels, and what a level is worth. */
static float levels_of(const float *values, Py_ssize_t count, int levels, int16_t *steps) {
    const double unit = unit_of(largest_of(values, count), levels);
    in_levels(values, count, (float)(1 / unit), steps);
    return (float)unit;
}

static int layer_of(Buffers *buffers, Layer *layer, PyObject *const *args) {
    Py_ssize_t weights;
    if (!(layer->weights = buffer_of(buffers, args[0], 2, &weights))) return 0;
    if (!(layer->scale = buffer_of(buffers, args[1], 4, &layer->outputs))) return 0;
    if (!(layer->bias = buffer_with(buffers, args[2], 4, layer->outputs))) return 0;
    layer->levels = (int)PyLong_AsLong(args[3]);
    if (PyErr_Occurred()) return 0;
    layer->inputs = layer->outputs ? weights / layer->outputs : 0;
    if (layer->inputs >= 1 && layer->inputs * layer->outputs == weights && layer->levels >= 1 &&
        layer->levels <= INT16_MAX)
        return 1;
    PyErr_SetString(PyExc_ValueError, "the arrays of a layer do not fit each other");
    return 0;
}

PyObject *accelerator_dense(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 5) return PyErr_Format(PyExc_TypeError, "dense takes 5 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Layer layer;
    PyObject *answer = NULL;
    int16_t *steps = NULL;
    Py_ssize_t items;
    const float *values = buffer_of(&buffers, args[0], 4, &items);
    if (values == NULL || !layer_of(&buffers, &layer, args + 1)) goto done;
    layer.rows = items / layer.inputs;
    if (layer.rows * layer.inputs != items || !are_finite(values, items)) {
        PyErr_SetString(PyExc_ValueError, "the inputs do not fit the layer, or are not finite");
        goto done;
    }
    steps = PyMem_Malloc((size_t)(items + 1) * sizeof *steps);
    answer = steps == NULL ? PyErr_NoMemory() : bytes_of((size_t)(layer.rows * layer.outputs) * sizeof(float));
    if (answer == NULL) goto done;
    const float unit = levels_of(values, items, layer.levels, steps);
    multiply(&layer, steps, unit, (float *)PyByteArray_AS_STRING(answer));
done:
    PyMem_Free(steps);
    release(&buffers);
    return answer;
}

/* model/network.py, class Network: all layers in one call ----------------------------------------------------------- */

#define MOST_LAYERS 12
#define MOST_LABELS 64
enum { INPUT, DOCUMENT, OUTPUT, CONVOLUTIONS };
enum { GATES, CARRY, RECURRENCE };

typedef struct {
    Layer layers[MOST_LAYERS], recurrence[RECURRENCE];
    int recurs;
    Py_ssize_t count, blocks, width, steps[MOST_LAYERS], kept;
} Network;

static void rectify(float *values, Py_ssize_t count) {
    for (Py_ssize_t at = 0; at < count; at++) values[at] = values[at] > 0 ? values[at] : 0.0f;
}

/* The mean of the rows, added up in whole numbers. */
static void mean_of(const float *hidden, Py_ssize_t rows, Py_ssize_t width, int16_t *steps, float *mean) {
    const double unit = levels_of(hidden, rows * width, INT16_MAX, steps);
    for (Py_ssize_t column = 0; column < width; column++) {
        int64_t sum = 0;
        for (Py_ssize_t row = 0; row < rows; row++) sum += steps[row * width + column];
        mean[column] = (float)((double)sum / (double)rows * unit);
    }
}

/* Adds what a convolution makes of each row and of those `step` before and after it. */
WIDE static void convolve(const Layer *layer, const int16_t *rows, Py_ssize_t count, Py_ssize_t width, Py_ssize_t step,
                          float unit, float *hidden) {
    for (Py_ssize_t row = 0; row < count; row++) {
        const int16_t *here = rows + row * width;
        const int has_before = row >= step, has_after = row + step < count;
        const int16_t *from = has_before ? here - step * width : here, *to = has_after ? here + step * width : here;
        const int16_t *weights = layer->weights;
        for (Py_ssize_t output = 0; output < width; output++, weights += 3 * width) {
            int32_t sum = 0;
            for (Py_ssize_t at = 0; at < width; at++) sum += (int32_t)here[at] * (int32_t)weights[width + at];
            if (has_before)
                for (Py_ssize_t at = 0; at < width; at++) sum += (int32_t)from[at] * (int32_t)weights[at];
            if (has_after)
                for (Py_ssize_t at = 0; at < width; at++) sum += (int32_t)to[at] * (int32_t)weights[2 * width + at];
            const float value = (float)sum * (layer->scale[output] * unit) + layer->bias[output];
            if (value > 0) hidden[row * width + output] += value;
        }
    }
}

/* e to the power of a value, by the rule of `quantised.exponential`. */
static double exponential(double value) {
    static double taylor[14];
    if (taylor[0] == 0) {
        double factorial = 1;
        for (int power = 0; power < 14; power++) {
            if (power) factorial *= power;
            taylor[13 - power] = 1 / factorial;
        }
    }
    const double twos = rint(value * 1.4426950408889634);
    const double rest = (value - twos * 0.6931471803691238) - twos * 1.9082149292705877e-10;
    double power = taylor[0];
    for (int at = 1; at < 14; at++) power = power * rest + taylor[at];
    return ldexp(power, (int)twos);
}

/* A part of a row's probabilities: of what is shared, as the logits say. */
static void shares(const float *logits, Py_ssize_t count, double shared, float *answer) {
    double powers[MOST_LABELS], total = 0;
    float largest = logits[0];
    for (Py_ssize_t at = 1; at < count; at++) largest = logits[at] > largest ? logits[at] : largest;
    for (Py_ssize_t at = 0; at < count; at++) {
        powers[at] = exponential((double)(logits[at] - largest));
        total = at ? total + powers[at] : powers[at];
    }
    for (Py_ssize_t at = 0; at < count; at++) answer[at] = (float)(shared * (powers[at] / total));
}

static void probabilities_of(const float *logits, Py_ssize_t labels, Py_ssize_t kept, float *answer) {
    float gate = logits[labels];
    gate = gate < -30 ? -30 : gate > 30 ? 30 : gate;
    const double gone = 1 / (1 + exponential(-(double)gate));
    shares(logits, kept, 1 - gone, answer);
    shares(logits + kept, labels - kept, gone, answer + kept);
}

/* model/network.py, `carried`: blocks x 4 half gates -> blocks x 2 half, the second half of them from the blocks after. */
static void carried(const float *gates, Py_ssize_t blocks, Py_ssize_t half, float *states) {
    for (int turned = 0; turned < 2; turned++) {
        const Py_ssize_t first = turned ? half : 0;
        for (Py_ssize_t number = 0; number < blocks; number++) {
            const Py_ssize_t row = turned ? blocks - 1 - number : number, before = turned ? row + 1 : row - 1;
            const float *asked = gates + row * 4 * half + first, *offered = asked + 2 * half;
            float *state = states + row * 2 * half + first;
            const float *last = number ? states + before * 2 * half + first : NULL;
            for (Py_ssize_t at = 0; at < half; at++) {
                const float share = 0.5f + 0.5f * (asked[at] / (1.0f + fabsf(asked[at])));
                const float value = offered[at] >= 0 ? offered[at] + 0.5f : 0.5f / (1.0f + 2.0f * -offered[at]);
                const float old = last ? last[at] : 0.0f;
                state[at] = old + share * (value - old);
            }
        }
    }
}

/* Adds to each row what a layer makes of what is carried; `gates` and `states` have room for it. */
static void recur(const Network *network, float *hidden, int16_t *steps, float *gates, float *states) {
    const Py_ssize_t blocks = network->blocks, width = network->width;
    Layer layer = network->recurrence[GATES];
    const Py_ssize_t half = layer.outputs / 4;
    layer.rows = blocks;
    float unit = levels_of(hidden, blocks * width, layer.levels, steps);
    multiply(&layer, steps, unit, gates);
    carried(gates, blocks, half, states);
    layer = network->recurrence[CARRY];
    layer.rows = blocks;
    unit = levels_of(states, blocks * 2 * half, layer.levels, steps);
    multiply(&layer, steps, unit, gates);
    for (Py_ssize_t at = 0; at < blocks * width; at++) hidden[at] += gates[at] > 0 ? gates[at] : 0.0f;
}

/* 0 where memory is short. */
static int run(const Network *network, const float *inputs, float *answer) {
    const Py_ssize_t blocks = network->blocks, width = network->width, labels = network->layers[OUTPUT].outputs - 1;
    const Py_ssize_t gates = network->recurs ? network->recurrence[GATES].outputs : 0, room = gates > width ? gates : width;
    Py_ssize_t wide = network->layers[INPUT].inputs > width ? network->layers[INPUT].inputs : width;
    wide = gates / 2 > wide ? gates / 2 : wide;
    const Py_ssize_t floats = blocks * (width + room + gates / 2 + labels + 1) + 2 * width;
    float *hidden = malloc((size_t)floats * sizeof *hidden);
    int16_t *steps = malloc((size_t)(blocks * wide + 1) * sizeof *steps);
    if (hidden != NULL && steps != NULL) {
        float *mean = hidden + blocks * width, *document = mean + width, *logits = document + width;
        float *carried_gates = logits + blocks * (labels + 1), *states = carried_gates + blocks * room;
        Layer layer = network->layers[INPUT];
        layer.rows = blocks;
        float unit = levels_of(inputs, blocks * layer.inputs, layer.levels, steps);
        multiply(&layer, steps, unit, hidden);
        rectify(hidden, blocks * width);
        mean_of(hidden, blocks, width, steps, mean);
        layer = network->layers[DOCUMENT];
        layer.rows = 1;
        unit = levels_of(mean, width, layer.levels, steps);
        multiply(&layer, steps, unit, document);
        for (Py_ssize_t block = 0; block < blocks; block++)
            for (Py_ssize_t column = 0; column < width; column++) hidden[block * width + column] += document[column];
        rectify(hidden, blocks * width);
        for (Py_ssize_t number = CONVOLUTIONS; number < network->count; number++) {
            unit = levels_of(hidden, blocks * width, network->layers[number].levels, steps);
            convolve(&network->layers[number], steps, blocks, width, network->steps[number], unit, hidden);
        }
        if (network->recurs) recur(network, hidden, steps, carried_gates, states);
        layer = network->layers[OUTPUT];
        layer.rows = blocks;
        unit = levels_of(hidden, blocks * width, layer.levels, steps);
        multiply(&layer, steps, unit, logits);
        for (Py_ssize_t block = 0; block < blocks; block++)
            probabilities_of(logits + block * (labels + 1), labels, network->kept, answer + block * labels);
    }
    const int done = hidden != NULL && steps != NULL;
    free(hidden), free(steps);
    return done;
}

static int fits(const Network *network, Py_ssize_t items) {
    const Layer *layers = network->layers;
    const Py_ssize_t width = network->width;
    if (network->blocks < 1 || network->blocks * layers[INPUT].inputs != items) return 0;
    if (layers[DOCUMENT].inputs != width || layers[DOCUMENT].outputs != width || layers[OUTPUT].inputs != width) return 0;
    const Layer *gates = network->recurrence + GATES, *carry = network->recurrence + CARRY;
    if (network->recurs && (gates->inputs != width || gates->outputs % 4 || carry->outputs != width ||
                            2 * carry->inputs != gates->outputs))
        return 0;
    for (Py_ssize_t number = CONVOLUTIONS; number < network->count; number++)
        if (layers[number].inputs != 3 * width || layers[number].outputs != width || network->steps[number] < 1) return 0;
    const Py_ssize_t labels = layers[OUTPUT].outputs - 1;
    return network->kept >= 1 && network->kept < labels && labels <= MOST_LABELS;
}

static int layer_in(Buffers *buffers, Layer *layer, PyObject *arguments) {
    if (PyTuple_Check(arguments) && PyTuple_GET_SIZE(arguments) == 4)
        return layer_of(buffers, layer, ((PyTupleObject *)arguments)->ob_item);
    PyErr_SetString(PyExc_ValueError, "a layer is (weights, scale, bias, levels)");
    return 0;
}

/* The layers of the recurrence: gates, and what is made of what is carried; none where the tuple is empty. */
static int read_recurrence(Buffers *buffers, Network *network, PyObject *layers) {
    network->recurs = PyTuple_Check(layers) && PyTuple_GET_SIZE(layers) == RECURRENCE;
    if (!network->recurs && !(PyTuple_Check(layers) && PyTuple_GET_SIZE(layers) == 0)) {
        PyErr_SetString(PyExc_ValueError, "a recurrence has two layers, or none");
        return 0;
    }
    for (Py_ssize_t number = 0; network->recurs && number < RECURRENCE; number++)
        if (!layer_in(buffers, &network->recurrence[number], PyTuple_GET_ITEM(layers, number))) return 0;
    return 1;
}

/* The layers (weights, scale, bias, levels): input, document, output, convolutions; for each of the last its step. */
static int read_network(Buffers *buffers, Network *network, PyObject *layers, PyObject *steps) {
    if (!PyTuple_Check(layers) || !PyTuple_Check(steps) || PyTuple_GET_SIZE(layers) > MOST_LAYERS ||
        PyTuple_GET_SIZE(layers) != PyTuple_GET_SIZE(steps) + CONVOLUTIONS) {
        PyErr_SetString(PyExc_ValueError, "a tuple of layers is needed, and one of the convolutions' steps");
        return 0;
    }
    network->count = PyTuple_GET_SIZE(layers);
    for (Py_ssize_t number = 0; number < network->count; number++) {
        if (!layer_in(buffers, &network->layers[number], PyTuple_GET_ITEM(layers, number))) return 0;
        if (number >= CONVOLUTIONS)
            network->steps[number] = PyLong_AsSsize_t(PyTuple_GET_ITEM(steps, number - CONVOLUTIONS));
    }
    network->width = network->layers[INPUT].outputs;
    return !PyErr_Occurred();
}

PyObject *accelerator_network(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 5) return PyErr_Format(PyExc_TypeError, "network takes 5 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Network network;
    PyObject *answer = NULL;
    Py_ssize_t items;
    const float *inputs = buffer_of(&buffers, args[0], 4, &items);
    if (inputs == NULL || !read_network(&buffers, &network, args[1], args[2])) goto done;
    if (!read_recurrence(&buffers, &network, args[3])) goto done;
    network.blocks = items / network.layers[INPUT].inputs;
    network.kept = PyLong_AsSsize_t(args[4]);
    if (PyErr_Occurred()) goto done;
    if (!fits(&network, items) || !are_finite(inputs, items)) {
        PyErr_SetString(PyExc_ValueError, "the inputs or layers do not fit each other, or the inputs are not finite");
        goto done;
    }
    answer = bytes_of((size_t)(network.blocks * (network.layers[OUTPUT].outputs - 1)) * sizeof(float));
    if (answer != NULL && !run(&network, inputs, (float *)PyByteArray_AS_STRING(answer))) {
        Py_CLEAR(answer);
        PyErr_NoMemory();
    }
done:
    release(&buffers);
    return answer;
}
