/**
 * Several recordings as one MCAP in log-time order. A source is opened when the merge reaches its
 * start and let go at its end, so that memory follows those that overlap, not their number.
 */
import { canonicalJson, Fault, sha256Hex } from '@fieldloop/core';
import { channels as maxChannels, mergeOpen } from '../limits.ts';
import { type IndexedMcap, openIndexedMcap } from '../mcap/indexed.ts';
import { inTimeOrder, type MessageRef } from '../mcap/ordered.ts';
import type { Appendable, Channel, Readable } from '../types.ts';
import type { ClipSummary } from './contents.ts';
import { messageAt } from './select.ts';
import { type ClipWriter, openClipWriter } from './writer.ts';

export interface MergeSource {
  readonly readable: Readable;
  /** No message of it is earlier, ns. */
  readonly startNs: bigint;
  /** Put before each topic: empty, or such as `/amr-01`. */
  readonly prefix: string;
}

export interface MergePlan {
  /** In the order of their starts. */
  readonly sources: readonly MergeSource[];
  /** Exact names before the prefix; all topics when absent. */
  readonly topics?: readonly string[] | undefined;
  readonly library: string;
  /** Metadata records of the whole, such as the list of the sources. */
  readonly notes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called when a source is written, with how many are. */
  readonly onDone?: ((sources: number) => void) | undefined;
}

interface Lane {
  readonly ids: ReadonlyMap<number, number>;
  readonly runs: AsyncGenerator<readonly MessageRef[], void>;
  readonly order: number;
  run: readonly MessageRef[];
  at: number;
}

/** Fault `limited` when more than `mergeOpen` sources overlap or the channels exceed 16 bits. */
export async function mergeMcaps(out: Appendable, plan: MergePlan): Promise<ClipSummary> {
  const { library, sources } = plan;
  const first = sources[0];
  const profile = first === undefined ? '' : (await openIndexedMcap(first.readable)).profile;
  const writer = await openClipWriter(out, { profile, library });
  const merge: Merge = { writer, plan, ids: new Map(), lanes: [], opened: 0, done: 0 };
  while (merge.lanes.length > 0 || merge.opened < sources.length) await step(merge);
  for (const [name, entries] of plan.notes) await writer.metadata(name, entries);
  return await writer.finish();
}

interface Merge {
  readonly writer: ClipWriter;
  readonly plan: MergePlan;
  /** Ids of the written channels by what they are. */
  readonly ids: Map<string, number>;
  readonly lanes: Lane[];
  opened: number;
  done: number;
}

/** Opens what is due, then copies the earliest lane until another one is due. */
async function step(merge: Merge): Promise<void> {
  const { lanes, plan } = merge;
  for (;;) {
    const source = plan.sources[merge.opened];
    const least = earliest(lanes)?.headNs;
    if (source === undefined || (least !== undefined && source.startNs > least)) break;
    merge.opened += 1;
    await open(merge, source);
  }
  const lead = earliest(lanes);
  if (lead === undefined) return;
  const other = earliest(lanes.filter((lane) => lane !== lead.lane));
  const dueNs = plan.sources[merge.opened]?.startNs;
  await copy(merge, lead.lane, (ns) => {
    if (dueNs !== undefined && ns > dueNs) return false;
    if (other === undefined || ns < other.headNs) return true;
    return ns === other.headNs && lead.lane.order < other.lane.order;
  });
}

/** Of equal times the source that was opened first: the same sources give the same file. */
function earliest(lanes: readonly Lane[]): { lane: Lane; headNs: bigint } | undefined {
  let best: { lane: Lane; headNs: bigint } | undefined;
  for (const lane of lanes) {
    const headNs = lane.run[lane.at]?.logTimeNs ?? 0n;
    const isFirst = best !== undefined && headNs === best.headNs && lane.order < best.lane.order;
    if (best === undefined || headNs < best.headNs || isFirst) best = { lane, headNs };
  }
  return best;
}

/** Copies messages as long as it is this lane's turn; a lane that ends is let go. */
async function copy(merge: Merge, lane: Lane, isTurn: (ns: bigint) => boolean): Promise<void> {
  for (;;) {
    const ref = lane.run[lane.at];
    if (ref === undefined) {
      if (await advance(lane)) continue;
      merge.lanes.splice(merge.lanes.indexOf(lane), 1);
      merge.done += 1;
      merge.plan.onDone?.(merge.done);
      return;
    }
    if (!isTurn(ref.logTimeNs)) return;
    const message = messageAt(ref.block, ref.i);
    const id = lane.ids.get(message.channelId);
    if (id !== undefined) await merge.writer.message(id, message);
    lane.at += 1;
  }
}

async function advance(lane: Lane): Promise<boolean> {
  const { done, value } = await lane.runs.next();
  lane.run = done === true ? [] : value;
  lane.at = 0;
  return lane.run.length > 0;
}

async function open(merge: Merge, source: MergeSource): Promise<void> {
  const { plan, lanes } = merge;
  if (lanes.length >= mergeOpen) {
    throw new Fault('limited', `more than ${mergeOpen} of the recordings overlap in time`, {
      place: source.readable.name,
      remedy: 'Merge fewer of them at once, or take them as separate files.',
    });
  }
  const file = await openIndexedMcap(source.readable);
  const ids = await register(merge, source, file);
  const channels = new Set(ids.keys());
  const runs = inTimeOrder(file, { channels, signal: plan.signal });
  const lane: Lane = { ids, runs, order: merge.opened, run: [], at: 0 };
  if (await advance(lane)) {
    lanes.push(lane);
    return;
  }
  merge.done += 1;
  plan.onDone?.(merge.done);
}

/** Out of each channel of the source, an id in the written file; equal channels share one. */
async function register(
  merge: Merge,
  source: MergeSource,
  file: IndexedMcap,
): Promise<ReadonlyMap<number, number>> {
  const { topics } = merge.plan;
  const ids = new Map<number, number>();
  for (const channel of [...file.channels.values()].toSorted((a, b) => a.id - b.id)) {
    if (topics !== undefined && !topics.includes(channel.topic)) continue;
    const topic = `${source.prefix}${channel.topic}`;
    const key = keyOf(topic, channel);
    let id = merge.ids.get(key);
    if (id === undefined) {
      id = merge.ids.size + 1;
      if (id > maxChannels) throw tooManyChannels(source.readable.name);
      merge.ids.set(key, id);
      const schema = channel.schema && { ...channel.schema, id: undefined };
      await merge.writer.channel({ ...channel, id, topic, schema });
    }
    ids.set(channel.id, id);
  }
  return ids;
}

function keyOf(topic: string, { messageEncoding, metadata, schema }: Channel): string {
  return canonicalJson([
    topic,
    messageEncoding,
    Object.fromEntries(metadata),
    schema === undefined ? null : [schema.name, schema.encoding, sha256Hex(schema.data)],
  ]);
}

function tooManyChannels(place: string): Fault {
  return new Fault('limited', `the recordings have more than ${maxChannels} channels together`, {
    place,
    remedy: 'Merge fewer of them, or choose topics.',
  });
}
