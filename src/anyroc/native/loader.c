/* Loads relocatable x86-64 ELF objects (what the translator made) into one block of memory.
 *
 * Everything of one kernel lies together, so that the small code model's 32-bit references reach; calls out
 * go through stubs and outside data through a table of addresses.  Objects may also be loaded as a library,
 * whose functions the objects loaded afterwards can call. */
#include <dlfcn.h>
#include <elf.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MOST_OBJECTS = 4, PAGE = 4096, STUB = 16 };
enum { GOTPCRELX = 41, REX_GOTPCRELX = 42, UNWIND = 0x70000001 };

struct object {
  const uint8_t *data;
  uint64_t size;
  const Elf64_Shdr *sections;
  uint32_t count;
  const Elf64_Sym *symbols;
  uint64_t symbol_count;
  const char *names;
  uint64_t names_size;
  uint64_t *place;   /* offset of each section in the block */
  uint64_t externals; /* offset of this object's stubs; addresses follow in the data part */
  uint64_t addresses;
};

struct image {
  struct object objects[MOST_OBJECTS];
  int count;
  uint8_t *block;
  uint64_t code_size, size;
  void *self;
  char *message;
  size_t room;
};

struct function {
  const char *name;
  uint64_t address;
};

struct library {
  struct library *next;
  uint64_t count;
  struct function functions[];
};

static struct library *_Atomic libraries;

static int fail(struct image *image, const char *what, const char *name) {
  snprintf(image->message, image->room, "%s%s", what, name);
  return 0;
}

static int loaded(const Elf64_Shdr *s) {
  return s->sh_flags & SHF_ALLOC && s->sh_type != UNWIND && s->sh_size;
}

static int open_object(struct image *image, struct object *o) {
  const Elf64_Ehdr *head = (const Elf64_Ehdr *)o->data;
  if (o->size < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
      head->e_machine != EM_X86_64 || head->e_type != ET_REL ||
      head->e_shoff > o->size || head->e_shnum > (o->size - head->e_shoff) / sizeof(Elf64_Shdr))
    return fail(image, "not an x86-64 object", "");
  o->sections = (const Elf64_Shdr *)(o->data + head->e_shoff);
  o->count = head->e_shnum;
  for (uint32_t i = 0; i < o->count; i++) {
    const Elf64_Shdr *s = &o->sections[i];
    if (s->sh_type != SHT_NOBITS && (s->sh_offset > o->size || s->sh_size > o->size - s->sh_offset))
      return fail(image, "a section outside the object", "");
    if (s->sh_type != SHT_SYMTAB) continue;
    if (s->sh_link >= o->count) return fail(image, "no symbol names", "");
    o->symbols = (const Elf64_Sym *)(o->data + s->sh_offset);
    o->symbol_count = s->sh_size / sizeof(Elf64_Sym);
    o->names = (const char *)o->data + o->sections[s->sh_link].sh_offset;
    o->names_size = o->sections[s->sh_link].sh_size;
  }
  o->place = calloc(o->count + 1, sizeof *o->place);
  return o->place != NULL;
}

static uint64_t align_up(uint64_t at, uint64_t to) { return (at + to - 1) / to * to; }

/* Code and stubs first, then a page boundary, then data and addresses. */
static void lay_out(struct image *image) {
  uint64_t at = 0;
  for (int part = 0; part < 2; part++) {
    for (int k = 0; k < image->count; k++) {
      struct object *o = &image->objects[k];
      for (uint32_t i = 0; i < o->count; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (!loaded(s) || (s->sh_flags & SHF_EXECINSTR ? 0 : 1) != part) continue;
        o->place[i] = align_up(at, s->sh_addralign ? s->sh_addralign : 1);
        at = o->place[i] + s->sh_size;
      }
      at = align_up(at, STUB);
      *(part ? &o->addresses : &o->externals) = at;
      at += o->symbol_count * (part ? 8 : STUB);
    }
    at = align_up(at, PAGE);
    if (!part) image->code_size = at;
  }
  image->size = at;
}

static const char *symbol_name(const struct object *o, const Elf64_Sym *s) {
  return s->st_name < o->names_size ? o->names + s->st_name : "";
}

static uint64_t defined(const struct image *image, const char *name) {
  for (int k = 0; k < image->count; k++) {
    const struct object *o = &image->objects[k];
    for (uint64_t i = 0; i < o->symbol_count; i++) {
      const Elf64_Sym *s = &o->symbols[i];
      if (ELF64_ST_BIND(s->st_info) == STB_LOCAL || !s->st_shndx || s->st_shndx >= o->count) continue;
      if (!strcmp(symbol_name(o, s), name))
        return (uint64_t)image->block + o->place[s->st_shndx] + s->st_value;
    }
  }
  return 0;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static uint64_t in_libraries(const char *name) {
  struct function wanted = {name, 0};
  for (struct library *l = libraries; l; l = l->next) {
    struct function *found =
        bsearch(&wanted, l->functions, l->count, sizeof *l->functions, by_name);
    if (found) return found->address;
  }
  return 0;
}

static uint64_t outside(const struct image *image, const char *name) {
  uint64_t address = in_libraries(name);
  if (address) return address;
  void *found = image->self ? dlsym(image->self, name) : NULL;
  return (uint64_t)(found ? found : dlsym(RTLD_DEFAULT, name));
}

/* A symbol's address; `near` is one within reach of 32 bits. */
static int address_of(struct image *image, struct object *o, uint64_t index, uint64_t *address,
                      uint64_t *near) {
  if (index >= o->symbol_count) return fail(image, "a relocation without symbol", "");
  const Elf64_Sym *s = &o->symbols[index];
  if (s->st_shndx && s->st_shndx < o->count) {
    *address = *near = (uint64_t)image->block + o->place[s->st_shndx] + s->st_value;
    return 1;
  }
  if (s->st_shndx == SHN_ABS) {
    *address = *near = s->st_value;
    return 1;
  }
  const char *name = symbol_name(o, s);
  if ((*address = *near = defined(image, name))) return 1;
  if (!(*address = outside(image, name))) return fail(image, "unknown symbol ", name);
  uint8_t *stub = image->block + o->externals + index * STUB;
  static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};
  memcpy(stub, jump, sizeof jump);
  memcpy(stub + sizeof jump, address, 8);
  *near = (uint64_t)stub;
  return 1;
}

static int put32(struct image *image, uint8_t *at, int64_t value) {
  if (value != (int32_t)value) return fail(image, "a reference out of reach", "");
  int32_t word = (int32_t)value;
  memcpy(at, &word, 4);
  return 1;
}

static int relocate(struct image *image, struct object *o, uint8_t *section, uint64_t size,
                    const Elf64_Rela *r) {
  uint64_t address, near;
  if (r->r_offset > size || size - r->r_offset < 4) return fail(image, "a relocation outside", "");
  if (!address_of(image, o, ELF64_R_SYM(r->r_info), &address, &near)) return 0;
  uint8_t *at = section + r->r_offset;
  uint64_t place = (uint64_t)at;
  switch (ELF64_R_TYPE(r->r_info)) {
    case R_X86_64_64:
      address += r->r_addend;
      memcpy(at, &address, 8);
      return 1;
    case R_X86_64_PC64:
      address += r->r_addend - place;
      memcpy(at, &address, 8);
      return 1;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
      return put32(image, at, (int64_t)(near + r->r_addend - place));
    case R_X86_64_GOTPCREL:
    case GOTPCRELX:
    case REX_GOTPCRELX: {
      uint8_t *entry = image->block + o->addresses + ELF64_R_SYM(r->r_info) * 8;
      memcpy(entry, &address, 8);
      return put32(image, at, (int64_t)((uint64_t)entry + r->r_addend - place));
    }
    default:
      return fail(image, "an unknown kind of relocation", "");
  }
}

static int fill(struct image *image, struct object *o) {
  for (uint32_t i = 0; i < o->count; i++) {
    const Elf64_Shdr *s = &o->sections[i];
    if (loaded(s) && s->sh_type != SHT_NOBITS)
      memcpy(image->block + o->place[i], o->data + s->sh_offset, s->sh_size);
  }
  for (uint32_t i = 0; i < o->count; i++) {
    const Elf64_Shdr *s = &o->sections[i];
    if (s->sh_type != SHT_RELA || s->sh_info >= o->count || !loaded(&o->sections[s->sh_info]))
      continue;
    const Elf64_Rela *r = (const Elf64_Rela *)(o->data + s->sh_offset);
    for (uint64_t n = 0; n < s->sh_size / sizeof *r; n++)
      if (!relocate(image, o, image->block + o->place[s->sh_info], o->sections[s->sh_info].sh_size,
                    &r[n]))
        return 0;
  }
  return 1;
}

/* Makes what the first object defines known to the objects loaded from now on, for good. */
static int publish(struct image *image) {
  const struct object *o = &image->objects[0];
  struct library *l = malloc(sizeof *l + o->symbol_count * sizeof *l->functions);
  char *names = malloc(o->names_size);
  if (!l || !names) return fail(image, "out of memory", "");
  memcpy(names, o->names, o->names_size);
  l->count = 0;
  for (uint64_t i = 0; i < o->symbol_count; i++) {
    const Elf64_Sym *s = &o->symbols[i];
    if (ELF64_ST_BIND(s->st_info) == STB_LOCAL || !s->st_shndx || s->st_shndx >= o->count ||
        s->st_name >= o->names_size)
      continue;
    uint64_t address = (uint64_t)image->block + o->place[s->st_shndx] + s->st_value;
    l->functions[l->count++] = (struct function){names + s->st_name, address};
  }
  qsort(l->functions, l->count, sizeof *l->functions, by_name);
  l->next = libraries;
  while (!atomic_compare_exchange_weak(&libraries, &l->next, l)) {
  }
  return 1;
}

static void *load(struct image *image, const uint8_t *data, const uint64_t *sizes, int count,
                  const char *entry) {
  void *result = NULL;
  Dl_info info;
  int good = count <= MOST_OBJECTS || fail(image, "too many objects", "");
  image->block = MAP_FAILED;
  for (int k = 0; good && k < count; data += sizes[k++]) {
    image->objects[k] = (struct object){.data = data, .size = sizes[k]};
    image->count = k + 1;
    good = open_object(image, &image->objects[k]);
  }
  if (good) {
    if (dladdr((void *)load, &info)) image->self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    lay_out(image);
    image->block = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    good = image->block != MAP_FAILED || fail(image, "out of memory", "");
  }
  for (int k = 0; good && k < count; k++) good = fill(image, &image->objects[k]);
  if (good) {
    result = entry ? (void *)defined(image, entry) : image->block;
    if (!result) good = fail(image, "no symbol ", entry);
  }
  if (good && mprotect(image->block, image->code_size, PROT_READ | PROT_EXEC))
    good = fail(image, "cannot make code executable", "");
  if (good && !entry) good = publish(image);
  if (!good && image->block != MAP_FAILED) munmap(image->block, image->size);
  for (int k = 0; k < image->count; k++) free(image->objects[k].place);
  if (image->self) dlclose(image->self);
  return good ? result : NULL;
}

/* Loads `count` objects that lie one after the other in `data`; the address of the symbol `entry`, or NULL
 * with the reason in `message`. */
void *anyroc_link(const uint8_t *data, const uint64_t *sizes, int count, const char *entry,
                  char *message, size_t room) {
  struct image image = {.message = message, .room = room};
  return load(&image, data, sizes, count, entry);
}

/* Loads an object as a library; 0, or -1 with the reason in `message`. */
int anyroc_link_library(const uint8_t *data, uint64_t size, char *message, size_t room) {
  struct image image = {.message = message, .room = room};
  return load(&image, data, &size, 1, NULL) ? 0 : -1;
}
