# shellcheck shell=bash
# ilb-hairpin-guard: what stays on the machine, so that the state survives reboots and other people's changes.
# Long: the files that stay, with the unit’s text.

readonly PLAN_FOLDER=/etc/ilb-hairpin-guard
readonly PLAN_FILE=$PLAN_FOLDER/plan
readonly UNIT=ilb-hairpin-guard.service
readonly UNIT_FILE=/etc/systemd/system/$UNIT
readonly FIGHT_FILE=$RUN_FOLDER/fighting
# Where the script may stand: the second place is for machines whose /usr/local cannot be written.
readonly PLACES=(/usr/local/sbin/ilb-hairpin-guard "$PLAN_FOLDER/ilb-hairpin-guard")
INSTALLED=${PLACES[0]}

INSTALL_DRIFT=  # letters of what is not installed as it should be; the service looks at the state alone

# This script as it is installed: without a command and its plan. Its own name is $0: BASH_SOURCE would be the caller's
# where that is in the environment.
own_text() {
  local line in_plan=''
  local -a lines kept=()
  mapfile -t lines <"$0" || return
  for line in "${lines[@]}"; do
    case $line in
      '# ilb-hairpin-guard command '*) continue ;;
      '# --- end of plan ---') in_plan='' ;;
    esac
    [[ -n $in_plan ]] || kept+=("$line")
    [[ $line == '# --- plan ---' ]] || continue
    in_plan=1
    kept+=(COMMAND_ID=00000000000000000000000000000000 MODE= CONNECT_SECONDS=3 TOTAL_SECONDS=60 CONTAINERS=)
    kept+=('NETWORKS=()' 'VIP=()' 'PORT=()' 'BACKEND_IP=()' 'BACKEND_MAC=()' 'VIA_IP=()' 'VIA_MAC=()' 'KEPT=()')
  done
  printf '%s\n' "${kept[@]}"
}

plan_text() {
  local index
  printf '%s\n' '# Written by ilb-hairpin-guard: VIP, port, backend addresses and MACs, via address and MAC, kept: left as it is'
  [[ -z $CONTAINERS ]] || printf '%s\n' "containers $CONTAINERS"
  ((${#NETWORKS[@]} == 0)) || printf '%s\n' "networks ${NETWORKS[*]}"
  for index in "${!VIP[@]}"; do
    printf '%s\n' "${VIP[index]} ${PORT[index]} ${BACKEND_IP[index]} ${BACKEND_MAC[index]} ${VIA_IP[index]} ${VIA_MAC[index]}${KEPT[index]:+ kept}"
  done
}

# Reads the plan file; fails without one. check_plan then looks at what was read.
load_plan() {
  local line
  local -a words
  CONTAINERS='' NETWORKS=() VIP=() PORT=() BACKEND_IP=() BACKEND_MAC=() VIA_IP=() VIA_MAC=() KEPT=()
  [[ -r $PLAN_FILE ]] || return
  while read -r line; do
    words=(${line%%#*})
    ((${#words[@]} > 0)) || continue
    case ${words[0]} in
      containers) CONTAINERS=${words[1]-} && continue ;;
      networks) NETWORKS=("${words[@]:1}") && continue ;;
    esac
    [[ -z ${words[6]-} ]] || KEPT[${#VIP[@]}]=kept
    VIP+=("${words[0]}") PORT+=("${words[1]-}") BACKEND_IP+=("${words[2]-}") BACKEND_MAC+=("${words[3]-}")
    VIA_IP+=("${words[4]-}") VIA_MAC+=("${words[5]-}")
  done <"$PLAN_FILE"
}

unit_text() {
  printf '%s\n' "[Unit]
Description=Keeps the VIPs of Azure internal load balancers reachable from this member of their pools
After=network.target
ConditionPathExists=$PLAN_FILE
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/bash -p $INSTALLED watch
Restart=always
RestartSec=200ms
RuntimeDirectory=ilb-hairpin-guard
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
UMask=0077
TasksMax=64
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProcSubset=pid
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_NETLINK
IPAddressDeny=any
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target"
}

# True where systemd runs the machine. Containers and labs have none.
has_systemd() { [[ -d /run/systemd/system ]] && type -P systemctl >/dev/null; }

# Calls systemd with a time limit.
tell_systemd() { # words for systemctl
  local said
  said=$(timeout 10 systemctl "$@" 2>&1) && return
  [[ $1 == is-* ]] || note "systemctl $*: $said"
  return 1
}

is_file_right() { # file text
  [[ -f $1 && $(<"$1") == "$2" ]]
}

# True when its mode lets it be run. On a file system that is mounted noexec nothing is executable; the service does not
# need it to be: bash reads the script.
may_run() { # file
  local mode
  [[ -x $1 ]] || { mode=$(stat -c %a "$1" 2>/dev/null) && ((8#$mode & 8#100)); }
}

# True when a file can be put there: the nearest folder that is there can be written. A full disk shows only when tried.
is_writable() { # file
  local folder=${1%/*}
  while [[ -n $folder && ! -e $folder ]]; do folder=${folder%/*}; done
  [[ -w ${folder:-/} ]]
}

# Chooses where the script stands: the first place where it is right or can be put.
choose_place() { # sets INSTALLED
  for INSTALLED in "${PLACES[@]}"; do
    is_file_right "$INSTALLED" "$OWN_TEXT" || is_writable "$INSTALLED" && return
  done
  INSTALLED=${PLACES[0]}
}

# Notes a file that is not as it should be. One that is not there and cannot be is no drift, which an apply could mend:
# the state is put in place all the same, and nothing keeps it but the next run.
file_is_wrong() { # file
  if [[ -e $1 ]] || is_writable "$1"; then FILES_WRONG+=("$1"); else FILES_REFUSED+=("$1"); fi
}

# Looks at what is installed; sets FILES_WRONG and FILES_REFUSED to files, SERVICE_WRONG, and HEALS.
look_at_installed() {
  FILES_WRONG=() FILES_REFUSED=() SERVICE_WRONG='' HEALS=''
  OWN_TEXT=$(own_text) || fail CHANGE_FAILED 'the script cannot read itself'
  choose_place
  PLAN_TEXT=$(plan_text)
  UNIT_TEXT=$(unit_text)
  { is_file_right "$INSTALLED" "$OWN_TEXT" && may_run "$INSTALLED"; } || file_is_wrong "$INSTALLED"
  is_file_right "$PLAN_FILE" "$PLAN_TEXT" || file_is_wrong "$PLAN_FILE"
  is_file_right "$UNIT_FILE" "$UNIT_TEXT" || file_is_wrong "$UNIT_FILE"
  if ((${#FILES_REFUSED[@]} > 0)); then
    [[ " ${WARNINGS[*]} " == *' not-kept '* ]] || note "cannot be written: ${FILES_REFUSED[*]}"
    add_warning not-kept
    return
  fi
  has_systemd || return 0
  tell_systemd is-enabled --quiet "$UNIT" && tell_systemd is-active --quiet "$UNIT" || SERVICE_WRONG=1
  [[ -n $SERVICE_WRONG ]] || ((${#FILES_WRONG[@]} > 0)) || HEALS=1
}

# Makes a folder that is missing: our own is root's alone, others are for everybody as they would be.
put_folder() { # folder
  local mode=755
  [[ $1 != "$PLAN_FOLDER" ]] || mode=700
  # shellcheck disable=SC2174 # those above it get 755 by umask
  (umask 022 && mkdir -p -m "$mode" "$1")
}

# Writes a file in one step, with the label that the machine's policy gives it.
put_file() { # file mode text
  if put_folder "${1%/*}" && printf '%s\n' "$3" >"$1.new" && chmod "$2" "$1.new" && mv -T "$1.new" "$1"; then
    [[ -z $(type -P restorecon) ]] || timeout 10 restorecon "$1"
    note "changed: $1"
    ((++CHANGED))
  else
    set_error CHANGE_FAILED "cannot write $1"
    rm -f "$1.new" # what a full disk took of it
  fi
}

# Writes those files that are not right. The plan's before the state is changed, so that the service, which reads it
# under the same lock, works towards the new one.
put_files() {
  local file
  OLD_PLAN=''
  [[ ! -f $PLAN_FILE ]] || OLD_PLAN=$(<"$PLAN_FILE")
  for file in "${FILES_WRONG[@]}"; do
    case $file in
      "$INSTALLED") put_file "$file" 755 "$OWN_TEXT" ;;
      "$PLAN_FILE") put_file "$file" 600 "$PLAN_TEXT" ;;
      "$UNIT_FILE") put_file "$file" 644 "$UNIT_TEXT" ;;
    esac
  done
  # Left in the second place while the first could not be written: the service has the first one's name now.
  [[ $INSTALLED != "${PLACES[0]}" || ! -e ${PLACES[1]} || ${#FILES_WRONG[@]} -eq 0 ]] || rm -f "${PLACES[1]}"
}

# True when the file still has an older plan, because the new one could not be written: the service keeps what that says.
is_plan_old() { [[ -n $OLD_PLAN ]] && ! is_file_right "$PLAN_FILE" "$PLAN_TEXT"; }

# Gives the plan's file back the text that it had before this run; without one nothing was installed before.
undo_plan_file() {
  if [[ -z $OLD_PLAN ]]; then
    uninstall
  elif ! is_file_right "$PLAN_FILE" "$OLD_PLAN"; then
    put_file "$PLAN_FILE" 600 "$OLD_PLAN"
  fi
}

# Starts the service, or starts it anew when its files were changed.
start_service() {
  has_systemd || return 0
  ((${#FILES_WRONG[@]} > 0)) || [[ -n $SERVICE_WRONG ]] || return 0
  ((${#FILES_REFUSED[@]} == 0)) || return 0 # not-kept tells
  if [[ ! -f $INSTALLED ]]; then # it could not be written, and systemd would try for ever
    add_warning service-not-started
    return
  fi
  tell_systemd daemon-reload
  [[ -n $SERVICE_WRONG ]] && ((++CHANGED))
  { tell_systemd enable --quiet "$UNIT" && tell_systemd restart "$UNIT"; } || add_warning service-not-started
}

# Stops the service and takes away its files.
uninstall() {
  local file gone=''
  if has_systemd && [[ -e $UNIT_FILE ]]; then
    tell_systemd disable --quiet --now "$UNIT" || set_error CHANGE_FAILED "the service cannot be stopped"
  fi
  for file in "$PLAN_FILE" "$UNIT_FILE" "${PLACES[@]}"; do
    rm -f "$file.new" # of a run that was killed
    [[ -e $file ]] || continue
    if rm -f "$file"; then
      note "changed: $file is gone"
      gone=1
      ((++CHANGED))
    else
      set_error CHANGE_FAILED "cannot remove $file"
    fi
  done
  rm -f "$FIGHT_FILE"
  [[ ! -d $PLAN_FOLDER ]] || rmdir "$PLAN_FOLDER" 2>/dev/null
  [[ -z $gone ]] || ! has_systemd || tell_systemd daemon-reload
}
