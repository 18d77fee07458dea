/**
 * Where a recorder's clock was set back: what comes behind belongs to another session. Messages
 * that are behind, each on its own topic, are held until those that come next tell which of two
 * things they are: a topic that goes on from there tells of a clock that was set, a message that is
 * nearer to what was newest before says that they were late. This depends on the messages alone,
 * not on the blocks they come in.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import { clockSetBytes, clockSetNs } from '../limits.ts';
import { sliceOf } from './pace.ts';
import type { BlockItem } from './source.ts';

/** A block, or a part of it that is of one session. */
export interface Piece extends Omit<BlockItem, 'kind'> {
  /** The clock was set back before it. */
  readonly isBack: boolean;
}

export interface NewestTime {
  readonly topic: string;
  readonly atNs: bigint;
}

export interface ClockSteps {
  channel(channel: Pick<Channel, 'id' | 'topic'>): void;
  /** Largest log time of the session by topic, while nothing is held; and as it was saved. */
  readonly newest: readonly NewestTime[];
  restore(newest: readonly NewestTime[]): void;
  /** What is known to be of one session by now, in its order; the rest is held. */
  take(given: Omit<BlockItem, 'kind'>): readonly Piece[];
  /** Nothing more comes. */
  end(): readonly Piece[];
  readonly isHolding: boolean;
}

export function openClockSteps(): ClockSteps {
  return new Walk();
}

/** A message that is held or looked at: in which of the open blocks, and where in it. */
interface Position {
  readonly block: number;
  readonly i: number;
}

/** Of more steps than these that wait to be known, all but the last begin one session together. */
const mostHeldSteps = 16;
/** About what a block, and a message of it, take beside their data. */
const blockBytes = 2_048;
const messageBytes = 32;

/** Messages behind what was newest; times are ns after the first block's base. */
interface Run {
  from: Position;
  newest: number;
  bytes: number;
  /** Some topic went on from where it stepped back to. */
  goesOn: boolean;
  /** How often a topic stepped back once more within the run, and where it did last. */
  steps: number;
  last: Position;
  /** By topic, of those that stepped back. */
  readonly ways: (Way | undefined)[];
}

/** Of a topic: from where it went on, what it gave last of that, and the largest of all. */
interface Way {
  readonly first: number;
  last: number;
  newest: number;
}

const stepNs = Number(clockJumpNs);

class Walk implements ClockSteps {
  readonly #numbers = new Map<string, number>();
  /** By channel id: the number of its topic. */
  readonly #topicOf = new Uint16Array(65_536);
  #zeroNs: bigint | undefined;
  /** Largest log time of the session, by topic and of all. */
  #newest: number[] = [];
  #top = Number.NEGATIVE_INFINITY;
  /** Blocks that were not given on, or not whole: of the first one `#given` messages were. */
  #open: Omit<BlockItem, 'kind'>[] = [];
  #given = 0;
  /** The next piece begins a session. */
  #isBack = false;
  #run: Run | undefined;
  /** Of a run that was too large to be held, while nothing goes on from before it. */
  #faded: Run['ways'] = [];

  channel({ id, topic }: Pick<Channel, 'id' | 'topic'>): void {
    this.#topicOf[id] = this.#numberOf(topic);
  }

  get isHolding(): boolean {
    return this.#run !== undefined;
  }

  get newest(): readonly NewestTime[] {
    const zeroNs = this.#zeroNs ?? 0n;
    return [...this.#numbers].flatMap(([topic, number]) => {
      const at = this.#newest[number];
      return at === undefined ? [] : [{ topic, atNs: zeroNs + BigInt(at) }];
    });
  }

  restore(newest: readonly NewestTime[]): void {
    for (const { topic, atNs } of newest) {
      this.#zeroNs ??= atNs;
      const at = Number(atNs - this.#zeroNs);
      this.#newest[this.#numberOf(topic)] = at;
      if (at > this.#top) this.#top = at;
    }
  }

  take(given: Omit<BlockItem, 'kind'>): readonly Piece[] {
    const pieces: Piece[] = [];
    this.#open.push(given);
    this.#walk({ block: this.#open.length - 1, i: 0 }, pieces);
    this.#give(this.#run?.from ?? { block: this.#open.length, i: 0 }, pieces);
    return pieces;
  }

  end(): readonly Piece[] {
    const pieces: Piece[] = [];
    while (this.#run?.goesOn === true) this.#walk(this.#back(this.#run, pieces), pieces);
    this.#run = undefined;
    this.#give({ block: this.#open.length, i: 0 }, pieces);
    return pieces;
  }

  #walk(from: Position, pieces: Piece[]): void {
    let [k, i] = [from.block, from.i];
    for (;;) {
      const block = this.#open[k]?.block;
      if (block === undefined) return;
      if (i === 0 && this.#run !== undefined) this.#run.bytes += blockBytes;
      if (this.#run === undefined) i = this.#pass(block, i);
      if (i >= block.count) {
        [k, i] = [k + 1, 0];
        continue;
      }
      const at = this.#timeOf(block, i);
      const topic = this.#topicOf[block.channelIds[i] ?? 0] ?? 0;
      this.#run ??= {
        from: { block: k, i },
        newest: at,
        bytes: 0,
        goesOn: false,
        steps: 0,
        last: { block: k, i },
        ways: this.#faded,
      };
      if (this.#isNearer(this.#run, topic, at)) {
        this.#late();
        continue;
      }
      const isSet = this.#follow(this.#run, topic, at, { block: k, i });
      this.#run.bytes += (block.ends[i] ?? 0) - (block.starts[i] ?? 0) + messageBytes;
      const isFull = this.#run.bytes > clockSetBytes;
      i += 1;
      if (isSet || (isFull && this.#run.goesOn)) {
        ({ block: k, i } = this.#back(this.#run, pieces));
      } else if (isFull) {
        // Too much to be held, and still not known.
        const { ways } = this.#run;
        this.#late();
        this.#faded = ways;
      }
    }
  }

  /** Whether time goes on from what was newest rather than from the run. */
  #isNearer(run: Run, topic: number, at: number): boolean {
    const way = run.ways[topic];
    const known = this.#newest[topic];
    // What steps back itself does not go on from what was.
    if (way === undefined && known !== undefined && at < known - stepNs) return false;
    // By chance a slow topic may stand where it was, once others go on behind.
    const own = (run.goesOn && way === undefined ? undefined : known) ?? this.#top;
    const before = Math.min(Math.abs(this.#top - at), Math.abs(own - at));
    const { last, newest } = way ?? { last: run.newest, newest: run.newest };
    return before < Math.min(Math.abs(at - last), Math.abs(at - newest));
  }

  /** True when a topic went on so far since it stepped back that the clock was set. */
  #follow(run: Run, topic: number, at: number, place: Position): boolean {
    const way = run.ways[topic];
    const isStep = at < (this.#newest[topic] ?? Number.POSITIVE_INFINITY) - stepNs;
    if (way === undefined && !isStep) return false;
    if (at > run.newest) run.newest = at;
    if (way === undefined || at < way.last - stepNs) {
      if (way !== undefined) [run.steps, run.last] = [run.steps + 1, place];
      run.ways[topic] = { first: at, last: at, newest: Math.max(at, way?.newest ?? at) };
      return false;
    }
    if (at > way.last) way.last = at;
    if (at > way.newest) way.newest = at;
    if (at > way.first) run.goesOn = true;
    return at - way.first >= clockSetNs;
  }

  /** Messages that are not behind, from `i` on; gives the place of the first that is. */
  #pass({ count, channelIds, timesNs, baseNs }: MessageBlock, i: number): number {
    this.#zeroNs ??= baseNs;
    const base = Number(baseNs - this.#zeroNs);
    const newest = this.#newest;
    const before = this.#top;
    let top = before;
    let k = i;
    for (; k < count; k += 1) {
      const topic = this.#topicOf[channelIds[k] ?? 0] ?? 0;
      const at = base + (timesNs[k] ?? 0);
      const known = newest[topic];
      if (known === undefined) newest[topic] = at;
      else if (at > known) newest[topic] = at;
      else if (at < top - stepNs && at < known - stepNs) break;
      if (at > top) top = at;
    }
    if (top > before) this.#faded = [];
    this.#top = top;
    return k;
  }

  #timeOf({ baseNs, timesNs }: MessageBlock, i: number): number {
    return Number(baseNs - (this.#zeroNs ?? baseNs)) + (timesNs[i] ?? 0);
  }

  #numberOf(topic: string): number {
    const number = this.#numbers.get(topic) ?? this.#numbers.size;
    this.#numbers.set(topic, number);
    return number;
  }

  /** What is held belongs to the session after all. */
  #late(): void {
    for (const [topic, way] of this.#run?.ways.entries() ?? []) {
      if (way === undefined) continue;
      this.#newest[topic] = Math.max(this.#newest[topic] ?? way.newest, way.newest);
    }
    this.#run = undefined;
    this.#faded = [];
  }

  /** The clock was set back before the run, which is looked through again as a session. */
  #back({ from, last, steps }: Run, pieces: Piece[]): Position {
    this.#run = undefined;
    this.#faded = [];
    this.#newest = [];
    this.#top = Number.NEGATIVE_INFINITY;
    this.#begin(from, pieces);
    if (steps <= mostHeldSteps) return { block: 0, i: from.i };
    // One by one, each would be looked through again to the end of the run.
    this.#begin({ block: last.block - from.block, i: last.i }, pieces);
    return { block: 0, i: last.i };
  }

  #begin(place: Position, pieces: Piece[]): void {
    this.#give(place, pieces);
    this.#isBack = true;
  }

  /** All that is open before a position. */
  #give({ block: end, i }: Position, pieces: Piece[]): void {
    if (end === 0 && i === this.#given) return;
    for (const [k, given] of this.#open.slice(0, end + 1).entries()) {
      const { block } = given;
      const from = k === 0 ? this.#given : 0;
      const to = k === end ? i : block.count;
      if (from >= to) continue;
      const isWhole = to - from === block.count;
      const part = isWhole ? given : { ...given, block: sliceOf(block, from, to), file: undefined };
      pieces.push({ ...part, isBack: this.#isBack });
      this.#isBack = false;
    }
    this.#open = this.#open.slice(end);
    this.#given = this.#open.length === 0 ? 0 : i;
    if (this.#run !== undefined)
      this.#run.from = { block: this.#run.from.block - end, i: this.#run.from.i };
  }
}
