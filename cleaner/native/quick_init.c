/* An __init__ for frozen dataclasses with slots: it fills the slots at once, where the generated one asks
 * object.__setattr__ for each field. What it is not made for (a missing argument without a default, names given twice)
 * goes to the generated one, which also raises its errors. */
#include "accelerator.h"
#include <descrobject.h>
#include <structmember.h>

#define MOST_FIELDS 24
typedef struct {
    PyObject_HEAD
    PyTypeObject *class;
    PyObject *slow, *names, *defaults; /* defaults: one for each field, the slow function itself where there is none */
    vectorcallfunc vectorcall;
    Py_ssize_t fields, offsets[MOST_FIELDS];
} QuickInit;

static Py_ssize_t field_named(const QuickInit *self, PyObject *name) {
    for (Py_ssize_t field = 0; field < self->fields; field++)
        if (PyTuple_GET_ITEM(self->names, field) == name) return field;
    return -1;
}

static PyObject *fill(PyObject *callable, PyObject *const *args, size_t flags, PyObject *keywords) {
    const QuickInit *self = (const QuickInit *)callable;
    const Py_ssize_t given = PyVectorcall_NARGS(flags) - 1, named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    PyObject *values[MOST_FIELDS] = {NULL};
    if (given < 0 || given > self->fields || !PyObject_TypeCheck(args[0], self->class)) goto slow;
    for (Py_ssize_t field = 0; field < given; field++) values[field] = args[1 + field];
    for (Py_ssize_t at = 0; at < named; at++) {
        const Py_ssize_t field = field_named(self, PyTuple_GET_ITEM(keywords, at));
        if (field < 0 || values[field] != NULL) goto slow;
        values[field] = args[1 + given + at];
    }
    for (Py_ssize_t field = given; field < self->fields; field++)
        if (values[field] == NULL && (values[field] = PyTuple_GET_ITEM(self->defaults, field)) == self->slow) goto slow;
    for (Py_ssize_t field = 0; field < self->fields; field++) {
        PyObject **slot = (PyObject **)((char *)args[0] + self->offsets[field]);
        PyObject *before = *slot;
        *slot = Py_NewRef(values[field]);
        Py_XDECREF(before);
    }
    Py_RETURN_NONE;
slow:
    return PyObject_Vectorcall(self->slow, args, flags & ~PY_VECTORCALL_ARGUMENTS_OFFSET, keywords);
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
    return 0;
}

static int clear(PyObject *object) {
    QuickInit *self = (QuickInit *)object;
    Py_CLEAR(self->class);
    Py_CLEAR(self->slow);
    Py_CLEAR(self->names);
    Py_CLEAR(self->defaults);
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

int accelerator_ready_quick_init(void) { return PyType_Ready(&QuickInitType); }

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
    if (count != 4 || !PyType_Check(args[0]) || !PyTuple_Check(args[1]) || !PyTuple_Check(args[2]) ||
        PyTuple_GET_SIZE(args[1]) != PyTuple_GET_SIZE(args[2]) || PyTuple_GET_SIZE(args[1]) > MOST_FIELDS)
        return PyErr_Format(PyExc_TypeError, "a class, its fields' names, their defaults and its __init__ are needed");
    QuickInit *self = PyObject_GC_New(QuickInit, &QuickInitType);
    if (self == NULL) return NULL;
    self->class = (PyTypeObject *)Py_NewRef(args[0]);
    self->slow = Py_NewRef(args[3]);
    self->names = Py_NewRef(args[1]);
    self->defaults = Py_NewRef(args[2]);
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
    return (PyObject *)self;
}
