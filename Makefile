# make book   build the book and say where it is        make lab     open Jupyter on the chapters
# make test   run the tests                             make bench   measure beside other tools
# make print  the book on one page, and as a PDF
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM := $(shell which chromium chromium-browser google-chrome 2>/dev/null | head -1)
# Cached outputs belong to the package that made them: another package, another stamp.
PACKAGE := _build/.package-$(shell cat resnet_lab/*.py resnet_lab/exercises/*.py | cksum | tr ' ' -)

# After a failure everything is read again: what Sphinx has read once, it takes as good.
book: .venv/.installed $(PACKAGE)
	$(BIN)/jupyter-book build . -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

print: book
	$(BIN)/jupyter-book build . --builder singlehtml
	@echo "To print: file://$(CURDIR)/_build/singlehtml/intro.html"
	$(or $(CHROMIUM),echo Print it from a browser:) --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
		--print-to-pdf=_build/book.pdf "file://$(CURDIR)/_build/singlehtml/intro.html"

test: .venv/.installed
	$(BIN)/python -m pytest

lab: .venv/.installed
	$(BIN)/jupyter lab chapters

bench: .venv/.installed
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# The site and the notebooks for a repository: make publish REPOSITORY=https://github.com/you/your-fork
# and, where there are such services, BINDER=... and JUPYTERHUB=... with their addresses.
publish: book
	$(BIN)/python -m resnet_lab.page.publish "$(REPOSITORY)" --binder "$(BINDER)" --jupyterhub "$(JUPYTERHUB)"

.venv/.installed: requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10) and 'Python 3.10 or newer is needed')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt --editable .
	touch $@

$(PACKAGE):
	rm -rf _build
	mkdir -p _build && touch $@

.PHONY: book print test lab bench publish
