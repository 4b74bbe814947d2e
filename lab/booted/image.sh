#!/bin/bash
# Makes the root folder that booted guests start from, once: does nothing where it is there. Run as root, under a lock.
# Arguments: folder, suite, mirror, packages with commas between.
set -eu
folder=$1 suite=$2 mirror=$3 packages=$4
[ ! -d "$folder" ] || exit 0
rm -rf "$folder".new # of a run that was ended
trap 'rm -rf "$folder".new' EXIT
debootstrap --variant=minbase --include="$packages" "$suite" "$folder".new "$mirror" >"$folder".log 2>&1 || {
  tail -n 5 "$folder".log >&2
  exit 1
}
# Which manager and which services a guest runs is the guest's own affair.
rm -rf "$folder".new/etc/systemd/system/*.wants "$folder".new/etc/rc?.d/* "$folder".new/var/cache/apt/archives/*.deb
: >"$folder".new/etc/machine-id
mv "$folder".new "$folder"
