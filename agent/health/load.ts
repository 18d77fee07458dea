/** What the machine and this process are at, measured now and then, as shares of their limits. */
import { readFile } from 'node:fs/promises';
import { loadWindowMs } from '../limits.ts';
import type { Load, ShedStep } from './pressure.ts';

/** Caps; what is absent has none. */
export interface Caps {
  /** Of one core: 0.35 is 35 %. */
  readonly cpu?: number | undefined;
  readonly memoryBytes?: number | undefined;
  /** A file with degrees or thousandths of them, and the most that it may say, °C. */
  readonly heat?: { readonly file: string; readonly mostC: number } | undefined;
  /** A file with the charge from 0 to 100, and the least, from 0 to 1. */
  readonly battery?: { readonly file: string; readonly least: number } | undefined;
}

/** What else is known of the agent at this moment. */
export interface Held {
  /** Bytes of results that wait, of the most that may. */
  readonly queueShare: number;
  /** Absent while the disk does not answer. */
  readonly diskFreeBytes?: number | undefined;
  /** Absent on a file system that makes them as they are needed. */
  readonly diskFreeInodes?: number | undefined;
  /** Bytes that eviction could free. */
  readonly evictableBytes: number;
  readonly headroomBytes: number;
  readonly headroomInodes: number;
  /** The disk refused the last write, or does not answer. */
  readonly diskRefuses: boolean;
}

/** As it was found, for people and for telemetry. */
export interface Figures {
  /** Of one core, over the last seconds. */
  readonly cpu: number;
  readonly rssBytes: number;
  readonly temperatureC?: number | undefined;
  /** From 0 to 1. */
  readonly battery?: number | undefined;
}

/** How the machine stands, as `status` and telemetry tell it. */
export interface LoadFigures extends Partial<Figures> {
  /** Each cause as a share of its limit. */
  readonly load: Load;
  readonly shed: readonly ShedStep[];
  readonly diskFreeBytes?: number | undefined;
  readonly diskFreeInodes?: number | undefined;
}

export interface LoadMeter {
  look(held: Held): Promise<{ readonly load: Load; readonly figures: Figures }>;
}

/** What is read of the process and of files: a port, so that tests can burn without burning. */
export interface Instruments {
  monotonicMs(): number;
  /** Seconds of all cores since the process started. */
  cpuSeconds(): number;
  rssBytes(): number;
  /** The first number in a file; undefined when it cannot be had. */
  number(path: string): Promise<number | undefined>;
}

export const systemInstruments: Omit<Instruments, 'monotonicMs'> = {
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  rssBytes: () => process.memoryUsage.rss(),
  async number(path) {
    // A sensor that went away is one that cannot be read.
    const text = await readFile(path, 'utf8').catch(() => '');
    const value = Number.parseFloat(text);
    return Number.isFinite(value) ? value : undefined;
  },
};

export function openLoadMeter(caps: () => Caps, from: Instruments): LoadMeter {
  /** Looks of the last seconds, the oldest first. */
  const looks: { readonly ms: number; readonly cpuSeconds: number }[] = [];
  const queue: number[] = [];
  return {
    async look(held) {
      const now = { ms: from.monotonicMs(), cpuSeconds: from.cpuSeconds() };
      looks.push(now);
      while (looks.length > 2 && now.ms - (looks[1]?.ms ?? 0) >= loadWindowMs) looks.shift();
      queue.push(held.queueShare);
      if (queue.length > looks.length) queue.splice(0, queue.length - looks.length);
      const { cpu, memoryBytes, heat, battery } = caps();
      const temperatureC = celsius(heat && (await from.number(heat.file)));
      const charge = battery && (await from.number(battery.file));
      const figures: Figures = {
        cpu: shareOf(looks[0] ?? now, now),
        rssBytes: from.rssBytes(),
        temperatureC,
        battery: charge === undefined ? undefined : charge / 100,
      };
      const isWhole = now.ms - (looks[0]?.ms ?? now.ms) >= loadWindowMs * 0.9;
      const load: Load = {
        ...(cpu === undefined || !isWhole ? {} : { cpu: figures.cpu / cpu }),
        ...(memoryBytes === undefined ? {} : { memory: figures.rssBytes / memoryBytes }),
        // One large clip fills the queue for a moment: it presses when it stays over half.
        queue: isWhole ? Math.min(...queue) * 2 : 0,
        disk: diskLoad(held),
        ...(heat === undefined || temperatureC === undefined
          ? {}
          : { heat: nearing(temperatureC - heat.mostC, degreesToCalm) }),
        ...(battery === undefined || figures.battery === undefined
          ? {}
          : { battery: nearing(battery.least - figures.battery, chargeToCalm) }),
      };
      return { load, figures };
    },
  };
}

/** Distances from the limit at which heat and battery are calm: a share of 0.8. */
const degreesToCalm = 5;
const chargeToCalm = 0.05;

const nearing = (over: number, toCalm: number): number => Math.max(0, 1 + (over / toCalm) * 0.2);

/** Thermal zones of Linux tell thousandths of a degree. */
const celsius = (value: number | undefined): number | undefined =>
  value !== undefined && Math.abs(value) > 1_000 ? value / 1_000 : value;

function shareOf(
  from: { readonly ms: number; readonly cpuSeconds: number },
  to: { readonly ms: number; readonly cpuSeconds: number },
): number {
  const seconds = (to.ms - from.ms) / 1_000;
  return seconds <= 0 ? 0 : Math.max(0, to.cpuSeconds - from.cpuSeconds) / seconds;
}

/** Short is a disk where even without our own clips others would have too little. */
function diskLoad(held: Held): number {
  if (held.diskRefuses) return 1;
  const { diskFreeBytes = 0, diskFreeInodes: inodes, headroomInodes } = held;
  const room = diskFreeBytes + held.evictableBytes;
  const bytes = held.headroomBytes === 0 ? 0 : held.headroomBytes / Math.max(1, room);
  return Math.max(bytes, inodes === undefined ? 0 : headroomInodes / Math.max(1, inodes));
}
