# make book   build the book and say where it is        make lab     open Jupyter on the chapters
# make test   run the tests                             make lint    ruff and mypy
# make print  the book on one page, and as a PDF        make bench   measure beside other tools
#
# STRICT=1         warnings are errors, as in continuous integration
# TORCH_INDEX=URL  where to take PyTorch from, for instance its small build without CUDA
# PYTHON=python3.12 VENV=.venv-3.12      another Python, in an environment of its own
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
CHROMIUM := $(shell which chromium chromium-browser google-chrome 2>/dev/null | head -1)
# The versions that were last seen to work; a Python newer than these files takes what is newest.
VERSION := $(shell $(PYTHON) -c "import sys; print('%d.%d' % sys.version_info[:2])")
CONSTRAINTS := $(wildcard constraints/$(VERSION).txt)
# Cached outputs belong to the package that made them: another package, another stamp.
PACKAGE := _build/.package-$(shell find resnet_lab -type f ! -name '*.pyc' | sort | \
	xargs cat $(CONSTRAINTS) | cksum | tr ' ' -)
BUILD = $(BIN)/jupyter-book build . --quiet $(if $(STRICT),-W -n --keep-going)

# What Jupyter Book says on stdout is chatter; _ext/report.py and all errors are on stderr.
# After a failure everything is read again: what Sphinx has read once, it takes as good.
book: $(VENV)/.installed $(PACKAGE)
	@$(BUILD) >/dev/null || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

print: book
	@$(BUILD) --builder singlehtml >/dev/null
	@echo "To print: file://$(CURDIR)/_build/singlehtml/chapters/intro.html"
	$(or $(CHROMIUM),echo Print it from a browser:) --headless --no-sandbox --disable-gpu \
		--no-pdf-header-footer --print-to-pdf=_build/book.pdf \
		"file://$(CURDIR)/_build/singlehtml/chapters/intro.html"

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/ruff check --quiet --isolated --select E9 --target-version py310 chapters
	$(BIN)/mypy

lab: $(VENV)/.installed
	$(BIN)/jupyter lab chapters/intro.ipynb

bench: $(VENV)/.installed
	for file in experiments/compare_*.py; do $(BIN)/python $$file || exit 1; done

# The site and the notebooks: make publish REPOSITORY=https://github.com/you/your-fork
# and, where there are such services, BINDER=... and JUPYTERHUB=... with their addresses.
publish: book
	$(BIN)/python -m _ext.publish "$(REPOSITORY)" \
		--binder "$(BINDER)" --jupyterhub "$(JUPYTERHUB)"

# Renew the constraints of this Python; run the tests with them before you keep them.
constraints:
	$(PYTHON) constraints/renew.py

$(VENV)/.installed: requirements.txt pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c "import sys; sys.exit( \
		sys.version_info < (3, 10) and 'Python 3.10 or newer is needed')"
	@echo "Installing what the book needs into $(VENV): some minutes, once"
	@$(PYTHON) -m venv $(VENV)
	@$(if $(TORCH_INDEX),sed -n '/^torch[<v]/p' /dev/null $(CONSTRAINTS) | \
		xargs $(PIP) --index-url $(TORCH_INDEX) torch torchvision)
	@$(PIP) --requirement requirements.txt --editable . $(CONSTRAINTS:%=--constraint %)
	@touch $@

$(PACKAGE):
	@rm -rf _build
	@mkdir -p _build && touch $@

.PHONY: book print test lint lab bench publish constraints
