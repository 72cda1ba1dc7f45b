/* What one system call for each token costs: a client that waits, reads and stamps, and parses nothing.
 *
 *     syscall_floor PORT STREAMS ROUNDS SPREAD_US
 *
 * The requests of a round are sent evenly over SPREAD_US. Prints the CPU time of its process from the first request to
 * the last byte, in ns, the number of reads, and the p99 of their lag behind the kernel's stamp, in ns.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_READS = 1 << 22 };

static const char request[] =
    "POST /v1/chat/completions HTTP/1.1\r\nhost: floor\r\ncontent-length: 2\r\n\r\n{}";

static int64_t now_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int by_size(const void *one, const void *other) {
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static int64_t stamp_ns(struct msghdr *message) {
    struct timespec stamp = {0};
    struct cmsghdr *first = CMSG_FIRSTHDR(message);
    if (first) memcpy(&stamp, CMSG_DATA(first), sizeof stamp);
    return stamp.tv_sec * 1000000000LL + stamp.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: syscall_floor PORT STREAMS ROUNDS SPREAD_US\n");
        return 2;
    }
    int streams = atoi(arguments[2]), rounds = atoi(arguments[3]), poll = epoll_create1(0), on = 1;
    int *sockets = calloc(streams, sizeof(int));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int n = 0; n < streams; n++) {
        sockets[n] = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(sockets[n], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        if (connect(sockets[n], (struct sockaddr *)&address, sizeof address)) return perror("connect"), 1;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[n]};
        epoll_ctl(poll, EPOLL_CTL_ADD, sockets[n], &event);
    }
    int64_t began_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID), spread_ns = atol(arguments[4]) * 1000LL;
    int64_t *lags_ns = malloc(MOST_READS * sizeof(int64_t));
    long reads = 0;
    for (int round = 0; round < rounds; round++) {
        int64_t start_ns = now_ns(CLOCK_MONOTONIC);
        for (int ended = 0, sent = 0; ended < streams;) {
            for (; sent < streams && now_ns(CLOCK_MONOTONIC) >= start_ns + spread_ns * sent / streams; sent++)
                if (write(sockets[sent], request, sizeof request - 1) < 0) return perror("write"), 1;
            struct epoll_event ready[512];
            int found = epoll_wait(poll, ready, 512, sent < streams ? 1 : 10000);
            if (found == 0 && sent == streams) return fprintf(stderr, "the server is silent\n"), 1;
            for (int n = 0; n < found; n++) {
                char data[1 << 16], control[64];
                struct iovec into = {data, sizeof data};
                struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control,
                                         .msg_controllen = sizeof control};
                ssize_t size = recvmsg(ready[n].data.fd, &message, 0);
                if (size <= 0) return fprintf(stderr, "the server left\n"), 1;
                if (reads == MOST_READS) return fprintf(stderr, "too many reads\n"), 1;
                lags_ns[reads++] = now_ns(CLOCK_REALTIME) - stamp_ns(&message);
                ended += size >= 5 && memcmp(data + size - 5, "0\r\n\r\n", 5) == 0;
            }
        }
    }
    int64_t used_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - began_ns;
    qsort(lags_ns, reads, sizeof(int64_t), by_size);
    printf("%ld %ld %ld\n", (long)used_ns, reads, (long)lags_ns[reads * 99 / 100]);
    return 0;
}
