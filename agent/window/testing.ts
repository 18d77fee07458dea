/** Blocks made by hand, for tests of windows and of what stands behind them. */
import type { ClipSource, MessageBlock } from '@fieldloop/recording';
import type { Loading } from './loading.ts';
import type { Window } from './window.ts';

export interface HandMessage {
  readonly channelId: number;
  readonly atNs: bigint;
  readonly data: Uint8Array;
}

/** As a cut takes it. */
export function clipSource(window: Window, loading: Loading): ClipSource {
  const blocks = window.held.map((one) => ({
    firstNs: one.firstNs,
    lastNs: one.lastNs,
    channels: one.channels,
    load: () => one.load(loading),
  }));
  return { profile: '', channels: window.channels, blocks, latched: window.latched() };
}

export function blockOf(messages: readonly HandMessage[]): MessageBlock {
  const n = messages.length;
  const total = messages.reduce((sum, { data }) => sum + data.length, 0);
  const data = new Uint8Array(total);
  const starts = new Uint32Array(n);
  const ends = new Uint32Array(n);
  const timesNs = new Float64Array(n);
  const baseNs = messages[0]?.atNs ?? 0n;
  let at = 0;
  messages.forEach((message, i) => {
    data.set(message.data, at);
    starts[i] = at;
    at += message.data.length;
    ends[i] = at;
    timesNs[i] = Number(message.atNs - baseNs);
  });
  const times = messages.map(({ atNs }) => atNs);
  const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return {
    count: n,
    data,
    view: new DataView(data.buffer),
    channelIds: Uint16Array.from(messages, ({ channelId }) => channelId),
    sequences: Uint32Array.from(messages, (_, i) => i),
    starts,
    ends,
    baseNs,
    timesNs,
    publishTimeNs: (i) => baseNs + BigInt(timesNs[i] ?? 0),
    firstNs: times.reduce(least, baseNs),
    lastNs: times.reduce(most, baseNs),
    offset: 0,
  };
}
