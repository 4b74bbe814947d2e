/** What happens to a connection on its way, by code, with the sentence for a person. */

/** Each step with its sentence; placeholders in braces are filled from its params. */
export const TRACE_STEPS = {
  SENT_DEFAULT: '{vm} sends it by the NIC that its default route names, with the source {source}.',
  SENT_VIA: '{vm} has a host route for {vip}: it sends it by the secondary NIC, with the source {source}.',
  TRANSLATED: 'The load balancer puts {backend}:{port} on {target} in place of {vip}. The source stays {source}.',
  ENDED_LEAVING: 'It never leaves the network of {vm}: {id} ends it there.',
  ENDED_ARRIVING: 'It never reaches {target}: {id} ends it there.',
  ANSWER_ENDED: 'The reply to {source} never arrives: {id} leads it elsewhere.',
  NOT_ANSWERED: 'No member of {vip} is healthy, so the load balancer has nobody to send it to.',
  OWN_SOURCE: 'It comes back to {vm} with an address of {vm} itself as its source, and {vm} drops it.',
  ACCEPTED: '{target} accepts it. Its server sees {source} as the client.',
  REPLY_BY_WIRE: '{target} sends the reply to {source} out by the NIC of {backend}.',
  REPLY_STEERED:
    '{vm} sends the reply to its own address {source} out to the wire by the NIC of {backend}: it is steered there.',
  REPLY_STRONG_HOST:
    '{vm} sends the reply to its own address {source} out by the NIC of {backend}, which has its source.',
  REPLY_BY_LOOPBACK:
    '{vm} hands the reply over inside itself, since {source} is its own address. It never passes the load balancer, comes from {backend} and not from {vip}, and the client answers it with a reset.',
  TRANSLATED_BACK: 'The load balancer puts {vip} back in place of {backend}, and the reply reaches {source}.',
} as const satisfies Record<string, string>;

export type TraceStepCode = keyof typeof TRACE_STEPS;

/** What is taken for granted because no list of Azure shows it. */
export const TRACE_ASSUMPTIONS = {
  DEFAULT_ROUTE: 'The guest’s default route leaves by the NIC in the pool, and the program binds to no address.',
  NO_FIX_BY_HAND: 'Nobody put a route for the VIP into the guest by hand.',
  REPORT_HOLDS: 'The guest is as it was when its last report was made.',
  SERVER_LISTENS:
    'The server listens on the backend port, and no firewall and no network security group ends the packets, but for those that are named.',
  STRONG_HOST: 'WeakHostSend and WeakHostReceive are off on both NICs, as Windows has them.',
} as const satisfies Record<string, string>;

export type TraceAssumption = keyof typeof TRACE_ASSUMPTIONS;

/** One step of a packet's way. `dies`: it goes no further. */
export interface TraceStep {
  direction: 'there' | 'back';
  code: TraceStepCode;
  state: 'passes' | 'dies';
  params: Record<string, string>;
}

/** The sentence of a step. */
export const traceStepText = ({ code, params }: TraceStep): string =>
  TRACE_STEPS[code].replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
