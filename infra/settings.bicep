// Made by npm run infra from shared/settings/settings.ts.

@export()
@sealed()
@description('Settings of the app that the template does not make itself. What is left out has its value in the app.')
type Settings = {
  @description('load balancers outside `HAIRPIN_SCOPE` with a VM inside behind them: `serve` looks after their VIPs too')
  HAIRPIN_OUTSIDE_LOAD_BALANCERS: ('ignore' | 'serve')?

  @description('public networks that are in the address space of your virtual networks: VIPs and NICs may have their addresses, besides private ones (RFC 1918) and shared ones (RFC 6598)')
  HAIRPIN_NETWORKS: string?

  @description('automatic repairs change guests between these times; outside they only check')
  HAIRPIN_CHANGE_WINDOW: string?

  @description('commands at a time per subscription')
  @minValue(1)
  @maxValue(100)
  HAIRPIN_MAX_COMMANDS: int?

  @description('a look into a guest that is older is renewed by a sweep; guests that no service keeps (Windows, Linux without systemd) are looked at by each')
  @minValue(1)
  @maxValue(720)
  HAIRPIN_PROOF_HOURS: int?

  @description('what the script may take in all; at least 3 more than `HAIRPIN_CONNECT_SECONDS`')
  @minValue(10)
  @maxValue(3600)
  HAIRPIN_COMMAND_SECONDS: int?

  @description('what Azure may take beyond that to start it and to show its end')
  @minValue(5)
  @maxValue(1800)
  HAIRPIN_COMMAND_SLACK_SECONDS: int?

  @description('what one connect in the guest may take')
  @minValue(1)
  @maxValue(30)
  HAIRPIN_CONNECT_SECONDS: int?

  @description('between two looks while something is open')
  @minValue(1)
  @maxValue(60)
  HAIRPIN_BELL_SECONDS: int?

  @description('rule health that is older is asked again by the watch')
  @minValue(5)
  @maxValue(3600)
  HAIRPIN_WATCH_SECONDS: int?

  @description('rule health questions per minute and subscription; up to a third is kept for failovers, two thirds while one waits')
  @minValue(1)
  @maxValue(600)
  HAIRPIN_HEALTH_PER_MINUTE: int?

  @description('an ended run is removed when it is older')
  @minValue(8)
  @maxValue(3650)
  HAIRPIN_RUN_DAYS: int?

  @description('tag that keeps a VM, NIC or load balancer out, with the value `true`, `yes`, `on` or `1`')
  HAIRPIN_OPT_OUT_TAG: string?

  @description('tag of a VM that is only reported, with the same values')
  HAIRPIN_AUDIT_TAG: string?

  @description('tag of the NIC to take as the secondary one, with the same values')
  HAIRPIN_VIA_TAG: string?

  @description('tag of a load balancer with the port to prove')
  HAIRPIN_PORT_TAG: string?

  @description('tag of a Linux VM whose instances run in containers with published ports: their network, such as `172.17.0.0/16`')
  HAIRPIN_CONTAINER_TAG: string?
}
