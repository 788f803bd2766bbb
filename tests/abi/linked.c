/* Linked against libamdhip64.so; frees device memory in a handler that runs at exit. */
#include <stdio.h>
#include <stdlib.h>

int hipFree(void *);
int hipMalloc(void **, size_t);
int hipMemcpy(void *, const void *, size_t, int);
int hipMemset(void *, int, size_t);

static void *memory;

static void at_end(void)
{
    if (hipFree(memory) != 0)
        abort();
}

int main(void)
{
    char text[8] = "xxxxxxx";
    atexit(at_end);
    if (hipMalloc(&memory, 100) || hipMemset(memory, 'A', 7) || hipMemcpy(text, memory, 7, 2))
        return 1;
    puts(text);
    return 5;
}
