#!/bin/bash
# First process of the booted lab, in its own mount, network and process namespaces. Arguments: the program to run.
# When that one ends, however it ended, this shell ends, and the kernel ends all guests with it.
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
"$@" </dev/null &
program=$!
wait "$program"
