/* assembly.py: the stretches of decisions without white space around them, and the body of those that stay. */
#include "accelerator.h"

/* An attribute that is a whole number; -1 with an exception set. */
static Py_ssize_t number_in(PyObject *object, PyObject *name) {
    PyObject *value = PyObject_GetAttr(object, name);
    const Py_ssize_t number = value == NULL ? -1 : PyLong_AsSsize_t(value);
    Py_XDECREF(value);
    return number;
}

static PyObject *stretch_of(Py_ssize_t start, Py_ssize_t end, PyObject *decision) {
    PyObject *stretch = PyTuple_New(3);
    if (stretch == NULL) return NULL;
    PyTuple_SET_ITEM(stretch, 0, PyLong_FromSsize_t(start));
    PyTuple_SET_ITEM(stretch, 1, PyLong_FromSsize_t(end));
    PyTuple_SET_ITEM(stretch, 2, Py_NewRef(decision));
    if (PyErr_Occurred()) Py_CLEAR(stretch);
    return stretch;
}

/* (text, decisions, "start", "end") -> [(start, end, decision)] */
PyObject *accelerator_stretches(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 4 || !PyUnicode_Check(args[0]) || !PyTuple_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "a text, a tuple of decisions, and the names of their borders are needed");
    const int kind = PyUnicode_KIND(args[0]);
    const void *data = PyUnicode_DATA(args[0]);
    PyObject *stretches = PyList_New(0);
    for (Py_ssize_t at = 0; stretches != NULL && at < PyTuple_GET_SIZE(args[1]); at++) {
        PyObject *decision = PyTuple_GET_ITEM(args[1], at);
        Py_ssize_t start = number_in(decision, args[2]), end = number_in(decision, args[3]);
        if (!PyErr_Occurred() && (start < 0 || end > PyUnicode_GET_LENGTH(args[0])))
            PyErr_SetString(PyExc_IndexError, "a decision lies outside of the text");
        if (PyErr_Occurred()) {
            Py_CLEAR(stretches);
            break;
        }
        while (start < end && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, start))) start++;
        while (start < end && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, end - 1))) end--;
        if (start >= end) continue;
        PyObject *stretch = stretch_of(start, end, decision);
        if (stretch == NULL || PyList_Append(stretches, stretch) < 0) Py_CLEAR(stretches);
        Py_XDECREF(stretch);
    }
    return stretches;
}

typedef struct {
    PyObject *text, *headline, *keep, *action, *closing, *breaks_of; /* borrowed */
    PyObject *parts, *places;
    Py_ssize_t length, breaks, before;
    int removed;
} Body;

/* `_breaks` of text[before:start]; -1 with an exception set. */
static Py_ssize_t breaks_in(const Body *body, Py_ssize_t start) {
    const int kind = PyUnicode_KIND(body->text);
    const void *data = PyUnicode_DATA(body->text);
    Py_ssize_t breaks = 0;
    for (Py_ssize_t at = body->before; at < start; at++) {
        const Py_UCS4 sign = PyUnicode_READ(kind, data, at);
        breaks += sign == '\n';
        if (sign == '\n' || sign == ' ' || sign == '\t') continue;
        PyObject *gap = PyUnicode_Substring(body->text, body->before, start);
        PyObject *told = gap == NULL ? NULL : PyObject_CallOneArg(body->breaks_of, gap);
        breaks = told == NULL ? -1 : PyLong_AsSsize_t(told);
        Py_XDECREF(gap);
        Py_XDECREF(told);
        if (breaks >= 0 && breaks <= 2) return breaks;
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a gap has none, one or two breaks");
        return -1;
    }
    return breaks < 2 ? breaks : 2;
}

static int add_part(Body *body, PyObject *part) {
    const int done = part != NULL && PyList_Append(body->parts, part) == 0;
    if (done) body->length += PyUnicode_GET_LENGTH(part);
    Py_XDECREF(part);
    return done;
}

/* Puts a stretch that stays behind those before it; 0 with an exception set. */
static int keep_stretch(Body *body, PyObject *stretch, Py_ssize_t start, Py_ssize_t end, Py_ssize_t gap) {
    static const char *const separators[] = {"", " ", "\n", "\n\n"};
    if (PyList_GET_SIZE(body->parts)) {
        const int closes = gap == 0 && is_in(PyUnicode_READ_CHAR(body->text, start), body->closing);
        const int separator = body->breaks ? 1 + (int)body->breaks : (body->removed && !closes) || gap ? 1 : 0;
        if (!add_part(body, PyUnicode_FromString(separators[separator]))) return 0;
    }
    PyObject *place = PyLong_FromSsize_t(body->length);
    const int placed = place != NULL && PyDict_SetItem(body->places, PyTuple_GET_ITEM(stretch, 0), place) == 0;
    Py_XDECREF(place);
    body->breaks = 0, body->removed = 0;
    return placed && add_part(body, PyUnicode_Substring(body->text, start, end));
}

static int add_stretch(Body *body, PyObject *stretch) {
    if (!PyTuple_Check(stretch) || PyTuple_GET_SIZE(stretch) != 3) {
        PyErr_SetString(PyExc_TypeError, "a stretch is (start, end, decision)");
        return 0;
    }
    const Py_ssize_t start = PyLong_AsSsize_t(PyTuple_GET_ITEM(stretch, 0));
    const Py_ssize_t end = PyLong_AsSsize_t(PyTuple_GET_ITEM(stretch, 1));
    if (PyErr_Occurred()) return 0;
    if (start < 0 || start >= end || end > PyUnicode_GET_LENGTH(body->text)) {
        PyErr_SetString(PyExc_IndexError, "a stretch lies outside of the text");
        return 0;
    }
    const Py_ssize_t gap = start > body->before ? start - body->before : 0;
    const Py_ssize_t breaks = gap ? breaks_in(body, start) : 0;
    PyObject *action = breaks < 0 ? NULL : PyObject_GetAttr(PyTuple_GET_ITEM(stretch, 2), body->action);
    if (action == NULL) return 0;
    const int stays = action == body->keep && stretch != body->headline;
    Py_DECREF(action);
    body->breaks = breaks > body->breaks ? breaks : body->breaks;
    body->before = end;
    if (stays) return keep_stretch(body, stretch, start, end, gap);
    body->removed = 1;
    return 1;
}

/* (text, stretches, headline, keep, "action", closing, breaks of) -> (body, start of each stretch -> its place) */
PyObject *accelerator_body(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 7 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1]) || !PyUnicode_Check(args[5]))
        return PyErr_Format(PyExc_TypeError, "body takes a text, a list of stretches, and what decides on them");
    Body body = {args[0], args[2], args[3], args[4], args[5], args[6], PyList_New(0), PyDict_New(), 0, 0, 0, 0};
    PyObject *answer = NULL, *joined = NULL, *nothing = PyUnicode_FromString("");
    int done = body.parts != NULL && body.places != NULL && nothing != NULL;
    for (Py_ssize_t at = 0; done && at < PyList_GET_SIZE(args[1]); at++) done = add_stretch(&body, PyList_GET_ITEM(args[1], at));
    if (done && (joined = PyUnicode_Join(nothing, body.parts)) != NULL) answer = PyTuple_Pack(2, joined, body.places);
    Py_XDECREF(joined);
    Py_XDECREF(nothing);
    Py_XDECREF(body.parts);
    Py_XDECREF(body.places);
    return answer;
}
