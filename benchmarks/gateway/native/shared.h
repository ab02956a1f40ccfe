/* What the upstream and the load have in common. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct { char *data; size_t length, room; } Buffer;

/* Microseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
static inline uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static inline void add(Buffer *to, const char *data, size_t length) {
    if (to->length + length + 1 > to->room) {
        to->room = (to->length + length + 1) * 2;
        to->data = realloc(to->data, to->room);
        if (!to->data) abort();
    }
    memcpy(to->data + to->length, data, length);
    to->length += length;
    to->data[to->length] = 0;
}

/* Where the value of a member starts that is called `name`, which has its quotes; or NULL. */
static inline const char *member(const char *json, const char *name) {
    const char *at = strstr(json, name);
    if (!at) return NULL;
    at += strlen(name);
    while (*at == ' ' || *at == ':') at++;
    return at;
}

/* The string that starts at `at`, without its quotes and as it is written; "" if none does. */
static inline const char *string(const char *at, size_t *length) {
    *length = 0;
    if (!at || *at++ != '"') return "";
    const char *stop = at;
    while (*stop && *stop != '"') stop += *stop == '\\' && stop[1] ? 2 : 1;
    *length = (size_t)(stop - at);
    return at;
}
