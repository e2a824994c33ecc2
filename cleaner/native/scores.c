/* decision.py, class Scores: what the model says of a document's blocks, and what losing each would cost. */
#include "layers.h"
#include <math.h>

typedef struct {
    Py_ssize_t labels, kept, body, sentence_length;
    double block_cost, sentence_cost, characters, weight, script, mild, least, told;
    PyObject *stops, *closers; /* of segmentation/stops.py, borrowed */
} Settings;

/* `ends_sentence` of segmentation/stops.py, of a text of some length. */
static int is_sentence(PyObject *text, const Settings *settings) {
    Py_ssize_t end = PyUnicode_GET_LENGTH(text);
    if (end < settings->sentence_length) return 0;
    while (end > 0 && is_in(PyUnicode_READ_CHAR(text, end - 1), settings->closers)) end--;
    return end > 0 && is_in(PyUnicode_READ_CHAR(text, end - 1), settings->stops);
}

static Py_ssize_t largest_in(const float *row, Py_ssize_t from, Py_ssize_t to) {
    Py_ssize_t best = from;
    for (Py_ssize_t at = from + 1; at < to; at++)
        if (row[at] > row[best]) best = at;
    return best;
}

enum { ODDS, COSTS, KEPT, GONE, SURE, PLAIN, LISTS };

/* What is said of one block, put into the lists at its place; 0 with an exception set. */
static int say(const Settings *settings, const float *row, PyObject *text, int recurs, Py_ssize_t at, PyObject *lists) {
    double gone = 0;
    for (Py_ssize_t label = settings->kept; label < settings->labels; label++) gone += row[label];
    gone = gone < settings->least ? settings->least : gone > 1 - settings->least ? 1 - settings->least : gone;
    const double odds = logarithm(gone / (1 - gone));
    const double size = recurs ? 0 : (double)PyUnicode_GET_LENGTH(text) * settings->weight;
    const double lost = settings->block_cost + settings->sentence_cost * is_sentence(text, settings) +
                        size / settings->characters;
    const double cost = logarithm(lost) + settings->script + settings->mild;
    const Py_ssize_t kept = largest_in(row, 0, settings->kept);
    const int plain = odds <= cost && gone < settings->told && kept == settings->body;
    PyObject *values[LISTS] = {
        PyFloat_FromDouble(odds), PyFloat_FromDouble(cost), PyLong_FromSsize_t(kept),
        PyLong_FromSsize_t(largest_in(row, settings->kept, settings->labels)), PyFloat_FromDouble(rint(gone * 1000) / 1000),
        PyBool_FromLong(plain),
    };
    int done = 1;
    for (int list = 0; list < LISTS; list++) {
        done &= values[list] != NULL;
        PyList_SET_ITEM(PyTuple_GET_ITEM(lists, list), at, values[list]);
    }
    return done;
}

PyObject *accelerator_scores(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 4 || !PyList_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "probabilities, a list of texts, what recurs and settings are needed");
    Buffers buffers = {.count = 0};
    Settings settings;
    PyObject *lists = NULL;
    Py_ssize_t items;
    const uint8_t *recurring = NULL;
    const Py_ssize_t blocks = PyList_GET_SIZE(args[1]);
    const float *probabilities = buffer_of(&buffers, args[0], 4, &items);
    if (probabilities == NULL) goto done;
    if (args[2] != Py_None && !(recurring = buffer_with(&buffers, args[2], 1, blocks))) goto done;
    if (!PyArg_ParseTuple(args[3], "nnnddddddddUU", &settings.kept, &settings.body, &settings.sentence_length,
                          &settings.block_cost, &settings.sentence_cost, &settings.characters, &settings.weight,
                          &settings.script, &settings.mild, &settings.least, &settings.told, &settings.stops,
                          &settings.closers))
        goto done;
    settings.labels = blocks ? items / blocks : settings.kept + 1;
    int sound = settings.labels * blocks == items && settings.kept >= 1 && settings.kept < settings.labels;
    for (Py_ssize_t at = 0; at < blocks; at++) sound &= PyUnicode_Check(PyList_GET_ITEM(args[1], at));
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
        goto done;
    }
    if ((lists = PyTuple_New(LISTS)) == NULL) goto done;
    for (int list = 0; list < LISTS; list++) {
        PyObject *values = PyList_New(blocks);
        if (values == NULL) {
            Py_CLEAR(lists);
            goto done;
        }
        PyTuple_SET_ITEM(lists, list, values);
    }
    for (Py_ssize_t at = 0; at < blocks; at++)
        if (!say(&settings, probabilities + at * settings.labels, PyList_GET_ITEM(args[1], at),
                 recurring != NULL && recurring[at], at, lists)) {
            Py_CLEAR(lists);
            goto done;
        }
done:
    release(&buffers);
    return lists;
}
