/**
 * What of a changed configuration takes effect at once, and what wants a restart. Pure. Rules are
 * a file of their own and are always read again.
 */
import type { AgentConfig } from './config.ts';

export interface Reload {
  /** What holds from now on: the new values where they may change, else the old ones. */
  readonly config: AgentConfig;
  /** Keys that hold from now on. */
  readonly changed: readonly string[];
  /** Keys that differ and wait for a restart. */
  readonly restart: readonly string[];
}

const live: readonly (readonly [string, readonly string[]])[] = [
  ['log', ['level']],
  ['limits', ['cpu', 'memoryBytes', 'heat', 'battery']],
  ['uplink', ['policies']],
  ['buffer', ['quotaBytes', 'headroomBytes', 'reserve']],
];

type Section = Readonly<Record<string, unknown>>;

export function planReload(before: AgentConfig, after: AgentConfig): Reload {
  const old: Section = { ...before };
  const next: Section = { ...after };
  const changed: string[] = [];
  const restart: string[] = [];
  const config: Record<string, unknown> = { ...old };
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (key === 'file') continue;
    const may = live.find(([section]) => section === key)?.[1];
    if (may === undefined) {
      if (!isSame(old[key], next[key])) restart.push(key);
      continue;
    }
    const [was, is] = [old[key] as Section, next[key] as Section];
    const held: Record<string, unknown> = { ...was };
    for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (isSame(was[name], is[name])) continue;
      if (may.includes(name)) {
        held[name] = is[name];
        changed.push(`${key}.${wordOf(name)}`);
      } else restart.push(`${key}.${wordOf(name)}`);
    }
    config[key] = held;
  }
  return { config: config as unknown as AgentConfig, changed, restart };
}

/** As the file calls it. */
const wordOf = (name: string): string => name.replace(/(?:Bytes|Ns|Ms)$/, '');

const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b);

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? '';
