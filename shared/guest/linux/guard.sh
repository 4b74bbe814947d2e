#!/bin/bash -p
#
# ilb-hairpin-guard, the Linux guest's part: lets this machine reach the VIPs of Azure internal load balancers that
# lead back to itself. It puts beside the system's own routing, and nowhere in the main table:
#
#   table 7201...     VIP/32 via GATEWAY dev VIA-NIC src VIA         a table per via address, a route per frontend
#   table 7202...     VIA/32 via GATEWAY dev BACKEND-NIC             a table per backend NIC, a route per via address
#   rule  0           not from BACKEND to VIA iif lo lookup local    in place of the kernel's: local for all but the replies
#   rule  P           not from BACKEND to VIA iif lo goto P+2        who is no reply goes past
#   rule  P+1         lookup 7202                                    the server's reply goes to the wire, not through lo
#   rule  P+2, P+3    not from VIA iif lo goto P+4; lookup 7201      sockets that are bound to the via address
#   rule  P+4, P+5    not from 0.0.0.0/32 iif lo goto P+6; lookup 7201   sockets that are bound to none
#   rule  P+6         to VIA iif lo lookup local                     where all of these lead
#
# P+6 is directly ahead of the first rule of somebody else. The kernel numbers a rule that is added without a preference
# from the second of the list, so there is one of ours at 0, and the others are moved ahead of whoever came. None begins
# with `from` an address, by which agents know their own. What a packet that comes in meets is `lookup local` in any
# state of this; see set_local for how it is never without one.
#
# Where the plan names the network of containers, in which the instances then run (CONTAINERS): what comes from that
# network to a via address is the reply, whatever interface it comes in by, so that
#
#   rule  0           not from NETWORK to VIA lookup local
#   rule  P           not from NETWORK to VIA goto P+2
#   rule  P+6         to VIA lookup local
#
# stand in place of those above; without P to P+6 no more than the containers' replies is lost.
#
# What carries protocol 201 in tables 7201-7299, or leads from one of these rules to another, is this script's, and
# nothing else is; the rule at 0 keeps the protocol of the kernel's.
#
# Needs bash 4.4, coreutils, iproute2 and kernel 4.17 or later. The last line on stdout is the report.
# What is sent is one file: the parts named below are put in their places, and the plan between its marks.
# Long: the whole run in its order, and the words of all its parts.

# Words are split on purpose (set -f keeps them from being file name patterns), and traps call functions:
# shellcheck disable=SC2086,SC2206,SC2317

# --- plan ---
COMMAND_ID=00000000000000000000000000000000
MODE=
CONNECT_SECONDS=3
TOTAL_SECONDS=60
CONTAINERS=
NETWORKS=()
VIP=()
PORT=()
BACKEND_IP=()
BACKEND_MAC=()
VIA_IP=()
VIA_MAC=()
KEPT=() # index -> kept: in no plan of today, and left as it is; nothing fails for it
# --- end of plan ---

# Before all that an older bash would not understand: it reads on only after this.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf '\nILB-HAIRPIN-GUARD %s {"v":1,"os":"linux","mode":"%s","chg":0,"p":[],"w":[],"e":"UNSUPPORTED_OS","d":"bash %s"}\n' \
    "$COMMAND_ID" "$MODE" "${BASH_VERSION%%(*}"
  exit 1
fi

# `bash -p` takes no functions and no options from the environment, and this undoes what else would come from there.
set +e +C +o pipefail -u -f
export LC_ALL=C
# The caller's PATH may lead anywhere. Whoever can write in /usr/local/sbin could as well change the installed copy.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset BASH_ENV ENV CDPATH FUNCNEST
unset POSIXLY_CORRECT # a failed exec would end the shell; and no <() before bash 5.1
SECONDS=0 # the caller's value would be evaluated where time is compared
umask 077

readonly PROTOCOL=201
readonly VIP_TABLE=7201 LAST_TABLE=7299
readonly RUN_FOLDER=/run/ilb-hairpin-guard
readonly REPORT_BYTES=3500

. ./report.sh
. ./ground.sh
. ./lock.sh
. ./names.sh
. ./look.sh
. ./drift.sh
. ./change.sh
. ./connect.sh
. ./sockets.sh
. ./lost.sh
. ./firewall.sh
. ./ruleset.sh
. ./rule.sh
. ./warnings.sh
. ./install.sh
. ./watch.sh

# A NIC that is not there blocks its own paths, not the others.
report_missing_nics() {
  local index missing=0 found mac
  for index in "${!VIP[@]}"; do
    if [[ -n ${KEPT[index]-} ]]; then
      ((++missing))
      continue
    fi
    [[ -z ${LOCAL_OF[${VIP[index]}]-} ]] || fail VIP_IS_LOCAL "${VIP[index]} on ${LOCAL_OF[${VIP[index]}]}"
    found=''
    for mac in ${BACKEND_MAC[index]//,/ } "${VIA_MAC[index]}"; do found+=${LINKS_OF[$mac]-}; done
    [[ -n $found ]] || ((++missing))
  done
  ((missing < ${#VIP[@]})) || fail WRONG_MACHINE "${BACKEND_MAC[0]%%,*}"
  for index in "${!VIP[@]}"; do
    [[ -z ${NIC_MISSING[index]} || -n ${KEPT[index]-} ]] || set_error ${NIC_MISSING[index]}
  done
}

# Connects the paths that can be connected; the second time only those that were not right before.
connect_paths() { # first|again; sets OUTCOME
  local index
  local -a chosen=()
  OUTCOME=()
  for index in "${!VIP[@]}"; do
    [[ ${PORT[index]} != 0 ]] || continue
    [[ $1 == first || -n ${DRIFT_BEFORE[index]} || ${CONNECT_BEFORE[index]} != o* ]] || continue
    SOURCE[index]=${ROUTED["${VIP[index]} -"]-}
    SOURCE[index]=${SOURCE[index]##* }
    chosen+=("$index")
  done
  connect_all "${chosen[@]}"
}

# Somebody's way to a VIP by another gateway of the same interface is as good as ours while connects work.
count_detours() {
  local index
  for index in "${!OUTCOME[@]}"; do
    [[ -z ${DRIFTS[index]//[SUX]/} && ${OUTCOME[index]} != [on]* ]] && DRIFTS[index]=${DETOURS[index]-}${DRIFTS[index]}
  done
}

# What of the installation is not as it should be, in letters.
judge_installed() { # sets INSTALL_DRIFT
  look_at_installed
  INSTALL_DRIFT=''
  ((${#FILES_WRONG[@]} == 0)) || INSTALL_DRIFT+=S
  [[ -z $SERVICE_WRONG ]] || INSTALL_DRIFT+=U
}

check_or_apply() {
  local index
  look
  report_missing_nics
  judge_installed
  judge
  DRIFT_BEFORE=("${DRIFTS[@]}")
  look_for_warnings
  connect_paths first
  for index in "${!VIP[@]}"; do CONNECT_BEFORE[index]=${OUTCOME[index]-n}; done
  count_detours
  DRIFT_BEFORE=("${DRIFTS[@]}")
  if [[ $MODE != apply ]]; then
    explain_lost
    return
  fi
  check_time 'before the changes'
  [[ -z ${DRIFT_BEFORE[*]//[ FN]/} ]] || apply_plan
  DRIFT_AFTER=("${DRIFTS[@]}")
  [[ ! ${DRIFT_AFTER[*]} =~ [RWYLOKXSU] ]] || set_error CHANGE_FAILED "not as planned after the changes: ${DRIFT_AFTER[*]}"
  connect_paths again
  is_any_lost && ((SECONDS + CONNECT_SECONDS + 3 < TOTAL_SECONDS)) && sleep 1 && connect_paths again
  count_detours
  DRIFT_AFTER=("${DRIFTS[@]}")
  explain_lost
  is_any_lost && take_back
  for index in "${!OUTCOME[@]}"; do CONNECT_AFTER[index]=${OUTCOME[index]}; done
}

# True when a VIP that connected before the changes does not now. Sets LOST to the first.
is_any_lost() {
  local index
  ((${#UNDO[@]} > 0)) || return
  for index in "${!OUTCOME[@]}"; do
    LOST=${VIP[index]}
    [[ ${CONNECT_BEFORE[index]} == o* && ${OUTCOME[index]} != [on]* ]] && return
  done
  return 1
}

# What connected before must connect afterwards: a firewall or an allow list may not know the via address.
take_back() {
  lock state 10 || fail BUSY "$(readlink "$RUN_FOLDER/state")"
  set_error CHANGE_FAILED "$LOST connected before and not after: taken back"
  undo_plan_file
  undo_changes
  unlock state
  [[ -z $OLD_PLAN ]] || start_service
  CHANGED=0
  look
  judge_installed
  judge
  DRIFT_AFTER=("${DRIFTS[@]}")
}

# Changes what is wrong. The service waits meanwhile and then finds the new plan.
apply_plan() {
  lock state 10 || fail BUSY "$(readlink "$RUN_FOLDER/state")"
  put_files
  look
  is_plan_old || change_state
  unlock state
  start_service
  look
  judge_installed
  judge
}

# Takes away what carries our protocol in our tables, and what was installed. For each path X tells whether anything of
# ours was there.
remove_all() {
  local index found=''
  lock state 10 || fail BUSY "$(readlink "$RUN_FOLDER/state")"
  read_ours
  plan_nothing
  find_base
  is_anything_left "$BASE" && found=X
  [[ ! -e $PLAN_FILE && ! -e $UNIT_FILE && ! -e ${PLACES[0]} && ! -e ${PLACES[1]} ]] || found=X
  for index in "${!VIP[@]}"; do DRIFT_BEFORE[index]=$found DRIFT_AFTER[index]=$found; done
  uninstall
  set_local
  remove_leftovers
  read_ours
  found=''
  is_anything_left "$BASE" && found=X && set_error CHANGE_FAILED 'something is left'
  for index in "${!VIP[@]}"; do DRIFT_AFTER[index]=$found; done
}

main() {
  trap clean_up EXIT
  trap on_signal TERM INT HUP
  if ((${#VIP[@]} == 0)) && [[ -z $MODE ]]; then # the installed copy: its mode and plan come from elsewhere
    MODE=${1-}
    load_plan
  fi
  if [[ $MODE == watch ]]; then
    MODE=apply WATCHING=1
    check_ground
    watch
  fi
  check_plan
  check_ground
  lock run $((TOTAL_SECONDS < 20 ? TOTAL_SECONDS / 2 : 10)) || fail BUSY "$(readlink "$RUN_FOLDER/run")"
  # Its own: connects of a run that was killed may live on for a while, and write down how they went.
  WORK=$RUN_FOLDER/work.$$
  (set +f && rm -rf "$RUN_FOLDER"/work*)
  if [[ $MODE == remove ]]; then
    remove_all
  else
    # A connect that cannot write down how it went would look like one that timed out.
    { mkdir "$WORK" && printf room >"$WORK/room"; } || fail ACCESS_DENIED "$WORK"
    check_or_apply
  fi
  finish
}

main "$@"
