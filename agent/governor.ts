/**
 * Keeps this process within its caps: looks at the machine each second, gives up step after step
 * under pressure, and says what finished recordings may take. Each change is an event.
 */
import { asFault, type Clock, formatSize, type Log } from '@fieldloop/core';
import type { AgentBuffer } from './buffer/buffer.ts';
import { type Disk, type FreeSpace, systemDisk } from './buffer/disk.ts';
import type { AgentConfig } from './config.ts';
import type { Figures, Held, Instruments, LoadFigures } from './health/load.ts';
import { openLoadMeter, systemInstruments } from './health/load.ts';
import {
  given,
  type LadderName,
  type Load,
  noPressure,
  press,
  type PressureCause,
  type ShedChange,
  type ShedStep,
} from './health/pressure.ts';
import {
  fullDiskBytes,
  headroomInodes,
  lookEveryMs,
  restShare,
  roomEveryMs,
  noRoomEveryMs,
} from './limits.ts';
import type { Notice } from './messages.ts';
import { nothingShed, type ShedOrder } from './shed.ts';

export interface GovernorDeps {
  readonly config: () => Pick<AgentConfig, 'limits' | 'buffer'>;
  readonly buffer: Pick<AgentBuffer, 'degraded' | 'bytesByClass' | 'onChange' | 'makeRoom'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly instruments?: Omit<Instruments, 'monotonicMs'> | undefined;
  readonly disk?: Pick<Disk, 'free'> | undefined;
  /** Results that wait for main, of the most that may. */
  readonly queueShare: () => number;
  readonly tell: (notice: Notice) => void;
  readonly order: (order: ShedOrder) => void;
}

export interface Governor {
  readonly figures: LoadFigures;
  /** One sentence for each step that is given up. */
  readonly degraded: readonly string[];
  readonly order: ShedOrder;
  close(): Promise<void>;
}

export function openGovernor(deps: GovernorDeps): Governor {
  return new Running(deps);
}

class Running implements Governor {
  figures: LoadFigures = { load: {}, shed: [] };
  order: ShedOrder = nothingShed;
  readonly #deps: GovernorDeps;
  readonly #closing = new AbortController();
  readonly #disk: Pick<Disk, 'free'>;
  #pressure = noPressure;
  #classes: readonly (readonly [string, number])[] = [];
  #isStale = true;
  #isDiskMute = false;
  #roomNotBeforeMs = 0;
  readonly #stopListening: () => void;
  readonly #why = new Map<string, string>();
  readonly #done: Promise<void>;

  constructor(deps: GovernorDeps) {
    this.#deps = deps;
    this.#disk = deps.disk ?? systemDisk;
    this.#stopListening = deps.buffer.onChange(() => {
      this.#isStale = true;
    });
    this.#done = this.#run();
  }

  get degraded(): readonly string[] {
    return [...this.#why.values()];
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#closing.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { clock, log, instruments = systemInstruments } = this.#deps;
    const caps = (): AgentConfig['limits'] => this.#deps.config().limits;
    const monotonicMs = (): number => clock.monotonicMs();
    const meter = openLoadMeter(caps, { ...instruments, monotonicMs });
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const held = await this.#held();
        const { load, figures } = await meter.look(held);
        this.#take(load, figures, held);
        if (isShort(held)) await this.#makeRoom();
      } catch (error) {
        log.warn('the load of this machine could not be measured', { error: asFault(error) });
      }
      // An aborted sleep ends the loop.
      await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  async #held(): Promise<Held> {
    const { buffer } = this.#deps;
    const { path, headroomBytes, reserve } = this.#deps.config().buffer;
    const free = await this.#askDisk(path);
    const classes = this.#classes;
    const kept = new Map(Object.entries(reserve));
    const evictable = classes.map(([name, bytes]) => Math.max(0, bytes - (kept.get(name) ?? 0)));
    return {
      queueShare: this.#deps.queueShare(),
      diskFreeBytes: free?.bytes,
      diskFreeInodes: free?.inodes,
      evictableBytes: evictable.reduce((sum, bytes) => sum + bytes, 0),
      headroomBytes,
      headroomInodes,
      diskRefuses: free === undefined || buffer.degraded !== undefined,
    };
  }

  /** Undefined while the disk does not answer: the other caps are held all the same. */
  async #askDisk(path: string): Promise<FreeSpace | undefined> {
    const { buffer, log } = this.#deps;
    try {
      const free = await this.#disk.free(path);
      // Sums over thousands of rows are taken when rows changed, and not each second.
      if (this.#isStale) this.#classes = Object.entries(buffer.bytesByClass());
      this.#isStale = false;
      this.#isDiskMute = false;
      return free;
    } catch (error) {
      if (!this.#isDiskMute) log.warn('the disk does not say what it has', { error });
      this.#isDiskMute = true;
      return undefined;
    }
  }

  /** Of what the buffer holds; while rows wait in memory, room for them too. */
  async #makeRoom(): Promise<void> {
    const { buffer, clock, log } = this.#deps;
    const now = clock.monotonicMs();
    if (now < this.#roomNotBeforeMs) return;
    this.#roomNotBeforeMs = now + roomEveryMs;
    try {
      const isMade = await buffer.makeRoom(buffer.degraded === undefined ? 0 : fullDiskBytes);
      // Nothing may go now: it is looked at more seldom, as each look reads all rows.
      if (!isMade) this.#roomNotBeforeMs = now + noRoomEveryMs;
    } catch (error) {
      log.warn('the buffer could not make room', { error });
    }
  }

  #take(load: Load, figures: Figures, held: Held): void {
    const { clock, order } = this.#deps;
    const [pressure, changes] = press(this.#pressure, load, clock.monotonicMs());
    this.#pressure = pressure;
    for (const change of changes) this.#tell(change, { figures, held });
    const before = this.order;
    const cap = this.#deps.config().limits.cpu;
    const cpu = cap && cap * restShare;
    const [work, disk] = [given(pressure, 'work'), given(pressure, 'disk')];
    this.order = { work, disk, cpu };
    this.figures = {
      ...figures,
      load,
      shed: [...new Set([...work, ...disk])],
      diskFreeBytes: held.diskFreeBytes,
      diskFreeInodes: held.diskFreeInodes,
    };
    if (changes.length > 0 || cpu !== before.cpu) order(this.order);
  }

  #tell(change: ShedChange, at: { readonly figures: Figures; readonly held: Held }): void {
    const { step, cause, ladder, isGivenUp } = change;
    const why = `${lost[step]}: ${reasonOf(cause, at, this.#deps.config())}`;
    const key = `${ladder} ${step}`;
    if (isGivenUp) this.#why.set(key, why);
    else this.#why.delete(key);
    const text = isGivenUp ? why : `${step}: given up no more, the machine has been calm`;
    this.#deps.log.warn(isGivenUp ? 'something is given up' : 'something comes back', { text });
    this.#deps.tell({
      name: isGivenUp ? 'load_shed' : 'load_restored',
      severity: isGivenUp ? 'warning' : 'info',
      text,
      values: { step, cause, share: Math.round(change.share * 100) / 100, ladder: name[ladder] },
    });
  }
}

/** The disk refuses rows, or others do not have on it what they are owed. */
function isShort(held: Held): boolean {
  const { diskFreeBytes, diskFreeInodes = held.headroomInodes } = held;
  // One that does not answer gives nothing back either.
  if (diskFreeBytes === undefined) return false;
  const isOwed = diskFreeBytes < held.headroomBytes || diskFreeInodes < held.headroomInodes;
  return held.diskRefuses || isOwed;
}

const name: Readonly<Record<LadderName, string>> = { work: 'overload', disk: 'disk' };

const lost: Readonly<Record<ShedStep, string>> = {
  models: 'models skip frames',
  downsample: 'clips are cut thinner',
  baseline: 'baseline samples are left out',
  info: 'info moments are kept as markers alone',
  warning: 'warning moments are kept as markers alone',
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function reasonOf(
  cause: PressureCause,
  { figures, held }: { readonly figures: Figures; readonly held: Held },
  { limits }: Pick<AgentConfig, 'limits'>,
): string {
  switch (cause) {
    case 'cpu':
      return `the agent takes ${percent(figures.cpu)} of a core, limits.cpu is ${percent(limits.cpu ?? 0)}`;
    case 'memory':
      return `the agent takes ${formatSize(figures.rssBytes)}, limits.memory is ${formatSize(limits.memoryBytes ?? 0)}`;
    case 'queue':
      return 'more than half of the results wait for the disk';
    case 'heat':
      return `${limits.heat?.file} says ${figures.temperatureC?.toFixed(0)} °C, the most is ${limits.heat?.mostC}`;
    case 'battery':
      return `the battery has ${percent(figures.battery ?? 0)} left, the least is ${percent(limits.battery?.least ?? 0)}`;
    case 'disk':
      return held.diskRefuses
        ? 'the disk takes nothing'
        : `${freeOf(held)} are free, others are owed ${formatSize(held.headroomBytes)}`;
  }
}

const freeOf = ({ diskFreeBytes = 0, diskFreeInodes }: Held): string =>
  diskFreeInodes === undefined
    ? formatSize(diskFreeBytes)
    : `${formatSize(diskFreeBytes)} and ${diskFreeInodes} inodes`;
