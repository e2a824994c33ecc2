/* An __init__ for frozen dataclasses with slots: it fills the slots at once, where the generated one asks
 * object.__setattr__ for each field. What it is not made for (a missing argument without a default, names given twice)
 * goes to the generated one, which also raises its errors. A call of the class makes the object and fills it. */
#include "accelerator.h"
#include <descrobject.h>
#include <structmember.h>

#define MOST_FIELDS 24
typedef struct {
    PyObject_HEAD
    PyTypeObject *class;
    PyObject *slow, *names;
    PyObject *defaults, *factories; /* one for each field, the slow function itself where there is none */
    vectorcallfunc vectorcall;
    Py_ssize_t fields, offsets[MOST_FIELDS];
} QuickInit;

static Py_ssize_t field_named(const QuickInit *self, PyObject *name) {
    for (Py_ssize_t field = 0; field < self->fields; field++)
        if (PyTuple_GET_ITEM(self->names, field) == name) return field;
    return -1;
}

/* 1: the slots are filled, 0: the slow function must do it, -1: an exception. */
static int fill_slots(const QuickInit *self, PyObject *object, PyObject *const *args, Py_ssize_t given, PyObject *keywords) {
    const Py_ssize_t named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    PyObject *values[MOST_FIELDS] = {NULL};
    if (given > self->fields) return 0;
    for (Py_ssize_t field = 0; field < given; field++) values[field] = args[field];
    for (Py_ssize_t at = 0; at < named; at++) {
        const Py_ssize_t field = field_named(self, PyTuple_GET_ITEM(keywords, at));
        if (field < 0 || values[field] != NULL) return 0;
        values[field] = args[given + at];
    }
    for (Py_ssize_t field = given; field < self->fields; field++)
        if (values[field] == NULL && (values[field] = PyTuple_GET_ITEM(self->defaults, field)) == self->slow &&
            PyTuple_GET_ITEM(self->factories, field) == self->slow)
            return 0;
    for (Py_ssize_t field = 0; field < self->fields; field++) {
        PyObject **slot = (PyObject **)((char *)object + self->offsets[field]), *before = *slot;
        PyObject *value = values[field] == self->slow ? PyObject_CallNoArgs(PyTuple_GET_ITEM(self->factories, field))
                                                      : Py_NewRef(values[field]);
        if (value == NULL) return -1;
        *slot = value;
        Py_XDECREF(before);
    }
    return 1;
}

static PyObject *fill(PyObject *callable, PyObject *const *args, size_t flags, PyObject *keywords) {
    const QuickInit *self = (const QuickInit *)callable;
    const Py_ssize_t given = PyVectorcall_NARGS(flags) - 1;
    const int fits = given >= 0 && PyObject_TypeCheck(args[0], self->class);
    const int done = fits ? fill_slots(self, args[0], args + 1, given, keywords) : 0;
    if (done == 0) return PyObject_Vectorcall(self->slow, args, flags & ~PY_VECTORCALL_ARGUMENTS_OFFSET, keywords);
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

/* What a call of any class does. */
static PyObject *make_slowly(PyObject *class, PyObject *const *args, Py_ssize_t given, PyObject *keywords) {
    PyObject *made = NULL, *positional = PyTuple_New(given), *named = keywords ? PyDict_New() : NULL;
    int done = positional != NULL && (named != NULL || keywords == NULL);
    for (Py_ssize_t at = 0; done && at < given; at++) PyTuple_SET_ITEM(positional, at, Py_NewRef(args[at]));
    for (Py_ssize_t at = 0; done && keywords && at < PyTuple_GET_SIZE(keywords); at++)
        done = PyDict_SetItem(named, PyTuple_GET_ITEM(keywords, at), args[given + at]) == 0;
    if (done) made = PyType_Type.tp_call(class, positional, named);
    Py_XDECREF(positional);
    Py_XDECREF(named);
    return made;
}

static PyTypeObject QuickInitType;
static PyObject *init_name;

/* A call of such a class, as long as its __init__ is the quick one. */
static PyObject *make(PyObject *callable, PyObject *const *args, size_t flags, PyObject *keywords) {
    PyTypeObject *class = (PyTypeObject *)callable;
    const Py_ssize_t given = PyVectorcall_NARGS(flags);
    PyObject *init = PyDict_GetItemWithError(class->tp_dict, init_name);
    if (init == NULL || !Py_IS_TYPE(init, &QuickInitType) || ((QuickInit *)init)->class != class)
        return PyErr_Occurred() ? NULL : make_slowly(callable, args, given, keywords);
    PyObject *made = class->tp_alloc(class, 0);
    if (made == NULL) return NULL;
    const int done = fill_slots((const QuickInit *)init, made, args, given, keywords);
    if (done == 1) return made;
    Py_DECREF(made);
    return done < 0 ? NULL : make_slowly(callable, args, given, keywords);
}

static PyObject *bind(PyObject *self, PyObject *object, PyObject *class) {
    (void)class;
    return object == NULL || object == Py_None ? Py_NewRef(self) : PyMethod_New(self, object);
}

static int visit_all(PyObject *object, visitproc visit, void *arg) {
    QuickInit *self = (QuickInit *)object;
    Py_VISIT(self->class);
    Py_VISIT(self->slow);
    Py_VISIT(self->names);
    Py_VISIT(self->defaults);
    Py_VISIT(self->factories);
    return 0;
}

static int clear(PyObject *object) {
    QuickInit *self = (QuickInit *)object;
    Py_CLEAR(self->class);
    Py_CLEAR(self->slow);
    Py_CLEAR(self->names);
    Py_CLEAR(self->defaults);
    Py_CLEAR(self->factories);
    return 0;
}

static void dealloc(PyObject *object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    PyObject_GC_Del(object);
}

static PyMemberDef members[] = {{"__wrapped__", T_OBJECT_EX, offsetof(QuickInit, slow), READONLY, NULL}, {NULL}};

static PyTypeObject QuickInitType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleaner._accelerator.QuickInit",
    .tp_basicsize = sizeof(QuickInit),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(QuickInit, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = bind,
    .tp_members = members,
    .tp_traverse = visit_all,
    .tp_clear = clear,
    .tp_dealloc = dealloc,
};

int accelerator_ready_quick_init(void) {
    init_name = PyUnicode_InternFromString("__init__");
    return init_name == NULL ? -1 : PyType_Ready(&QuickInitType);
}

/* Where a class made in Python keeps a field; -1 when it is no plain slot of an object. */
static Py_ssize_t offset_of(PyTypeObject *class, PyObject *name) {
    if (!PyType_HasFeature(class, Py_TPFLAGS_HEAPTYPE)) return -1; /* from Python 3.12 on, others have no dictionary here */
    PyObject *descriptor = PyDict_GetItemWithError(class->tp_dict, name);
    if (descriptor == NULL || Py_TYPE(descriptor) != &PyMemberDescr_Type) return -1;
    const PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == T_OBJECT_EX ? member->offset : -1;
}

PyObject *accelerator_quick_init(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    int sound = count == 5 && PyType_Check(args[0]);
    for (int tuple = 1; sound && tuple < 4; tuple++)
        sound = PyTuple_Check(args[tuple]) && PyTuple_GET_SIZE(args[tuple]) == PyTuple_GET_SIZE(args[1]);
    if (!sound || PyTuple_GET_SIZE(args[1]) > MOST_FIELDS)
        return PyErr_Format(PyExc_TypeError,
                            "a class, its fields' names, defaults and what makes those, and its __init__ are needed");
    QuickInit *self = PyObject_GC_New(QuickInit, &QuickInitType);
    if (self == NULL) return NULL;
    self->class = (PyTypeObject *)Py_NewRef(args[0]);
    self->slow = Py_NewRef(args[4]);
    self->names = Py_NewRef(args[1]);
    self->defaults = Py_NewRef(args[2]);
    self->factories = Py_NewRef(args[3]);
    self->vectorcall = fill;
    self->fields = PyTuple_GET_SIZE(args[1]);
    for (Py_ssize_t field = 0; field < self->fields; field++) {
        self->offsets[field] = offset_of((PyTypeObject *)args[0], PyTuple_GET_ITEM(args[1], field));
        if (self->offsets[field] < 0) {
            PyObject_GC_Track((PyObject *)self);
            Py_DECREF(self);
            return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "the class keeps a field in no slot of its own");
        }
    }
    PyObject_GC_Track((PyObject *)self);
    if (Py_IS_TYPE(args[0], &PyType_Type) && self->class->tp_new == PyBaseObject_Type.tp_new) self->class->tp_vectorcall = make;
    return (PyObject *)self;
}

/* A copy of an object of a quick class in which some fields are others; None where dataclasses.replace must do it. */
PyObject *accelerator_replaced(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2 || !PyDict_Check(args[1])) return PyErr_Format(PyExc_TypeError, "an object and a dict of fields are needed");
    PyTypeObject *class = Py_TYPE(args[0]);
    PyObject *init = class->tp_dict ? PyDict_GetItemWithError(class->tp_dict, init_name) : NULL;
    if (init == NULL || !Py_IS_TYPE(init, &QuickInitType) || ((QuickInit *)init)->class != class)
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    const QuickInit *self = (const QuickInit *)init;
    PyObject *made = class->tp_alloc(class, 0);
    Py_ssize_t changed = 0;
    for (Py_ssize_t field = 0; made != NULL && field < self->fields; field++) {
        PyObject *other = PyDict_GetItemWithError(args[1], PyTuple_GET_ITEM(self->names, field));
        PyObject *value = other ? other : *(PyObject **)((char *)args[0] + self->offsets[field]);
        changed += other != NULL;
        if (value == NULL || PyErr_Occurred()) Py_CLEAR(made);
        else *(PyObject **)((char *)made + self->offsets[field]) = Py_NewRef(value);
    }
    if (made != NULL && changed == PyDict_GET_SIZE(args[1])) return made;
    Py_XDECREF(made);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}
