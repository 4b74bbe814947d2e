/** What a person is told of a connect that got lost though the guest's state is as planned. */
import { type Finding, finding } from '../model/findings.ts';
import type { FirewallPlace, LostConnect, LostPacket } from '../model/guest.ts';
import { shortName } from '../model/ids.ts';
import type { Healthy } from './exposure.ts';
import type { Way } from './way.ts';

const PACKETS: Record<LostPacket, string> = {
  'request-out': 'the request, as it leaves by the secondary NIC,',
  'request-in': 'the request, as it arrives at the NIC in the pool,',
  'reply-out': 'the reply, as it leaves by the NIC in the pool,',
  'reply-in': 'the reply, as it arrives at the secondary NIC,',
};

const said = (places: readonly FirewallPlace[]): { where: string; rule: string } => ({
  where: places.map((place) => place.where).join(' or '),
  rule: places.map((place) => place.rule).join(' && '),
});

/**
 * The findings. A request that left and never arrived is this VM's own affair only while it is itself among the healthy
 * backends; with another member there, that member's firewall does not know the via address, or the reply was ended
 * here.
 */
export function lostFindings(lost: LostConnect, way: Way, healthy: Healthy): Finding[] {
  const { vip } = way.frontend;
  const others = lost.packet === 'request-in' ? healthy.members.filter(({ key }) => key !== way.member.key) : [];
  const isOwn = lost.packet !== 'request-in' || healthy.exposureOf(way.member).exposure === 'active';
  const findings: Finding[] = [];
  if (isOwn && lost.handedTo !== undefined) {
    findings.push(finding('CONTAINER_ANSWERS', { vip, address: lost.handedTo }));
  } else if (isOwn && lost.places.length > 0) {
    findings.push(finding('FIREWALL_BLOCKS', { vip, packet: PACKETS[lost.packet], ...said(lost.places) }));
  } else if (isOwn) {
    const unread = lost.unread.join(', ') || 'nothing';
    findings.push(finding('FIREWALL_NOT_FOUND', { vip, packet: PACKETS[lost.packet], unread }));
  }
  if (others.length > 0) {
    const addresses = others.flatMap(({ ips }) => ips.flatMap(({ ip }) => ip.address ?? [])).join(', ');
    const members = others.map(({ vmId }) => shortName(vmId)).join(', ');
    findings.push(finding('FIREWALL_ELSEWHERE', { vip, members, addresses, via: way.via?.ip ?? 'the via address' }));
    if (lost.replyPlaces.length > 0) findings.push(finding('FIREWALL_MAY_BLOCK', { vip, ...said(lost.replyPlaces) }));
  }
  return findings;
}
