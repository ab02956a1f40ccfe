/* A model that answers chat completions at once: the upstream of every contestant.
 *
 *     upstream PORT
 *
 * One thread, one epoll. What it says is what the last message of the request says. With
 * `"stream":true` it says it twice, in pieces: a model named `mock-DELAY-CHUNKS` is cut into CHUNKS
 * events, one every DELAY milliseconds, or as fast as the reader reads where DELAY is 0. Each event
 * carries, in `system_fingerprint`, the microsecond (CLOCK_MONOTONIC) when it was made.
 * `GET /stats` tells, by the first segment of the path that requests came on, how many there were,
 * and how many of them held an `@`, which is in mail addresses alone: personal data that came through.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared.h"

enum { MOST_EVENTS = 256, READ = 65536, EVENTS_A_WRITE = 4, MOST_NAMES = 64 };

typedef struct Connection {
    int fd, place;          /* place: in `streaming`, or -1 */
    bool waits_to_write;
    Buffer in, out, text;
    size_t sent, chunk, chunks;
    uint64_t due, delay;    /* microseconds */
} Connection;

static int poller;
static Connection **streaming;
static size_t streams, room_for_streams;
static struct { char name[32]; uint64_t requests, leaks; } counts[MOST_NAMES];

static void leave_streaming(Connection *one) {
    if (one->place < 0) return;
    Connection *last = streaming[--streams];
    streaming[one->place] = last;
    last->place = one->place;
    one->place = -1;
}

static void end(Connection *one) {
    leave_streaming(one);
    close(one->fd);
    free(one->in.data);
    free(one->out.data);
    free(one->text.data);
    one->fd = -1; /* freed by the loop, which may still hold an event of it */
}

static void watch(Connection *one, bool write) {
    if (one->waits_to_write == write) return;
    one->waits_to_write = write;
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = one};
    epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event);
}

static bool push(Connection *one) {
    while (one->sent < one->out.length) {
        ssize_t n = send(one->fd, one->out.data + one->sent, one->out.length - one->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) { end(one); return false; }
            watch(one, true);
            return true;
        }
        one->sent += (size_t)n;
    }
    one->sent = one->out.length = 0;
    watch(one, false);
    return true;
}

static void chunk(Connection *one, const char *delta, size_t length, const char *finish) {
    char event[4096], head[16];
    int n = snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"mock\",\"system_fingerprint\":\"t%llu\",\"choices\":[{\"index\":0,\"delta\":{%s"
        "\"content\":\"%.*s\"},\"finish_reason\":%s}]}\n\n",
        (unsigned long long)now(), one->chunk == 0 ? "\"role\":\"assistant\"," : "", (int)length, delta, finish);
    if (n >= (int)sizeof event) abort();
    add(&one->out, head, (size_t)sprintf(head, "%x\r\n", n));
    add(&one->out, event, (size_t)n);
    add(&one->out, "\r\n", 2);
}

/* Say what is due: one event of a slow stream, some of a fast one. */
static bool speak(Connection *one) {
    if (one->sent < one->out.length) return true; /* the reader is slow */
    int most = one->delay ? 1 : EVENTS_A_WRITE;
    for (int i = 0; i < most && one->place >= 0; i++) {
        if (one->chunk == one->chunks) {
            static const char stop[] =
                "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                "\"model\":\"mock\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                "data: [DONE]\n\n";
            char head[16];
            add(&one->out, head, (size_t)sprintf(head, "%zx\r\n", sizeof stop - 1));
            add(&one->out, stop, sizeof stop - 1);
            add(&one->out, "\r\n0\r\n\r\n", 7);
            leave_streaming(one);
            break;
        }
        size_t from = one->text.length * one->chunk / one->chunks;
        size_t to = one->text.length * (one->chunk + 1) / one->chunks;
        chunk(one, one->text.data + from, to - from, "null");
        one->chunk++;
    }
    one->due += one->delay;
    return push(one);
}

/* The last string under `name`, without its quotes. */
static const char *last_string(const char *body, const char *name, size_t *length) {
    const char *found = NULL;
    for (const char *at = body; (at = member(at, name));) found = at;
    return string(found, length);
}

static void simple(Connection *one, const char *status, const char *body, size_t length) {
    char head[160];
    int n = snprintf(head, sizeof head,
        "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n", status, length);
    add(&one->out, head, (size_t)n);
    add(&one->out, body, length);
}

static void answer(Connection *one, const char *head, const char *body, size_t length) {
    if (!strncmp(head, "GET ", 4)) {
        char stats[8192] = "{";
        size_t n = 1;
        for (int i = 0; i < MOST_NAMES && counts[i].requests; i++)
            n += (size_t)sprintf(stats + n, "%s\"%s\":[%llu,%llu]", i ? "," : "", counts[i].name,
                                 (unsigned long long)counts[i].requests, (unsigned long long)counts[i].leaks);
        simple(one, "200 OK", strcat(stats, "}"), n + 1);
        return;
    }
    char name[32] = "";
    sscanf(head, "%*s /%31[^/ ?\"]", name);
    for (int i = 0; i < MOST_NAMES; i++) {
        if (counts[i].requests && strcmp(counts[i].name, name)) continue;
        strcpy(counts[i].name, name);
        counts[i].requests++;
        if (memchr(body, '@', length)) counts[i].leaks++;
        break;
    }
    size_t size;
    const char *text = last_string(body, "\"content\"", &size);
    if (!size) text = last_string(body, "\"text\"", &size);
    one->text.length = 0;
    const char *stream = member(body, "\"stream\"");
    if (!stream || *stream != 't') {
        static const char before[] =
            "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock\","
            "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"";
        static const char after[] =
            "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":100,"
            "\"total_tokens\":200}}";
        add(&one->text, before, sizeof before - 1);
        add(&one->text, text, size);
        add(&one->text, after, sizeof after - 1);
        simple(one, "200 OK", one->text.data, one->text.length);
        return;
    }
    for (int i = 0; i < 2; i++) {
        add(&one->text, text, size);
        add(&one->text, " ", 1);
    }
    unsigned long delay = 0, chunks = 300;
    const char *model = strstr(body, "mock-");
    if (model) sscanf(model, "mock-%lu-%lu", &delay, &chunks);
    one->delay = delay * 1000;
    one->chunk = 0;
    one->chunks = chunks ? chunks : 1;
    one->due = now();
    if (streams == room_for_streams) {
        room_for_streams = room_for_streams * 2 + 64;
        streaming = realloc(streaming, room_for_streams * sizeof *streaming);
        if (!streaming) abort();
    }
    one->place = (int)streams;
    streaming[streams++] = one;
    static const char start[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    add(&one->out, start, sizeof start - 1);
}

/* Answer the requests that are complete, up to one that streams. */
static bool take(Connection *one) {
    while (one->place < 0 && one->in.length) {
        char *stop = strstr(one->in.data, "\r\n\r\n");
        if (!stop) break;
        size_t head = (size_t)(stop - one->in.data) + 4, body = 0;
        for (char *line = one->in.data; line < stop; line = strstr(line, "\r\n") + 2)
            if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
            else if (!strncasecmp(line, "transfer-encoding:", 18)) { end(one); return false; }
        if (one->in.length < head + body) break;
        char kept = one->in.data[head + body];
        one->in.data[head + body] = 0;
        answer(one, one->in.data, one->in.data + head, body);
        one->in.data[head + body] = kept;
        one->in.length -= head + body;
        memmove(one->in.data, one->in.data + head + body, one->in.length + 1);
    }
    return push(one);
}

static void hear(Connection *one) {
    static char data[READ];
    for (;;) {
        ssize_t n = recv(one->fd, data, sizeof data, 0);
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) { end(one); return; }
        add(&one->in, data, (size_t)n);
        if (n < READ) break;
    }
    take(one);
}

int main(int count, char **arguments) {
    if (count != 2) { fprintf(stderr, "upstream PORT\n"); return 2; }
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("upstream");
        return 1;
    }
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[MOST_EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int wait = -1;
        uint64_t time = now();
        for (size_t i = 0; i < streams; i++) {
            Connection *one = streaming[i];
            if (one->sent < one->out.length) continue;
            int until = one->due <= time ? 0 : (int)((one->due - time + 999) / 1000);
            if (wait < 0 || until < wait) wait = until;
        }
        int n = epoll_wait(poller, events, MOST_EVENTS, wait);
        Connection *gone[MOST_EVENTS];
        int ended = 0;
        for (int i = 0; i < n; i++) {
            Connection *one = events[i].data.ptr;
            if (!one) {
                int fd;
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                    one = calloc(1, sizeof *one);
                    one->fd = fd;
                    one->place = -1;
                    struct epoll_event mine = {.events = EPOLLIN, .data.ptr = one};
                    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &mine);
                }
                continue;
            }
            if (events[i].events & EPOLLOUT) push(one);
            if (one->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(one);
            if (one->fd < 0) gone[ended++] = one;
        }
        for (int i = 0; i < ended; i++) free(gone[i]);
        time = now();
        for (size_t i = streams; i-- > 0;) {
            Connection *one = streaming[i];
            if (one->due > time) continue;
            speak(one);
            if (one->fd >= 0 && one->place < 0) take(one);
            if (one->fd < 0) free(one);
        }
    }
}
