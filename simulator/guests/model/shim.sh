#!/bin/bash
# Stands for ip, ss, sysctl and the connecting program in a modelled guest: hands its words to the model and gives back
# what that answers. $HAIRPIN_MODEL: the model's port on this machine, and the guest's key.
set -f
name=${0##*/} input=
read -r port key <<<"$HAIRPIN_MODEL"
for word; do
  case $word in -b | -batch) IFS= read -r -d '' input ;; esac
done
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 255
printf '%s\0' "$key" "$name" "$#" "$@" "$input" >&3
if [ "$name" = connect ]; then exec cat <&3; fi # for as long as the connection is open
IFS= read -r -d '' code <&3 || exit 255
IFS= read -r -d '' out <&3
IFS= read -r -d '' err <&3
printf '%s' "$out"
printf '%s' "$err" >&2
exit "$code"
