/**
 * One session as its recorder leaves it on the disk: a file that may still be growing, and the
 * splits that go on after it. Rules, window and clips know nothing of files; here they become one
 * stream, with marks at which a later process goes on.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import {
  type Channel,
  type ChannelMap,
  type ChannelTable,
  openChannelTable,
  type RecordingItem,
} from '@fieldloop/recording';
import {
  lookAroundMs,
  lookAroundShare,
  pollEveryMs,
  quietEveryMs,
  restingPollMs,
  supersededAfterMs,
  warmTries,
} from '../limits.ts';
import { beginsWith, openingOfBlock, sessionIdOf } from './fingerprint.ts';
import { isFinished } from './finished.ts';
import { type GrowingFile, identityAt, openGrowing } from './growing.ts';
import { openMarks, type Marks } from './marks.ts';
import { type Disk, isPassing, openDisk } from './passing.ts';
import type { Place, PlacedFile } from './places.ts';
import type { Candidate, Scan } from './scan.ts';
import type { BlockItem, SourceItem } from './source.ts';
import { openTail, spanMsOf, type Tail, tailEnd } from './tail.ts';

export interface RecordedDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly scan: () => Promise<Scan>;
  /** The split that goes on after this one, once it is there; undefined when none comes. */
  readonly next: (after: Candidate, isLive: boolean) => Promise<Candidate | undefined>;
  readonly note: (file: Candidate, about: FileNote) => Promise<void>;
  /** `rests`: over, unless the file of its last place goes on after all. */
  readonly savePlace: (place: Place | 'over' | 'rests') => Promise<void>;
}

/** That a file of this size was read to its end, or why it broke. */
export interface FileNote {
  readonly size: number;
  readonly why?: string;
  /** Of its first messages; undefined when there were none. */
  readonly opening: string | undefined;
  /** Its recorder may go on with it, and what comes then is read. */
  readonly mayGrow?: boolean;
}

/** How the reading of one file ended. */
type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'done'; readonly mayGrow: boolean }
  /** `goesOn`: what the recorder wrote next is the same session all the same. */
  | { readonly kind: 'torn'; readonly fault: Fault; readonly goesOn: boolean };

/** A file of the session, open or read. */
export interface OpenPart {
  readonly path: string;
  readonly index: number;
  readonly begun: string;
  readonly map: ChannelMap;
  opening: string | undefined;
}

export class Recorded {
  readonly #device: string;
  readonly #deps: RecordedDeps;
  readonly #signal: AbortSignal;
  readonly #marks: Marks;
  readonly #disk: Disk;
  #table: ChannelTable = openChannelTable();
  #tail: Tail;
  #sessionId: string | undefined;
  #profile = '';
  #isLive = false;
  /** Monotonic time of the next look into the folder, unless the file lost its name. */
  #scanFromMs = Number.NEGATIVE_INFINITY;
  /** Channels that were met before the first message told which session this is. */
  #early: Channel[] = [];

  constructor(device: string, deps: RecordedDeps, signal: AbortSignal) {
    this.#device = device;
    this.#deps = deps;
    this.#signal = signal;
    this.#tail = openTail(deps.clock.monotonicMs());
    this.#marks = openMarks(deps);
    this.#disk = openDisk(deps, signal);
  }

  /** From `first` on, or from the place that an earlier process noted. */
  async *read(first: Candidate, place?: Place): AsyncGenerator<SourceItem, void> {
    this.#isLive = place?.live ?? !(await isFinished(first, this.#deps.clock));
    let current = first;
    let outcome = place === undefined ? yield* this.#file(first) : yield* this.#goOn(first, place);
    for (;;) {
      if (outcome.kind === 'stopped') return yield* this.#mark();
      if (outcome.kind === 'torn' && !outcome.goesOn) break;
      const next = await this.#deps.next(current, this.#isLive);
      if (this.#signal.aborted) return yield* this.#mark();
      if (next === undefined) break;
      if (outcome.kind === 'torn') yield this.#broken(outcome.fault);
      yield* this.#gap(current, next);
      current = next;
      outcome = yield* this.#file(next);
    }
    if (this.#sessionId === undefined && outcome.kind !== 'torn') return;
    yield { kind: 'end', fault: outcome.kind === 'torn' ? outcome.fault : undefined };
    if (this.#signal.aborted) return;
    // One that only rests is gone on with when its file grows after all.
    if (outcome.kind === 'torn' && outcome.fault.code === 'corrupt') return;
    const rests = outcome.kind === 'done' && outcome.mayGrow;
    await this.#deps.savePlace(rests ? 'rests' : 'over');
  }

  async *#file(candidate: Candidate): AsyncGenerator<SourceItem, Outcome> {
    let file: GrowingFile | undefined;
    try {
      file = await this.#disk.ask(candidate.path, () => openGrowing(candidate.path));
    } catch (error) {
      return { kind: 'torn', fault: expected(error), goesOn: false };
    }
    if (file === undefined) return { kind: 'stopped' };
    await using _ = file;
    return yield* this.#follow(file, candidate, this.#open(candidate, undefined));
  }

  /** The place's files fill the window again; then reading goes on in the last of them. */
  async *#goOn(first: Candidate, place: Place): AsyncGenerator<SourceItem, Outcome> {
    const known = place.files.flatMap(({ channels }) =>
      channels.map(({ channel, id }) => ({ ...channel, id })),
    );
    this.#table = openChannelTable(known);
    const { sessionId: id, profile, live } = place;
    this.#sessionId = id;
    this.#profile = profile;
    const session = { id, recording: first.path, profile, live, resumes: true as const };
    yield { kind: 'begin', session, state: place.state };
    for (const channel of this.#table.channels) yield { kind: 'channel', channel };
    const { found } = await this.#deps.scan();
    const own = found.filter(({ split }) => split.series === first.split.series);
    let outcome: Outcome = { kind: 'done', mayGrow: false };
    for (const [i, placed] of place.files.entries()) {
      const isLast = i === place.files.length - 1;
      // Without the files before it the window begins later; without the last nothing goes on.
      const tries = isLast ? Number.POSITIVE_INFINITY : warmTries;
      const candidate = await this.#placed(own, placed, tries);
      if (this.#signal.aborted) return { kind: 'stopped' };
      if (candidate === undefined) continue;
      const channels = placed.channels.map(({ channel }) => channel);
      const from =
        i === 0 && place.warmOffset > 0
          ? { offset: place.warmOffset, channels, schemas: place.spare }
          : undefined;
      let file: GrowingFile | undefined;
      try {
        const open = () => openGrowing(candidate.path, from);
        file = await this.#disk.ask(candidate.path, open, tries);
      } catch (error) {
        // Deleted in this moment: as if it had been gone before.
        if (expected(error).code === 'not_found') continue;
        return { kind: 'torn', fault: expected(error), goesOn: false };
      }
      if (this.#signal.aborted) return { kind: 'stopped' };
      if (file === undefined) continue;
      await using _ = file;
      const part = this.#open(candidate, placed.opening);
      if (from !== undefined) for (const channel of channels) part.map.take(channel);
      const upTo = isLast ? place.offset : undefined;
      outcome = yield* this.#warm(file, part, { upTo, tries });
      if (!isLast || outcome.kind !== 'done') continue;
      const goesOn = !place.isDone || file.mayGrow;
      if (goesOn) outcome = yield* this.#follow(file, candidate, part);
      else await this.#note(candidate, { size: file.size, opening: placed.opening });
    }
    // A later split goes on where the place's own file ended.
    const last = place.files.at(-1)?.index ?? 0;
    if (outcome.kind !== 'done' || (first.split.index ?? 0) <= last) return outcome;
    return yield* this.#file(first);
  }

  async *#warm(
    file: GrowingFile,
    part: OpenPart,
    { upTo, tries }: { readonly upTo: number | undefined; readonly tries: number },
  ): AsyncGenerator<SourceItem, Outcome> {
    for (let failed = 0; !this.#signal.aborted; ) {
      try {
        for await (const item of file.more(this.#signal, upTo)) {
          for (const given of this.#take(item, { file, part })) {
            yield given.kind === 'block' ? { ...given, isWarm: true } : given;
          }
        }
        if (!file.hasMore && !this.#signal.aborted) return { kind: 'done', mayGrow: file.mayGrow };
      } catch (error) {
        const fault = expected(error);
        if (this.#signal.aborted) break;
        if (!isPassing(fault)) return { kind: 'torn', fault, goesOn: false };
        failed += 1;
        if (failed >= tries) return { kind: 'done', mayGrow: false };
        await this.#disk.rest(part.path, fault);
      }
    }
    return { kind: 'stopped' };
  }

  /** All of the file, and what comes while it grows. */
  async *#follow(
    file: GrowingFile,
    candidate: Candidate,
    part: OpenPart,
  ): AsyncGenerator<SourceItem, Outcome> {
    const { clock } = this.#deps;
    const restedMs = Math.max(0, clock.now() - candidate.changedMs);
    this.#tail = openTail(clock.monotonicMs(), restedMs, this.#tail);
    let { size } = file;
    let [lookedMs, quietMs] = [Number.NEGATIVE_INFINITY, 0];
    for (;;) {
      try {
        for await (const item of file.more(this.#signal)) yield* this.#take(item, { file, part });
      } catch (error) {
        const fault = expected(error);
        this.#marks.reached(part, file, clock.monotonicMs());
        if (this.#signal.aborted) return { kind: 'stopped' };
        if (isPassing(fault)) {
          await this.#disk.rest(candidate.path, fault);
          continue;
        }
        const { opening } = part;
        await this.#note(candidate, { size: file.size, why: fault.message, opening });
        return { kind: 'torn', fault, goesOn: false };
      }
      this.#marks.reached(part, file, clock.monotonicMs());
      if (this.#signal.aborted) return { kind: 'stopped' };
      if (this.#marks.isDue) yield* this.#mark();
      if (file.isDone) {
        yield* this.#mark();
        const { opening } = part;
        const { size, mayGrow } = file;
        await this.#note(await this.#named(file, candidate), { size, opening, mayGrow });
        return { kind: 'done', mayGrow };
      }
      if (file.hasMore) continue;
      const now = clock.monotonicMs();
      if (file.size !== size) this.#tail.grew(now);
      size = file.size;
      if (now - lookedMs >= lookAroundMs) {
        lookedMs = now;
        const end = await this.#end(file, candidate, part);
        if (end !== undefined) {
          // It goes on from here if it grows after all.
          yield* this.#mark();
          return end;
        }
      }
      const silentMs = this.#tail.silentMs(now);
      if (this.#isLive && silentMs > 0 && now - quietMs >= quietEveryMs) {
        quietMs = now;
        yield { kind: 'quiet', ms: silentMs };
      }
      // An aborted sleep ends at the next look.
      const rests = this.#tail.stillMs(now) > supersededAfterMs;
      await clock.sleep(rests ? restingPollMs : pollEveryMs, this.#signal).catch(() => undefined);
    }
  }

  async #note(file: Candidate, about: FileNote): Promise<void> {
    await this.#disk.ask(file.path, () => this.#deps.note(file, about));
  }

  /** The ROS 1 recorder takes `.active` off the name when it is done. */
  async #named(file: GrowingFile, candidate: Candidate): Promise<Candidate> {
    if ((await identityAt(candidate.path)) === file.identity) return candidate;
    const { found } = await this.#deps.scan();
    return found.find(({ identity }) => identity === file.identity) ?? candidate;
  }

  /** Undefined while more may come; looks at the folder once the file has been still for a bit. */
  async #end(
    file: GrowingFile,
    candidate: Candidate,
    { opening }: OpenPart,
  ): Promise<Outcome | undefined> {
    const { clock, scan } = this.#deps;
    const identity = await identityAt(candidate.path);
    const nowMs = clock.monotonicMs();
    const rests = this.#tail.stillMs(nowMs) >= supersededAfterMs && nowMs >= this.#scanFromMs;
    if (identity === file.identity && !rests) return undefined;
    const { found } = await scan();
    const endedMs = clock.monotonicMs();
    this.#scanFromMs = endedMs + (endedMs - nowMs) / lookAroundShare;
    const here = found.find((one) => one.identity === file.identity);
    const end = tailEnd({
      restedMs: here && clock.now() - here.changedMs,
      isOverdue: this.#tail.isOverdue(nowMs),
      isReplaced: here === undefined && identity !== undefined,
      hasNewer: found.some(
        (one) => one.identity !== file.identity && one.changedMs > (here?.changedMs ?? Infinity),
      ),
    });
    if (end === undefined) return undefined;
    const fault = end === 'deleted' ? deleted(candidate.path) : file.torn();
    const why = fault.message;
    await this.#note(here ?? candidate, { size: file.size, why, opening, mayGrow: true });
    return { kind: 'torn', fault, goesOn: end === 'superseded' || end === 'deleted' };
  }

  *#take(
    item: RecordingItem,
    { file, part }: { file: GrowingFile; part: OpenPart },
  ): Generator<BlockItem | Exclude<SourceItem, BlockItem>, void> {
    if (item.kind === 'header') {
      if (this.#sessionId === undefined) this.#profile = item.profile;
    } else if (item.kind === 'channel') {
      const { channel, isNew } = part.map.take(item.channel);
      if (isNew && this.#sessionId === undefined) this.#early.push(channel);
      else if (isNew) yield { kind: 'channel', channel };
    } else if (item.kind === 'block' && item.block.count > 0) {
      part.opening ??= openingOfBlock(item.block);
      if (this.#sessionId === undefined) yield* this.#begin(part.path, part.opening);
      const block = part.map.block(item.block);
      const at = this.#marks.block(part, block);
      this.#tail.came(this.#deps.clock.monotonicMs(), spanMsOf(block));
      const isStored = part.map.isSame && block.chunk !== undefined;
      const stored = isStored ? { path: part.path, identity: file.identity } : undefined;
      yield { kind: 'block', block, file: stored, at, isBehind: file.hasMore };
    }
  }

  *#begin(recording: string, opening: string): Generator<SourceItem, void> {
    const id = sessionIdOf(this.#device, opening);
    this.#sessionId = id;
    const { live, profile } = { live: this.#isLive, profile: this.#profile };
    yield { kind: 'begin', session: { id, recording, profile, live, resumes: true } };
    for (const channel of this.#early.splice(0)) yield { kind: 'channel', channel };
  }

  #open({ path, split }: Candidate, opening: string | undefined): OpenPart {
    const { index = 0, begun } = split;
    return { path, index, begun, map: this.#table.open(), opening };
  }

  *#mark(): Generator<SourceItem, void> {
    if (this.#sessionId === undefined) return;
    const about = { sessionId: this.#sessionId, profile: this.#profile, live: this.#isLive };
    yield { kind: 'mark', save: this.#marks.take(about) };
  }

  *#gap(before: Candidate, next: Candidate): Generator<SourceItem, void> {
    const missing = (next.split.index ?? 0) - (before.split.index ?? 0) - 1;
    if (missing <= 0) return;
    const text = `${missing} parts before ${next.path} were gone before they were read`;
    yield { kind: 'notice', name: 'recording_gap', text };
  }

  #broken(fault: Fault): SourceItem {
    const text = `${fault.place ?? ''}: ${fault.message}. The session goes on with its next part.`;
    return { kind: 'notice', name: 'recording_broken', text };
  }

  /** The file of a place; another one may have its number by now. */
  async #placed(
    found: readonly Candidate[],
    { index, begun, opening }: PlacedFile,
    tries: number,
  ): Promise<Candidate | undefined> {
    for (const one of found) {
      const { index: own = 0, begun: ownBegun } = one.split;
      if (own !== index || (begun ?? ownBegun) !== ownBegun) continue;
      if (await this.#disk.ask(one.path, () => beginsWith(one.path, opening), tries)) return one;
    }
    return undefined;
  }
}

/** A bug is thrown on. */
function expected(error: unknown): Fault {
  const fault = asFault(error);
  if (fault.code === 'internal') throw error;
  return fault;
}

const deleted = (path: string): Fault =>
  new Fault('not_found', 'the file was deleted before its recorder ended it', {
    place: path,
    remedy: 'Let the recorder keep more files, or more of them at a time.',
  });
