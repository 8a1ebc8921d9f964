#!/bin/sh
# $1 is "remove" (deb) or 0 (rpm) where this is no upgrade.
set -e
if { [ "$1" = remove ] || [ "$1" = 0 ]; } && [ -d /run/systemd/system ]; then
	systemctl disable --now holdfast-satellite.service || true
fi
