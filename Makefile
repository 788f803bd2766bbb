# Everything works from a bare checkout: the environment is made on first use in .venv, from
# python3 with its venv module and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT := out

.PHONY: help demo test lint docs levels bench clients sweep download-size clean

help:
	@echo "make demo    run an example on the software GPU and show the picture it drew"
	@echo "make test    run all tests"
	@echo "make lint    check style, types, spelling and who imports whom"
	@echo "make docs    write the reference pages from the tables"
	@echo "make levels  run the same functions at every optimisation level on every GPU (long)"
	@echo "make bench   compare with native code and with PoCL; writes docs/benchmarks"
	@echo "make clients run unmodified HIP programs from PyPI (CLIENTS=\"name …\" for some)"
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
