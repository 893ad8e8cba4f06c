# The short names of what a developer does; meson does the work. `make help` lists them.
#
# build/          what you work with: optimised, with symbols and crash points
# build-release/  what is installed and measured
# build-sanitize/ the same sources under ASan and UBSan
.DEFAULT_GOAL := all
.NOTPARALLEL:
.PHONY: all deps demo run-tests torture lint format sanitize bench install clean help

JOBS ?= $(shell nproc)
PYTHON := python3 -B

all: build/build.ninja ## build everything into build/
	@ninja -C build -j$(JOBS)

deps: ## install the Debian packages that are missing
	@packaging/install-deps

demo: all ## see it work: sample files, a server, three loads, two reports; DATABASE=postgresql
	@$(if $(filter postgresql,$(DATABASE)),$(PYTHON) tests/postgres.py) $(PYTHON) tests/demo.py build

run-tests: all ## the whole test suite
	@$(PYTHON) tests/run.py build

torture: all ## the same suite with its long loops (an hour or more)
	@TORTURE=1 $(PYTHON) tests/run.py build --timeout-multiplier 60

lint: all ## every rule of the code that a machine can hold
	@$(PYTHON) tests/lint/run.py --build build

format: deps ## rewrite the C sources as .clang-format says
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0 clang-format-14 -i

sanitize: build-sanitize/build.ninja ## the whole suite under ASan and UBSan
	@ninja -C build-sanitize -j$(JOBS)
	@$(PYTHON) tests/run.py build-sanitize --timeout-multiplier 5

bench: build-release/build.ninja ## measure against peers and floors, side by side
	@ninja -C build-release -j$(JOBS)
	@meson test -C build-release --benchmark --no-rebuild --num-processes 1 --verbose

install: build-release/build.ninja ## install below PREFIX (/usr/local), honours DESTDIR
	@meson configure build-release -Dprefix=$(or $(PREFIX),/usr/local)
	@meson install -C build-release

clean: ## remove everything made here: the builds and the demo
	@rm -rf build build-release build-sanitize demo
	@find . -name __pycache__ -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build/build.ninja: | deps
	@meson setup build -Dfaults=true
build-release/build.ninja: | deps
	@meson setup build-release --buildtype=release
build-sanitize/build.ninja: | deps
	@meson setup build-sanitize -Dfaults=true -Db_sanitize=address,undefined -Db_lundef=false \
		-Dwerror=false # the checks put in make gcc warn of what cannot be
