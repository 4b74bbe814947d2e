#!/bin/bash
# First process of a guest, in its own network, mount and process namespaces: gives it files and kernel settings of its
# own, then runs the program in the arguments. $GUEST_DEVICES: its NICs, $GUEST_RP_FILTER: 0, 1 or 2.
set -eu

# A folder of the guest's own that shows the machine's content: links to it, so that what is added stays in the guest.
shadow() {
  local folder=$1 machine=/run/machine$1 entry
  local -a links=() others=()
  [ -d "$folder" ] || return 0
  mkdir -p "$machine"
  mount --rbind "$folder" "$machine"
  mount -t tmpfs -o mode=755 tmpfs "$folder"
  for entry in "$machine"/*; do
    if [ -L "$entry" ]; then links+=("$entry"); else others+=("$entry"); fi
  done
  [ ${#links[@]} -eq 0 ] || cp -P -t "$folder" "${links[@]}"
  [ ${#others[@]} -eq 0 ] || ln -s -t "$folder" "${others[@]}"
}
# An empty folder in a shadowed one.
fresh() {
  [ ! -L "$1" ] || rm "$1"
  mkdir -p "$1"
}

shopt -s nullglob dotglob
mount -t tmpfs -o mode=755 tmpfs /run
shadow /etc
shadow /var/lib
shadow /usr/local
fresh /etc/systemd
mkdir /etc/systemd/system
fresh /usr/local/sbin
fresh /var/lib/waagent
[ ! -d /var/tmp ] || mount -t tmpfs -o mode=1777 tmpfs /var/tmp
# A checkout or a Node.js below /tmp stays visible there.
kept=()
for path in "$GUEST_PROGRAMS" "${1%/*}"; do
  case $path in /tmp/*) ;; *) continue ;; esac
  machine=/run/machine/kept/${#kept[@]}
  mkdir -p "$machine"
  mount --rbind "$path" "$machine"
  kept+=("$path")
done
mount -t tmpfs -o mode=1777 tmpfs /tmp
for i in "${!kept[@]}"; do
  mkdir -p "${kept[i]%/*}"
  [ -e "${kept[i]}" ] || ln -s "/run/machine/kept/$i" "${kept[i]}"
done

# Settings of the network are the guest's; all others are the machine's, which stay as they are.
mkdir -p /run/machine/net
mount --bind /proc/sys/net /run/machine/net
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /run/machine/net /proc/sys/net
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
unset GUEST_DEVICES GUEST_RP_FILTER GUEST_PROGRAMS
"$@" </dev/null &
program=$!
wait "$program"
