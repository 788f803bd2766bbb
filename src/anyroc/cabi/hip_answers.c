/* Answers that Python has given before: a question whose answer depends on nothing but the call's
 * arguments and the current device, until Python says that answers may have changed. */

enum { MOST_ASKED = 6, MOST_TEXT = 120, MOST_BYTES = 64, ANSWERS = 1 << 12, MOST_LARGE = 256 };

struct question {
    int function, values, places;
    uint64_t value[MOST_ASKED];
    const char *text; /* a string among the arguments, or NULL */
    void *place[2];   /* where the answer goes: so many parts, of these sizes */
    size_t size[2];
    int string;       /* the one place takes a string, which is shorter than MOST_BYTES */
    uint64_t hash, age;
};

/* `version` is odd while an answer is written; readers that it changed under have found nothing. */
static struct answer {
    unsigned version;
    int function, device;
    uint64_t age, value[MOST_ASKED];
    char text[MOST_TEXT], bytes[MOST_BYTES];
    const char *large; /* instead of bytes; kept for ever */
} answers[ANSWERS];
static uint64_t answers_age = 1;

/* Forget all answers. */
API void anyroc_forget_answers(void)
{
    __atomic_fetch_add(&answers_age, 1, __ATOMIC_SEQ_CST);
}

static inline size_t answer_size(const struct question *question)
{
    return question->size[0] + (question->places > 1 ? question->size[1] : 0);
}

static inline struct answer *answer_slot(struct question *question)
{
    uint64_t hash = (uint64_t)question->function * 0x9e3779b97f4a7c15ull + (unsigned)this_thread.device;
    for (int i = 0; i < question->values; ++i)
        hash = (hash ^ question->value[i] ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
    for (const char *c = question->text; c && *c; ++c)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3ull;
    return &answers[(hash ^ hash >> 32) % ANSWERS];
}

/* Answer a question as before, if that is still right; else note when it was asked. */
static int answer_find(struct question *question)
{
    question->age = __atomic_load_n(&answers_age, __ATOMIC_ACQUIRE);
    for (int i = 0; i < question->places; ++i)
        if (!question->place[i])
            return 0;
    struct answer *answer = answer_slot(question);
    unsigned version = __atomic_load_n(&answer->version, __ATOMIC_ACQUIRE);
    if (version & 1 || answer->function != question->function || answer->age != question->age
        || answer->device != this_thread.device
        || memcmp(answer->value, question->value, sizeof answer->value) != 0
        || (question->text && strncmp(answer->text, question->text, MOST_TEXT) != 0))
        return 0;
    const char *from = answer->large ? answer->large : answer->bytes;
    char string[MOST_BYTES];
    if (question->string)
        memcpy(string, from, sizeof string);
    else
        for (int i = 0; i < question->places; from += question->size[i++])
            memcpy(question->place[i], from, question->size[i]);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    int same = __atomic_load_n(&answer->version, __ATOMIC_RELAXED) == version;
    if (same && question->string)
        strcpy(question->place[0], string);
    return same;
}

/* Return bytes like these that stay; NULL when there are too many. */
static const char *keep_large(const void *bytes, size_t size)
{
    static struct {
        size_t size;
        char *bytes;
    } kept[MOST_LARGE];
    static int count;
    const char *found = NULL;
    lock_records();
    for (int i = 0; i < count && !found; ++i)
        if (kept[i].size == size && memcmp(kept[i].bytes, bytes, size) == 0)
            found = kept[i].bytes;
    if (!found && count < MOST_LARGE && (kept[count].bytes = malloc(size))) {
        kept[count].size = size;
        found = memcpy(kept[count++].bytes, bytes, size);
    }
    unlock_records();
    return found;
}

/* Remember what Python has answered. */
static void answer_keep(struct question *question)
{
    for (int i = 0; i < question->places; ++i)
        if (!question->place[i])
            return;
    if (question->string)
        question->size[0] = strlen(question->place[0]) + 1;
    size_t size = answer_size(question);
    if (question->text && strlen(question->text) >= MOST_TEXT)
        return;
    if (question->string && size > MOST_BYTES)
        return;
    const char *large = NULL;
    if (size > MOST_BYTES
        && (question->places > 1 || !(large = keep_large(question->place[0], size))))
        return;
    struct answer *answer = answer_slot(question);
    unsigned version = __atomic_load_n(&answer->version, __ATOMIC_RELAXED);
    if (version & 1
        || !__atomic_compare_exchange_n(&answer->version, &version, version + 1, 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    answer->function = question->function;
    answer->device = this_thread.device;
    answer->age = question->age;
    memcpy(answer->value, question->value, sizeof answer->value);
    answer->text[0] = 0;
    if (question->text)
        strcpy(answer->text, question->text);
    answer->large = large;
    char *to = answer->bytes;
    if (!large)
        for (int i = 0; i < question->places; to += question->size[i++])
            memcpy(to, question->place[i], question->size[i]);
    __atomic_store_n(&answer->version, version + 2, __ATOMIC_RELEASE);
}

/* Ask what one value stands for: Python only if it has not been asked before. Whether there was an
 * answer. */
static int ask_about(int function, const void *value, uint64_t *out)
{
    struct question question = {.function = function, .values = 1, .places = 1,
                                .value = {(uintptr_t)value}, .place = {out}, .size = {sizeof *out}};
    if (answer_find(&question))
        return 1;
    entry_fn body = enter(function);
    if (!body || ((int (*)(void *, const void *))body)(out, value) != hipSuccess)
        return 0;
    answer_keep(&question);
    return 1;
}
