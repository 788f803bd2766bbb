/* Forks before it calls HIP: parent and child each start a runtime of their own. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int hipFree(void *);
int hipMalloc(void **, size_t);

static int use(void)
{
    void *memory;
    return hipMalloc(&memory, 64) || hipFree(memory);
}

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        printf("child %d\n", use());
        return 0;
    }
    int status;
    waitpid(child, &status, 0);
    printf("parent %d\n", use());
    return status;
}
