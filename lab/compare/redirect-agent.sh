#!/bin/bash
# A probe-driven local redirect, for comparison: while the local member of a mirror is healthy, connects of this machine
# to its VIP are led to the machine's own address. On after 1 success, off after 8 failures; a redirect that somebody
# took away is back with the next probe. Arguments: name VIP port own-address status-port status-path seconds.
set -u
name=$1 vip=$2 port=$3 address=$4 status_port=$5 path=$6 seconds=$7
table=redirect_$name
failures=0

is_healthy() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$status_port" || return
  printf 'GET %s HTTP/1.0\r\n\r\n' "$path" >&3
  read -r -t 2 line <&3
  exec 3>&-
  [[ $line == *' 200 '* ]]
}

redirect() {
  nft list table ip "$table" >/dev/null 2>&1 && return
  nft -f - <<END
table ip $table {
  chain output {
    type nat hook output priority -100;
    ip daddr $vip tcp dport $port dnat to $address
  }
}
END
}

while :; do
  if is_healthy 2>/dev/null; then
    failures=0
    redirect
  elif ((++failures >= 8)); then
    nft delete table ip "$table" 2>/dev/null
  fi
  sleep "$seconds"
done
