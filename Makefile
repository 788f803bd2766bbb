# Everything works from a bare checkout: the environment is made on first use in .venv, from
# python3 with its venv module and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT := out

.PHONY: help demo test lint docs levels encodings streams bench clients hip-tests soak torch triton triton-cases sweep triton-kernels download-size clean

help:
	@echo "make demo    run an example on the software GPU and show the picture it drew"
	@echo "make test    run all tests"
	@echo "make lint    check style, types, spelling and who imports whom"
	@echo "make docs    write the reference pages from the tables"
	@echo "make levels  run the same functions at every optimisation level on every GPU (long)"
	@echo "make bench   compare with native code and with PoCL; writes docs/benchmarks"
	@echo "make clients run unmodified HIP programs from PyPI (CLIENTS=\"name …\" for some)"
	@echo "make hip-tests run ROCm's hip-tests (SOURCE=a checkout of it, HIP_TESTS=options)"
	@echo "make soak    faults, a thousand threads, a million launches (SOAK=\"trial …\" for some)"
	@echo "make programs  build and run CUDA or HIP programs (SOURCE=a checkout, PROGRAMS=options)"
	@echo "make torch   compare torch.compile and Triton packages on the software GPU with eager PyTorch"
	@echo "make triton-cases  run Triton kernels and compiled PyTorch: what CI checks of them"
	@echo "make triton  run Triton's own test-suite (SUITE=a checkout of it, TARGETS=\"gfx942 …\")"
	@echo "make triton-kernels  compare Triton kernels with PyTorch on every GPU (long; TARGETS=\"gfx942 …\")"
	@echo "make encodings  disassemble random encodings as LLVM does, five million a GPU (TARGETS=\"gfx942 …\")"
	@echo "make streams decode, translate and run random and damaged code (TARGETS=\"gfx942 …\")"
	@echo "make sweep   disassemble and translate all GPU code in wheels (WHEELS=\"name …\", SWEEP=options)"
	@echo "make download-size  measure what pip install downloads"
	@echo "make clean   delete the environment and what the other targets wrote"

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	    || { echo "anyroc needs Python 3.10 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	    || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@echo "Making the environment in $(VENV) (about 300 MB of downloads, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY)
	@mkdir -p $(OUT)
	$(BIN)/anyroc run examples/mandelbrot.cu -- $(OUT)/mandelbrot.png
	@$(BIN)/python -m anyroc.cli.picture $(OUT)/mandelbrot.png

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

docs: $(READY)
	$(BIN)/python docs/generate.py

levels: $(READY)
	$(BIN)/python tests/differential/levels $(TARGETS)

bench: $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m bench

clients: $(READY)
	$(BIN)/python tests/clients $(CLIENTS)

HIP_TESTS ?=

hip-tests: $(READY)
	@test -n "$(SOURCE)" || { echo "name a checkout of hip-tests: make hip-tests SOURCE=../hip-tests"; exit 1; }
	$(BIN)/python tests/hiptests --source $(SOURCE) $(HIP_TESTS)

soak: $(READY)
	$(BIN)/python tests/soak $(SOAK)

programs: $(READY)
	@test -n "$(SOURCE)" || { echo "name a checkout: make programs SOURCE=../HeCBench/src"; exit 1; }
	$(BIN)/python tests/programs $(SOURCE) $(PROGRAMS)

# The CPU build of PyTorch is the one to have: this is for machines without a GPU.
TORCH_CHECKS := transformers==5.23.0 liger-kernel==0.8.5 fla-core==0.6.0

torch: $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[torch]' $(TORCH_CHECKS)
	$(BIN)/python tests/inductor $(CHECK)

# The slice of these checks for continuous integration. Triton lies beside the environment, not in it;
# of PyTorch only the CPU build will do: the default one brings gigabytes for another vendor's GPUs.
PACKAGES := $(OUT)/packages
BESIDE := $(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --target $(PACKAGES)
CASES := PYTHONPATH=$(abspath $(PACKAGES)) ANYROC_TRITON=1 $(BIN)/python -W ignore
SLICE := gelu softmax std_dims cumsum layer_norm cross_entropy scatter_add embedding mlp dynamic_shapes

$(PACKAGES)/.ready: pyproject.toml
	@rm -rf $(PACKAGES) && mkdir -p $(PACKAGES)
	@$(BESIDE) triton==3.9.0 torch==2.13.0+cpu 2>/dev/null || $(BESIDE) triton==3.9.0 || rm -rf $(PACKAGES)/triton
	@touch $@

triton-cases: $(READY) $(PACKAGES)/.ready
	@if [ -d $(PACKAGES)/triton ]; then $(CASES) -m pytest -q -n auto --dist worksteal tests/triton_cases; \
	    else echo "skipped: kernels of Triton, because pip has no triton==3.9.0 for this Python"; fi
	@if [ -d $(PACKAGES)/torch ]; then $(CASES) tests/inductor fragments $(SLICE); \
	    else echo "skipped: torch.compile, because pip has no torch==2.13.0+cpu here"; fi

triton: $(READY)
	@test -n "$(SUITE)" || { echo "name a checkout of Triton: make triton SUITE=../triton"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[torch]' scipy cloudpickle expecttest
	$(BIN)/python tests/triton_suite --suite $(SUITE) \
	    $(foreach target,$(or $(TARGETS),gfx942 gfx1201),--target $(target))

WHEELS ?= bitsandbytes cupy-rocm-7-0 onnxruntime-rocm
SWEEP ?= --results $(OUT)/sweep.jsonl

# Kernels of all common kinds against PyTorch, on each GPU: goes on where it was stopped.
triton-kernels: $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[torch]'
	$(BIN)/python tests/triton_kernels --folder $(OUT)/triton_kernels $(TARGETS)

# Both keep what was done under $(OUT) and go on from there.
ENCODINGS ?= 5000000
STREAMS ?= --decode 1000000 --run 100000

encodings: $(READY)
	$(BIN)/python tests/differential/isa_differential.py --count $(ENCODINGS) \
	    --state $(OUT)/encodings --report $(OUT)/encodings.md $(TARGETS)

streams: $(READY)
	@mkdir -p $(OUT)
	$(BIN)/python tests/differential/streams.py $(STREAMS) --state $(OUT)/streams \
	    --report $(OUT)/streams.md $(TARGETS)

sweep: $(READY)
	@mkdir -p $(OUT)/wheels
	@for wheel in $(WHEELS); do $(BIN)/pip download --quiet --disable-pip-version-check --no-deps \
	    --dest $(OUT)/wheels $$wheel || exit 1; done
	$(BIN)/python tests/differential/wheels.py $(SWEEP) --report $(OUT)/sweep.md $(OUT)/wheels/*.whl

download-size: $(READY)
	@rm -rf $(OUT)/download && mkdir -p $(OUT)/download
	@$(BIN)/pip download --quiet --disable-pip-version-check --dest $(OUT)/download .
	@du --bytes --total $(OUT)/download/*.whl | sort -n

clean:
	rm -rf $(VENV) $(OUT) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
