# Benchmarks of a project whose scenario is in bench.yaml, for CI or at your desk:
#
#   make -f benchmark.mk baseline          on the main branch: measures it, keeps the report and its line in history.csv
#   make -f benchmark.mk pairs BASE=../main   measures the version in the folder BASE and the one here in turn
#   make -f benchmark.mk gate              compares both: comment.md for people, gate.xml for CI
#
# gate fails where the version here is worse: "Error 3" is a regression, "Error 2" unlike conditions or bad input.
METERBENCH ?= meterbench
BASE ?= base
PAIRS ?= 8
OUT ?= out

.PHONY: baseline pairs gate

baseline:
	$(METERBENCH) run bench.yaml --set require=valid --out $(OUT)/main --history history.csv
	$(METERBENCH) history history.csv --out $(OUT)/history

pairs:
	for pair in $$(seq $(PAIRS)); do \
		$(METERBENCH) run $(BASE)/bench.yaml --seed $$pair --out $(OUT)/base && \
		$(METERBENCH) run bench.yaml --seed $$pair --out $(OUT)/head || exit; \
	done

gate:
	$(METERBENCH) compare $(OUT)/base $(OUT)/head --format markdown --out comment.md --out gate.xml
