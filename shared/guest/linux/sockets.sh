# shellcheck shell=bash
# ilb-hairpin-guard: the sockets of this machine: whether a connect came back to it.

# The filter for ss: connections to a planned VIP, and those between a backend and a via address.
socket_filter() {
  local index text=''
  for index in "${!VIP[@]}"; do
    text+="${text:+ or }dst ${VIP[index]}"
  done
  for index in "${PAIRS[@]}"; do
    text+=" or ( src ${index% *} and dst ${index#* } ) or ( src ${index#* } and dst ${index% *} )"
  done
  printf '%s' "$text"
}

# Reads the sockets of the filter, as address:port, whatever family the listener has. Those that are over are left out.
read_sockets() { # sets SOCKETS to lines of "local peer inode"
  local -a words
  local line word inode
  SOCKETS=()
  lines_of list_sockets
  for line in "${LINES[@]}"; do
    words=($line)
    [[ ${#words[@]} -ge 5 && ${words[0]} != TIME-WAIT ]] || continue
    inode=-
    for word in "${words[@]:5}"; do [[ $word == ino:* ]] && inode=${word#ino:}; done
    plain_end "${words[3]}"
    SOCKETS+=("$PLAIN")
    plain_end "${words[4]}"
    SOCKETS[-1]+=" $PLAIN $inode"
  done
}

list_sockets() {
  timeout 5 ss -H -t -a -n -e "$(socket_filter)" 2>/dev/null
}

# `[::ffff:10.0.0.1]:80` and `10.0.0.1%eth0:80` are 10.0.0.1:80.
plain_end() { # sets PLAIN
  local address=${1%:*}
  address=${address#[}
  address=${address%]}
  address=${address%%%*}
  PLAIN=${address#::ffff:}:${1##*:}
}

# Proves the open connects of connect_all: one came back to this machine when a socket here has the backend address and, as its peer,
# the connect's own address and port. The same port may be in use towards another VIP; then every such connection must
# have its accepted socket here, else none of them counts.
look_at_sockets() {
  local index socket near far end address place
  local -a words
  local -A own_end=() claims=() accepted=() port_of=() inodes=()
  read_sockets
  read_inodes
  for socket in "${SOCKETS[@]}"; do
    words=($socket)
    near=${words[0]} far=${words[1]}
    own_end[${words[2]}]=$near
    claims[$near]=$((${claims[$near]-0} + 1))
    accepted["${near%:*} $far"]=$((${accepted["${near%:*} $far"]-0} + 1))
    port_of["${near%:*} $far"]=${near##*:}
  done
  for index in "${open[@]}"; do
    end=${ends[$index]}
    [[ $end == *:* ]] || end=${own_end[${inodes[$end]--}]-}
    [[ -n $end ]] || continue
    SOURCE[index]=${end%:*}
    [[ ${end%:*} == "${VIA_IP[index]}" ]] || continue
    place=0
    for address in ${BACKEND_IP[index]//,/ }; do
      socket="$address $end"
      if ((${accepted[$socket]-0} > 0 && ${accepted[$socket]-0} >= ${claims[$end]-1})); then
        PROOF[index]=s${port_of[$socket]}
        ((place == 0)) || PROOF[index]+=.$place
      fi
      ((++place))
    done
  done
}

# The sockets of the open connects by the processes that hold them.
read_inodes() { # sets inodes: process -> inode
  local index line
  local -a files=()
  for index in "${open[@]}"; do
    [[ ${ends[$index]} == *:* ]] || files+=("/proc/${ends[$index]}/fd/3")
  done
  ((${#files[@]} > 0)) || return
  lines_of stat_files
  for line in "${LINES[@]}"; do
    line=${line#/proc/}
    inodes[${line%%/*}]=${line##* }
  done
}

stat_files() {
  stat -L -c '%n %i' "${files[@]}" 2>/dev/null
}
