#!/bin/sh
# $1 is "remove" (deb) or 0 (rpm) where this is no upgrade.
set -e
if { [ "$1" = remove ] || [ "$1" = 0 ]; } && command -v systemctl >/dev/null; then
	if [ -d /run/systemd/system ]; then
		systemctl stop holdfast-satellite.service || true
	fi
	# Works without a running systemd too, as in an image that is being made.
	systemctl disable holdfast-satellite.service || true
fi
