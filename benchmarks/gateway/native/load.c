/* Sends chat completions over many connections, checks every reply and tells how long they took.
 *
 *     load PORT CONNECTIONS WARM SECONDS SPREAD CHECK FILE [once]
 *
 * FILE holds two lines for each request: its body, and what the reply must say; each connection
 * takes the next pair, from the first again after the last, or stops there with `once`. Counted is
 * what happens in SECONDS after WARM seconds; requests that are under way then are waited for.
 * Connections start over SPREAD milliseconds. CHECK: `equal`, the reply says just that (a stream
 * twice, each with a blank); `holds`, it holds that; `any`, it says something. One thread, one
 * epoll. Times are microseconds of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pairs.h"
#include "samples.h"
#include "shared.h"

enum { READ = 65536, MOST_EVENTS = 256, DRAIN = 8 };

typedef struct {
    int fd;
    bool busy, head_read, chunked, stream, ok, done;
    const Pair *pair;
    size_t sent;
    Buffer request, in, body, said;   /* body: of a stream, the line that is not complete */
    size_t left;                      /* bytes of the body, or of the chunk and its line end */
    bool in_chunk;
    uint64_t begun, first, last;
} Connection;

static int poller, port;
static size_t next_pair;
static bool once;
static const char *check;
static uint64_t start, opens, closes, last_done;
static uint64_t good, wrong, failed, characters, events_seen, under_way;
static Samples latency, first_token, gaps, delays;
static char complaint[400];

static bool counts(uint64_t time) { return time >= opens && time < closes; }

static void complain(const char *what, const char *text, size_t length) {
    if (!complaint[0])
        snprintf(complaint, sizeof complaint, "%s: %.*s", what, (int)(length > 300 ? 300 : length), text);
}

static void dial(Connection *one) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)port);
    int yes = 1;
    one->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(one->fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); exit(1); }
    fcntl(one->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    epoll_ctl(poller, EPOLL_CTL_ADD, one->fd, &event);
}

static void push(Connection *one) {
    while (one->sent < one->request.length) {
        ssize_t n = send(one->fd, one->request.data + one->sent, one->request.length - one->sent, MSG_NOSIGNAL);
        if (n < 0) break; /* a full buffer is tried again; an end is seen by the reader */
        one->sent += (size_t)n;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    if (one->sent < one->request.length) event.events |= EPOLLOUT;
    epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event);
}

static void ask(Connection *one) {
    if (now() >= closes || (once && next_pair >= pair_count)) { one->done = true; return; }
    one->pair = &pairs[next_pair++ % pair_count];
    one->request.length = one->in.length = one->body.length = one->said.length = 0;
    char head[256];
    int n = snprintf(head, sizeof head,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nauthorization: Bearer sk-bench\r\n"
        "content-type: application/json\r\naccept: */*\r\ncontent-length: %zu\r\n\r\n", port, one->pair->length);
    add(&one->request, head, (size_t)n);
    add(&one->request, one->pair->body, one->pair->length);
    one->sent = 0;
    one->head_read = one->chunked = one->stream = one->in_chunk = false;
    one->ok = one->busy = true;
    one->left = 0;
    one->first = one->last = 0;
    under_way++;
    one->begun = now();
    push(one);
}

/* What a reply or an event says; texts here need no escapes. */
static const char *content(const char *json, size_t *length) {
    return string(member(json, "\"content\""), length);
}

static bool right(Connection *one) {
    const char *said = one->said.data, *expected = one->pair->expected;
    size_t length = one->said.length, size = one->pair->expected_length;
    if (!one->ok || !length) return false;
    if (*check == 'a') return true;
    if (*check == 'h') return memmem(said, length, expected, size) != NULL;
    if (!one->stream) return length == size && !memcmp(said, expected, size);
    return length == 2 * size + 2 && !memcmp(said, expected, size) && said[size] == ' '
        && !memcmp(said + size + 1, expected, size) && said[length - 1] == ' ';
}

static void finished(Connection *one) {
    uint64_t time = now();
    if (!one->stream) {
        size_t length;
        const char *text = one->body.length ? content(one->body.data, &length) : (length = 0, "");
        add(&one->said, text, length);
    }
    if (!right(one)) {
        wrong++;
        if (!one->ok || !one->said.length) complain("reply", one->body.data ? one->body.data : "", one->body.length);
        else complain("said", one->said.data, one->said.length);
    } else if (counts(time)) {
        good++;
        note(&latency, time - one->begun);
        if (!one->stream) characters += one->said.length;
        if (one->first) note(&first_token, one->first - one->begun);
        last_done = time;
    }
    one->busy = false;
    under_way--;
    ask(one);
}

static void line(Connection *one, char *text, size_t length) {
    if (length < 6 || strncmp(text, "data:", 5)) return;
    if (strstr(text, "[DONE]")) { one->ok = true; return; }
    size_t size;
    const char *piece = content(text, &size);
    if (!size) {
        if (strstr(text, "\"error\"")) complain("event", text, length);
        return;
    }
    uint64_t time = now();
    add(&one->said, piece, size);
    if (!one->first) one->first = time;
    if (counts(time)) {
        characters += size;
        events_seen++;
        if (one->last) note(&gaps, time - one->last);
        const char *made = strstr(text, "\"system_fingerprint\"");
        if (made && (made = strstr(made + 20, "\"t"))) note(&delays, time - strtoull(made + 2, NULL, 10));
    }
    one->last = time;
}

static void body(Connection *one, const char *data, size_t length) {
    add(&one->body, data, length);
    if (!one->stream) return;
    char *from = one->body.data, *stop;
    while ((stop = memchr(from, '\n', one->body.length - (size_t)(from - one->body.data)))) {
        *stop = 0;
        line(one, from, (size_t)(stop - from));
        from = stop + 1;
    }
    one->body.length -= (size_t)(from - one->body.data);
    memmove(one->body.data, from, one->body.length);
    one->body.data[one->body.length] = 0;
}

/* Read what has come; true when the reply is complete. */
static bool read_reply(Connection *one) {
    char *at = one->in.data, *stop = one->in.data + one->in.length;
    bool complete = false;
    if (!one->head_read) {
        char *end = strstr(at, "\r\n\r\n");
        if (!end) return false;
        one->head_read = true;
        one->ok = !strncmp(at, "HTTP/1.1 200", 12);
        for (char *header = strstr(at, "\r\n") + 2; header < end + 2; header = strstr(header, "\r\n") + 2) {
            if (!strncasecmp(header, "content-length:", 15)) one->left = strtoul(header + 15, NULL, 10);
            if (!strncasecmp(header, "transfer-encoding:", 18)) one->chunked = true;
            if (!strncasecmp(header, "content-type:", 13))
                one->stream = strstr(header, "event-stream") && strstr(header, "event-stream") < strstr(header, "\r\n");
        }
        if (one->stream) one->ok = false; /* until [DONE] */
        at = end + 4;
        complete = !one->chunked && !one->left;
    }
    while (at < stop) {
        if (one->chunked && !one->in_chunk) {
            char *end = memmem(at, (size_t)(stop - at), "\r\n", 2);
            if (!end) break;
            one->left = strtoul(at, NULL, 16);
            if (!one->left) {
                if (stop - end < 4) break;
                complete = true;
                at = end + 4;
                break;
            }
            one->left += 2;
            one->in_chunk = true;
            at = end + 2;
            continue;
        }
        size_t take = (size_t)(stop - at) < one->left ? (size_t)(stop - at) : one->left;
        if (one->chunked) {
            /* the line end of a chunk is not part of it */
            size_t after = one->left - take, text = take;
            if (after < 2) text = take > 2 - after ? take - (2 - after) : 0;
            if (text) body(one, at, text);
        } else body(one, at, take);
        at += take;
        one->left -= take;
        if (!one->left) {
            one->in_chunk = false;
            if (!one->chunked) { complete = true; break; }
        }
    }
    one->in.length = (size_t)(stop - at);
    memmove(one->in.data, at, one->in.length + 1);
    return complete;
}

static void hear(Connection *one) {
    static char data[READ];
    ssize_t n = recv(one->fd, data, sizeof data, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        close(one->fd);
        if (one->busy) { failed++; under_way--; one->busy = false; complain("closed", "", 0); }
        if (failed > 1000) exit(3);
        dial(one);
        ask(one);
        return;
    }
    add(&one->in, data, (size_t)n);
    if (one->busy && read_reply(one)) finished(one);
}

int main(int count, char **arguments) {
    if (count < 8) { fprintf(stderr, "load PORT CONNECTIONS WARM SECONDS SPREAD CHECK FILE [once]\n"); return 2; }
    port = atoi(arguments[1]);
    size_t connections = strtoul(arguments[2], NULL, 10), asked = 0;
    double warm = atof(arguments[3]), seconds = atof(arguments[4]), spread = atof(arguments[5]);
    check = arguments[6];
    read_pairs(arguments[7]);
    once = count > 8;
    poller = epoll_create1(0);
    Connection *all = calloc(connections, sizeof *all);
    for (size_t i = 0; i < connections; i++) dial(&all[i]);
    start = now();
    opens = start + (uint64_t)(warm * 1e6);
    closes = opens + (uint64_t)(seconds * 1e6);
    struct epoll_event events[MOST_EVENTS];
    for (;;) {
        uint64_t time = now();
        while (asked < connections && time - start >= (uint64_t)(spread * 1000 * (double)asked / (double)connections))
            ask(&all[asked++]);
        if (asked == connections && !under_way) break;
        if (time > closes + DRAIN * 1000000ull) break;
        int n = epoll_wait(poller, events, MOST_EVENTS, asked < connections ? 1 : 100);
        for (int i = 0; i < n; i++) {
            Connection *one = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) push(one);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(one);
        }
    }
    double counted = once && last_done && last_done < closes ? (double)(last_done - opens) / 1e6 : seconds;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"seconds\":%.6f,\"good\":%llu,\"wrong\":%llu,\"failed\":%llu,\"unanswered\":%llu,"
           "\"characters\":%llu,\"events\":%llu,\"cpu\":%.3f",
           counted, (unsigned long long)good, (unsigned long long)wrong, (unsigned long long)failed,
           (unsigned long long)under_way, (unsigned long long)characters, (unsigned long long)events_seen, cpu);
    tell("latency", &latency);
    tell("first_token", &first_token);
    tell("gaps", &gaps);
    tell("delays", &delays);
    printf(",\"complaint\":\"");
    for (const char *c = complaint; *c; c++)
        if (*c == '"' || *c == '\\') printf("\\%c", *c);
        else if ((unsigned char)*c >= ' ') putchar(*c);
    printf("\"}\n");
    return 0;
}
