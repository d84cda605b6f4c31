/* Loaded before the C library (LD_PRELOAD): breaks a process in the middle of what it does to files of one folder.
 *
 * FAULT_ROOT  the folder
 * FAULT_SEEN  a file with the places at which a fault was injected before, one a line
 * FAULT       "kill": at the first new place the process kills itself, having done half of what it was about to write;
 *             "full": from the first new place on no byte more can be written to that folder, as on a full disk.
 *
 * A place is what is done (write, rename, ...) and to which file, without what differs from run to run in its name.
 * Python, Arrow, Delta Lake and safetensors all come through here, since all of them call the C library.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int full; /* since the disk is full */

static int is_mode(const char *mode) {
    const char *asked = getenv("FAULT");
    return asked != NULL && strcmp(asked, mode) == 0;
}

/* The path below the root, or NULL; the names of releases, drafts and parts of tables become "#". Of what is removed
 * three folders are enough: a draft that is cleared away may be cleared by halves, and that is one place. */
static const char *below(const char *what, const char *path, char *out) {
    const char *root = getenv("FAULT_ROOT");
    size_t length = root == NULL ? 0 : strlen(root), n = 0;
    if (length == 0 || strncmp(path, root, length) != 0 || path[length] != '/') return NULL;
    int depth = 0, most = strcmp(what, "unlink") == 0 ? 3 : PATH_MAX;
    for (const char *at = path + length + 1; *at != '\0' && n < PATH_MAX - 2 && depth < most; depth++) {
        size_t long_ = strcspn(at, "/"), digits = 0;
        for (size_t i = 0; i < long_; i++) digits += isdigit((unsigned char)at[i]) != 0;
        int log = long_ >= 20 && strspn(at, "0") >= 18; /* of a Delta table: numbered, and every one alike */
        int draft = at[0] == '.' && (digits > 8 || strncmp(at, ".tmp", 4) == 0 || memchr(at, '-', long_) != NULL);
        if ((digits > 3 && long_ > 12 && at[0] != '.') || log || draft) {
            const char *end = memrchr(at, '.', long_);
            out[n++] = '#';
            for (const char *c = end; end != NULL && end > at && c < at + long_ && n < PATH_MAX - 2; c++)
                out[n++] = isdigit((unsigned char)*c) ? '#' : *c;
        } else {
            for (size_t i = 0; i < long_ && n < PATH_MAX - 2; i++) {
                int digit = at[0] == '.' && isdigit((unsigned char)at[i]); /* the process's id */
                if (!digit || out[n - 1] != '#') out[n++] = digit ? '#' : at[i];
            }
        }
        at += long_;
        if (*at == '/') { out[n++] = '/'; at++; }
    }
    out[n] = '\0';
    return out;
}

/* Whether this place is new; then it is remembered. */
static int strikes(const char *what, const char *path) {
    char name[PATH_MAX], line[PATH_MAX + 16], known[PATH_MAX + 16];
    const char *seen = getenv("FAULT_SEEN");
    if (path == NULL || seen == NULL || full || !(is_mode("kill") || is_mode("full"))) return 0;
    if (below(what, path, name) == NULL) return 0;
    snprintf(line, sizeof line, "%s %s\n", what, name);
    FILE *file = fopen(seen, "a+");
    if (file == NULL) return 0;
    rewind(file);
    while (fgets(known, sizeof known, file) != NULL)
        if (strcmp(known, line) == 0) { fclose(file); return 0; }
    fputs(line, file);
    fclose(file);
    return 1;
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); pause(); }

static const char *path_of(int fd, char *path) {
    char link[64];
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0) return NULL;
    path[n] = '\0';
    return path;
}

/* How much of a write is done: all of it; half, and then no more. -1: none, the disk is full. */
static ssize_t allowed(const char *what, int fd, size_t n, int *dies) {
    char path[PATH_MAX], name[PATH_MAX];
    int saved = errno;
    *dies = 0;
    const char *file = path_of(fd, path);
    if (file != NULL && below(what, file, name) != NULL) {
        if (full) { errno = ENOSPC; return -1; }
        if (strikes(what, file)) {
            errno = saved;
            if (is_mode("kill")) { *dies = 1; return (ssize_t)(n / 2); }
            full = 1;
            if (n < 2) { errno = ENOSPC; return -1; }
            return (ssize_t)(n / 2);
        }
    }
    errno = saved;
    return (ssize_t)n;
}

ssize_t write(int fd, const void *data, size_t n) {
    int dies;
    ssize_t some = allowed("write", fd, n, &dies);
    if (some < 0) return -1;
    ssize_t done = REAL(write)(fd, data, (size_t)some);
    if (dies) die();
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    int dies;
    ssize_t some = allowed("write", fd, n, &dies);
    if (some < 0) return -1;
    ssize_t done = REAL(pwrite64)(fd, data, (size_t)some, at);
    if (dies) die();
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    size_t n = 0;
    int dies;
    for (int i = 0; i < count; i++) n += parts[i].iov_len;
    ssize_t some = allowed("write", fd, n, &dies);
    if (some < 0) return -1;
    if ((size_t)some == n) return REAL(writev)(fd, parts, count);
    size_t first = parts[0].iov_len < (size_t)some ? parts[0].iov_len : (size_t)some;
    ssize_t done = REAL(write)(fd, parts[0].iov_base, first);
    if (dies) die();
    return done;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    int dies;
    ssize_t some = size * count == 0 ? 0 : allowed("write", fileno(file), size * count, &dies);
    if (size * count == 0) return 0;
    if (some < 0) return 0;
    if ((size_t)some == size * count) return REAL(fwrite)(data, size, count, file);
    size_t done = REAL(fwrite)(data, 1, (size_t)some, file);
    fflush(file);
    if (dies) die();
    errno = ENOSPC;
    return done / size;
}

ssize_t sendfile64(int out, int in, off64_t *at, size_t n) {
    typedef ssize_t (*sender)(int, int, off64_t *, size_t);
    int dies;
    ssize_t some = allowed("copy", out, n, &dies);
    if (some < 0) return -1;
    if ((size_t)some == n) return ((sender)dlsym(RTLD_NEXT, "sendfile64"))(out, in, at, n);
    if (dies) die();
    errno = ENOSPC;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *at, size_t n) { return sendfile64(out, in, (off64_t *)at, n); }

static void before(const char *what, const char *path) {
    char real[PATH_MAX];
    int saved = errno;
    if (!is_mode("kill") || path == NULL) return;
    if (path[0] != '/') {
        if (getcwd(real, sizeof real) == NULL || strlen(real) + strlen(path) + 2 > sizeof real) return;
        strcat(strcat(real, "/"), path);
        path = real;
    }
    if (strikes(what, path)) die();
    errno = saved;
}

int rename(const char *old, const char *new) { before("rename", new); return REAL(rename)(old, new); }
int renameat(int a, const char *old, int b, const char *new) { before("rename", new); return REAL(renameat)(a, old, b, new); }
int renameat2(int a, const char *old, int b, const char *new, unsigned flags) {
    before("rename", new);
    return REAL(renameat2)(a, old, b, new, flags);
}
int link(const char *old, const char *new) { before("link", new); return REAL(link)(old, new); }
int linkat(int a, const char *old, int b, const char *new, int flags) {
    before("link", new);
    return REAL(linkat)(a, old, b, new, flags);
}
int mkdir(const char *path, mode_t mode) { before("mkdir", path); return REAL(mkdir)(path, mode); }
int unlink(const char *path) { before("unlink", path); return REAL(unlink)(path); }
int rmdir(const char *path) { before("unlink", path); return REAL(rmdir)(path); }
int unlinkat(int fd, const char *name, int flags) {
    char path[PATH_MAX], link[64];
    if (fd != AT_FDCWD && name[0] != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, PATH_MAX - 1);
        if (n > 0 && (size_t)n + strlen(name) + 2 < PATH_MAX) {
            path[n] = '\0';
            strcat(strcat(path, "/"), name);
            before("unlink", path);
        }
    } else {
        before("unlink", name);
    }
    return REAL(unlinkat)(fd, name, flags);
}
