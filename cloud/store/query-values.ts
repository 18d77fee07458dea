/**
 * Values that queries ask for, copied out of a row's JSON when it is written: numbers by key, and
 * texts by key in list order. What an older version wrote is copied afterwards, step by step.
 */
import type { ClipManifest } from '@fieldloop/proto';
import { leadingMarker } from '../clip/clip.ts';
import { ruleName } from '../http/q/sources/events.ts';
import { modelTexts } from '../http/q/sources/clips.ts';
import { backfillEveryMs, backfillRows, maxQueryTextBytes } from '../limits.ts';
import type { Db } from './db.ts';
import { openLoop, type WorkerDeps } from './work.ts';

interface Values {
  readonly numbers: Map<string, number>;
  readonly texts: Map<string, Set<string>>;
}

/** What a query may ask of a clip beside its columns. */
export interface ClipParts {
  readonly id: string;
  readonly startNs: bigint;
  readonly manifest: ClipManifest;
}

/** The rows of `clip_value` and `clip_text`. */
export function clipValues({ id, startNs, manifest }: ClipParts) {
  const values = noValues();
  addAll(values, 'scores.', manifest.scores);
  addAll(values, 'why.values.', leadingMarker(manifest).values);
  for (const { topic } of manifest.topics) addText(values, 'topic', topic);
  for (const model of modelTexts(manifest.models)) addText(values, 'model', model);
  if (manifest.firmware !== undefined) addText(values, 'firmware', manifest.firmware);
  addText(values, 'agent', manifest.agentVersion);
  return {
    numbers: [...values.numbers].map(([key, num]) => ({ clip_id: id, key, num })),
    texts: textsOf(values).map((one) => ({ ...one, start_ns: startNs, clip_id: id })),
  };
}

/** Writes the values of a clip; twice is once. */
export async function putClipValues(db: Db, clip: ClipParts): Promise<void> {
  const { numbers, texts } = clipValues(clip);
  if (numbers.length > 0) {
    await db
      .insertInto('clip_value')
      .values(numbers)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  if (texts.length === 0) return;
  await db
    .insertInto('clip_text')
    .values(texts)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** What a query may ask of an event beside its columns. */
export interface EventParts {
  readonly id: string;
  readonly atNs: bigint;
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** By the event kind's schema; its members that are no lists or objects count. */
  readonly data?: unknown;
  readonly tags?: readonly string[] | undefined;
  /** `near-miss@3` */
  readonly rule?: string | undefined;
}

/** The rows of `event_value` and `event_text`. */
export function eventValues({ id, atNs, data, ...event }: EventParts) {
  const values = noValues();
  addAll(values, 'values.', event.values ?? {});
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
    addAll(values, 'data.', data as Record<string, unknown>);
  }
  for (const tag of event.tags ?? []) addText(values, 'tag', tag);
  if (event.rule !== undefined) addText(values, 'rule', ruleName(event.rule));
  return {
    numbers: [...values.numbers].map(([key, num]) => ({ event_id: id, key, num })),
    texts: textsOf(values).map((one) => ({ ...one, at_ns: atNs, event_id: id })),
  };
}

/** Writes the values of an event; twice is once. */
export async function putEventValues(db: Db, event: EventParts): Promise<void> {
  const { numbers, texts } = eventValues(event);
  if (numbers.length > 0) {
    await db
      .insertInto('event_value')
      .values(numbers)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  if (texts.length === 0) return;
  await db
    .insertInto('event_text')
    .values(texts)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Takes the values of an event away, before it is changed or deleted. */
export async function dropEventValues(db: Db, id: string): Promise<void> {
  await db.deleteFrom('event_value').where('event_id', '=', id).execute();
  await db.deleteFrom('event_text').where('event_id', '=', id).execute();
}

const noValues = (): Values => ({ numbers: new Map(), texts: new Map() });

/** A text too long for an index is kept with its row, and no query finds it. */
function addText({ texts }: Values, key: string, text: string): void {
  if (Buffer.byteLength(text) > maxQueryTextBytes) return;
  const known = texts.get(key);
  if (known === undefined) texts.set(key, new Set([text]));
  else known.add(text);
}

/** Numbers by themselves, texts and bools as texts; null is no value. */
function addAll(values: Values, before: string, of: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(of)) {
    if (typeof value === 'number') values.numbers.set(`${before}${name}`, value);
    else if (typeof value === 'string' || typeof value === 'boolean') {
      addText(values, `${before}${name}`, String(value));
    }
  }
}

const textsOf = ({ texts }: Values): readonly { readonly key: string; readonly text: string }[] =>
  [...texts].flatMap(([key, all]) => [...all].map((text) => ({ key, text })));

/** Copies the values of clips and events that were written before there was a place for them. */
export const openQueryBackfill = (deps: WorkerDeps): AsyncDisposable =>
  openLoop(deps, { name: 'query values', everyMs: backfillEveryMs }, async (signal) => {
    for (const noun of ['clip', 'event'] as const) {
      while (!signal.aborted && (await backfillStep(deps.write, noun)) === 'more');
    }
  });

/** One step in a transaction of its own: a kill in between loses nothing and doubles nothing. */
export const backfillStep = async (db: Db, noun: 'clip' | 'event'): Promise<'more' | 'done'> =>
  await db.transaction().execute(async (trx) => {
    const state = await trx
      .selectFrom('backfill')
      .selectAll()
      .where('name', '=', noun)
      .executeTakeFirst();
    if (state?.done === 1n) return 'done';
    const ids = await (noun === 'clip' ? fillClips : fillEvents)(trx, state?.position ?? '');
    const next = { position: ids.at(-1) ?? state?.position ?? '', done: ids.length === 0 ? 1 : 0 };
    await trx
      .insertInto('backfill')
      .values({ name: noun, ...next })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(next))
      .execute();
    return ids.length === 0 ? 'done' : 'more';
  });

async function fillClips(db: Db, after: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('clip')
    .select(['id', 'start_ns', 'manifest'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(backfillRows)
    .execute();
  for (const { id, start_ns, manifest } of rows) {
    // The manifest was checked when it came.
    const parsed = JSON.parse(manifest) as ClipManifest;
    await putClipValues(db, { id, startNs: start_ns, manifest: parsed });
  }
  return rows.map(({ id }) => id);
}

async function fillEvents(db: Db, after: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('event')
    .select(['id', 'at_ns', 'values_json', 'tags', 'data', 'rule'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(backfillRows)
    .execute();
  for (const row of rows) {
    await putEventValues(db, {
      id: row.id,
      atNs: row.at_ns,
      values: JSON.parse(row.values_json) as Record<string, unknown>,
      data: row.data === null ? undefined : (JSON.parse(row.data) as unknown),
      tags: JSON.parse(row.tags) as string[],
      rule: row.rule ?? undefined,
    });
  }
  return rows.map(({ id }) => id);
}
