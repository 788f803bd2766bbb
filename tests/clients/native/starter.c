/* An executable that no Python started: loads a program built as a shared object, calls its main. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *program = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    int (*entry)(int, char **) = program ? (int (*)(int, char **))dlsym(program, "main") : NULL;
    if (!entry) {
        fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "usage: starter PROGRAM");
        return 2;
    }
    return entry(argc - 1, argv + 1);
}
