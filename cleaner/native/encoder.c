/* model/encoder.py: what a block's words say in their order. Tokens are whole numbers, so are their sums. */
#include "layers.h"
#include <math.h>

#define MOST_OUTPUTS 64
enum { CHUNK = 512 }; /* tokens that are worked on together */

typedef struct {
    Py_ssize_t tokens, blocks, odds_width, width, vectors, shapes, shape_width, kinds;
    const int32_t *rows;
    const uint8_t *kind, *shape_of;
    const int64_t *starts, *counts, *lengths;
    const float *odds, *unread; /* the last column of `odds` is read */
    const int8_t *codes;
    const int16_t *shape;
    float unit; /* what a whole number of codes and shapes is worth */
    Layer convolution, hidden, last;
    int head, tail, sure_length, kept;
    float sure, lowest, highest, scale, step;
} Input;

typedef struct {
    Py_ssize_t *read; /* the blocks in doubt */
    float *pooled, *found, *hidden, *logits;
    int16_t *tokens, *steps;
    const int16_t **taps;
} Room;

static Py_ssize_t taken_of(const Input *in, Py_ssize_t block) {
    const Py_ssize_t most = in->head + in->tail;
    return in->counts[block] < most ? in->counts[block] : most;
}

static int is_doubtful(const Input *in, Py_ssize_t block) {
    const float odds = in->odds[(block + 1) * in->odds_width - 1];
    return in->counts[block] > 0 && (odds >= in->sure || in->lengths[block] < in->sure_length);
}

/* A block's tokens, the first and the last ones of a long one, in rows, each with its neighbours; an empty row behind. */
static void put_block(const Input *in, Py_ssize_t block, int16_t *rows, const int16_t **taps) {
    const Py_ssize_t taken = taken_of(in, block), skipped = in->counts[block] - taken;
    const Py_ssize_t stride = even(in->convolution.width);
    for (Py_ssize_t place = 0; place < taken; place++, rows += stride, taps += 3) {
        const int64_t token = in->starts[block] + place + (place >= in->head ? skipped : 0);
        const int8_t *codes = in->codes + in->rows[token] * in->width;
        const int16_t *shape = in->shape + in->shape_of[in->kind[token]] * in->shape_width;
        for (Py_ssize_t at = 0; at < in->width; at++) rows[at] = codes[at];
        memcpy(rows + in->width, shape, (size_t)in->shape_width * sizeof *rows);
        if (stride > in->convolution.width) rows[stride - 1] = 0;
        taps[0] = rows - stride, taps[1] = rows, taps[2] = rows + stride;
    }
    memset(rows, 0, (size_t)stride * sizeof *rows);
}

/* The maximum and the mean of what was found at a block's tokens, and its size. */
static void pool(const Input *in, const float *found, Py_ssize_t taken, int64_t count, int16_t *steps, float *pooled) {
    const Py_ssize_t channels = in->convolution.outputs, stride = even(channels);
    const float unit = levels_of(found, taken, channels, INT16_MAX, steps);
    const double size = sqrt((double)taken);
    for (Py_ssize_t channel = 0; channel < channels; channel++) {
        int32_t most = 0, sum = 0;
        for (Py_ssize_t token = 0; token < taken; token++) {
            const int32_t value = steps[token * stride + channel];
            most = value > most ? value : most;
            sum += value;
        }
        pooled[channel] = (float)most * unit;
        pooled[channels + channel] = (float)((double)sum * unit / size);
    }
    pooled[2 * channels] = (float)(logarithm((double)count + 1) / 3);
    pooled[2 * channels + 1] = count > in->head + in->tail;
}

/* Reads blocks until there are enough tokens for a while; how many blocks were read. */
static Py_ssize_t read_some(const Input *in, const Room *room, Py_ssize_t from, Py_ssize_t count) {
    const Py_ssize_t stride = even(in->convolution.width), channels = in->convolution.outputs;
    int16_t *rows = room->tokens + stride; /* behind an empty row */
    Py_ssize_t tokens = 0, at = from;
    for (; at < count && (at == from || tokens + taken_of(in, room->read[at]) <= CHUNK); at++) {
        const Py_ssize_t taken = taken_of(in, room->read[at]);
        put_block(in, room->read[at], rows, room->taps + 3 * tokens);
        rows += (taken + 1) * stride, tokens += taken;
    }
    apply(&in->convolution, room->taps, tokens, in->unit, RECTIFY, room->found);
    const float *found = room->found;
    for (Py_ssize_t block = from; block < at; block++) {
        const Py_ssize_t taken = taken_of(in, room->read[block]);
        pool(in, found, taken, in->counts[room->read[block]], room->steps, room->pooled + block * in->hidden.width);
        found += taken * channels;
    }
    return at - from;
}

/* Log-probabilities of some labels. */
static void log_shares(const float *logits, Py_ssize_t count, float *answer) {
    float most = logits[0];
    for (Py_ssize_t at = 1; at < count; at++) most = logits[at] > most ? logits[at] : most;
    double total = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        const double power = exponential((double)(logits[at] - most));
        total = at ? total + power : power;
    }
    const double all = logarithm(total);
    for (Py_ssize_t at = 0; at < count; at++) answer[at] = (float)((double)(logits[at] - most) - all);
}

/* The outputs as the network reads them. */
static void scale_outputs(const Input *in, float *row) {
    const Py_ssize_t last = in->last.outputs - 1;
    for (Py_ssize_t at = 0; at <= last; at++) {
        float value = row[at];
        const float low = at < last ? in->lowest : -in->highest;
        value = value > low ? value : low;
        if (at == last) value = value < in->highest ? value : in->highest;
        row[at] = rintf(in->scale * value / in->step) * in->step;
    }
}

static void say(const Input *in, const Room *room, float *answer) {
    const Py_ssize_t outputs = in->last.outputs;
    Py_ssize_t count = 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++) {
        memcpy(answer + block * outputs, in->unread, (size_t)outputs * sizeof *answer);
        if (is_doubtful(in, block)) room->read[count++] = block;
    }
    memset(room->tokens, 0, (size_t)even(in->convolution.width) * sizeof *room->tokens);
    for (Py_ssize_t at = 0; at < count;) at += read_some(in, room, at, count);
    if (count) {
        float unit = levels_of(room->pooled, count, in->hidden.width, in->hidden.levels, room->steps);
        apply_to_rows(&in->hidden, room->steps, count, unit, RECTIFY, room->hidden);
        unit = levels_of(room->hidden, count, in->last.width, in->last.levels, room->steps);
        apply_to_rows(&in->last, room->steps, count, unit, STORE, room->logits);
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        const float *logits = room->logits + at * outputs;
        float *row = answer + room->read[at] * outputs;
        log_shares(logits, in->kept, row);
        log_shares(logits + in->kept, outputs - 1 - in->kept, row + in->kept);
        row[outputs - 1] = logits[outputs - 1];
    }
    for (Py_ssize_t block = 0; block < in->blocks; block++) scale_outputs(in, answer + block * outputs);
}

static Py_ssize_t larger(Py_ssize_t one, Py_ssize_t other) { return one > other ? one : other; }

/* 0 where memory is short. */
static int run(const Input *in, float *answer) {
    const Py_ssize_t chunk = larger(CHUNK, in->head + in->tail), channels = in->convolution.outputs;
    const Py_ssize_t widest = larger(even(in->hidden.width), even(in->last.width));
    const Py_ssize_t steps = larger(in->blocks * widest, (in->head + in->tail) * even(channels));
    const size_t floats = (size_t)(in->blocks * (in->hidden.width + in->last.width + in->last.outputs) + chunk * channels);
    Room room = {0};
    room.read = PyMem_Malloc((size_t)in->blocks * sizeof *room.read);
    room.pooled = PyMem_Malloc(floats * sizeof *room.pooled);
    room.tokens = PyMem_Malloc((size_t)((2 * chunk + 2) * even(in->convolution.width)) * sizeof *room.tokens);
    room.steps = PyMem_Malloc((size_t)(steps + 2) * sizeof *room.steps);
    room.taps = PyMem_Malloc((size_t)(3 * chunk) * sizeof *room.taps);
    const int done = room.read && room.pooled && room.tokens && room.steps && room.taps;
    if (done) {
        room.found = room.pooled + in->blocks * in->hidden.width;
        room.hidden = room.found + chunk * channels;
        room.logits = room.hidden + in->blocks * in->last.width;
        say(in, &room, answer);
    }
    PyMem_Free(room.read);
    PyMem_Free(room.pooled);
    PyMem_Free(room.tokens);
    PyMem_Free(room.steps);
    PyMem_Free(room.taps);
    return done;
}

static int are_sound(const Input *in) {
    const Layer *convolution = &in->convolution, *hidden = &in->hidden, *last = &in->last;
    if (convolution->taps != 3 || convolution->width != in->width + in->shape_width || hidden->taps != 1 ||
        hidden->width != 2 * convolution->outputs + 2 || last->taps != 1 || last->width != hidden->outputs ||
        last->outputs > MOST_OUTPUTS || in->kept < 1 || in->kept >= last->outputs - 1 || in->head < 1 || in->tail < 1)
        return 0;
    for (Py_ssize_t kind = 0; kind < in->kinds; kind++)
        if (in->shape_of[kind] >= in->shapes) return 0;
    for (Py_ssize_t token = 0; token < in->tokens; token++)
        if (in->rows[token] < 0 || in->rows[token] >= in->vectors || in->kind[token] >= in->kinds) return 0;
    for (Py_ssize_t block = 0; block < in->blocks; block++)
        if (in->counts[block] < 0 || in->starts[block] < 0 || in->starts[block] + in->counts[block] > in->tokens) return 0;
    return 1;
}

/* The parts that belong to the model: (codes, vectors, unit, shapes, shape of each kind, unread, convolution, hidden, last,
 * head, tail, sure, sure length, kept, lowest, highest, scale, step). */
static int read_model(Buffers *buffers, Input *in, PyObject *arguments) {
    PyObject *codes, *shapes, *shape_of, *unread, *layers[3];
    Py_ssize_t items, outputs, count;
    if (!PyTuple_Check(arguments)) {
        PyErr_SetString(PyExc_TypeError, "the parts of the encoder are a tuple");
        return 0;
    }
    if (!PyArg_ParseTuple(arguments, "OnfOnOOOOOiifiiffff", &codes, &in->vectors, &in->unit, &shapes, &in->shapes, &shape_of,
                          &unread, &layers[0], &layers[1], &layers[2], &in->head, &in->tail, &in->sure, &in->sure_length,
                          &in->kept, &in->lowest, &in->highest, &in->scale, &in->step))
        return 0;
    return 1 && (in->codes = buffer_of(buffers, codes, 1, &items)) && (in->shape = buffer_of(buffers, shapes, 2, &count)) &&
           (in->shape_of = buffer_of(buffers, shape_of, 1, &in->kinds)) &&
           (in->unread = buffer_of(buffers, unread, 4, &outputs)) && layer_of(buffers, &in->convolution, layers[0]) &&
           layer_of(buffers, &in->hidden, layers[1]) && layer_of(buffers, &in->last, layers[2]) && in->vectors > 0 &&
           (in->width = items / in->vectors) * in->vectors == items && in->shapes > 0 &&
           (in->shape_width = count / in->shapes) * in->shapes == count && outputs == in->last.outputs;
}

PyObject *accelerator_sentences(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 7) return PyErr_Format(PyExc_TypeError, "sentences takes 7 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Input in;
    PyObject *answer = NULL;
    Py_ssize_t items;
    if (!(in.rows = buffer_of(&buffers, args[0], 4, &in.tokens))) goto done;
    if (!(in.kind = buffer_with(&buffers, args[1], 1, in.tokens))) goto done;
    if (!(in.starts = buffer_of(&buffers, args[2], 8, &in.blocks))) goto done;
    if (!(in.counts = buffer_with(&buffers, args[3], 8, in.blocks))) goto done;
    if (!(in.lengths = buffer_with(&buffers, args[4], 8, in.blocks))) goto done;
    if (!(in.odds = buffer_of(&buffers, args[5], 4, &items))) goto done;
    in.odds_width = in.blocks ? items / in.blocks : 0;
    if (!read_model(&buffers, &in, args[6]) || in.odds_width * in.blocks != items || in.odds_width < 1 || !are_sound(&in)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    answer = bytes_of((size_t)(in.blocks * in.last.outputs) * sizeof(float));
    if (answer != NULL && !run(&in, (float *)PyByteArray_AS_STRING(answer))) {
        Py_CLEAR(answer);
        PyErr_NoMemory();
    }
done:
    release(&buffers);
    return answer;
}
