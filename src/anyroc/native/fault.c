/* Faults of generated code: a signal (or a call of anyroc_fault) leaves the wave, not the process.
 *
 * A thread that is about to run generated code, or to copy memory it was told about, points
 * anyroc_current_guard at a guard whose jump buffer it has set. Signals that arrive with no guard
 * are the host's own: they go to whoever handled them before. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "runtime.h"

/* Initial-exec: the first use in a signal handler must not allocate. */
_Thread_local struct anyroc_guard *anyroc_current_guard __attribute__((tls_model("initial-exec")));
static _Thread_local int chaining __attribute__((tls_model("initial-exec")));
static _Thread_local void *signal_stack __attribute__((tls_model("initial-exec")));

static const int caught[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
enum { CAUGHT = sizeof caught / sizeof *caught };
#define SIGNAL_STACK (64u << 10)

static struct sigaction previous[CAUGHT], original[CAUGHT];
static int installed;
static struct lock handlers_lock;

_Noreturn void anyroc_fault(struct anyroc_wave *wave, uint32_t kind, uint64_t address,
                            uint32_t lane, uint32_t size) {
  struct anyroc_guard *guard = anyroc_current_guard;
  wave->fault_kind = kind;
  wave->fault_address = address;
  wave->fault_lane = lane;
  wave->fault_size = size;
  if (guard == NULL) abort();
  guard->fault_kind = kind;
  guard->fault_address = address;
  _longjmp(guard->leave, 1);
}

static int is_write(const ucontext_t *context) {
#if defined(__x86_64__)
  return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
  (void)context;
  return 0;
#endif
}

static void pass_on(int number, siginfo_t *info, void *context, const struct sigaction *action) {
  if (action->sa_flags & SA_SIGINFO) {
    action->sa_sigaction(number, info, context);
  } else if (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN) {
    /* The instruction runs again on return and meets the default action. */
    struct sigaction reset;
    memset(&reset, 0, sizeof reset);
    reset.sa_handler = SIG_DFL;
    sigaction(number, &reset, NULL);
  } else {
    action->sa_handler(number);
  }
}

static void handle(int number, siginfo_t *info, void *context) {
  struct anyroc_guard *guard = anyroc_current_guard;
  if (guard != NULL) {
    uint32_t kind = ANYROC_FAULT_ARITHMETIC;
    uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
    if (number == SIGSEGV || number == SIGBUS)
      kind = is_write(context) ? ANYROC_FAULT_WRITE : ANYROC_FAULT_READ;
    guard->fault_kind = kind;
    guard->fault_address = address;
    struct anyroc_wave *wave = guard->wave;
    if (wave != NULL) {
      wave->fault_kind = kind;
      wave->fault_address = address;
      wave->fault_lane = ANYROC_NO_LANE;
      wave->fault_size = 0;
    }
    _longjmp(guard->leave, 1);
  }
  for (int i = 0; i < CAUGHT; i++) {
    if (caught[i] != number) continue;
    /* A handler installed after ours may hand back to us: then go to the one before both. */
    int again = chaining;
    chaining = 1;
    pass_on(number, info, context, again ? &original[i] : &previous[i]);
    chaining = again;
  }
}

void anyroc_guard_process(void) {
  lock_take(&handlers_lock);
  for (int i = 0; i < CAUGHT; i++) {
    struct sigaction now;
    if (sigaction(caught[i], NULL, &now) != 0) continue;
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle) continue;
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&ours.sa_mask);
    previous[i] = now;
    if (!installed) original[i] = now;
    sigaction(caught[i], &ours, NULL);
  }
  installed = 1;
  lock_give(&handlers_lock);
}

void anyroc_guard_check(void) {
  struct sigaction now;
  if (sigaction(SIGSEGV, NULL, &now) == 0 &&
      !((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle))
    anyroc_guard_process();
}

void anyroc_guard_thread(void) {
  if (signal_stack != NULL) return;
  void *memory =
      mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {.ss_sp = memory, .ss_size = SIGNAL_STACK, .ss_flags = 0};
  if (sigaltstack(&stack, NULL) == 0) signal_stack = memory;
}

void anyroc_guard_thread_end(void) {
  if (signal_stack == NULL) return;
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  munmap(signal_stack, SIGNAL_STACK);
  signal_stack = NULL;
}

void fault_after_fork(void) {
  anyroc_current_guard = NULL;
  atomic_store(&handlers_lock.word, 0);
}
