/** Lives of an agent that follows a folder: what comes, and what is kept from one to the next. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { folderSource } from './folder.ts';
import type { SourceItem } from './source.ts';

export interface Life {
  readonly items: SourceItem[];
  /** Milliseconds that the source slept. */
  sleptMs: number;
}

export interface Followed extends Disposable {
  at(name: string): string;
  /** A file that did not change for `restedMs`. */
  put(name: string, bytes: Uint8Array, restedMs?: number): void;
  /** From now on it did not change for so long. */
  rest(name: string, ms: number): void;
  /** What an earlier agent did not write: this member is gone from all that is kept. */
  forget(member: string): void;
  /** Reads until `enough`; waits take no time, and marks are kept with `state`. */
  live(enough?: (life: Life) => boolean, state?: Json): Promise<SourceItem[]>;
}

export function openFollowed(): Followed {
  const folder = mkdtempSync(join(tmpdir(), 'fl-followed-'));
  const known = new Map<string, Json>();
  const positions = {
    get: async (key: string) => await Promise.resolve(known.get(key)),
    save: async (key: string, document: Json) =>
      await Promise.resolve(void known.set(key, document)),
    keep: async () => await Promise.resolve(),
  };
  const options = { name: 'main', device: 'amr', path: folder, glob: '*.{mcap,bag,db3}' };
  return {
    at: (name) => join(folder, name),
    put(name, bytes, restedMs = 0) {
      writeFileSync(join(folder, name), bytes);
      this.rest(name, restedMs);
    },
    rest(name, ms) {
      const changedS = (Date.now() - ms) / 1_000;
      utimesSync(join(folder, name), changedS, changedS);
    },
    forget(member) {
      for (const [key, document] of known) {
        const text = JSON.stringify(document, (name, value: Json) =>
          name === member ? undefined : value,
        );
        known.set(key, JSON.parse(text) as Json);
      }
    },
    async live(enough = isWaiting, state = {}) {
      const stopping = new AbortController();
      const life: Life = { items: [], sleptMs: 0 };
      const clock = shortClock(life, () => {
        if (enough(life)) stopping.abort();
      });
      const deps = { clock, log: silentLog, positions };
      const source = folderSource({ ...options, follow: true }, deps);
      for await (const item of source.items(stopping.signal)) {
        life.items.push(item);
        const first = life.items.find((one) => one.kind === 'block');
        if (item.kind === 'mark') await item.save(state, first?.at);
        if (enough(life)) stopping.abort();
      }
      return life.items;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** Its waits take no time, and count. */
export const shortClock = (life: Life, onSleep: () => void): Clock => ({
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() + life.sleptMs,
  async sleep(ms, signal) {
    life.sleptMs += ms;
    onSleep();
    await systemClock.sleep(0, signal);
  },
});

export const isWaiting = ({ items }: Life): boolean => items.at(-1)?.kind === 'waiting';

/** Of each session: its recording, and how many messages came that do not only fill the window. */
export function sessionsOf(items: readonly SourceItem[]): (readonly [name: string, n: number])[] {
  const sessions: [string, number][] = [];
  for (const item of items) {
    const last = sessions.at(-1);
    if (item.kind === 'begin') sessions.push([item.session.recording, 0]);
    if (item.kind === 'block' && item.isWarm !== true && last !== undefined) {
      last[1] += item.block.count;
    }
  }
  return sessions;
}
