#!/bin/bash
# In a guest: what nm-cloud-setup asks NetworkManager for, by the same call (a reapply with changes), as in
# _nmc_mangle_connection of NetworkManager's src/nm-cloud-setup/main.c. Debian does not ship the program.
# Arguments: gateway, then the address of each NIC in their order.
gateway=$1
shift
index=0
for address; do
  device=$(ip -o link | grep -o "[a-z]*$index@")
  subnet=$((30200 + index)) default=$((30400 + index))
  # A NIC that does not run yet has its turn before it is up.
  [ -z "$device" ] || nmcli device modify "${device%@}" \
    ipv4.routes "${address%.*}.0/24 10 table=$subnet, 0.0.0.0/0 $gateway 10 table=$default" \
    ipv4.routing-rules "priority $subnet from $address/32 table $subnet, priority $default from $address/32 table $default, priority 30350 from 0.0.0.0/0 table 254 suppress_prefixlength 0"
  index=$((index + 1))
done
exit 0
