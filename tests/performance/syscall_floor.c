/* What one system call for each token costs: a client that waits, reads and stamps, and parses nothing.
 *
 *     syscall_floor PORT STREAMS ROUNDS TOKENS
 *
 * Prints the CPU time of its process from the first request to the last byte, in ns, and the number of reads.
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

static const char request[] =
    "POST /v1/chat/completions HTTP/1.1\r\nhost: floor\r\ncontent-length: 2\r\n\r\n{}";

static int64_t cpu_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: syscall_floor PORT STREAMS ROUNDS\n");
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
    int64_t began_ns = cpu_ns();
    long reads = 0;
    for (int round = 0; round < rounds; round++) {
        for (int n = 0; n < streams; n++)
            if (write(sockets[n], request, sizeof request - 1) < 0) return perror("write"), 1;
        for (int ended = 0; ended < streams;) {
            struct epoll_event ready[512];
            int found = epoll_wait(poll, ready, 512, 10000);
            if (found == 0) return fprintf(stderr, "the server is silent\n"), 1;
            for (int n = 0; n < found; n++) {
                char data[1 << 16], control[64];
                struct iovec into = {data, sizeof data};
                struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control,
                                         .msg_controllen = sizeof control};
                ssize_t size = recvmsg(ready[n].data.fd, &message, 0);
                if (size <= 0) return fprintf(stderr, "the server left\n"), 1;
                reads++;
                ended += size >= 5 && memcmp(data + size - 5, "0\r\n\r\n", 5) == 0;
            }
        }
    }
    printf("%ld %ld\n", (long)(cpu_ns() - began_ns), reads);
    return 0;
}
