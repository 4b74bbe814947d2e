# shellcheck shell=bash
# ilb-hairpin-guard: the sockets of this machine: whether a connect came back to it.

# The filter for ss: connections to VIPs, backend and via addresses. Up to iproute2 4.18 ss refuses a parenthesis after
# `or`, and no version gives `and` precedence over `or`; so there are none, and is_between picks the pairs.
socket_filter() {
  local address text=''
  local -A seen=()
  for address in "${VIP[@]}" "${PAIRS[@]% *}" "${PAIRS[@]#* }"; do
    [[ -z ${seen[$address]-} ]] || continue
    seen[$address]=1
    text+="${text:+ or }dst $address"
  done
  printf '%s' "$text"
}

# Reads the connections to a planned VIP and those between a backend and a via address, as address:port, whatever family
# the listener has. Those that are over are left out. Fails where ss does.
read_sockets() { # sets SOCKETS to lines of "local peer inode"
  local line word inode index
  local -A is_between=()
  SOCKETS=()
  lines_of list_sockets || return
  for index in "${PAIRS[@]}"; do is_between[$index]=1 is_between["${index#* } ${index% *}"]=1; done
  for index in "${VIP[@]}"; do is_between[$index]=1; done
  for line in "${LINES[@]}"; do
    [[ $line != TIME-WAIT* ]] || continue
    read_ends "$line" || continue
    [[ -n ${is_between["${NEAR%:*} ${FAR%:*}"]-}${is_between["${FAR%:*}"]-} ]] || continue
    inode=-
    for word in $line; do [[ $word == ino:* ]] && inode=${word#ino:}; done
    SOCKETS+=("$NEAR $FAR $inode")
  done
}

list_sockets() {
  timeout 5 ss -H -t -a -n -e "$(socket_filter)" 2>/dev/null
}

# What could not be seen is not there for nobody: the report says so.
sockets_unread() {
  [[ " ${WARNINGS[*]} " == *' sockets-unread '* ]] || note 'the sockets of this machine cannot be read (ss), or a connect was over before they were'
  add_warning sockets-unread
}

# The ends of a socket are known by their shape: ss of iproute2 4.15 to 4.19 may write the columns before them without a
# space between, and what comes after them differs too.
readonly SOCKET_END='^(\*|\[?[0-9A-Fa-f:.]+\]?(%[^]:]+)?\]?):([0-9]+|\*)$'

read_ends() { # line of ss; sets NEAR and FAR; fails where there are none
  local word
  NEAR='' FAR=''
  for word in $1; do
    [[ $word =~ $SOCKET_END ]] || continue
    plain_end "$word"
    FAR=$PLAIN
    [[ -z $NEAR ]] || return 0
    NEAR=$PLAIN
  done
  return 1
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
# have its accepted socket here, else none of them counts. It went elsewhere only when its own socket was seen.
look_at_sockets() {
  local index socket near far end address place
  local -a words
  local -A own_end=() claims=() accepted=() port_of=() inodes=()
  read_sockets || return
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
    [[ -n $end && -n ${claims[$end]-} ]] || continue
    # A container's socket is not among these: where one may have accepted, connection tracking has to tell.
    [[ ${PROOF[index]} == s* || -n $CONTAINERS ]] || PROOF[index]=r
    SOURCE[index]=${end%:*} OWN_END[index]=$end
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

OWN_END=() # by path: the open connect's own address and port

# Proves the open connects of connect_all that no socket of this machine accepted, by connection tracking: one came back
# to this machine when it is tracked from the connect's own end to a backend address, with its answers from a container.
# It went elsewhere only when the table shows the connect as it left, and no such one.
look_at_tracked() {
  local index line end pattern
  local -A claims=()
  for index in "${open[@]}"; do end=${OWN_END[index]-} claims[${end:--}]=$((${claims[${end:--}]-0} + 1)); done
  lines_of list_tracked || { note 'connection tracking cannot be read'; LINES=(); }
  for index in "${open[@]}"; do
    end=${OWN_END[index]-}
    [[ ${PROOF[index]} == n && -n $end ]] || continue
    if [[ ${end%:*} == "${VIA_IP[index]}" && ${claims[$end]} == 1 ]]; then
      pattern=" src=${end%:*} dst=([0-9.]+) sport=${end#*:} dport=([0-9]+) .*src=([0-9.]+) dst=${end%:*} sport=[0-9]+ dport=${end#*:} "
      for line in "${LINES[@]}"; do
        [[ $line =~ $pattern ]] || continue
        if [[ ${BASH_REMATCH[1]} == "${VIP[index]}" && ${BASH_REMATCH[3]} == "${VIP[index]}" ]]; then
          [[ ${PROOF[index]} == s* ]] || PROOF[index]=r
          continue
        fi
        prove_tracked "$index" "${BASH_REMATCH[@]:1:3}"
      done
    fi
    [[ ${PROOF[index]} != n ]] || add_warning containers-unseen
  done
}

prove_tracked() { # index, backend address, port, container's address
  local address place=0
  is_address_in "$4" "$CONTAINERS" || return
  for address in ${BACKEND_IP[$1]//,/ }; do
    if [[ $address == "$2" ]]; then
      PROOF[$1]=s$3
      ((place == 0)) || PROOF[$1]+=.$place
    fi
    ((++place))
  done
}

# What is tracked, and of it the connections from or to a via address.
list_tracked() {
  local line address
  local -a tracked=()
  if [[ -r /proc/net/nf_conntrack ]]; then
    mapfile -t tracked </proc/net/nf_conntrack
  else
    lines_of timeout 5 conntrack -L -f ipv4 -p tcp 2>/dev/null || return
    tracked=("${LINES[@]}")
  fi
  for line in "${tracked[@]}"; do
    for address in "${VIA_IP[@]}"; do
      [[ $line != *" src=$address "* ]] || { printf '%s\n' "$line"; break; }
    done
  done
}
