/* A disk between a process and its files, preloaded: it notes what is written and when it is made to last, and fails
   as a disk fails. Only files with DISK_FILES in their path are its own.

   DISK_NOTES  a file of records: operation (w, s, t, u), length of path, offset, length of data, path, data
   DISK_FAILS  "w:7" or "s:2" or "r:3": so many writes, syncs or reads go well, then each ends in EIO */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int notes = -1;
static long left = -1;

static int ours(int fd, char *path, size_t size) {
    const char *files = getenv("DISK_FILES");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = files ? readlink(link, path, size - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, files) != NULL && strstr(path, "-shm") == NULL;
}

static int fails(char operation) {
    const char *told = getenv("DISK_FAILS");
    if (!told || told[0] != operation) return 0;
    pthread_mutex_lock(&lock);
    if (left < 0) left = atol(told + 2);
    int failing = left == 0;
    if (left > 0) left--;
    pthread_mutex_unlock(&lock);
    if (failing) errno = EIO;
    return failing;
}

static void note(char operation, const char *path, int64_t offset, const void *data, uint32_t length) {
    const char *place = getenv("DISK_NOTES");
    if (!place) return;
    struct __attribute__((packed)) { char operation; uint16_t path; int64_t offset; uint32_t length; } head = {
        operation, (uint16_t)strlen(path), offset, length};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, data ? length : 0}};
    int before = errno;
    pthread_mutex_lock(&lock);
    if (notes < 0) notes = (int)syscall(SYS_openat, AT_FDCWD, place, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (syscall(SYS_writev, notes, parts, 3) < 0) abort();
    pthread_mutex_unlock(&lock);
    errno = before;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITE_AT(name, offset_type)                                                  \
    ssize_t name(int fd, const void *data, size_t length, offset_type offset) {      \
        char path[4096];                                                             \
        if (!ours(fd, path, sizeof path)) return REAL(name)(fd, data, length, offset); \
        if (fails('w')) return -1;                                                   \
        ssize_t done = REAL(name)(fd, data, length, offset);                         \
        if (done > 0) note('w', path, offset, data, (uint32_t)done);                 \
        return done;                                                                 \
    }

#define READ_AT(name, offset_type)                                                   \
    ssize_t name(int fd, void *data, size_t length, offset_type offset) {            \
        char path[4096];                                                             \
        if (ours(fd, path, sizeof path) && fails('r')) return -1;                    \
        return REAL(name)(fd, data, length, offset);                                 \
    }

#define SYNC(name)                                                                   \
    int name(int fd) {                                                               \
        char path[4096];                                                             \
        if (!ours(fd, path, sizeof path)) return REAL(name)(fd);                     \
        if (fails('s')) return -1;                                                   \
        int done = REAL(name)(fd);                                                   \
        if (done == 0) note('s', path, 0, NULL, 0);                                  \
        return done;                                                                 \
    }

#define TRUNCATE(name, offset_type)                                                  \
    int name(int fd, offset_type length) {                                           \
        char path[4096];                                                             \
        if (!ours(fd, path, sizeof path)) return REAL(name)(fd, length);             \
        if (fails('w')) return -1;                                                   \
        int done = REAL(name)(fd, length);                                           \
        if (done == 0) note('t', path, length, NULL, 0);                             \
        return done;                                                                 \
    }

WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)
READ_AT(pread, off_t)
READ_AT(pread64, off64_t)
SYNC(fsync)
SYNC(fdatasync)
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int unlink(const char *path) {
    const char *files = getenv("DISK_FILES");
    int done = REAL(unlink)(path);
    if (done == 0 && files && strstr(path, files)) note('u', path, 0, NULL, 0);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    char path[4096];
    if (!ours(fd, path, sizeof path)) return REAL(write)(fd, data, length);
    if (fails('w')) return -1;
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = REAL(write)(fd, data, length);
    if (done > 0) note('w', path, offset, data, (uint32_t)done);
    return done;
}
