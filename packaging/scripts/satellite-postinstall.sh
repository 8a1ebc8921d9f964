#!/bin/sh
# Upgrades go over to the new program; a first installation starts nothing.
set -e
# An existing file is left alone, whoever it is from. It may come to hold secrets.
example=/usr/share/doc/holdfast-satellite/examples/linstor_satellite.toml
if [ ! -e /etc/linstor/linstor_satellite.toml ] && [ -e "$example" ]; then
	install -m 640 "$example" /etc/linstor/linstor_satellite.toml
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	systemctl try-restart holdfast-satellite.service || true
fi
