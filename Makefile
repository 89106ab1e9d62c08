# For working in a checkout; needs R and a C++17 compiler. `make example` and `make test` do all the rest.

R ?= R
RSCRIPT ?= Rscript
JOBS ?= 2
CHECK_DIR ?= $(CURDIR)
FUZZ_SECONDS ?= 300
R_MAKEVARS_USER ?= $(firstword $(wildcard $(HOME)/.R/Makevars) $(CURDIR)/tools/Makevars)
export R_MAKEVARS_USER
FORMAT_FLAGS ?= -i

# Runs a command and shows what it printed only if it fails.
quietly = log=$$(mktemp); $(1) >"$$log" 2>&1 || { cat "$$log"; rm -f "$$log"; exit 1; }; rm -f "$$log"

.PHONY: install setup example test core-test document format lint call-graph spelling wordlist coverage fuzz site check clean

install: setup
	@# tools/Makevars notes which headers an object includes. Without that, objects older than any header are stale.
	@[ -n "$(wildcard src/*.d)" ] || \
	  { [ -f src/bayespool.so ] && [ -z "$$(find src -name '*.h*' -newer src/bayespool.so)" ]; } || \
	  rm -f src/*.o src/*.so
	@$(call quietly,MAKEFLAGS=-j$(JOBS) $(R) CMD INSTALL .)

setup:
	@$(RSCRIPT) tools/setup.R

example: install
	@$(RSCRIPT) tools/example.R

test: install
	@$(RSCRIPT) tools/test.R

# Unit tests of the C++ core by itself.
core-test: setup
	@$(MAKE) --no-print-directory -C tests/core -j$(JOBS)

document: setup
	@$(call quietly,$(RSCRIPT) tools/document.R)

format:
	@find src tests/core \( -name '*.hpp' -o -name '*.h' -o -name '*.cpp' \) ! -name RcppExports.cpp \
	  -exec clang-format $(FORMAT_FLAGS) {} +

lint: setup
	@$(RSCRIPT) -e 'print(found <- lintr::lint_dir(".")); quit(status = length(found) > 0)'

# Which R file uses which; fails where files use each other in a circle, or one of a layer above.
call-graph:
	@$(RSCRIPT) tools/call_graph.R

coverage: setup
	@$(RSCRIPT) tools/coverage.R

site: install
	@$(call quietly,$(RSCRIPT) tools/site.R)

# Words that are neither in the dictionary nor in inst/WORDLIST; `make wordlist` accepts them all.
spelling: setup
	@$(RSCRIPT) tools/spelling.R

wordlist: setup
	@$(RSCRIPT) tools/spelling.R accept

# As CRAN does, with R's own compiler flags, but for what needs the net (that the package is new, URLs, the time)
# and for the manual as PDF, which needs LaTeX.
check: setup
	@cd "$(CHECK_DIR)" && rm -rf bayespool_*.tar.gz bayespool.Rcheck
	@cd "$(CHECK_DIR)" && $(call quietly,MAKEFLAGS=-j$(JOBS) $(R) CMD build "$(CURDIR)")
	@cd "$(CHECK_DIR)" && log=bayespool.Rcheck/00check.log && \
	  { env -u NOT_CRAN -u BAYESPOOL_SHARED_DATA -u R_MAKEVARS_USER _R_CHECK_CRAN_INCOMING_REMOTE_=false _R_CHECK_FORCE_SUGGESTS_=false \
	      _R_CHECK_SYSTEM_CLOCK_=0 MAKEFLAGS=-j$(JOBS) \
	      $(R) CMD check --as-cran --no-manual bayespool_*.tar.gz >/dev/null 2>&1; \
	    grep -q '^Status: OK$$' $$log || { grep -v '\.\.\. OK$$' $$log; exit 1; }; }

# Random input: calls in R, then bytes for the C++ core.
fuzz: install
	@$(RSCRIPT) tools/fuzz.R $(FUZZ_SECONDS)
	@tools/fuzz/run $(FUZZ_SECONDS)

clean:
	@rm -rf src/*.o src/*.so src/*.d tests/core/build bayespool_*.tar.gz bayespool.Rcheck
