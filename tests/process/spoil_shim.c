/* Preloaded into a process, it lets a test spoil the machine under it while it runs: the clock and one database file.
 *
 * SPOIL_FILE names 16 bytes that both share: int64 seconds the wall clock is ahead, int32 the errno that writing and
 * syncing the database ends with (0: none), int32 milliseconds each sync takes longer.
 * SPOIL_NAME is a part of the database's file name; other files are left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct spoil {
    int64_t ahead;
    int32_t error;
    int32_t slow;
};

static struct spoil calm;
static volatile struct spoil *now = &calm;
static const char *name = "";

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SPOIL_FILE");
    if (getenv("SPOIL_NAME") != NULL)
        name = getenv("SPOIL_NAME");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof(struct spoil), PROT_READ, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED)
        now = shared;
    close(file);
}

static int ours(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return strstr(path, name) != NULL && strstr(path, "-shm") == NULL && strstr(path, ".lock") == NULL;
}

static int spoilt(int file) {
    if (now->error == 0 || !ours(file))
        return 0;
    errno = now->error;
    return 1;
}

int clock_gettime(clockid_t which, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, which, time);
    if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        time->tv_sec += now->ahead;
    return (int)result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    long result = syscall(SYS_gettimeofday, time, zone);
    if (result == 0)
        time->tv_sec += now->ahead;
    return (int)result;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    return spoilt(file) ? -1 : syscall(SYS_pwrite64, file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) { return pwrite64(file, data, length, offset); }

ssize_t write(int file, const void *data, size_t length) {
    return spoilt(file) ? -1 : syscall(SYS_write, file, data, length);
}

static void wait_for_the_disk(int file) {
    if (now->slow > 0 && ours(file)) {
        struct timespec pause = {now->slow / 1000, (long)(now->slow % 1000) * 1000000};
        nanosleep(&pause, NULL);
    }
}

int fsync(int file) {
    if (spoilt(file))
        return -1;
    wait_for_the_disk(file);
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    if (spoilt(file))
        return -1;
    wait_for_the_disk(file);
    return (int)syscall(SYS_fdatasync, file);
}
