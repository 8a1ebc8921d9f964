#!/bin/sh
# State and logs stay: they are the cluster's, not the package's.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
