#!/bin/bash
# First process of a guest, in its own network, mount, process and host name namespaces: gives it a root folder and
# kernel settings of its own, then runs the program in the arguments. $GUEST_NAME: its host name, $GUEST_DEVICES: its
# NICs, $GUEST_RP_FILTER: 0, 1 or 2, $GUEST_PROGRAMS: the folder that the program is loaded from.
set -eu

# Without notes of its own in /run.
mount() { command mount -n "$@"; }

# Of the machine a guest sees the installed programs (/usr) and what they need to start, all of it read-only. Its
# settings, services, people, data and /usr/local are the guest's own, and empty.
root=/run
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root"/{dev,etc,home,mnt,old,opt,proc,root,run,srv,sys,tmp,usr,var}
chmod 700 "$root/root"
for folder in dev proc sys usr; do mount --rbind "/$folder" "$root/$folder"; done
# Once more: ip takes the uppermost away before it mounts one for another namespace, and an ordinary user may do that only
# where a /sys is still there.
mount --rbind /sys "$root/sys"
for folder in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$folder" ]; then
    cp -P "/$folder" "$root/$folder"
  elif [ -d "/$folder" ]; then
    mkdir "$root/$folder"
    mount --rbind "/$folder" "$root/$folder"
  fi
done
mkdir -p "$root"/var/{cache,lib,log,spool,tmp}
ln -s ../run "$root/var/run"
local=$root$(realpath -m /usr/local)
mkdir -p "$local"
for folder in /etc /run /tmp /var/lib /var/tmp; do mount -t tmpfs -o mode=755 tmpfs "$root$folder"; done
mount -t tmpfs -o mode=755 tmpfs "$local"
chmod 1777 "$root/tmp" "$root/var/tmp"
mkdir -p "$local"/{bin,etc,lib,sbin,share} "$root"/etc/{iproute2,systemd/system} "$root"/var/lib/waagent "$root/run/lock"

# Which of several programs is meant, where libraries are, and the names of numbers.
for file in ld.so.cache ld.so.conf ld.so.conf.d nsswitch.conf os-release protocols services; do
  [ ! -e "/etc/$file" ] || cp -rL "/etc/$file" "$root/etc/"
done
[ ! -d /etc/alternatives ] || cp -rP /etc/alternatives "$root/etc/"
# Users and groups of programs, as packages make them, without the machine's people.
for file in passwd group; do
  while IFS=: read -r name _ id more; do
    if ((id < 1000 || id == 65534)); then echo "$name:x:$id:$more"; fi
  done <"/etc/$file" >"$root/etc/$file"
done
printf '%s\n' "$GUEST_NAME" >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$GUEST_NAME" >"$root/etc/hosts"
printf '%s\n' '255 local' '254 main' '253 default' '0 unspec' >"$root/etc/iproute2/rt_tables"
# An ordinary user cannot write it to /proc; where that program is missing, the machine's name stays.
if type -P hostname >/dev/null; then hostname "$GUEST_NAME"; fi

# The program itself, wherever it is.
if [ ! -e "$root$GUEST_PROGRAMS" ]; then
  mkdir -p "$root$GUEST_PROGRAMS"
  mount --rbind "$GUEST_PROGRAMS" "$root$GUEST_PROGRAMS"
fi
if [ ! -e "$root$1" ]; then
  mkdir -p "$root${1%/*}"
  : >"$root$1"
  mount --bind "$1" "$root$1"
fi

cd "$root"
pivot_root . old
cd /
umount -l /old
rmdir /old

# Settings of the network are the guest's; all others are the machine's, which stay as they are.
mkdir /run/net
mount --bind /proc/sys/net /run/net
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --move /run/net /proc/sys/net
rmdir /run/net
[ ! -e /proc/sysrq-trigger ] || mount --bind /dev/null /proc/sysrq-trigger

# What a new network namespace would take over from the machine, as Red Hat boots with it.
for device in all default lo $GUEST_DEVICES; do
  conf=/proc/sys/net/ipv4/conf/$device
  for setting in rp_filter accept_local arp_filter arp_ignore arp_announce log_martians route_localnet src_valid_mark; do
    value=0
    [ "$setting" != rp_filter ] || value=$GUEST_RP_FILTER
    echo "$value" >"$conf/$setting"
  done
done
echo 0 >/proc/sys/net/ipv4/ip_forward

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset GUEST_NAME GUEST_DEVICES GUEST_RP_FILTER GUEST_PROGRAMS
"$@" </dev/null &
program=$!
wait "$program"
