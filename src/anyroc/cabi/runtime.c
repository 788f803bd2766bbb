/* What every library made from a table has in common: the way from a C function to its Python body.
 *
 * `entries[i]` is the Python body of function i, or null when there is none or when Python
 * is not there (yet, or any more). The generated functions follow in one translation unit.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

typedef void (*entry_fn)(void);

/* With ASKING all is left to Python, as BOUND does only with what C cannot answer: for tests. */
enum { UNBOUND, BOUND, CLOSED, ASKING };

/* Several of these libraries may share a process: what has a name of its own in each is static, and
 * Python gets the addresses from functions. */
static int state = UNBOUND;
static entry_fn entries[FUNCTIONS];
static const char *const function_names[FUNCTIONS];

API void *anyroc_state(void)
{
    return &state;
}

API void *anyroc_entries(void)
{
    return entries;
}

/* The part of Python's C API that this file needs, the same in every version since 3.10. */
static struct {
    int (*is_initialized)(void);
    int (*holds_lock)(void);
    int (*gil_ensure)(void);
    void (*gil_release)(int);
    void *(*this_thread)(void);
    void *(*save_thread)(void);
    void (*restore_thread)(void *);
    void (*clear_thread)(void *);
    void (*delete_thread)(void);
    void (*initialize)(int);
    int (*run)(const char *, void *);
    void (*interrupt)(void);
    int (*check_signals)(void);
    void (*clear_error)(void);
} python;

static pthread_key_t thread_end;
static __thread int thread_known;

static void find_python(void *library)
{
    python.is_initialized = (int (*)(void))dlsym(library, "Py_IsInitialized");
    python.holds_lock = (int (*)(void))dlsym(library, "PyGILState_Check");
    python.gil_ensure = (int (*)(void))dlsym(library, "PyGILState_Ensure");
    python.gil_release = (void (*)(int))dlsym(library, "PyGILState_Release");
    python.this_thread = (void *(*)(void))dlsym(library, "PyGILState_GetThisThreadState");
    python.save_thread = (void *(*)(void))dlsym(library, "PyEval_SaveThread");
    python.restore_thread = (void (*)(void *))dlsym(library, "PyEval_RestoreThread");
    python.clear_thread = (void (*)(void *))dlsym(library, "PyThreadState_Clear");
    python.delete_thread = (void (*)(void))dlsym(library, "PyThreadState_DeleteCurrent");
    python.initialize = (void (*)(int))dlsym(library, "Py_InitializeEx");
    python.run = (int (*)(const char *, void *))dlsym(library, "PyRun_SimpleStringFlags");
    python.interrupt = (void (*)(void))dlsym(library, "PyErr_SetInterrupt");
    python.check_signals = (int (*)(void))dlsym(library, "PyErr_CheckSignals");
    python.clear_error = (void (*)(void))dlsym(library, "PyErr_Clear");
}

/* A thread that Python did not start keeps one thread state for its whole life: making one per call
 * costs 8 to 20 microseconds. This gives it back. By now Python's own thread-specific pointer to it
 * may be gone, so PyGILState_Release would not find it. */
static void forget_thread(void *thread)
{
    if (state != BOUND || !python.is_initialized())
        return;
    python.restore_thread(thread);
    python.clear_thread(thread);
    python.delete_thread();
}

/* Let Python bind the library that this code is in. A Python that does not know anyroc, as one in
 * another environment, gets it from where the library was built, if it is of the same version. */
static void bind_python(void)
{
    Dl_info self;
    char path[4096], statement[sizeof path + sizeof BIND_PYTHON];
    if (!dladdr((void *)&state, &self) || strlen(self.dli_fname) + 16 > sizeof path)
        return;
    if (python.run(FIND_ANYROC, NULL) != 0)
        return;
    snprintf(path, sizeof path, "r\"%s\"", self.dli_fname);
    snprintf(statement, sizeof statement, BIND_PYTHON "\n", path);
    python.run(statement, NULL);
}

/* Find Python in this process or, in a program that has none, start one: by default the one that
 * built this library; ANYROC_LIBPYTHON and ANYROC_PYTHONPATH choose another. */
static void start_python(void)
{
    find_python(RTLD_DEFAULT);
    if (!python.is_initialized) {
        const char *path = getenv("ANYROC_LIBPYTHON");
        void *library = dlopen(path ? path : DEFAULT_LIBPYTHON, RTLD_NOW | RTLD_GLOBAL);
        const char *problem = library ? "what should be Python's library is not" : dlerror();
        if (library)
            find_python(library);
        if (!python.is_initialized) {
            fprintf(stderr, "anyroc: %s\nhint: install Python's shared library (Debian: "
                            "libpython3-dev), or set ANYROC_LIBPYTHON to its path\n", problem);
            abort();
        }
    }
    pthread_key_create(&thread_end, forget_thread);
    if (python.is_initialized()) {
        if (state == UNBOUND) {
            int gil = python.gil_ensure();
            bind_python();
            python.gil_release(gil);
        }
        return;
    }
    python.initialize(0);
    bind_python();
    python.save_thread();
}

static void meet_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    thread_known = 1;
    if (state == CLOSED)
        return;
    pthread_once(&once, start_python);
    if (!python.this_thread()) {
        python.gil_ensure();
        pthread_setspecific(thread_end, python.save_thread());
    }
}

static entry_fn missing(int function)
{
    static char said[FUNCTIONS];
    if (state == BOUND && !__atomic_exchange_n(&said[function], 1, __ATOMIC_RELAXED))
        fprintf(stderr, "anyroc: %s is not implemented yet\n", function_names[function]);
    return NULL;
}

/* Return the Python body of a function, or null after having said that there is none. */
static inline entry_fn enter(int function)
{
    if (UNLIKELY(!thread_known))
        meet_thread();
    entry_fn body = __atomic_load_n(&entries[function], __ATOMIC_RELAXED);
    return UNLIKELY(!body) ? missing(function) : body;
}

/* From now on every function does nothing: Python is about to go away. */
API void anyroc_close(void)
{
    state = CLOSED;
    for (int i = 0; i < FUNCTIONS; ++i)
        __atomic_store_n(&entries[i], NULL, __ATOMIC_RELAXED);
}

static int (*exit_callback)(int status);

static void leave_process(int status, void *unused)
{
    (void)unused;
    if (state != BOUND || !exit_callback)
        return;
    int changed = exit_callback(status);
    if (changed != status) {
        fflush(NULL);
        _exit(changed);
    }
}

/* Have `callback` called when the program calls exit, after its own destructors; what it returns is
 * the process's exit status. Once Python has gone nothing is called. */
API void anyroc_at_exit(int (*callback)(int status))
{
    if (!exit_callback)
        on_exit(leave_process, NULL);
    exit_callback = callback;
}
