/* Lets the n-th write to files below a folder fail, or kills the process there: a full disk, and a crash, at any moment.
 *
 * Loaded by LD_PRELOAD (Linux, glibc). Counts calls that take space or change names, by any library of the process:
 * write, pwrite, writev, fwrite, sendfile, copy_file_range, fsync, fdatasync, ftruncate, rename, link, mkdir, and opening
 * a file that is to be made. `faults_arm` begins to count; see disk_faults.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING, FULL, HICCUP, KILL, TORN };

static char folder[PATH_MAX];
static size_t folder_length;
static long counted, wanted;
static int kind;

void faults_arm(const char *path, long call, int mode) {
    folder_length = strlen(path);
    if (folder_length >= PATH_MAX) abort();
    memcpy(folder, path, folder_length + 1);
    counted = 0;
    wanted = call;
    kind = mode;
}

long faults_counted(void) { return counted; }

static int below(const char *path) { return folder_length && !strncmp(path, folder, folder_length); }

static int below_handle(int handle) {
    char link[64], path[PATH_MAX];
    if (!folder_length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static int below_at(int handle, const char *path) {
    if (!folder_length) return 0;
    if (path[0] == '/') return below(path);
    if (handle != AT_FDCWD) return below_handle(handle);
    char here[PATH_MAX];
    return getcwd(here, sizeof here) && below(here);
}

/* Whether this call fails; does not come back where the process is to be killed. */
static int fails(int torn_alone) {
    counted++;
    if (counted == wanted && kind == KILL) raise(SIGKILL);
    if (counted == wanted && kind == TORN && !torn_alone) raise(SIGKILL);
    if ((kind == FULL && counted >= wanted) || (kind == HICCUP && counted == wanted)) {
        errno = ENOSPC;
        return 1;
    }
    return 0;
}

static int tears(void) { return kind == TORN && counted == wanted; }

#define REAL(name, type, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int handle, const void *data, size_t size) {
    REAL("write", ssize_t, int, const void *, size_t);
    if (below_handle(handle)) {
        if (fails(1)) return -1;
        if (tears()) { real(handle, data, size / 2); raise(SIGKILL); }
    }
    return real(handle, data, size);
}

#define PWRITE(name) \
    ssize_t name(int handle, const void *data, size_t size, off64_t at) { \
        REAL(#name, ssize_t, int, const void *, size_t, off64_t); \
        if (below_handle(handle)) { \
            if (fails(1)) return -1; \
            if (tears()) { real(handle, data, size / 2, at); raise(SIGKILL); } \
        } \
        return real(handle, data, size, at); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t writev(int handle, const struct iovec *parts, int count) {
    REAL("writev", ssize_t, int, const struct iovec *, int);
    return below_handle(handle) && fails(0) ? -1 : real(handle, parts, count);
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL("fwrite", size_t, const void *, size_t, size_t, FILE *);
    return below_handle(fileno(file)) && fails(0) ? 0 : real(data, size, count, file);
}

#define SENDFILE(name) \
    ssize_t name(int to, int from, off64_t *at, size_t size) { \
        REAL(#name, ssize_t, int, int, off64_t *, size_t); \
        return below_handle(to) && fails(0) ? -1 : real(to, from, at, size); \
    }
SENDFILE(sendfile)
SENDFILE(sendfile64)

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags) {
    REAL("copy_file_range", ssize_t, int, off64_t *, int, off64_t *, size_t, unsigned);
    return below_handle(to) && fails(0) ? -1 : real(from, at, to, there, size, flags);
}

#define OF_HANDLE(name) \
    int name(int handle) { \
        REAL(#name, int, int); \
        return below_handle(handle) && fails(0) ? -1 : real(handle); \
    }
OF_HANDLE(fsync)
OF_HANDLE(fdatasync)

#define TRUNCATE(name) \
    int name(int handle, off64_t size) { \
        REAL(#name, int, int, off64_t); \
        struct stat found; \
        int grows = !fstat(handle, &found) && size > found.st_size; \
        return grows && below_handle(handle) && fails(0) ? -1 : real(handle, size); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int rename(const char *from, const char *to) {
    REAL("rename", int, const char *, const char *);
    return below_at(AT_FDCWD, to) && fails(0) ? -1 : real(from, to);
}

int renameat(int one, const char *from, int other, const char *to) {
    REAL("renameat", int, int, const char *, int, const char *);
    return below_at(other, to) && fails(0) ? -1 : real(one, from, other, to);
}

int link(const char *from, const char *to) {
    REAL("link", int, const char *, const char *);
    return below_at(AT_FDCWD, to) && fails(0) ? -1 : real(from, to);
}

int linkat(int one, const char *from, int other, const char *to, int flags) {
    REAL("linkat", int, int, const char *, int, const char *, int);
    return below_at(other, to) && fails(0) ? -1 : real(one, from, other, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL("mkdir", int, const char *, mode_t);
    return below_at(AT_FDCWD, path) && access(path, F_OK) && fails(0) ? -1 : real(path, mode);
}

int mkdirat(int at, const char *path, mode_t mode) {
    REAL("mkdirat", int, int, const char *, mode_t);
    return below_at(at, path) && faccessat(at, path, F_OK, 0) && fails(0) ? -1 : real(at, path, mode);
}

/* Only a file that is not there yet takes space when it is opened. */
static int refused(int at, const char *path, int flags) {
    return (flags & O_CREAT) && below_at(at, path) && faccessat(at, path, F_OK, 0) && fails(0);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(#name, int, const char *, int, ...); \
        MODE(flags) \
        return refused(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(#name, int, int, const char *, int, ...); \
        MODE(flags) \
        return refused(at, path, flags) ? -1 : real(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)
