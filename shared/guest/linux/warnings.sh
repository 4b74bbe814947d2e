# shellcheck shell=bash
# ilb-hairpin-guard: warnings.

# What works now and could stop, and what no rule of ours covers. shared/guest/warnings.ts has the sentences.
look_for_warnings() {
  local index line dev=''
  has_systemd || add_warning no-systemd
  [[ ! -e $FIGHT_FILE ]] || add_warning another-agent
  local -a words
  local -A filter=() is_via=() is_backend=() is_vip=() seen=()
  for index in "${!VIP[@]}"; do
    is_vip[${VIP[index]}]=1 is_via[${VIA_DEV[index]:--}]=1
  done
  for line in "${BACKEND_DEV[@]}"; do is_backend[${line:--}]=1; done
  # What a slave (an accelerated-networking VF) sends is sent by its NIC.
  for line in "${!MASTER_OF[@]}"; do
    is_via[$line]=${is_via[${MASTER_OF[$line]}]-} is_backend[$line]=${is_backend[${MASTER_OF[$line]}]-}
  done
  for line in "${!LOCAL_OF[@]}"; do
    [[ -n ${MASTER_OF[${LOCAL_OF[$line]}]-} ]] || continue
    [[ -n ${is_via[${LOCAL_OF[$line]}]-}${is_backend[${LOCAL_OF[$line]}]-} ||
      " ${VIA_IP[*]} ${BACKEND_IP[*]//,/ } " == *" $line "* ]] && add_warning slave-address
  done
  lines_of ip -4 -o netconf show
  for line in "${LINES[@]}"; do # inet eth0 forwarding off rp_filter strict ...
    words=($line)
    line=" ${words[*]} "
    [[ $line != *' all forwarding on '* ]] || add_warning forwarding
    line=${line#* rp_filter }
    filter[${words[1]-}]=${line%% *}
  done
  lines_of ip -4 -o route show table main
  for line in "${LINES[@]}"; do
    words=($line)
    [[ -z ${is_vip[${words[0]-}]-} ]] || add_warning vip-route-in-main
    [[ ${words[0]-} == default && -z $dev ]] || continue
    line=" ${words[*]} "
    [[ $line == *' dev '* ]] || continue
    dev=${line#* dev }
    dev=${dev%% *}
    # The kernel lists default routes by metric, the one in use first.
    if [[ -n ${is_via[$dev]-} && -z ${is_backend[$dev]-} ]]; then
      add_warning default-route-on-via
      # The kernel takes the larger of the two numbers: loose (2) wins over strict (1).
      line="${filter[all]-} ${filter[$dev]-}"
      [[ $line == *loose* || $line != *strict* ]] || add_warning rp-filter-strict
    fi
  done
  for line in "${LOCALS[@]}"; do
    words=($line)
    [[ ${words[1]} == except || -z ${HELD_BY[${words[0]}]-} ]] || add_warning rule-at-zero "${HELD_BY[${words[0]}]%% proto *}"
  done
  look_for_source_rules
  read_sockets || sockets_unread
  for line in "${SOCKETS[@]}"; do
    words=($line)
    [[ -z ${seen["${words[1]} ${words[0]}"]-} || -n $CONTAINERS ]] || add_warning bound-sockets
    seen["${words[0]} ${words[1]}"]=1
  done
}

# An agent that keeps a table of routes for a NIC adds a rule that leads there from its address, unless it takes another
# rule for that one. Without it the address is cut off beyond its subnet.
look_for_source_rules() {
  local line table dev index address
  local -a words
  [[ -z $HAS_VRFS ]] || return 0
  lines_of ip $NUMERIC -4 -o route show table all default
  for line in "${LINES[@]}"; do
    [[ $line == *' table '* && $line == *' dev '* ]] || continue
    table=${line#* table } dev=${line#* dev }
    table=${table%% *} dev=${dev%% *} address=''
    [[ -z ${TABLES_USED[$table]-} && $table =~ ^[0-9]+$ ]] || continue
    ! is_our_table "$table" || continue
    for index in "${!VIP[@]}"; do
      [[ $dev != "${VIA_DEV[index]}" ]] || address=${VIA_IP[index]}
    done
    for index in "${!PAIRS[@]}"; do
      [[ $dev != "${BACKEND_DEV[index]}" ]] || address=${PAIRS[index]% *}
    done
    [[ -z $address ]] || add_warning source-rule-missing "from $address priority $table lookup $table"
  done
}
