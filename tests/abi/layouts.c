/* Calls libamdhip64 as a program compiled against AMD's headers would: through dlsym, with structures
 * laid out by hand. Prints what differs and returns how much that was. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static void *library;

#define EXPECT(expected, actual)                                                                   \
    do {                                                                                           \
        long long e_ = (long long)(expected), a_ = (long long)(actual);                            \
        if (e_ != a_) {                                                                            \
            printf("line %d: %s is %lld, not %lld\n", __LINE__, #actual, a_, e_);                  \
            ++failures;                                                                            \
        }                                                                                          \
    } while (0)

static void *symbol(const char *name, const char *version)
{
    void *found = version ? dlvsym(library, name, version) : dlsym(library, name);
    if (!found) {
        printf("%s is missing: %s\n", name, dlerror());
        exit(99);
    }
    return found;
}

#define FN(name) ((int (*)())symbol(#name, NULL))

typedef struct {
    uint32_t x, y, z;
} dim3;
typedef struct {
    size_t width, height, depth;
} extent;
typedef struct {
    void *ptr;
    size_t pitch, xsize, ysize;
} pitched;
typedef struct {
    int x, y, z, w, f;
} channel;

static void properties(void)
{
    char *block = calloc(1, 1472 + 64);
    memset(block + 1472, 0x5A, 64);
    EXPECT(0, FN(hipGetDevicePropertiesR0600)(block, 0));
    EXPECT(0x5A, block[1472]);
    EXPECT(64, *(int *)(block + 308));
    EXPECT(1024, *(int *)(block + 320));
    EXPECT(9, *(int *)(block + 360));
    EXPECT(304, *(int *)(block + 388));
    EXPECT(0, strncmp(block + 1160, "gfx942", 6));
    memset(block, 0, 1472);
    memset(block + 792, 0x5A, 64);
    EXPECT(0, FN(hipGetDeviceProperties)(block, 0));
    EXPECT(0x5A, block[792]);
    EXPECT(64, *(int *)(block + 276));
    EXPECT(0, strncmp(block + 396, "gfx942", 6));
    free(block);
}

static void structures_by_value(void)
{
    typedef int (*push)(dim3, dim3, size_t, void *);
    typedef int (*pop)(dim3 *, dim3 *, size_t *, void **);
    dim3 grid = {1, 2, 3}, block = {4, 5, 6}, g, b;
    size_t shared;
    void *stream;
    push push_configuration = (push)symbol("__hipPushCallConfiguration", NULL);
    pop pop_configuration = (pop)symbol("__hipPopCallConfiguration", NULL);
    EXPECT(0, push_configuration(grid, block, 777, (void *)0x1234));
    EXPECT(0, push_configuration(block, grid, 888, NULL));
    EXPECT(0, pop_configuration(&g, &b, &shared, &stream));
    EXPECT(4, g.x);
    EXPECT(3, b.z);
    EXPECT(888, shared);
    EXPECT(0, pop_configuration(&g, &b, &shared, &stream));
    EXPECT(2, g.y);
    EXPECT(6, b.z);
    EXPECT(777, shared);
    EXPECT(0x1234, (intptr_t)stream);
    EXPECT(52, pop_configuration(&g, &b, &shared, &stream));
    EXPECT(52, FN(hipGetLastError)());

    pitched memory;
    extent size = {100, 5, 2};
    EXPECT(0, ((int (*)(pitched *, extent))symbol("hipMalloc3D", NULL))(&memory, size));
    EXPECT(100, memory.xsize);
    EXPECT(5, memory.ysize);
    EXPECT(1, memory.pitch >= 100);
    EXPECT(0, ((int (*)(pitched, int, extent))symbol("hipMemset3D", NULL))(memory, 0x33, size));
    char row[100];
    char *last = (char *)memory.ptr + (2 * 5 - 1) * memory.pitch;
    EXPECT(0, ((int (*)(void *, const void *, size_t, int))symbol("hipMemcpy", NULL))(row, last, 100, 2));
    EXPECT(0x33, row[99]);
    EXPECT(0, FN(hipFree)(memory.ptr));

    channel made = ((channel(*)(int, int, int, int, int))symbol("hipCreateChannelDesc", NULL))(8, 16, 0, 1, 2);
    EXPECT(16, made.y);
    EXPECT(2, made.f);
}

static void *thread_body(void *argument)
{
    int device = -1;
    EXPECT(0, FN(hipGetDevice)(&device));
    EXPECT(0, device);
    EXPECT(1, FN(hipMalloc)(NULL, (size_t)1));
    EXPECT(1, FN(hipGetLastError)());
    return argument;
}

static void threads(void)
{
    pthread_t many[50];
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 50; ++i)
            pthread_create(&many[i], NULL, thread_body, NULL);
        for (int i = 0; i < 50; ++i)
            pthread_join(many[i], NULL);
    }
    EXPECT(0, FN(hipGetLastError)());
}

static void versions(void)
{
    EXPECT(1, symbol("hipMalloc", "hip_4.2") == symbol("hipMalloc", NULL));
    EXPECT(1, symbol("hipMallocAsync", "hip_5.1") == symbol("hipMallocAsync", NULL));
    EXPECT(1, symbol("hipGetProcAddress", "hip_6.1") == symbol("hipGetProcAddress", NULL));
    EXPECT(1, dlvsym(library, "hipMalloc", "hip_9.9") == NULL);
    EXPECT(1, dlsym(library, "anyroc_entries") != NULL);
    EXPECT(1, dlsym(library, "enter") == NULL);
}

static void pointers(void)
{
    typedef struct {
        int type, device;
        void *devicePointer, *hostPointer;
        int isManaged;
        unsigned allocationFlags;
    } attributes;
    attributes found;
    void *memory;
    EXPECT(0, FN(hipMalloc)(&memory, (size_t)64));
    EXPECT(0, FN(hipPointerGetAttributes)(&found, memory));
    EXPECT(2, found.type);
    EXPECT((intptr_t)memory, (intptr_t)found.devicePointer);
    EXPECT(0, FN(hipPointerGetAttributes)(&found, &found));
    EXPECT(0, found.type);
    EXPECT(-2, found.device);
    EXPECT(0, FN(hipFree)(memory));
    EXPECT(1, FN(hipFree)(memory));
}

int main(int argc, char **argv)
{
    library = dlopen(argc > 1 ? argv[1] : "libamdhip64.so", RTLD_NOW);
    if (!library) {
        printf("%s\n", dlerror());
        return 98;
    }
    int count = 0;
    EXPECT(0, FN(hipGetDeviceCount)(&count));
    EXPECT(1, count);
    properties();
    structures_by_value();
    threads();
    versions();
    pointers();
    for (int i = 2; i < argc; ++i) {
        void *other = dlopen(argv[i], RTLD_NOW);
        EXPECT(1, other == library);
    }
    printf("%d differences\n", failures);
    return failures != 0;
}
