/** A run as a page, read by an HTML parser. */
import test from 'ava';
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { noCounts } from '../../shared/model/rows.ts';
import type { RunVmView } from '../../shared/views/run.ts';
import { runPage } from '../../shared/views/runPage.ts';
import { hostile } from '../reliability/hostile.ts';
import { fullRun, lyingRun } from './runViews.ts';

type Node = DefaultTreeAdapterTypes.Node;

/** Every element with the names of its attributes, in order. */
function shape(node: Node): string[] {
  const inner = 'childNodes' in node ? node.childNodes.flatMap(shape) : [];
  if (!('tagName' in node)) return node.nodeName === '#comment' ? ['#comment', ...inner] : inner;
  return [[node.tagName, ...node.attrs.map(({ name }) => name)].join(' '), ...inner];
}

/** What the elements of a name say. */
function texts(node: Node, name: string): string[] {
  if (!('childNodes' in node)) return [];
  const inner = node.childNodes.flatMap((child) => texts(child, name));
  return node.nodeName === name ? [textOf(node), ...inner] : inner;
}
function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

function elements(node: Node, name: string): DefaultTreeAdapterTypes.Element[] {
  if (!('childNodes' in node)) return [];
  const inner = node.childNodes.flatMap((child) => elements(child, name));
  return 'tagName' in node && node.tagName === name ? [node, ...inner] : inner;
}
const attribute = (element: DefaultTreeAdapterTypes.Element | undefined, wanted: string): string | undefined =>
  element?.attrs.find(({ name }) => name === wanted)?.value;

const page = parse(runPage(fullRun));

test('it is valid, and says what the document says', (t) => {
  const errors: string[] = [];
  parse(runPage(fullRun), { onParseError: ({ code }) => errors.push(code) });
  t.deepEqual(errors, []);
  t.deepEqual(texts(page, 'h1'), [`Run ${fullRun.runId}: settled`]);
  t.deepEqual(texts(page, 'h2'), ['hs-a: repaired, 4 changes', 'hs-b: waiting, waits for MEMBER_BUSY']);
  t.deepEqual(texts(page, 'li').slice(0, 4), [
    'forwarding The VM forwards IPv4 packets.',
    'NO_SECONDARY_NIC Add a NIC, then\nstart the VM.',
    'MEMBER_BUSY Another member is being changed.',
    'AGENT_NOT_READY The agent does not answer.',
  ]);
  const cells = texts(page, 'td');
  t.deepEqual(cells.slice(0, 7), [
    '10.0.1.100',
    'compliant; set and not proved: 10.0.1.15:57772, 10.0.1.15:514/udp',
    'active',
    'self 10.0.1.10:1972, 2026-01-05T10:00:07.000Z',
    'timeout 3001 ms, route-missing, reply-rule',
    'ok 2 ms',
    '',
  ]);
  t.is(cells[13], 'NO_SECONDARY_NIC Add a NIC, then\nstart the VM.');
  t.deepEqual(cells.slice(14), ['10.0.1.100', '1972', '10.0.1.10, 00:0d:3a:00:0a:01', '10.0.1.11, 00:0d:3a:00:0a:02']);
  t.deepEqual(texts(page, 'pre'), ['#!/bin/bash\necho "<ok>"\n']);
  const facts = Object.fromEntries(texts(page, 'dt').map((name, index) => [name, texts(page, 'dd')[index]] as const));
  t.like(facts, {
    signal: 'failover',
    mode: 'apply (dry run)',
    reason: 'AZURE_FAILED: Lists could not be read, "twice".',
    counts: 'vms 2, repaired 1, blocked 1, commands 1, looked 1',
  });
});

test('a run just accepted has nothing to say yet', (t) => {
  const { runId, signal, mode, acceptedAt, scope } = fullRun;
  const fresh = {
    runId,
    signal,
    mode,
    dryRun: false,
    state: 'accepted',
    acceptedAt,
    scope,
    counts: noCounts(),
    vms: [],
  };
  t.deepEqual(texts(parse(runPage(fresh)), 'dt'), ['signal', 'mode', 'accepted', 'scope']);
});

test('VMs that need a person are named first, each with a link to its part', (t) => {
  const [a, b] = fullRun.vms as [RunVmView, RunVmView];
  const blocked = { ...b, vm: 'hs-c', state: 'settled', result: 'blocked' };
  const found = parse(runPage({ ...fullRun, counts: { ...fullRun.counts, vms: 9 }, vms: [a, blocked] }));
  t.deepEqual(texts(found, 'a'), ['hs-c']);
  t.deepEqual(texts(found, 'p'), [
    'A person must act on hs-c.',
    'VMs that are compliant by a fresh look and are not listed: 7.',
  ]);
  const [link] = elements(found, 'a');
  const part = elements(found, 'section').find((section) => `#${attribute(section, 'id')}` === attribute(link, 'href'));
  t.is(part && texts(part, 'h2')[0], 'hs-c: blocked, waits for MEMBER_BUSY');
});

test('a run that goes on says so', (t) => {
  t.deepEqual(texts(parse(runPage({ ...fullRun, state: 'running' })), 'p'), ['Not ended yet: load this page again.']);
});

test('whatever is in a run, it is text: no element, attribute or comment more', (t) => {
  const lies = fc.array(
    fc.oneof(
      hostile.filter((lie) => lie !== ''), // an empty fact has no line
      fc.constantFrom(
        '</title><script>x</script>',
        '" onmouseover="x',
        "' onmouseover='x",
        '</style><img src=x onerror=x>',
        '<!--',
        '-->',
        ']]>',
        '&lt;b&gt;&#60;i>',
        '</pre></details>',
        '<td>',
      ),
    ),
    { minLength: 1, maxLength: 8 },
  );
  const wanted = shape(page);
  fc.assert(
    fc.property(lies, (given) => {
      const found = shape(parse(runPage(lyingRun(given))));
      if (found.join('\n') !== wanted.join('\n')) throw new Error(found.join(' / '));
    }),
    { numRuns: 300 },
  );
  t.true(wanted.includes('h2 title'));
});

test('rows that cannot be read are named, not counted as compliant, and a run that joined another names it', (t) => {
  const unreadable = [{ code: 'ROW_UNUSABLE', text: 'A <row> holds broken JSON.' }];
  const joined = 'e'.repeat(32);
  const shown = parse(runPage({ ...fullRun, counts: { ...fullRun.counts, vms: 3 }, unreadable, joined }));
  t.is(texts(shown, 'h2')[0], 'Rows that cannot be read');
  t.is(texts(shown, 'li')[0], 'ROW_UNUSABLE A <row> holds broken JSON.');
  t.false(texts(shown, 'p').some((text) => text.includes('are not listed')));
  t.true(texts(shown, 'dd').includes(`${joined}, which does the work for both`));
});
