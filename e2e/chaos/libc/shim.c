/*
 * Goes before libc in redis-server (ld.so(8), LD_PRELOAD) and does two things.
 * It notes how long each file was at its last successful sync, since that is
 * what a power loss leaves of it: one file a file, named by its inode, in the
 * folder CHAOS_SYNCED. And it shifts the clock of the day, not the monotonic
 * one, by the seconds at the beginning of the file CHAOS_CLOCK.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("CHAOS_CLOCK");
	int fd = name ? open(name, O_RDONLY) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (p != MAP_FAILED)
		shift = p;
}

static int synced(long call, int fd)
{
	struct stat before;
	int known = fstat(fd, &before) == 0;
	int result = syscall(call, fd);
	const char *folder = getenv("CHAOS_SYNCED");
	if (result == 0 && known && folder) {
		char name[4096];
		snprintf(name, sizeof name, "%s/%llu", folder, (unsigned long long)before.st_ino);
		int note = open(name, O_CREAT | O_WRONLY, 0600);
		if (note >= 0) {
			int64_t size = before.st_size;
			if (pwrite(note, &size, sizeof size, 0) != sizeof size)
				unlink(name);
			close(note);
		}
	}
	return result;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec ts;
	(void)zone;
	if (syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts) != 0)
		return -1;
	tv->tv_sec = ts.tv_sec + (shift ? *shift : 0);
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *where)
{
	struct timeval tv;
	gettimeofday(&tv, NULL);
	if (where)
		*where = tv.tv_sec;
	return tv.tv_sec;
}
