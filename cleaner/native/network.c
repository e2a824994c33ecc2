/* model/network.py, class Network: what it reads, and all layers of all networks in one call. For pages (html/model.py)
 * the inputs are given whole, and the answer is what the last layer says. */
#include "layers.h"
#include <math.h>

#define MOST_LAYERS 12
#define MOST_LABELS 64
enum { INPUT, DOCUMENT, OUTPUT, CONVOLUTIONS };
enum { GATES, CARRY, RECURRENCE };

typedef struct {
    Layer layers[MOST_LAYERS], recurrence[RECURRENCE];
    int recurs;
    Py_ssize_t count, width, steps[MOST_LAYERS];
} Network;

/* What the networks read of each block, part by part; outputs of the last layer. */
typedef struct {
    Py_ssize_t blocks, width, outputs, linear_width, dense_width, labels, topics_width, sentences_width, kept;
    const float *linear, *dense, *mean, *scale, *evidence, *topics, *sentences;
    float dense_clip, evidence_clip;
} Inputs;

typedef struct {
    float *hidden, *mean, *document, *logits, *gates, *states;
    double *powers; /* of all blocks */
    int64_t *sums;
    int16_t *steps, *zeros;
    const int16_t **taps;
} Room;

static inline float between(float value, float low, float high) {
    value = value > low ? value : low;
    return value < high ? value : high;
}

WIDE static void read_inputs(const Inputs *in, float *row) {
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        const float *linear = in->linear + block * in->linear_width, *dense = in->dense + block * in->dense_width;
        const float *evidence = in->evidence + block * in->labels;
        for (Py_ssize_t at = 0; at < in->linear_width; at++) *row++ = linear[at] * 0.25f;
        for (Py_ssize_t at = 0; at < in->dense_width; at++)
            *row++ = between((dense[at] - in->mean[at]) * in->scale[at], -in->dense_clip, in->dense_clip);
        for (Py_ssize_t at = 0; at < in->labels; at++) *row++ = between(evidence[at], 0, in->evidence_clip) * 0.5f;
        memcpy(row, in->topics + block * in->topics_width, (size_t)in->topics_width * sizeof *row);
        row += in->topics_width;
        memcpy(row, in->sentences + block * in->sentences_width, (size_t)in->sentences_width * sizeof *row);
        row += in->sentences_width;
    }
}

/* The mean of the rows, added up in whole numbers: 16-bit ones of so many rows fit 32 bits. */
#define TOGETHER (1 << 15)
WIDE static void mean_of(const float *hidden, Py_ssize_t rows, Py_ssize_t width, int16_t *steps, int64_t *sums, float *mean) {
    const double unit = levels_of(hidden, rows, width, INT16_MAX, steps);
    int32_t *some = (int32_t *)(sums + width);
    memset(sums, 0, (size_t)width * sizeof *sums);
    for (Py_ssize_t first = 0; first < rows; first += TOGETHER) {
        const Py_ssize_t stop = rows - first < TOGETHER ? rows : first + TOGETHER;
        memset(some, 0, (size_t)width * sizeof *some);
        for (Py_ssize_t row = first; row < stop; row++) {
            const int16_t *own = steps + row * even(width);
            for (Py_ssize_t column = 0; column < width; column++) some[column] += own[column];
        }
        for (Py_ssize_t column = 0; column < width; column++) sums[column] += some[column];
    }
    for (Py_ssize_t column = 0; column < width; column++)
        mean[column] = (float)((double)sums[column] / (double)rows * unit);
}

/* Adds what a convolution makes of each row and of those `step` before and after it. */
static void convolve(const Layer *layer, const Room *room, Py_ssize_t count, Py_ssize_t step) {
    const Py_ssize_t stride = even(layer->width);
    const float unit = levels_of(room->hidden, count, layer->width, layer->levels, room->steps);
    for (Py_ssize_t row = 0; row < count; row++) {
        const int16_t *here = room->steps + row * stride;
        room->taps[3 * row] = row >= step ? here - step * stride : room->zeros;
        room->taps[3 * row + 1] = here;
        room->taps[3 * row + 2] = row + step < count ? here + step * stride : room->zeros;
    }
    apply(layer, room->taps, count, unit, ADD, room->hidden);
}

/* A part of a row's probabilities: of what is shared, by powers of e. */
static void shares(const double *powers, Py_ssize_t count, double shared, float *answer) {
    double total = powers[0];
    for (Py_ssize_t at = 1; at < count; at++) total += powers[at];
    for (Py_ssize_t at = 0; at < count; at++) answer[at] = (float)(shared * (powers[at] / total));
}

static float largest_of(const float *values, Py_ssize_t count) {
    float largest = values[0];
    for (Py_ssize_t at = 1; at < count; at++) largest = values[at] > largest ? values[at] : largest;
    return largest;
}

/* What is raised to powers of e: differences from the likeliest label of either kind, and the gate between the kinds. */
static void exponents_of(const float *logits, Py_ssize_t labels, Py_ssize_t kept, double *powers) {
    const float stay = largest_of(logits, kept), go = largest_of(logits + kept, labels - kept), gate = logits[labels];
    for (Py_ssize_t at = 0; at < labels; at++) powers[at] = (double)(logits[at] - (at < kept ? stay : go));
    powers[labels] = -(double)(gate < -30 ? -30 : gate > 30 ? 30 : gate);
}

/* model/network.py, `carried`: how much of each value is replaced, and by what, in place. */
WIDE static void open_gates(float *restrict asked, float *restrict offered, Py_ssize_t count) {
    for (Py_ssize_t at = 0; at < count; at++) {
        asked[at] = 0.5f + 0.5f * (asked[at] / (1.0f + fabsf(asked[at])));
        const float value = offered[at], below = 0.5f / (1.0f + 2.0f * (value < 0 ? -value : 0.0f));
        offered[at] = value >= 0 ? value + 0.5f : below;
    }
}

/* Blocks x 4 half gates, which are used up -> blocks x 2 half, the second half of them from the blocks after. */
WIDE static void carried(float *restrict gates, Py_ssize_t blocks, Py_ssize_t half, float *restrict states) {
    for (Py_ssize_t row = 0; row < blocks; row++)
        open_gates(gates + row * 4 * half, gates + row * 4 * half + 2 * half, 2 * half);
    for (int turned = 0; turned < 2; turned++) {
        float *state = states + (turned ? (blocks - 1) * 2 * half + half : 0);
        const float *share = gates + (turned ? (blocks - 1) * 4 * half + half : 0), *value = share + 2 * half;
        const Py_ssize_t step = turned ? -2 * half : 2 * half;
        for (Py_ssize_t at = 0; at < half; at++) state[at] = share[at] * value[at];
        for (Py_ssize_t number = 1; number < blocks; number++) {
            const float *old = state;
            state += step, share += 2 * step, value += 2 * step;
            for (Py_ssize_t at = 0; at < half; at++) state[at] = old[at] + share[at] * (value[at] - old[at]);
        }
    }
}

/* Adds to each row what a layer makes of what is carried. */
static void recur(const Network *network, const Room *room, Py_ssize_t blocks) {
    const Layer *gates = &network->recurrence[GATES], *carry = &network->recurrence[CARRY];
    float unit = levels_of(room->hidden, blocks, network->width, gates->levels, room->steps);
    apply_to_rows(gates, room->steps, blocks, unit, STORE, room->gates);
    carried(room->gates, blocks, gates->outputs / 4, room->states);
    unit = levels_of(room->states, blocks, carry->width, carry->levels, room->steps);
    apply_to_rows(carry, room->steps, blocks, unit, ADD, room->hidden);
}

WIDE static void add_positive(float *restrict row, const float *restrict more, Py_ssize_t width) {
    for (Py_ssize_t column = 0; column < width; column++) {
        const float value = row[column] + more[column];
        row[column] = value > 0 ? value : 0.0f;
    }
}

/* What the last layer of one network says; `inputs` is a row for each block. */
static void run(const Network *network, const float *inputs, Py_ssize_t blocks, const Room *room) {
    const Py_ssize_t width = network->width;
    const Layer *layer = &network->layers[INPUT];
    float *hidden = room->hidden, unit = levels_of(inputs, blocks, layer->width, layer->levels, room->steps);
    apply_to_rows(layer, room->steps, blocks, unit, RECTIFY, hidden);
    mean_of(hidden, blocks, width, room->steps, room->sums, room->mean);
    layer = &network->layers[DOCUMENT];
    unit = levels_of(room->mean, 1, width, layer->levels, room->steps);
    apply_to_rows(layer, room->steps, 1, unit, STORE, room->document);
    for (Py_ssize_t block = 0; block < blocks; block++) add_positive(hidden + block * width, room->document, width);
    for (Py_ssize_t number = CONVOLUTIONS; number < network->count; number++)
        convolve(&network->layers[number], room, blocks, network->steps[number]);
    if (network->recurs) recur(network, room, blocks);
    layer = &network->layers[OUTPUT];
    unit = levels_of(hidden, blocks, width, layer->levels, room->steps);
    apply_to_rows(layer, room->steps, blocks, unit, STORE, room->logits);
}

static int make_room(Room *room, const Network *network, Py_ssize_t blocks, Py_ssize_t inputs, Py_ssize_t outputs) {
    const Py_ssize_t width = network->width, gates = network->recurs ? network->recurrence[GATES].outputs : 0;
    Py_ssize_t widest = even(inputs > width ? inputs : width);
    widest = even(gates) / 2 > widest ? even(gates) / 2 : widest;
    const Py_ssize_t floats = blocks * width + 2 * width + blocks * outputs + blocks * (gates + gates / 2);
    memset(room, 0, sizeof *room);
    room->hidden = PyMem_Malloc((size_t)floats * sizeof(float));
    room->steps = PyMem_Malloc((size_t)((blocks + 1) * widest) * sizeof(int16_t));
    room->taps = PyMem_Malloc((size_t)(3 * blocks) * sizeof *room->taps);
    room->powers = PyMem_Malloc((size_t)(blocks * outputs) * sizeof *room->powers);
    room->sums = PyMem_Malloc((size_t)width * (sizeof *room->sums + sizeof(int32_t)));
    if (!room->hidden || !room->steps || !room->taps || !room->powers || !room->sums) return 0;
    room->mean = room->hidden + blocks * width, room->document = room->mean + width;
    room->logits = room->document + width, room->gates = room->logits + blocks * outputs;
    room->states = room->gates + blocks * gates;
    room->zeros = room->steps + blocks * widest;
    memset(room->zeros, 0, (size_t)widest * sizeof(int16_t));
    return 1;
}

static void clear_room(Room *room) {
    PyMem_Free(room->hidden);
    PyMem_Free(room->steps);
    PyMem_Free(room->taps);
    PyMem_Free(room->powers);
    PyMem_Free(room->sums);
}

static int fits(const Network *network, const Inputs *in) {
    const Layer *layers = network->layers;
    const Py_ssize_t width = network->width;
    for (Py_ssize_t number = 0; number < CONVOLUTIONS; number++)
        if (layers[number].taps != 1) return 0;
    if (layers[INPUT].width != in->width || layers[DOCUMENT].width != width || layers[DOCUMENT].outputs != width ||
        layers[OUTPUT].width != width || layers[OUTPUT].outputs != in->outputs)
        return 0;
    for (Py_ssize_t number = CONVOLUTIONS; number < network->count; number++)
        if (layers[number].taps != 3 || layers[number].width != width || layers[number].outputs != width ||
            network->steps[number] < 1)
            return 0;
    const Layer *gates = &network->recurrence[GATES], *carry = &network->recurrence[CARRY];
    return !network->recurs || (gates->taps == 1 && carry->taps == 1 && gates->width == width && gates->outputs % 4 == 0 &&
                                carry->outputs == width && 2 * carry->width == gates->outputs);
}

/* The layers (input, document, output, convolutions), the recurrence or an empty tuple; each convolution's step. */
static int read_network(Buffers *buffers, Network *network, PyObject *parts, PyObject *steps) {
    PyObject *layers = NULL, *recurrence = NULL;
    if (PyTuple_Check(parts) && PyTuple_GET_SIZE(parts) == 2)
        layers = PyTuple_GET_ITEM(parts, 0), recurrence = PyTuple_GET_ITEM(parts, 1);
    if (layers == NULL || !PyTuple_Check(layers) || !PyTuple_Check(recurrence) || !PyTuple_Check(steps) ||
        PyTuple_GET_SIZE(layers) > MOST_LAYERS || PyTuple_GET_SIZE(layers) != PyTuple_GET_SIZE(steps) + CONVOLUTIONS ||
        (PyTuple_GET_SIZE(recurrence) != 0 && PyTuple_GET_SIZE(recurrence) != RECURRENCE)) {
        PyErr_SetString(PyExc_ValueError, "a tuple of layers is needed, one of the recurrence, one of the convolutions' steps");
        return 0;
    }
    network->recurs = PyTuple_GET_SIZE(recurrence) == RECURRENCE;
    for (int number = 0; network->recurs && number < RECURRENCE; number++)
        if (!layer_of(buffers, &network->recurrence[number], PyTuple_GET_ITEM(recurrence, number))) return 0;
    network->count = PyTuple_GET_SIZE(layers);
    for (Py_ssize_t number = 0; number < network->count; number++) {
        if (!layer_of(buffers, &network->layers[number], PyTuple_GET_ITEM(layers, number))) return 0;
        if (number >= CONVOLUTIONS)
            network->steps[number] = PyLong_AsSsize_t(PyTuple_GET_ITEM(steps, number - CONVOLUTIONS));
    }
    network->width = network->layers[INPUT].outputs;
    return !PyErr_Occurred();
}

/* A part of the inputs: so many values for each block. */
static const float *part_of(Buffers *buffers, PyObject *array, Py_ssize_t blocks, Py_ssize_t *width) {
    Py_ssize_t items;
    const float *values = buffer_of(buffers, array, 4, &items);
    if (values == NULL) return NULL;
    *width = items / blocks;
    if (*width * blocks == items && are_finite(values, items)) return values;
    PyErr_SetString(PyExc_ValueError, "the inputs do not fit the blocks, or are not finite");
    return NULL;
}

/* (blocks, linear, dense, mean, scale, evidence, topics, sentences, largest dense, largest evidence, kept labels) */
static int read_parts(Buffers *buffers, Inputs *in, PyObject *parts) {
    PyObject *arrays[7];
    if (!PyTuple_Check(parts)) {
        PyErr_SetString(PyExc_TypeError, "a tuple of inputs is needed");
        return 0;
    }
    if (!PyArg_ParseTuple(parts, "nOOOOOOOffn", &in->blocks, &arrays[0], &arrays[1], &arrays[2], &arrays[3], &arrays[4],
                          &arrays[5], &arrays[6], &in->dense_clip, &in->evidence_clip, &in->kept))
        return 0;
    if (in->blocks < 1) {
        PyErr_SetString(PyExc_ValueError, "at least one block is needed");
        return 0;
    }
    if (!(in->linear = part_of(buffers, arrays[0], in->blocks, &in->linear_width))) return 0;
    if (!(in->dense = part_of(buffers, arrays[1], in->blocks, &in->dense_width))) return 0;
    if (!(in->mean = buffer_with(buffers, arrays[2], 4, in->dense_width))) return 0;
    if (!(in->scale = buffer_with(buffers, arrays[3], 4, in->dense_width))) return 0;
    if (!(in->evidence = part_of(buffers, arrays[4], in->blocks, &in->labels))) return 0;
    if (!(in->topics = part_of(buffers, arrays[5], in->blocks, &in->topics_width))) return 0;
    if (!(in->sentences = part_of(buffers, arrays[6], in->blocks, &in->sentences_width))) return 0;
    in->width = in->linear_width + in->dense_width + in->labels + in->topics_width + in->sentences_width;
    in->outputs = in->labels + 1;
    if (in->kept >= 1 && in->kept < in->labels && in->labels <= MOST_LABELS) return 1;
    PyErr_SetString(PyExc_ValueError, "labels do not fit each other");
    return 0;
}

/* Adds the opinion of one network to the answer: probabilities of labels. */
static void add_opinion(const Inputs *in, const Room *room, int is_first, float *answer) {
    double *powers = room->powers;
    for (Py_ssize_t block = 0; block < in->blocks; block++)
        exponents_of(room->logits + block * in->outputs, in->labels, in->kept, powers + block * in->outputs);
    exponentials(powers, in->blocks * in->outputs);
    for (Py_ssize_t block = 0; block < in->blocks; block++, powers += in->outputs, answer += in->labels) {
        const double gone = 1 / (1 + powers[in->labels]);
        float own[MOST_LABELS];
        shares(powers, in->kept, 1 - gone, own);
        shares(powers + in->kept, in->labels - in->kept, gone, own + in->kept);
        for (Py_ssize_t at = 0; at < in->labels; at++) answer[at] = is_first ? own[at] : answer[at] + own[at];
    }
}

/* The mean of the networks' opinions, or, where there are no labels, what their last layers say, one after the other. */
static int run_all(const Inputs *in, const float *inputs, PyObject *members, PyObject *steps, float *answer) {
    const Py_ssize_t count = PyTuple_GET_SIZE(members);
    int done = 1;
    for (Py_ssize_t member = 0; member < count && done; member++) {
        Buffers buffers = {.count = 0};
        Network network;
        Room room = {0};
        done = read_network(&buffers, &network, PyTuple_GET_ITEM(members, member), steps);
        if (done && !fits(&network, in)) {
            PyErr_SetString(PyExc_ValueError, "the inputs or layers do not fit each other");
            done = 0;
        }
        if (done && !(done = make_room(&room, &network, in->blocks, in->width, in->outputs))) PyErr_NoMemory();
        if (done) {
            run(&network, inputs, in->blocks, &room);
            if (in->labels)
                add_opinion(in, &room, member == 0, answer);
            else
                memcpy(answer + member * in->blocks * in->outputs, room.logits,
                       (size_t)(in->blocks * in->outputs) * sizeof *answer);
        }
        clear_room(&room);
        release(&buffers);
    }
    for (Py_ssize_t at = 0; at < in->blocks * in->labels; at++) answer[at] /= (float)count;
    return done;
}

/* (inputs: see read_parts, the networks, the convolutions' steps) -> memory of blocks x labels */
PyObject *accelerator_networks(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 3 || !PyTuple_Check(args[1]) || PyTuple_GET_SIZE(args[1]) == 0)
        return PyErr_Format(PyExc_TypeError, "inputs, a tuple of networks and their steps are needed");
    Buffers buffers = {.count = 0};
    Inputs in;
    PyObject *answer = NULL;
    float *inputs = NULL;
    if (!read_parts(&buffers, &in, args[0])) goto done;
    inputs = PyMem_Malloc((size_t)(in.blocks * in.width) * sizeof *inputs);
    answer = inputs == NULL ? PyErr_NoMemory() : bytes_of((size_t)(in.blocks * in.labels) * sizeof(float));
    if (answer == NULL) goto done;
    read_inputs(&in, inputs);
    if (!run_all(&in, inputs, args[1], args[2], (float *)PyByteArray_AS_STRING(answer))) Py_CLEAR(answer);
done:
    PyMem_Free(inputs);
    release(&buffers);
    return answer;
}

/* (rows of inputs, how many, outputs, the networks, the convolutions' steps) -> memory of networks x rows x outputs */
PyObject *accelerator_logits(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 5 || !PyTuple_Check(args[3]))
        return PyErr_Format(PyExc_TypeError, "inputs, rows, outputs, a tuple of networks and their steps are needed");
    Inputs in = {.blocks = PyLong_AsSsize_t(args[1]), .outputs = PyLong_AsSsize_t(args[2])};
    if (PyErr_Occurred()) return NULL;
    if (in.blocks < 1 || in.outputs < 1) return PyErr_Format(PyExc_ValueError, "at least one row and output are needed");
    Buffers buffers = {.count = 0};
    PyObject *answer = NULL;
    const float *inputs = part_of(&buffers, args[0], in.blocks, &in.width);
    if (inputs != NULL)
        answer = bytes_of((size_t)(PyTuple_GET_SIZE(args[3]) * in.blocks * in.outputs) * sizeof(float));
    if (answer != NULL && !run_all(&in, inputs, args[3], args[4], (float *)PyByteArray_AS_STRING(answer)))
        Py_CLEAR(answer);
    release(&buffers);
    return answer;
}
