# The VM lab: three virtual machines on this host (see package test/lab/vm).
# Variables: HOLDFAST_LAB_CACHE, HOLDFAST_LAB_MODULES (folder of .ko files),
# HOLDFAST_LAB_ACCEL (kvm or tcg), HOLDFAST_LAB_MIRROR, RUN (a regular expression of
# scenario names).

.PHONY: lab lab-shell lab-clean

HOLDFAST_LAB_BIN ?= $(CURDIR)/bin

lab: build
	HOLDFAST_LAB_BIN='$(HOLDFAST_LAB_BIN)' HOLDFAST_LAB_RUN='$(RUN)' go test -tags lab -count=1 -timeout 0 -v ./test/lab

lab-shell: build
	go run ./test/lab/labctl shell '$(N)' '$(HOLDFAST_LAB_BIN)'

lab-clean:
	go run ./test/lab/labctl clean
