#!/bin/bash
# First process of the lab, in its own mount, network and process namespaces. Arguments: the program to run.
# Standard input is a pipe from the parent that never carries a byte: when it ends, however the parent ended, the lab ends.
set -eu

mount --make-rprivate /
# The machine's own files can be read here and not written. What refuses stays as it is: an ordinary user's rights guard it.
while read -r _ _ _ _ point options _; do
  case $point in /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/*) continue ;; esac
  case ,$options, in *,ro,*) continue ;; esac
  printf -v point '%b' "$point"
  mount -o remount,bind,ro "$point" 2>/dev/null || echo "lab: $point stays writable" >&2
done </proc/self/mountinfo
mount -t tmpfs -o mode=755 tmpfs /run
# Of devices only those that programs cannot do without.
mkdir /run/devices
for device in null zero full random urandom tty; do
  touch "/run/devices/$device"
  mount --bind "/dev/$device" "/run/devices/$device"
done
ln -s /proc/self/fd /run/devices/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "/run/devices/${i#*:}"; done
mkdir -m 1777 /run/devices/shm
mount --rbind /run/devices /dev

exec 4<&0
# A guest's root is root of its network and files, not of the machine's clock, modules, disks and power.
setpriv --bounding-set=-sys_boot,-sys_module,-sys_rawio,-sys_time,-mknod,-syslog,-audit_control "$@" </dev/null 4<&- &
program=$!
{
  read -r _ <&4 || true
  kill -KILL "$program"
} &
# The shell would tell of the killed program.
exec 2>/dev/null
# As process 1 this shell also reaps every orphan; when it ends, the kernel ends all processes of the lab.
wait "$program"
