/** What an operator sees of a clip before its bytes come: a picture a camera, a sketch. */
import { sha256Hex } from '@fieldloop/core';
import type { ClipPreview } from '@fieldloop/proto';
import { type Channel, decodeMessage, messageAt, type Redact } from '@fieldloop/recording';
import type { RuleSet } from '@fieldloop/rules';
import { maxThumbnails } from '../clip-limits.ts';
import type { ScoreRecord } from '../score/scoring.ts';
import type { WindowBlock } from '../window/entry.ts';
import type { Loading } from '../window/loading.ts';
import type { Window } from '../window/window.ts';
import type { Draft } from './plan.ts';
import type { Pictures } from './redact-image.ts';
import { shownImage } from './shown-image.ts';
import { sketchOf } from './sketch.ts';

/** As the buffer keeps it, and as the manifest tells of it. */
export interface MadePreview {
  readonly kind: ClipPreview['kind'];
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly told: ClipPreview;
}

export interface PreviewWish {
  readonly draft: Draft;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** True of topics that are in the clip. */
  readonly holds: (topic: string) => boolean;
  readonly redact: ReadonlyMap<string, Redact>;
  readonly ruleSet: Pick<RuleSet, 'signals'>;
}

export interface PreviewSource {
  readonly window: Pick<Window, 'channels' | 'held'>;
  readonly loading: Loading;
  readonly records: readonly ScoreRecord[];
  readonly pictures: Pictures;
}

/** The first camera, the sketch, the other cameras: in this order while the message has room. */
export async function previewsOf(
  wish: PreviewWish,
  source: PreviewSource,
): Promise<readonly MadePreview[]> {
  const [first, ...others] = await thumbnails(wish, source);
  const sketch = await sketched(wish, source);
  return [first, sketch, ...others].filter((one) => one !== undefined);
}

const isCamera = ({ schema }: Channel): boolean => /(^|[./])\w*Image$/.test(schema?.name ?? '');

async function thumbnails(wish: PreviewWish, source: PreviewSource): Promise<MadePreview[]> {
  const cameras = [...source.window.channels.values()]
    .filter((channel) => isCamera(channel) && wish.holds(channel.topic))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  const made: MadePreview[] = [];
  for (const channel of cameras) {
    if (made.length === maxThumbnails) break;
    const one = await thumbnail(channel, wish, source).catch(() => undefined);
    // A picture that cannot be drawn is one preview less, and nothing else.
    if (one !== undefined) made.push(one);
  }
  return made;
}

async function thumbnail(
  channel: Channel,
  wish: PreviewWish,
  { window, loading, pictures }: PreviewSource,
): Promise<MadePreview | undefined> {
  const within = { ...wish, held: window.held, loading };
  const frame = await frameAfter(wish.draft.firstAtNs, channel.id, within);
  if (frame === undefined) return undefined;
  const redact = wish.redact.get(channel.topic);
  const data = redact === undefined ? frame.data : await redact(frame.data, channel);
  const image = shownImage(decodeMessage(channel, new Uint8Array(data)));
  const { bytes, width, height } = await pictures.thumbnail(image);
  const { topic } = channel;
  const atNs = String(frame.logTimeNs);
  return previewOf(bytes, {
    kind: 'thumbnail',
    mediaType: 'image/jpeg',
    topic: topic.slice(0, 256),
    atNs,
    width,
    height,
  });
}

type Frame = ReturnType<typeof messageAt>;

/**
 * The first message at or after the trigger; the last before it when the clip ends there. Blocks
 * before the trigger are loaded only when there is nothing behind it, the latest first.
 */
async function frameAfter(
  atNs: bigint,
  channelId: number,
  within: Pick<PreviewWish, 'startNs' | 'endNs'> &
    Pick<PreviewSource, 'loading'> & { readonly held: Window['held'] },
): Promise<Frame | undefined> {
  const { startNs, endNs, loading } = within;
  const held = within.held.filter(
    (one) => one.lastNs >= startNs && one.firstNs <= endNs && one.channels.includes(channelId),
  );
  const after = held.filter(({ lastNs }) => lastNs >= atNs);
  const before = held.filter(({ lastNs }) => lastNs < atNs);
  before.sort((a, b) => (a.lastNs > b.lastNs ? -1 : Number(a.lastNs < b.lastNs)));
  let best: Frame | undefined;
  for (const one of [...after, ...before]) {
    if (!mayHaveBetter(one, best?.logTimeNs, atNs)) continue;
    const block = await one.load(loading);
    let found: Frame | undefined;
    for (let i = 0; i < (block?.count ?? 0); i += 1) {
      if (block === undefined || block.channelIds[i] !== channelId) continue;
      const frame = messageAt(block, i);
      if (frame.logTimeNs < startNs || frame.logTimeNs > endNs) continue;
      if (isBetter(frame.logTimeNs, (found ?? best)?.logTimeNs, atNs)) found = frame;
    }
    if (found !== undefined) best = { ...found, data: new Uint8Array(found.data) };
  }
  return best;
}

function mayHaveBetter(
  { firstNs, lastNs }: Pick<WindowBlock, 'firstNs' | 'lastNs'>,
  best: bigint | undefined,
  atNs: bigint,
): boolean {
  if (best === undefined) return true;
  return best >= atNs ? lastNs >= atNs && firstNs < best : lastNs > best;
}

function isBetter(ns: bigint, best: bigint | undefined, atNs: bigint): boolean {
  if (best === undefined) return true;
  if (ns >= atNs) return best < atNs || ns < best;
  return best < atNs && ns > best;
}

async function sketched(
  { draft, startNs, endNs, ruleSet, holds, redact }: PreviewWish,
  { window, loading, records }: PreviewSource,
): Promise<MadePreview | undefined> {
  const names = new Set(draft.markers.flatMap(({ values }) => Object.keys(values)));
  // A signal that is told although its topic is changed would tell what was to be hidden.
  const signals = ruleSet.signals.filter(
    ({ name, topic }) => names.has(name) && holds(topic) && !redact.has(topic),
  );
  const scores = [...names].filter((name) =>
    records.some(({ scorer }) => name.startsWith(`${scorer}.`)),
  );
  const { channels, held } = window;
  const source = { channels, held, loading, records };
  const bytes = await sketchOf({ startNs, endNs, signals, scores }, source);
  return bytes && previewOf(bytes, { kind: 'sketch', mediaType: 'application/json+gzip' });
}

function previewOf(
  bytes: Uint8Array,
  told: Omit<ClipPreview, 'sha256' | 'sizeBytes'>,
): MadePreview {
  const sha256 = sha256Hex(bytes);
  const { kind } = told;
  return { kind, sha256, bytes, told: { ...told, sha256, sizeBytes: bytes.length } };
}
