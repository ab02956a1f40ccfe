/* All values of something that was measured, and how they are spread. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint32_t *values; size_t count, room; } Samples;

static void note(Samples *of, uint64_t value) {
    if (of->count == of->room) {
        of->room = of->room * 2 + 4096;
        of->values = realloc(of->values, of->room * sizeof *of->values);
        if (!of->values) abort();
    }
    of->values[of->count++] = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static int order(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Print a JSON member with the values that 5, 10, … of 100 are at most. */
static void tell(const char *name, Samples *of) {
    static const double shares[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};
    if (of->count) qsort(of->values, of->count, sizeof *of->values, order);
    printf(",\"%s\":{", name);
    for (size_t i = 0; of->count && i < sizeof shares / sizeof *shares; i++) {
        size_t at = (size_t)(shares[i] * (double)(of->count - 1) + 0.5);
        printf("%s\"%g\":%u", i ? "," : "", shares[i] * 100, of->values[at]);
    }
    printf("}");
}
