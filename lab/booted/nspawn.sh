#!/bin/bash
# Boots a guest by systemd-nspawn, in control groups of its own: without them all guests would share one.
# Arguments: folders of the control groups, --, words for systemd-nspawn.
set -eu
while [ "$1" != -- ]; do
  echo 0 >"$1/cgroup.procs"
  shift
done
shift
exec systemd-nspawn --quiet --boot --register=no --keep-unit --capability=CAP_NET_ADMIN --console=pipe "$@"
