/* A streaming server whose token times are known, for the benchmark of clients.
 *
 *     truth_server TTFT_US ITL_US TOKENS TRUTH_FILE
 *
 * Prints its port on 127.0.0.1. Any POST is answered with an OpenAI stream: the first token TTFT_US after the kernel
 * stamped the request, the others ITL_US apart, on absolute times. Any GET is answered with a list of models. At SIGTERM
 * the truth is written, one line a request: its number, arrival, and for each token due time and time just before write(),
 * in ns of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 4096, MOST_REQUESTS = 1 << 17, REQUEST_BYTES = 1 << 16 };

struct request {
    int64_t arrived_ns;
    int64_t *written_ns;
};

struct connection {
    int fd, streaming, is_chat, token, heap_at;
    int64_t due_ns;
    long request;
    size_t have;
    char *buffer;
};

static struct connection connections[MOST_CONNECTIONS];
static struct connection *heap[MOST_CONNECTIONS];
static int heap_size;
static struct request requests[MOST_REQUESTS];
static long request_count;
static int64_t ttft_ns, itl_ns;
static int tokens;
static volatile sig_atomic_t stopped;

static int64_t now_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void stop(int signal_number) {
    (void)signal_number;
    stopped = 1;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void heap_put(int at, struct connection *each) {
    heap[at] = each;
    each->heap_at = at;
}

static void sift_up(int at) {
    struct connection *each = heap[at];
    while (at > 0 && heap[(at - 1) / 2]->due_ns > each->due_ns) {
        heap_put(at, heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(at, each);
}

static void sift_down(int at) {
    struct connection *each = heap[at];
    for (int child; (child = 2 * at + 1) < heap_size; at = child) {
        if (child + 1 < heap_size && heap[child + 1]->due_ns < heap[child]->due_ns) child++;
        if (heap[child]->due_ns >= each->due_ns) break;
        heap_put(at, heap[child]);
    }
    heap_put(at, each);
}

static void heap_remove(int at) {
    struct connection *last = heap[--heap_size];
    if (at == heap_size) return;
    heap_put(at, last);
    sift_up(at);
    sift_down(last->heap_at);
}

static void leave(struct connection *each) {
    if (each->streaming) heap_remove(each->heap_at);
    each->streaming = 0;
    close(each->fd);
    free(each->buffer);
    each->buffer = NULL;
}

static int chunk(char *out, const char *event) {
    return sprintf(out, "%zx\r\n%s\r\n", strlen(event), event);
}

static void write_token(struct connection *each) {
    char event[600], out[1600];
    const char *form = each->is_chat
        ? "data: {\"id\":\"gt-%ld\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"ground-truth\","
          "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token \"},\"logprobs\":null,\"finish_reason\":%s}]}\n\n"
        : "data: {\"id\":\"gt-%ld\",\"object\":\"text_completion\",\"created\":1,\"model\":\"ground-truth\","
          "\"choices\":[{\"index\":0,\"text\":\"token \",\"logprobs\":null,\"finish_reason\":%s}]}\n\n";
    int size = 0, is_last = each->token + 1 == tokens;
    if (each->token == 0)
        size += sprintf(out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    sprintf(event, form, each->request, is_last ? "\"stop\"" : "null");
    size += chunk(out + size, event);
    if (is_last) {
        sprintf(event,
                "data: {\"id\":\"gt-%ld\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"ground-truth\","
                "\"choices\":[],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n",
                each->request, tokens, tokens + 8);
        size += chunk(out + size, event);
        size += chunk(out + size, "data: [DONE]\n\n");
        size += sprintf(out + size, "0\r\n\r\n");
    }
    requests[each->request].written_ns[each->token] = now_ns(CLOCK_MONOTONIC);
    if (write(each->fd, out, size) != size) {
        leave(each);
        return;
    }
    each->token++;
    each->due_ns += itl_ns;
    if (is_last) {
        each->streaming = 0;
        heap_remove(each->heap_at);
    } else {
        sift_down(each->heap_at);
    }
}

static void begin_stream(struct connection *each, int64_t arrived_ns) {
    if (request_count == MOST_REQUESTS) die("too many requests");
    each->request = request_count++;
    requests[each->request].arrived_ns = arrived_ns;
    requests[each->request].written_ns = calloc(tokens, sizeof(int64_t));
    each->is_chat = strstr(each->buffer, "/chat/") != NULL;
    each->token = 0;
    each->due_ns = arrived_ns + ttft_ns;
    each->streaming = 1;
    heap_put(heap_size, each);
    sift_up(heap_size++);
}

static void answer_get(struct connection *each) {
    static const char body[] = "{\"object\":\"list\",\"data\":[{\"id\":\"ground-truth\",\"object\":\"model\",\"created\":1}]}";
    char out[400];
    int size = sprintf(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                       sizeof body - 1, body);
    if (write(each->fd, out, size) != size) leave(each);
}

static void read_request(struct connection *each) {
    char control[128];
    struct iovec into = {each->buffer + each->have, REQUEST_BYTES - each->have - 1};
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(each->fd, &message, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN) leave(each);
        return;
    }
    each->have += size;
    each->buffer[each->have] = 0;
    char *head_end = strstr(each->buffer, "\r\n\r\n"), *length = strcasestr(each->buffer, "\r\ncontent-length:");
    if (!head_end || each->streaming) return;
    size_t whole = head_end + 4 - each->buffer + (length && length < head_end ? strtoul(length + 17, NULL, 10) : 0);
    if (each->have < whole) return;
    int64_t arrived_ns = now_ns(CLOCK_MONOTONIC), offset_ns = arrived_ns - now_ns(CLOCK_REALTIME);
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
            arrived_ns = stamp.tv_sec * 1000000000LL + stamp.tv_nsec + offset_ns;
        }
    each->have = 0;
    if (strncmp(each->buffer, "POST", 4) == 0)
        begin_stream(each, arrived_ns);
    else
        answer_get(each);
}

static void accept_all(int listener, int poll) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *each = &connections[fd];
        if (fd >= MOST_CONNECTIONS) die("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        *each = (struct connection){.fd = fd, .buffer = malloc(REQUEST_BYTES)};
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void write_truth(const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) die(path);
    for (long n = 0; n < request_count; n++) {
        fprintf(file, "%ld %ld", n, (long)requests[n].arrived_ns);
        for (int token = 0; token < tokens; token++) fprintf(file, " %ld", (long)requests[n].written_ns[token]);
        fputc('\n', file);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    fclose(file);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: truth_server TTFT_US ITL_US TOKENS TRUTH_FILE\n");
        return 2;
    }
    ttft_ns = atol(arguments[1]) * 1000LL;
    itl_ns = atol(arguments[2]) * 1000LL;
    tokens = atoi(arguments[3]);
    struct sigaction on_stop = {.sa_handler = stop};
    sigaction(SIGTERM, &on_stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[512];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (!stopped) {
        int64_t now = now_ns(CLOCK_MONOTONIC), left = heap_size ? heap[0]->due_ns - now : 100000000LL;
        if (left < 0) left = 0;
        struct timespec wait = {left / 1000000000LL, left % 1000000000LL};
        int found = epoll_pwait2(poll, ready, 512, &wait, NULL);
        for (int n = 0; n < found; n++) {
            if (ready[n].data.fd == listener)
                accept_all(listener, poll);
            else if (connections[ready[n].data.fd].buffer)
                read_request(&connections[ready[n].data.fd]);
        }
        for (int n = 0; n < 64 && heap_size && heap[0]->due_ns <= now_ns(CLOCK_MONOTONIC); n++) write_token(heap[0]);
    }
    write_truth(arguments[4]);
    return 0;
}
