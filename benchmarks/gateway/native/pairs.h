/* The requests that are sent, two lines of a file for each: its body, and what the reply must say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef struct { const char *body, *expected; size_t length, expected_length; } Pair;

static Pair *pairs;
static size_t pair_count;

static void read_pairs(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) { perror(path); exit(1); }
    char *text = NULL;
    size_t room = 0, lines = 0, most = 0;
    ssize_t length;
    while ((length = getline(&text, &room, file)) > 0) {
        if (text[length - 1] == '\n') text[--length] = 0;
        if (lines / 2 >= most) {
            most = most * 2 + 1024;
            pairs = realloc(pairs, most * sizeof *pairs);
            if (!pairs) abort();
        }
        Pair *pair = &pairs[lines / 2];
        if (lines++ % 2 == 0) { pair->body = strdup(text); pair->length = (size_t)length; }
        else { pair->expected = strdup(text); pair->expected_length = (size_t)length; }
    }
    free(text);
    fclose(file);
    pair_count = lines / 2;
    if (!pair_count) { fprintf(stderr, "%s holds no requests\n", path); exit(1); }
}
