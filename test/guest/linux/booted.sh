#!/bin/bash
# The Linux script on a machine that really boots: systemd runs the service with all its restrictions, and a network
# manager has both NICs and drops what is not its own. Run it by hand, as root, from the checkout:
#
#   apt-get install systemd-container
#   test/guest/linux/booted.sh networkd
#   test/guest/linux/booted.sh NetworkManager [folder with .deb files to unpack in the guest, where it is not installed]
#
# The guest is this machine's own file system under an overlay, booted by systemd-nspawn with its network in namespaces
# of its own; nothing of it is left afterwards. One line per thing that was looked at, exit code 1 when one is not so.
set -u
here=$(cd "$(dirname "$0")/../../.." && pwd)
manager=${1-networkd} packages=${2-}
[[ $manager == networkd || $manager == NetworkManager ]] || { echo "usage: $0 networkd|NetworkManager [folder]" >&2; exit 2; }
if [[ -z ${BOOTED_INSIDE-} ]]; then
  BOOTED_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
fi

guest=booted-$$ fabric=bootedf-$$ root=/run/booted-$$ nspawn='' leader='' failed=0
# shellcheck disable=SC2317 # called by the trap
stop() {
  [[ -z $nspawn ]] || kill -KILL "$nspawn"
  wait "$nspawn"
  [[ -z ${server-} ]] || kill "$server"
  ip netns del "$guest"
  ip netns del "$fabric"
  umount -l "$root/root" "$root"
  rmdir "$root"
} 2>/dev/null
trap stop EXIT

# An ILB that translates 10.2.1.100 and .101, port 1972, to 10.2.1.4, and drops what leaves a NIC with another's address.
ip netns add "$guest"
ip netns add "$fabric"
for n in 0 1; do
  ip link add "eth$n" address "00:0d:3a:00:00:0$n" netns "$guest" type veth peer name "v$n" netns "$fabric"
  ip -n "$fabric" link set "v$n" up
  ip -n "$fabric" route add "10.2.1.$((4 + n))/32" dev "v$n"
  ip -n "$fabric" neigh add "10.2.1.$((4 + n))" lladdr "00:0d:3a:00:00:0$n" dev "v$n" nud permanent
  ip netns exec "$fabric" sysctl -qw "net.ipv4.conf.v$n.proxy_arp=1" "net.ipv4.neigh.v$n.proxy_delay=0"
done
ip -n "$fabric" link set lo up
ip -n "$fabric" addr add 10.2.1.1/32 dev lo
ip -n "$fabric" route add 10.2.1.96/27 dev lo
ip netns exec "$fabric" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
ip netns exec "$fabric" nft -f - <<'NFT'
table ip balancer {
  chain raw { type filter hook prerouting priority raw; iifname v0 ip saddr != 10.2.1.4 drop; iifname v1 ip saddr != 10.2.1.5 drop; }
  chain nat { type nat hook prerouting priority dstnat; ip daddr { 10.2.1.100, 10.2.1.101 } tcp dport 1972 dnat to 10.2.1.4; }
}
NFT

mkdir -p "$root"
mount -t tmpfs tmpfs "$root"
mkdir "$root"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/root"
etc=$root/root/etc
rm -rf "$etc"/systemd/system/*.wants "$etc/machine-id"
: >"$etc/machine-id"
wanted=$etc/systemd/system/multi-user.target.wants
mkdir -p "$wanted"
if [[ $manager == networkd ]]; then
  ln -s /lib/systemd/system/systemd-networkd.service "$wanted/"
  mkdir -p "$etc/systemd/network"
  for n in 0 1; do
    printf '[Match]\nName=eth%s\n[Network]\nAddress=10.2.1.%s/24\nLinkLocalAddressing=no\n' "$n" $((4 + n)) >"$etc/systemd/network/$n.network"
  done
  echo Gateway=10.2.1.1 >>"$etc/systemd/network/0.network"
else
  for package in ${packages:+"$packages"/*.deb}; do
    dpkg-deb --fsys-tarfile "$package" | tar --keep-directory-symlink -x -C "$root/root"
  done
  ln -s /lib/systemd/system/NetworkManager.service "$wanted/"
  mkdir -p "$etc/systemd/system/sockets.target.wants" "$etc/NetworkManager/system-connections" "$root/root/var/lib/NetworkManager"
  ln -s /lib/systemd/system/dbus.socket "$etc/systemd/system/sockets.target.wants/"
  for n in 0 1; do
    profile=$etc/NetworkManager/system-connections/eth$n.nmconnection
    printf '[connection]\nid=eth%s\ntype=ethernet\ninterface-name=eth%s\n[ipv4]\nmethod=manual\naddress1=10.2.1.%s/24\n[ipv6]\nmethod=disabled\n' \
      "$n" "$n" $((4 + n)) >"$profile"
    chmod 600 "$profile"
  done
  sed -i 's,^address1=.*,&\,10.2.1.1,' "$etc/NetworkManager/system-connections/eth0.nmconnection"
fi
for mode in check apply remove; do
  "$here/node_modules/.bin/node" --input-type=module -e "
    import { renderScript } from '$here/shared/guest/render.ts';
    const nic = (n) => ({ ip: '10.2.1.' + (4 + n), mac: '00:0d:3a:00:00:0' + n });
    const frontends = ['10.2.1.100', '10.2.1.101'].map((vip) => ({ vip, port: 1972, backend: nic(0), via: nic(1) }));
    const limits = { connectSeconds: 2, totalSeconds: 60 };
    process.stdout.write(renderScript('linux', { commandId: '0'.repeat(32), mode: '$mode', plan: { frontends }, limits }));
  " >"$root/root/$mode.sh"
  chmod 500 "$root/root/$mode.sh"
done

inside() { nsenter -t "$leader" -m -p -n -u -i -C "$@"; }

boot() {
  systemd-nspawn --quiet --directory="$root/root" --boot --register=no --keep-unit --capability=CAP_NET_ADMIN \
    --network-namespace-path="/run/netns/$guest" --console=pipe >"$root/boot.log" 2>&1 &
  nspawn=$!
  for _ in {1..100}; do
    sleep 0.3
    leader=$(ps -o pid= --ppid "$nspawn" | tr -d ' ')
    [[ -n $leader ]] && inside systemctl is-system-running 2>/dev/null | grep -q 'running\|degraded' && break
  done
  ip netns exec "$guest" python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 1972)); s.listen(64)
kept = []
while True: kept.append(s.accept())' &
  server=$!
  disown
  sleep 2
}

look() { # what command pattern
  local out
  out=$(inside /bin/bash -c "$2" 2>&1)
  if [[ $out =~ $3 ]]; then
    echo "ok      $1"
  else
    echo "FAILED  $1: $out"
    failed=1
  fi
}

# Until the state is whole again, seen from outside: seven rules and routes of ours.
heals() { # what command
  local begin now last tries
  begin=$(date +%s%N) last=$begin
  inside /bin/bash -c "$2" >/dev/null
  for ((tries = 0; tries < 150; tries++)); do
    now=$({ ip -n "$guest" rule; ip -n "$guest" route show table 7201; ip -n "$guest" route show table 7202; } 2>&1)
    (($(grep -c '720[12]\|via' <<<"$now") == 7)) || last=$(date +%s%N)
    sleep 0.02
  done
  look "$1: whole again after $(((last - begin) / 1000000)) ms" /check.sh '"p":\["0;;=;o[0-9]+;=;s;","1;;=;o[0-9]+;=;s;"\]'
}

boot
look "$manager runs" 'systemctl is-active systemd-networkd NetworkManager' '(^|[[:space:]])active'
look 'apply: two VIPs proved, no warning' /apply.sh '"chg":12,"p":\["0;RYLKSU;;t[0-9]+;o[0-9]+;s;".*"w":\[\]\}$'
look 'the service is on' 'systemctl is-enabled ilb-hairpin-guard; systemctl is-active ilb-hairpin-guard' '^enabled.active$'
heals 'our rules and routes deleted' 'ip route flush table 7201; ip rule del pref 0 lookup 7202; ip rule del pref 2'
if [[ $manager == networkd ]]; then
  heals 'networkd restarted' 'systemctl restart systemd-networkd'
  heals 'networkd reloaded' 'networkctl reload'
  heals 'both NICs reconfigured' 'networkctl reconfigure eth0 eth1'
else
  heals 'NetworkManager restarted' 'systemctl restart NetworkManager'
  heals 'connections reloaded' 'nmcli connection reload; nmcli general reload'
  heals 'both NICs reapplied' 'nmcli device reapply eth1; nmcli device reapply eth0'
  heals 'eth1 brought up again' 'nmcli connection up eth1'
  heals 'eth0 brought up again' 'nmcli connection up eth0'
  heals 'eth1 disconnected and connected' 'nmcli device disconnect eth1; nmcli device connect eth1'
  heals 'networking off and on' 'nmcli networking off; sleep 0.5; nmcli networking on'
fi
heals 'eth1 down and up' 'ip link set eth1 down; ip link set eth1 up'
heals 'eth0 down and up' 'ip link set eth0 down; ip link set eth0 up'
heals 'the service killed' 'systemctl kill --signal=KILL ilb-hairpin-guard; ip route flush table 7201'
inside systemctl disable --quiet --now ilb-hairpin-guard
look 'a service that is off is named' /check.sh '"p":\["0;U;='
look 'and put on again' /apply.sh '"chg":1,"p":\["0;U;;'
inside systemctl poweroff --no-block
sleep 3
kill -KILL "$nspawn" "$server" 2>/dev/null
wait "$nspawn" 2>/dev/null
# A namespace outlives the reboot, a kernel does not.
ip -n "$guest" rule flush
ip -n "$guest" rule del pref 0 lookup 7202
ip -n "$guest" rule add pref 32766 lookup main protocol kernel
ip -n "$guest" rule add pref 32767 lookup default protocol kernel
ip -n "$guest" route flush table 7201
ip -n "$guest" route flush table 7202
ip -n "$guest" addr flush dev eth0
ip -n "$guest" addr flush dev eth1
boot
look 'after a reboot all is in place' /check.sh '"p":\["0;;=;o[0-9]+;=;s;","1;;=;o[0-9]+;=;s;"\]'
look 'remove' /remove.sh '"p":\["0;X;;n;=;n;-","1;X;;n;=;n;-"\],"w":\[\]\}$'
look 'no rule is left' 'ip rule' '^0:.from all lookup local.32766:.from all lookup main.32767:.from all lookup default$'
look 'no file is left' 'ls /etc/ilb-hairpin-guard /usr/local/sbin /etc/systemd/system/ilb* 2>&1 | grep -v cannot' '^/usr/local/sbin:$'
exit "$failed"
