#!/bin/sh
# State, logs and settings stay, also with dpkg --purge: they are the cluster's,
# not the package's, and without the database its volumes have no names.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
if [ "$1" = purge ] && [ -e /var/lib/holdfast ]; then
	echo 'holdfast-controller: the database in /var/lib/holdfast is kept; remove it by hand if the cluster is gone.'
fi
