/* Preloaded into a process, it keeps one ordered record of what was asked of the files of one folder and what was
 * made durable there: the material from which a test rebuilds what a power cut would have left.
 *
 * POWER_FOLDER  the folder, without a slash at its end; shared memory (-shm) and locks in it are left out
 * POWER_LOG     where the record goes; it must not lie in that folder
 *
 * A record is a head of 32 bytes in the machine's byte order, then the file's name, then the data:
 *   char what; char unused[3]; uint32 name_length; int64 offset; int64 data_length; int64 unused
 *   W write (offset, data)   T truncate (offset: the new length)   C created   U unlinked   R renamed (data: new name)
 *   S the file was synced    D the folder was synced               A a mark the process set itself (offset: its number)
 *
 * The record and the real call are made under one lock, so its order is the order of the calls. Real calls are made as
 * plain system calls: sync calls are recorded after they returned, everything else whatever came of it but an error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct head {
    char what;
    char unused[3];
    uint32_t name_length;
    int64_t offset;
    int64_t data_length;
    int64_t more;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int record = -1;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWER_LOG");
    folder = getenv("POWER_FOLDER");
    if (log == NULL || folder == NULL)
        return;
    folder_length = strlen(folder);
    record = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *data, size_t length) {
    const char *from = data;
    while (length > 0) {
        ssize_t done = syscall(SYS_write, record, from, length);
        if (done <= 0) {
            if (done < 0 && errno == EINTR)
                continue;
            abort(); /* a record with a hole would prove nothing */
        }
        from += done;
        length -= (size_t)done;
    }
}

static void note(char what, const char *name, int64_t offset, const void *data, size_t length) {
    int kept = errno;
    struct head head = {.what = what, .name_length = (uint32_t)strlen(name), .offset = offset,
                        .data_length = (int64_t)length};
    put(&head, sizeof head);
    put(name, strlen(name));
    if (length > 0)
        put(data, length);
    errno = kept;
}

/* The name inside the folder; "" for the folder itself; NULL for everything else. */
static const char *inside(const char *path) {
    if (record < 0 || strncmp(path, folder, folder_length) != 0)
        return NULL;
    path += folder_length;
    if (*path == '\0')
        return path;
    if (*path != '/' || strchr(path + 1, '/') != NULL)
        return NULL;
    path += 1;
    size_t length = strlen(path);
    if ((length >= 4 && strcmp(path + length - 4, "-shm") == 0) ||
        (length >= 5 && strcmp(path + length - 5, ".lock") == 0))
        return NULL;
    return path;
}

static const char *named(int fd, char *buffer) {
    char link[64];
    if (record < 0 || fd == record)
        return NULL;
    int kept = errno;
    /* Written by hand: printf may come back to write. */
    char digits[16];
    int at = 0, left = fd;
    do
        digits[at++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    char *end = stpcpy(link, "/proc/self/fd/");
    while (at > 0)
        *end++ = digits[--at];
    *end = '\0';
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    errno = kept;
    if (length < 0)
        return NULL;
    buffer[length] = '\0';
    return inside(buffer);
}

/* Called by the process itself: what came before this mark was acknowledged. */
void power_mark(long number) {
    if (record < 0)
        return;
    pthread_mutex_lock(&turn);
    note('A', "", number, NULL, 0);
    pthread_mutex_unlock(&turn);
}

static ssize_t written(int fd, const void *data, size_t length, off_t offset, int positioned) {
    char buffer[PATH_MAX];
    const char *name = named(fd, buffer);
    if (name == NULL || *name == '\0')
        return positioned ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    pthread_mutex_lock(&turn);
    if (!positioned)
        offset = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done =
        positioned ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    if (done > 0)
        note('W', name, offset, data, (size_t)done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return written(fd, data, length, offset, 1);
}
ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, 0, 0); }

static int truncated(int fd, off_t length) {
    char buffer[PATH_MAX];
    const char *name = named(fd, buffer);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0 && name != NULL && *name != '\0')
        note('T', name, length, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }

static int synced(int fd, long call) {
    char buffer[PATH_MAX];
    const char *name = named(fd, buffer);
    if (name == NULL)
        return (int)syscall(call, fd);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(call, fd);
    if (done == 0)
        note(*name == '\0' ? 'D' : 'S', name, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int opened(int at, const char *path, int flags, mode_t mode) {
    if (record < 0 || !(flags & (O_CREAT | O_TRUNC)))
        return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&turn);
    struct stat found;
    int new = stat(path, &found) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    char buffer[PATH_MAX];
    const char *name = fd < 0 ? NULL : named(fd, buffer);
    if (name != NULL && *name != '\0') {
        if (new)
            note('C', name, 0, NULL, 0);
        else if (flags & O_TRUNC)
            note('T', name, 0, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    return fd;
}

#define MODE(flags, mode)                       \
    mode_t mode = 0;                            \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {    \
        va_list rest;                           \
        va_start(rest, flags);                  \
        mode = (mode_t)va_arg(rest, int);       \
        va_end(rest);                           \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags, mode)
    return opened(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags, mode)
    return opened(at, path, flags | O_LARGEFILE, mode);
}

int unlink(const char *path) {
    const char *name = inside(path);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && name != NULL && *name != '\0')
        note('U', name, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int rename(const char *from, const char *to) {
    const char *old = inside(from), *new = inside(to);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0 && old != NULL && new != NULL && *old != '\0' && *new != '\0')
        note('R', old, 0, new, strlen(new));
    pthread_mutex_unlock(&turn);
    return done;
}
