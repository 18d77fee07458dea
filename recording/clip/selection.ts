/**
 * What of a window goes into a clip: the range, the chosen topics, thinned where that was asked
 * for, and no more bytes than allowed. Topics that do not fit are left out whole, least first.
 */
import type { Channel, MessageBlock } from '../types.ts';
import { openThinning, type Thinning } from './downsample.ts';
import { type HeldBlock, loadBlock } from './held.ts';
import { withoutRoom } from './importance.ts';
import { picksOf, type Range, type Selected, selectBlock } from './select.ts';

export interface SelectionPlan extends Range {
  /** Exact names, the most important first; `*` takes all. */
  readonly topics: readonly string[];
  /** Topics that stay out whatever was chosen. */
  readonly without?: ReadonlySet<string> | undefined;
  /** Messages a second by exact name: of each tick of log time the first. */
  readonly downsample?: ReadonlyMap<string, number> | undefined;
  /** Of message data; latched context and the clip's own channels are beside it. */
  readonly maxBytes?: number | undefined;
  /** Topics whose messages are changed, so that no chunk with them is copied. */
  readonly changed?: ReadonlySet<string> | undefined;
}

/** A topic that was left out because the clip may not become larger. */
export interface LeftOut {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface Selection {
  readonly leftOut: readonly LeftOut[];
  isChosen(channelId: number): boolean;
  /** In file order, each block once. Undefined when nothing of it goes in. */
  take(block: MessageBlock): Selected | undefined;
}

interface Source {
  readonly channels: ReadonlyMap<number, Channel>;
  readonly blocks: Iterable<HeldBlock>;
}

export async function openSelection(plan: SelectionPlan, source: Source): Promise<Selection> {
  const leftOut = plan.maxBytes === undefined ? [] : await over(plan, plan.maxBytes, source);
  const out = new Set([...(plan.without ?? []), ...leftOut.map(({ topic }) => topic)]);
  const chosen = flagsOf(plan.topics, out, source.channels);
  const thinning = thinningOf(plan, source);
  const changed = new Set<number>();
  for (const { id, topic } of source.channels.values()) {
    if (plan.changed?.has(topic) === true) changed.add(id);
  }
  return {
    leftOut,
    isChosen: (id) => chosen === undefined || chosen[id] === 1,
    take(block) {
      const selected = selectBlock(block, plan, chosen);
      if (selected === undefined) return undefined;
      const mustPick = thinning !== undefined || holdsAny(block, changed);
      if (!mustPick) return selected;
      return thinned(block, selected.picks ?? picksOf(block, plan, chosen), thinning);
    },
  };
}

const thinningOf = ({ downsample }: SelectionPlan, { channels }: Source): Thinning | undefined =>
  downsample === undefined || downsample.size === 0
    ? undefined
    : openThinning(channels.values(), (topic) => downsample.get(topic));

function thinned(
  block: MessageBlock,
  picks: Uint32Array,
  thinning: Thinning | undefined,
): Selected | undefined {
  const kept = thinning === undefined ? picks : picks.filter((i) => thinning.keeps(block, i));
  if (kept.length === 0) return undefined;
  // A chunk that loses nothing by it is still one that can be copied.
  return { block, picks: kept };
}

function holdsAny({ channelIds, count }: MessageBlock, ids: ReadonlySet<number>): boolean {
  if (ids.size === 0) return false;
  for (let i = 0; i < count; i += 1) if (ids.has(channelIds[i] ?? 0)) return true;
  return false;
}

/** 1 for each chosen channel; undefined when all are. */
function flagsOf(
  topics: readonly string[],
  out: ReadonlySet<string>,
  channels: ReadonlyMap<number, Channel>,
): Uint8Array | undefined {
  const isAll = topics.includes('*');
  if (isAll && out.size === 0) return undefined;
  const names = new Set(topics);
  const chosen = new Uint8Array(65_536);
  for (const { id, topic } of channels.values()) {
    if ((isAll || names.has(topic)) && !out.has(topic)) chosen[id] = 1;
  }
  return chosen;
}

/** The topics that do not fit into `maxBytes` when the more important ones go first. */
async function over(plan: SelectionPlan, maxBytes: number, source: Source): Promise<LeftOut[]> {
  const { maxBytes: _, ...unbounded } = plan;
  const all = await openSelection(unbounded, source);
  const sums = new Map<string, { messages: number; bytes: number }>();
  for (const held of source.blocks) {
    if (held.lastNs < plan.startNs || held.firstNs > plan.endNs) continue;
    const block = await loadBlock(held);
    if (block !== undefined) addTo(sums, all.take(block), plan, source.channels);
  }
  return withoutRoom(plan.topics, sums, maxBytes).map((topic) => ({
    topic,
    ...(sums.get(topic) ?? { messages: 0, bytes: 0 }),
  }));
}

function addTo(
  sums: Map<string, { messages: number; bytes: number }>,
  selected: Selected | undefined,
  range: Range,
  channels: ReadonlyMap<number, Channel>,
): void {
  if (selected === undefined) return;
  const { block, picks = picksOf(block, range, undefined) } = selected;
  for (const i of picks) {
    const topic = channels.get(block.channelIds[i] ?? 0)?.topic ?? '';
    let sum = sums.get(topic);
    if (sum === undefined) sums.set(topic, (sum = { messages: 0, bytes: 0 }));
    sum.messages += 1;
    sum.bytes += (block.ends[i] ?? 0) - (block.starts[i] ?? 0);
  }
}
