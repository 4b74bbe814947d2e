/**
 * What the networking cmdlets answer to wrong or idle calls: held against the stand-ins here and against the real
 * cmdlets by test/powershell/real-windows.ts. Ids and categories, because texts change with the display language.
 */
export const VIP_PREFIX = '10.0.1.100/32';

export const newRoute = (index: number): string =>
  `$null = New-NetRoute -DestinationPrefix ${VIP_PREFIX} -InterfaceIndex ${index} -NextHop 10.0.1.1 -ErrorAction Stop`;
export const removeRoute = `Remove-NetRoute -DestinationPrefix ${VIP_PREFIX} -ErrorAction Stop`;

/** Runs a line; an error comes out as its id and category. */
export const told = (text: string): string =>
  `try { ${text} } catch { "$($_.FullyQualifiedErrorId -replace ',.*$', '') $($_.CategoryInfo.Category)" }`;

export interface CmdletError {
  title: string;
  /** The line for an interface of that index. */
  text: (index: number) => string;
  /** Windows versions differ in the first: 87 with InvalidArgument, or 5010 with NotSpecified (see the sources). */
  answer: RegExp;
}

const INVALID = /^Windows System Error 87 InvalidArgument$/;

export const CMDLET_ERRORS: CmdletError[] = [
  {
    // MicrosoftDocs/Virtualization-Documentation#338 shows 87, micahmo/WgServerforWindows#160 shows 5010.
    title: 'an equal route',
    text: (index) => `${newRoute(index)}; ${newRoute(index)} -RouteMetric 9`,
    answer: /^Windows System Error (87 InvalidArgument|5010 NotSpecified)$/,
  },
  {
    // MicrosoftDocs/windows-powershell-docs#521
    title: 'the persistent store alone',
    text: (index) => `${newRoute(index)} -PolicyStore PersistentStore`,
    answer: INVALID,
  },
  {
    // MicrosoftDocs/Virtualization-Documentation#899, for an alias
    title: 'an unknown alias',
    text: (index) => newRoute(index).replace(/-InterfaceIndex \d+/, '-InterfaceAlias Nope'),
    answer: INVALID,
  },
  { title: 'an unknown interface', text: () => newRoute(9999), answer: INVALID },
  { title: 'host bits in a prefix', text: (index) => newRoute(index).replace('100/32', '100/24'), answer: INVALID },
  {
    title: 'no such prefix',
    text: () => 'Get-NetRoute -DestinationPrefix 10.0.1.99/32 -ErrorAction Stop',
    answer: /^CmdletizationQuery_NotFound_DestinationPrefix ObjectNotFound$/,
  },
  {
    // ShenHongFei/ssdut-free-ipv6-network-guide#2
    title: 'no such prefix and family',
    text: () => 'Get-NetRoute -DestinationPrefix 10.0.1.99/32 -AddressFamily IPv4 -ErrorAction Stop',
    answer: /^CmdletizationQuery_NotFound ObjectNotFound$/,
  },
  {
    title: 'nothing to remove',
    text: () => 'Remove-NetRoute -DestinationPrefix 10.0.1.99/32 -Confirm:$false -ErrorAction Stop',
    answer: /^CmdletizationQuery_NotFound_DestinationPrefix ObjectNotFound$/,
  },
  {
    title: 'both an index and an alias',
    text: (index) => `${newRoute(index)} -InterfaceAlias Ethernet`,
    answer: /^AmbiguousParameterSet InvalidArgument$/,
  },
  {
    title: 'an unknown parameter',
    text: () => 'Get-NetRoute -Sideways',
    answer: /^NamedParameterNotFound InvalidArgument$/,
  },
];
