#!/bin/sh
# Upgrades go over to the new program; a first installation starts nothing.
set -e
# An existing file is left alone, whoever it is from. It may come to hold secrets.
example=/usr/share/doc/holdfast-controller/examples/linstor.toml
if [ ! -e /etc/linstor/linstor.toml ] && [ -e "$example" ]; then
	install -m 640 "$example" /etc/linstor/linstor.toml
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	systemctl try-restart holdfast-controller.service || true
fi
