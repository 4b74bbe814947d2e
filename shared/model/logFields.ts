/** Every field of the log’s lines: what it holds, and what it means. It means the same in each step that has it. */

/** What a field may hold. `ids`: the only one as a text, several as a list. */
export interface FieldTypes {
  text: string;
  number: number;
  flag: boolean;
  texts: readonly string[];
  ids: string | readonly string[];
}

interface FieldRule {
  type: keyof FieldTypes;
  meaning: string;
}

export const FIELDS = {
  runId: { type: 'ids', meaning: 'the run, as in `GET /api/runs/{id}`; a list where a command serves several' },
  signal: {
    type: 'text',
    meaning: 'what woke the app: `failover`, `resourceChange`, `primaryMoved`, `sweep`, `manual`',
  },
  mode: { type: 'text', meaning: '`apply`, `check` or `remove`' },
  scope: { type: 'texts', meaning: 'the ids that the run is about' },
  version: { type: 'text', meaning: 'the app’s version' },
  commit: { type: 'text', meaning: 'the commit that it was built from; `unknown` where nobody knows' },
  node: { type: 'text', meaning: 'the version of Node.js' },
  enforcement: { type: 'text', meaning: '`audit` or `enforce`' },
  subscriptionId: { type: 'text', meaning: 'the subscription' },
  unread: { type: 'text', meaning: 'the subscription whose lists are missing' },
  subscriptions: { type: 'number', meaning: 'how many subscriptions the run covers' },
  retryOf: { type: 'text', meaning: 'the run that this one repeats' },
  askedBy: { type: 'text', meaning: 'who asked for it over HTTP: a person’s name, or `function key`' },
  repeated: { type: 'flag', meaning: 'the request was here before under the same `Idempotency-Key`' },
  joined: { type: 'text', meaning: 'the run that does the work for this one' },
  eventId: { type: 'text', meaning: 'the id that the event came with' },
  operation: { type: 'text', meaning: 'the operation that the event tells of' },
  resource: { type: 'text', meaning: 'the resource that the event tells of' },
  why: { type: 'text', meaning: 'why nothing came of it' },
  vmId: { type: 'text', meaning: 'the VM’s resource id' },
  frontendId: { type: 'text', meaning: 'the frontend’s resource id' },
  vip: { type: 'text', meaning: 'the frontend’s address' },
  exposure: { type: 'text', meaning: '`active`, `latent` or `none`, see README' },
  verdict: { type: 'text', meaning: '`compliant`, `repairable`, `blocked` or `unknown`, see README' },
  proof: { type: 'text', meaning: '`self` or `remote`, see README' },
  events: { type: 'number', meaning: 'how many events' },
  from: { type: 'text', meaning: 'the address of the primary before' },
  to: { type: 'text', meaning: 'the address of the primary now' },
  explained: { type: 'flag', meaning: 'an open run of a failover has announced it' },
  id: { type: 'text', meaning: 'the resource that Azure listed' },
  seq: { type: 'number', meaning: 'the number of the VM’s command' },
  vips: { type: 'number', meaning: 'how many VIPs the command is for' },
  effect: { type: 'text', meaning: 'what was asked of Azure: `send` or `cancel`' },
  action: { type: 'text', meaning: 'the action that Azure refused' },
  azureCode: { type: 'text', meaning: 'Azure’s own code' },
  since: { type: 'text', meaning: 'since when that is so' },
  lastedMs: { type: 'number', meaning: 'milliseconds that it lasted' },
  retryAt: { type: 'number', meaning: 'when it is tried again, epoch milliseconds' },
  code: { type: 'text', meaning: 'the code of what went wrong, as in docs/findings.md and docs/errors.md' },
  status: { type: 'number', meaning: 'the HTTP status; 0 when there was no answer' },
  field: { type: 'text', meaning: 'the field that is not right' },
  value: { type: 'text', meaning: 'what it held, clipped' },
  text: { type: 'text', meaning: 'what happened, for a person' },
  nextStep: { type: 'text', meaning: 'what a person does about it' },
  table: { type: 'text', meaning: 'the table in storage' },
  row: { type: 'text', meaning: 'the row’s place in storage' },
  changed: { type: 'number', meaning: 'changes that were made in the guest' },
  errorCode: { type: 'text', meaning: 'the code of what went wrong in the guest; empty when nothing did' },
  result: { type: 'text', meaning: 'how the VM ended in the run: one of the words that a run counts' },
  findings: { type: 'texts', meaning: 'codes of its findings, each once, and the codes of what failed in them' },
  afterMs: { type: 'number', meaning: 'milliseconds since the signal was accepted' },
  vms: { type: 'number', meaning: 'VMs in the run' },
  fresh: { type: 'number', meaning: 'VMs that needed no look: compliant by one that is young enough' },
  commands: { type: 'number', meaning: 'commands that its VMs were given' },
  looked: { type: 'number', meaning: 'VMs whose guest was looked at for the run' },
  believed: { type: 'number', meaning: 'VMs that are compliant by an earlier look' },
  compliant: { type: 'number', meaning: 'VMs that are as planned, with a connect that worked' },
  repaired: { type: 'number', meaning: 'VMs that were put right' },
  repairable: { type: 'number', meaning: 'VMs that an apply would put right' },
  blocked: { type: 'number', meaning: 'VMs that a person must help' },
  unknown: { type: 'number', meaning: 'VMs of which nothing can be said' },
  failed: { type: 'number', meaning: 'VMs whose command failed' },
  removed: { type: 'number', meaning: 'VMs, or in `tidied` runs, that were taken back or away' },
  superseded: { type: 'number', meaning: 'VMs that another run took over' },
  planned: { type: 'number', meaning: 'VMs of a dry run' },
  cancelled: { type: 'number', meaning: 'VMs that a cancelled run left' },
  dropped: { type: 'number', meaning: 'VMs on which nothing was begun' },
  stopped: { type: 'number', meaning: 'VMs whose command is stopped' },
  renewed: { type: 'number', meaning: 'runs that were written anew in today’s form' },
} as const satisfies Record<string, FieldRule>;

export type FieldName = keyof typeof FIELDS;
