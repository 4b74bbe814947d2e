# shellcheck shell=bash
# ilb-hairpin-guard: what a run stands on: signals, time, tools, a sound plan.

CRITICAL=0  # above 0 while a signal must wait
STOPPED=
NUMERIC=    # -N where ip knows it: somebody may have given a name to one of our numbers (rt_tables, rt_protos)

on_signal() {
  STOPPED=1
  ((CRITICAL)) || stop_if_asked
}

stop_if_asked() {
  [[ -n $STOPPED ]] || return 0
  [[ -z $WATCHING ]] || finish
  fail TIME_IS_UP 'stopped by a signal'
}

# Ends the run when its time is up. Safe between any two changes: a later run goes on from what it finds.
check_time() {
  stop_if_asked
  ((SECONDS < TOTAL_SECONDS)) || fail TIME_IS_UP "$1"
}

check_ground() {
  local tool release version
  [[ $EUID == 0 ]] || fail ACCESS_DENIED 'not root'
  for tool in ip timeout date sleep readlink stat mkdir rmdir chmod ln mv rm uname; do
    type -P "$tool" >/dev/null || fail TOOL_MISSING "$tool"
  done
  release=$(uname -r)
  at_least_4_17 "$release" || fail UNSUPPORTED_OS "kernel $release"
  version=$(ip -V 2>/dev/null)
  version=${version##*iproute2-}
  version=${version%%,*}
  if [[ $version == ss[0-9][0-9][0-9][0-9][0-9][0-9] ]]; then
    # Until 5.5 a version was named by its day: 4.16 is ss180402, 4.17 came in June 2018.
    ((10#${version#ss} > 180500)) || fail UNSUPPORTED_OS "iproute2 $version"
  else
    at_least_4_17 "$version" || fail UNSUPPORTED_OS "iproute2 $version"
  fi
  ! ip -N -V >/dev/null 2>&1 || NUMERIC=-N
}

at_least_4_17() { # version
  [[ $1 =~ ^([0-9]+)\.([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] > 4 || (BASH_REMATCH[1] == 4 && BASH_REMATCH[2] >= 17)))
}

# What a plan may name: what is no address of a machine, and Azure's own, never; else private (RFC 1918) and shared ones
# (RFC 6598), and those in the networks that the plan names.
is_plan_address() { # address
  local network octet='(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])'
  [[ ! $1 =~ ^(0|127|22[4-9]|2[345][0-9])\. && $1 != 169.254.* && $1 != 168.63.129.16 ]] || return 1
  [[ ! $1 =~ ^(10|172\.(1[6-9]|2[0-9]|3[01])|192\.168|100\.$octet)\. ]] || return 0
  for network in "${NETWORKS[@]}"; do ! is_address_in "$1" "$network" || return 0; done
  return 1
}

# The plan was checked before it was sent; this guards against a damaged file.
check_plan() {
  local index octet='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' mac='([0-9a-f]{2}:){5}[0-9a-f]{2}'
  local ip="$octet(\.$octet){3}" list address length='(1[2-9]|2[0-9]|30)' network
  [[ $COMMAND_ID =~ ^[0-9a-f]{32}$ ]] || { COMMAND_ID=00000000000000000000000000000000; fail BAD_PLAN 'command id'; }
  [[ $MODE =~ ^(check|apply|remove)$ ]] || { MODE=check; fail BAD_PLAN mode; }
  [[ $CONNECT_SECONDS =~ ^[1-9][0-9]?$ && $TOTAL_SECONDS =~ ^[1-9][0-9]{0,3}$ ]] || fail BAD_PLAN limits
  for list in "${#PORT[@]}" "${#BACKEND_IP[@]}" "${#BACKEND_MAC[@]}" "${#VIA_IP[@]}" "${#VIA_MAC[@]}"; do
    ((list == ${#VIP[@]} && list <= 64)) || fail BAD_PLAN 'length of lists'
  done
  for network in "${NETWORKS[@]}"; do [[ $network =~ ^$ip/([89]|1[0-9]|2[0-9])$ ]] || fail BAD_PLAN networks; done
  [[ -z $CONTAINERS || $CONTAINERS =~ ^$ip/$length$ ]] || fail BAD_PLAN containers
  [[ $MODE == remove ]] || ((${#VIP[@]} > 0)) || fail BAD_PLAN 'no frontends'
  for index in "${!VIP[@]}"; do
    [[ ${VIP[index]} =~ ^$ip$ && ${BACKEND_IP[index]} =~ ^$ip(,$ip){0,7}$ && ${VIA_IP[index]} =~ ^$ip$ &&
      ${BACKEND_MAC[index]} =~ ^$mac(,$mac){0,7}$ && ${BACKEND_IP[index]//[^,]/} == "${BACKEND_MAC[index]//[^,]/}" && ${VIA_MAC[index]} =~ ^$mac$ && ${PORT[index]} =~ ^[0-9]{1,5}$ ]] ||
      fail BAD_PLAN "frontend $index"
    for address in "${VIP[index]}" "${VIA_IP[index]}" ${BACKEND_IP[index]//,/ }; do
      is_plan_address "$address" || fail ADDRESS_REFUSED "$address"
    done
    [[ -n $CONTAINERS ]] || continue
    # What goes to such an address would be taken for a container's reply.
    for address in "${VIP[index]}" "${VIA_IP[index]}" ${BACKEND_IP[index]//,/ }; do
      ! is_address_in "$address" "$CONTAINERS" || fail BAD_PLAN "$address in $CONTAINERS"
    done
  done
}
