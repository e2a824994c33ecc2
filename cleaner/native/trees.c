/* model/boosted_trees.py: the leaf of each tree that each row falls into. A leaf is its own child, so that every walk
 * takes as many steps. */
#include "accelerator.h"

typedef struct {
    Py_ssize_t cells, width, trees, nodes, depth;
    const float *table, *threshold;
    const int64_t *roots, *feature, *children;
} Forest;

static int is_sound(const Forest *forest) {
    if (forest->width < 1 || forest->depth < 0 || forest->cells % forest->width) return 0;
    for (Py_ssize_t tree = 0; tree < forest->trees; tree++)
        if (forest->roots[tree] < 0 || forest->roots[tree] >= forest->nodes) return 0;
    for (Py_ssize_t node = 0; node < forest->nodes; node++)
        if (forest->feature[node] < 0 || forest->feature[node] >= forest->width || forest->children[2 * node] < 0 ||
            forest->children[2 * node] >= forest->nodes || forest->children[2 * node + 1] < 0 ||
            forest->children[2 * node + 1] >= forest->nodes)
            return 0;
    return 1;
}

static void descend(const Forest *forest, int64_t *leaves) {
    for (const float *row = forest->table; row < forest->table + forest->cells; row += forest->width)
        for (Py_ssize_t tree = 0; tree < forest->trees; tree++) {
            int64_t node = forest->roots[tree];
            for (Py_ssize_t step = 0; step < forest->depth; step++)
                node = forest->children[2 * node + (row[forest->feature[node]] > forest->threshold[node])];
            *leaves++ = node;
        }
}

PyObject *accelerator_leaves(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 7) return PyErr_Format(PyExc_TypeError, "leaves takes 7 arguments, not %zd", count);
    Buffers buffers = {.count = 0};
    Forest forest;
    PyObject *answer = NULL;
    forest.width = PyLong_AsSsize_t(args[1]);
    forest.depth = PyLong_AsSsize_t(args[6]);
    if (PyErr_Occurred()) return NULL;
    if (!(forest.table = buffer_of(&buffers, args[0], 4, &forest.cells))) goto done;
    if (!(forest.roots = buffer_of(&buffers, args[2], 8, &forest.trees))) goto done;
    if (!(forest.feature = buffer_of(&buffers, args[3], 8, &forest.nodes))) goto done;
    if (!(forest.threshold = buffer_with(&buffers, args[4], 4, forest.nodes))) goto done;
    if (!(forest.children = buffer_with(&buffers, args[5], 8, 2 * forest.nodes))) goto done;
    if (!is_sound(&forest)) {
        PyErr_SetString(PyExc_ValueError, "the table or the nodes do not fit each other");
        goto done;
    }
    answer = bytes_of((size_t)(forest.cells / forest.width * forest.trees) * sizeof(int64_t));
    if (answer != NULL) descend(&forest, (int64_t *)PyByteArray_AS_STRING(answer));
done:
    release(&buffers);
    return answer;
}
