#!/bin/sh
# State, logs and settings stay, also with dpkg --purge: they are the cluster's,
# not the package's.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
if [ "$1" = purge ] && [ -e /var/lib/holdfast-satellite ]; then
	echo 'holdfast-satellite: the state in /var/lib/holdfast-satellite and the volumes of this node are kept.'
fi
