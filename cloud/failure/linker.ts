/**
 * The worker's part of the failure log: events that are failures are written into it, clips that
 * come later are linked, and what nobody can find any more is called so. How far it has followed
 * the outbox is kept in the transaction of what it did: a kill loses nothing and doubles nothing.
 */
import { failureCatchUpRows, failureSearchMs, failureStepMs } from '../device-limits.ts';
import type { Db } from '../store/db.ts';
import { openTail, outboxEnd, type OutboxItem } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { chooseClip, type Failure, overStates, type SignalValue } from './failure.ts';
import { clipsNear, failuresNear, type LinkDeps, measured, relink, sessionAt } from './link.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';

export type LinkerDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** What the linker follows. */
export const linkerKinds = [
  'clip.known',
  'clip.stored',
  'clip.evicted',
  'event.new',
  'marker.new',
  'command.failed',
  'command.expired',
  'command.cancelled',
];

const settingName = 'failure_linker';
const actor = 'system';

/** Opens the part; disposing it leaves nothing running. */
export async function openFailureLinker(deps: LinkerDeps): Promise<AsyncDisposable> {
  const { write, clock } = deps;
  await using opened = new AsyncDisposableStack();
  const from = await position(write);
  const link = (): LinkDeps => ({ ids: deps.ids, at: clock.now(), actor });
  opened.use(
    await openTail(deps, { from, kinds: linkerKinds }, async (rows) => {
      await write.transaction().execute(async (trx) => await follow(trx, rows, link(), deps));
    }),
  );
  opened.use(
    openLoop(deps, { name: 'failures', everyMs: failureStepMs }, async () => {
      await lookAgain(deps, link());
    }),
  );
  return opened.move();
}

/** Where the linker before this one ended; the first one begins a little before now. */
async function position(write: Db): Promise<bigint> {
  return await write.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('setting')
      .select('value')
      .where('name', '=', settingName)
      .executeTakeFirst();
    if (known !== undefined) return BigInt(known.value);
    const end = await outboxEnd(trx);
    const from = end > failureCatchUpRows ? end - failureCatchUpRows : 0n;
    await note(trx, from);
    return from;
  });
}

async function note(trx: Db, seq: bigint): Promise<void> {
  const value = String(seq);
  await trx
    .insertInto('setting')
    .values({ name: settingName, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** All of it in one transaction, with how far that is. */
export async function follow(
  trx: Db,
  rows: readonly OutboxItem[],
  link: LinkDeps,
  deps: Pick<LinkerDeps, 'ids'>,
): Promise<void> {
  await logEvents(
    trx,
    rows.filter(({ kind }) => kind === 'event.new' || kind === 'marker.new'),
    { link, deps },
  );
  for (const { kind, subject } of rows) {
    if (kind.startsWith('clip.')) await linkClip(trx, subject, link);
    if (kind.startsWith('command.')) await pullEnded(trx, subject, { kind, link });
  }
  const last = rows.at(-1)?.seq;
  if (last !== undefined) await note(trx, last);
}

async function linkClip(trx: Db, id: string, link: LinkDeps): Promise<void> {
  const clip = await trx
    .selectFrom('clip')
    .select(['device_id', 'start_ns', 'end_ns'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (clip === undefined) return;
  const near = await failuresNear(trx, {
    deviceId: clip.device_id,
    startNs: clip.start_ns,
    endNs: clip.end_ns,
  });
  for (const failure of near) await relink(trx, failure, link);
}

/** The robot will not send what it was asked for. */
async function pullEnded(
  trx: Db,
  command: string,
  { kind, link }: { readonly kind: string; readonly link: LinkDeps },
): Promise<void> {
  const rows = await failureRows(trx)
    .where('failure.command_id', '=', command)
    .where('failure.link', '=', 'pulling')
    .execute();
  for (const failure of rows.map(failureOfRow)) {
    const why = `the pull ${kind.slice('command.'.length)}`;
    await giveUp(trx, failure, { why, link });
  }
}

async function giveUp(
  trx: Db,
  failure: Failure,
  { why, link }: { readonly why: string; readonly link: LinkDeps },
): Promise<void> {
  await failureStore(trx).step(
    failure,
    { action: 'link', actor: link.actor, at: link.at, told: 'failure.unrecoverable', why },
    { link: 'unrecoverable', command: null },
  );
}

/**
 * Failures for which nothing was found in their time are `unrecoverable`; a clip that comes after
 * all is linked all the same. Those whose robot was too busy to be asked are asked again, and what
 * the outbox no longer told is found. Only what is new takes a write.
 */
export async function lookAgain(
  { read, write }: { readonly read: Db; readonly write: Db },
  link: LinkDeps,
): Promise<void> {
  const waiting = await failureRows(read)
    .where('failure.link', 'in', ['searching', 'pulling'])
    .where('failure.state', 'not in', overStates)
    .orderBy('failure.updated_at')
    .orderBy('failure.id')
    .limit(500)
    .execute();
  for (const row of waiting) {
    const failure = failureOfRow(row);
    const choice = chooseClip(failure, await clipsNear(read, row.device_id, failure));
    const isOld = failure.link === 'searching' && failure.createdAt + failureSearchMs <= link.at;
    const isNew = choice.clip !== undefined && choice.link !== failure.link;
    if (isOld || isNew) await lookAgainAt(write, failure.id, link);
  }
}

async function lookAgainAt(write: Db, id: string, link: LinkDeps): Promise<void> {
  await write.transaction().execute(async (trx) => {
    const failure = await failureStore(trx).get(id);
    if (failure === undefined) return;
    const after = await relink(trx, failure, link);
    if (after.link === 'searching' && failure.createdAt + failureSearchMs <= link.at) {
      await giveUp(trx, after, { why: 'no clip of that time is known', link });
    }
  });
}

/** The tag by which a rule says that what it found is a failure. */
const failureTag = 'failure';

async function logEvents(
  trx: Db,
  rows: readonly OutboxItem[],
  { link, deps }: { readonly link: LinkDeps; readonly deps: Pick<LinkerDeps, 'ids'> },
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ subject }) => subject);
  const marked = await trx
    .selectFrom('event_kind')
    .select('name')
    .where('is_failure', '=', 1n)
    .execute();
  const names = new Set(marked.map(({ name }) => name));
  const events = await trx
    .selectFrom('event')
    .selectAll()
    .where('id', 'in', ids)
    .where((of) =>
      of.or([of('tags', '<>', '[]'), ...(names.size === 0 ? [] : [of('name', 'in', [...names])])]),
    )
    .orderBy('at_ns')
    .orderBy('id')
    .execute();
  for (const event of events) {
    const tags = JSON.parse(event.tags) as readonly string[];
    if (!names.has(event.name) && !tags.includes(failureTag)) continue;
    await logEvent(trx, event, { link, deps });
  }
}

interface FailureEvent {
  readonly id: string;
  readonly device_id: string;
  readonly session_id: string | null;
  readonly name: string;
  readonly severity: string;
  readonly at_ns: bigint;
  readonly end_ns: bigint;
  readonly values_json: string;
  readonly rule: string | null;
  readonly created_by: string | null;
  readonly label: string | null;
}

async function logEvent(
  trx: Db,
  event: FailureEvent,
  { link, deps }: { readonly link: LinkDeps; readonly deps: Pick<LinkerDeps, 'ids'> },
): Promise<void> {
  const moment = { startNs: event.at_ns, endNs: event.end_ns };
  const signals = JSON.parse(event.values_json) as Record<string, SignalValue>;
  const failures = failureStore(trx);
  const id = deps.ids.ulid('flr');
  const isNew = await failures.create({
    id,
    kind: event.name,
    severity:
      event.severity === 'critical' || event.severity === 'info' ? event.severity : 'warning',
    deviceId: event.device_id,
    session: event.session_id ?? (await sessionAt(trx, event.device_id, moment)),
    ...moment,
    conditions: await measured(trx, event.device_id, { ...moment, signals }),
    note: event.label ?? undefined,
    source: event.rule !== null ? 'rule' : event.created_by === null ? 'robot' : 'operator',
    event: event.id,
    createdBy: event.created_by ?? link.actor,
    at: link.at,
  });
  if (isNew) await relink(trx, await failures.demand(id), link);
}
