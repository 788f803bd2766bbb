# Everything works from a bare checkout: the environment is made on first use in .venv, from
# python3 with its venv module and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT := out

.PHONY: help demo test lint docs levels bench clients torch triton sweep download-size clean

help:
	@echo "make demo    run an example on the software GPU and show the picture it drew"
	@echo "make test    run all tests"
	@echo "make lint    check style, types, spelling and who imports whom"
	@echo "make docs    write the reference pages from the tables"
	@echo "make levels  run the same functions at every optimisation level on every GPU (long)"
	@echo "make bench   compare with native code and with PoCL; writes docs/benchmarks"
	@echo "make clients run unmodified HIP programs from PyPI (CLIENTS=\"name …\" for some)"
	@echo "make torch   compare torch.compile and Triton packages on the software GPU with eager PyTorch"
	@echo "make triton  run Triton's own test-suite (SUITE=a checkout of it, TARGETS=\"gfx942 …\")"
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

# The CPU build of PyTorch is the one to have: this is for machines without a GPU.
TORCH_CHECKS := transformers==5.23.0 liger-kernel==0.8.5 fla-core==0.6.0

torch: $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[torch]' $(TORCH_CHECKS)
	$(BIN)/python tests/inductor $(CHECK)

triton: $(READY)
	@test -n "$(SUITE)" || { echo "name a checkout of Triton: make triton SUITE=../triton"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[torch]' scipy cloudpickle
	$(BIN)/python tests/triton_suite --suite $(SUITE) \
	    $(foreach target,$(or $(TARGETS),gfx942 gfx1201),--target $(target))

WHEELS ?= bitsandbytes cupy-rocm-7-0 onnxruntime-rocm
SWEEP ?= --kernels 40

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
