/**
 * The recordings of a folder, each content once, in the order in which they were recorded. With
 * `follow` the one that is being written now is read as it grows; without, finished ones alone.
 * The recorder's files are only read: what is done or broken stands in the buffer's database.
 */
import { asFault, type Clock, type Fault, type Log } from '@fieldloop/core';
import { continues } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import {
  abandonedAfterMs,
  forgetEveryFiles,
  lookAroundMs,
  rescanEveryMs,
  settledAfterMs,
  splitGraceMs,
} from '../limits.ts';
import { type Changes, openChanges } from './changes.ts';
import { readFinished } from './file.ts';
import { fingerprint, openingOf } from './fingerprint.ts';
import { isFinished, isGrowable } from './finished.ts';
import { unpaced } from './pace.ts';
import { isPassing } from './passing.ts';
import {
  type Place,
  placeAtRest,
  placeDocument,
  placeOf,
  placeOver,
  type Positions,
} from './places.ts';
import { type FileNote, Recorded, type RecordedDeps } from './recorded.ts';
import { type Candidate, scan } from './scan.ts';
import type { Source, SourceItem } from './source.ts';

export interface FolderOptions {
  readonly name: string;
  readonly device: string;
  readonly path: string;
  readonly glob: string;
  /** Also what is still being written. */
  readonly follow: boolean;
  /** A folder whose files are not recordings of this robot: the agent's own clips. */
  readonly except?: string | undefined;
  /** Most files that are looked at, other than usual. */
  readonly mostFiles?: number;
}

export interface FolderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly positions: Positions;
}

export function folderSource(options: FolderOptions, deps: FolderDeps): Source {
  return {
    name: options.name,
    finite: false,
    items: (signal) => new Folder(options, deps, signal).items(),
  };
}

type Noted = {
  readonly state?: string;
  readonly recording?: string;
  readonly sizeBytes?: number;
};

const noneNew = 'no new recording';
const waitingFor = (count: number): string =>
  `${count} recordings are still being written; one without its end is read as it is after ${abandonedAfterMs / 60_000} min without a change`;

class Folder {
  readonly #options: FolderOptions;
  readonly #deps: FolderDeps;
  readonly #signal: AbortSignal;
  readonly #changes: Changes;
  /** What needs no other look while its size and time of change stay. */
  readonly #dealt = new Map<string, string>();
  /** What was complained of, by path. */
  readonly #told = new Set<string>();
  /** There were more files than are looked at, at the last look. */
  #isPartial = false;
  /** There were packed ones, at the last look. */
  #hasPacked = false;
  /** Recordings since gone ones were forgotten; at the start it is due. */
  #readSince: number = forgetEveryFiles;

  constructor(options: FolderOptions, deps: FolderDeps, signal: AbortSignal) {
    this.#options = options;
    this.#deps = deps;
    this.#signal = signal;
    const { path, glob, except } = options;
    this.#changes = openChanges(path, { ...deps, deep: glob.includes('/'), except });
  }

  async *items(): AsyncGenerator<SourceItem, void> {
    try {
      while (!this.#signal.aborted) {
        let waits = 0;
        let wasRead = false;
        const { found, problem = '', isForbidden, isPartial, packed } = await scan(this.#options);
        if (isForbidden === true) yield* this.#forbidden(this.#options.path, problem);
        if (isPartial === true) yield* this.#partial(problem);
        this.#isPartial = isPartial === true;
        yield* this.#packed(packed);
        for (const candidate of found) {
          if (this.#dealt.get(candidate.path) === candidate.version) continue;
          const outcome = yield* this.#candidate(candidate);
          if (this.#signal.aborted) return;
          if (outcome === 'dealt') this.#dealt.set(candidate.path, candidate.version);
          waits += Number(outcome === 'waits');
          wasRead ||= outcome === 'read';
        }
        await this.#forget(found, problem === '');
        // A session took its time, and its last files are others than those that were found.
        if (wasRead) continue;
        yield { kind: 'waiting', reason: problem || (waits > 0 ? waitingFor(waits) : noneNew) };
        await this.#changes.next(waits > 0 ? settledAfterMs : rescanEveryMs, this.#signal);
      }
    } finally {
      this.#changes.close();
    }
  }

  /** `dealt`: it is not looked at again while it stays as it is. */
  async *#candidate(
    candidate: Candidate,
  ): AsyncGenerator<SourceItem, 'dealt' | 'waits' | 'read' | 'unopened'> {
    const { clock } = this.#deps;
    const finished = await isFinished(candidate, clock);
    if (!finished && !(this.#options.follow && (await isGrowable(candidate.path)))) return 'waits';
    let key: string;
    try {
      key = await this.#key(candidate.path);
    } catch (error) {
      const fault = asFault(error);
      this.#deps.log.warn('a recording cannot be opened', { path: candidate.path, error: fault });
      const isForbidden = fault.code === 'forbidden';
      if (isForbidden) yield* this.#forbidden(candidate.path, `${candidate.path} may not be read`);
      // Neither a right that is given nor a disk that answers again changes size or time.
      return isForbidden || isPassing(fault) ? 'unopened' : 'dealt';
    }
    const known = await this.#known(candidate, key);
    if (!this.#options.follow) {
      return known === undefined ? yield* this.#readOnce(candidate, key) : 'dealt';
    }
    if (known?.state === 'quarantined') return 'dealt';
    let place: Place | undefined;
    let before: Noted | undefined;
    try {
      place = await this.#placeFor(candidate);
      if (known !== undefined && (place === undefined || place.rests === true)) return 'dealt';
      before = await this.#begun(candidate);
    } catch (error) {
      // It opened a moment ago: it is gone since, or its disk does not answer.
      if (asFault(error).code === 'internal') throw error;
      return 'unopened';
    }
    if (!finished && before !== undefined) {
      // A copy on its way is known when it is whole, and what broke is looked at when it is done.
      if (place === undefined || before.state === 'quarantined') return 'waits';
    } else if (place === undefined && isEnded(before, candidate)) {
      await this.#deps.positions.save(key, { ...before, recording: candidate.path });
      return 'dealt';
    }
    yield* new Recorded(this.#options.device, this.#recordedDeps(candidate), this.#signal).read(
      candidate,
      place,
    );
    return 'read';
  }

  /** What is known of these bytes, from now on under the name that they have. */
  async #known({ path }: Candidate, key: string): Promise<Noted | undefined> {
    const known = await this.#noted(key, path);
    if (known !== undefined && known.recording !== path) {
      await this.#deps.positions.save(key, { ...known, recording: path });
    }
    return known;
  }

  async #noted(key: string, path: string): Promise<Noted | undefined> {
    const { positions } = this.#deps;
    const noted = (await positions.get(emptyKey(key, path))) ?? (await positions.get(key));
    return noted as Noted | undefined;
  }

  /** Lets go of what is known of files that are gone; `isWhole`: there are no others. */
  async #forget(found: readonly Candidate[], isWhole: boolean): Promise<void> {
    const there = new Set(found.map(({ path }) => path));
    for (const path of this.#dealt.keys()) if (!there.has(path)) this.#dealt.delete(path);
    for (const path of this.#told) {
      if (!there.has(path) && path !== this.#options.path) this.#told.delete(path);
    }
    // An empty folder may be one whose disk is not there.
    if (!isWhole || found.length === 0 || this.#readSince < forgetEveryFiles) return;
    this.#readSince = 0;
    await this.#deps.positions.keep(this.#options.name, [...there]);
  }

  /** The place of a session that this file belongs to. */
  async #placeFor(candidate: Candidate): Promise<Place | undefined> {
    const { series, index = 0, begun } = candidate.split;
    const place = placeOf(await this.#deps.positions.get(this.#seriesKey(candidate)));
    const last = place?.files.at(-1);
    if (place === undefined || last === undefined) return undefined;
    const lastBegun = last.begun ?? begun;
    if (index === last.index && begun === lastBegun) {
      return (await this.#opening(candidate)) === last.opening ? place : undefined;
    }
    if (place.rests === true) return undefined;
    const { found } = await scan(this.#options);
    const splits = found.map(({ split }) => split);
    const after = { series, index: last.index, begun: lastBegun };
    if (!continues(after, candidate.split, splits)) return undefined;
    // Its last file is not there any more, or was read to its end.
    const isThere = splits.some(
      (one) => one.series === series && one.index === last.index && one.begun === lastBegun,
    );
    return place.isDone || !isThere ? place : undefined;
  }

  #recordedDeps(first: Candidate): RecordedDeps {
    const { positions, clock } = this.#deps;
    const key = this.#seriesKey(first);
    let isTold = false;
    return {
      ...this.#deps,
      scan: () => scan(this.#options),
      next: (after, isLive) => this.#next(after, isLive),
      note: (file, about) => this.#note(file, about),
      savePlace: async (reached) => {
        const place = reached === 'rests' ? placeAtRest(await positions.get(key)) : reached;
        const document = place === 'over' ? placeOver : placeDocument(place, clock.now());
        if (document !== undefined) return positions.save(key, document);
        if (!isTold) this.#deps.log.warn('a place is too large to be kept', { key });
        isTold = true;
      },
    };
  }

  /** The next part is there at once, or soon after a recorder closed the one before. */
  async #next(after: Candidate, isLive: boolean): Promise<Candidate | undefined> {
    if (after.split.index === undefined) return undefined;
    const { clock } = this.#deps;
    const until = clock.monotonicMs() + (isLive ? splitGraceMs : 0);
    for (;;) {
      const { found, problem } = await scan(this.#options);
      await this.#forget(found, problem === undefined);
      const splits = found.map(({ split }) => split);
      for (const one of found) {
        if (!continues(after.split, one.split, splits) || one.path === after.path) continue;
        // A database that is still written is a recording of its own once it is finished.
        const isReadable = (await isGrowable(one.path)) || (await isFinished(one, clock));
        if (isReadable && !(await this.#isRead(one))) return one;
      }
      const left = until - clock.monotonicMs();
      if (left <= 0 || this.#signal.aborted) return undefined;
      await this.#changes.next(Math.min(left, lookAroundMs), this.#signal);
    }
  }

  async #note({ path }: Candidate, note: FileNote): Promise<void> {
    const { positions, clock } = this.#deps;
    const { size, why, opening, mayGrow = false } = note;
    try {
      const state = why === undefined ? 'read' : 'quarantined';
      const readMs = clock.now();
      const reason = why === undefined ? {} : { reason: why };
      const document = { state, recording: path, sizeBytes: size, readMs, ...reason };
      const key = await this.#key(path, size);
      await positions.save(opening === undefined ? emptyKey(key, path) : key, document);
      this.#readSince += 1;
      if (opening !== undefined && !mayGrow) {
        await positions.save(this.#openingKey(opening), document);
      }
    } catch (error) {
      // It is gone already, and will not come again under this name.
      const fault = asFault(error);
      if (fault.code === 'internal' || isPassing(fault)) throw error;
    }
  }

  async #isRead({ path }: Candidate): Promise<boolean> {
    try {
      return (await this.#noted(await this.#key(path), path)) !== undefined;
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'internal') throw error;
      // Who opens it next waits for the disk.
      return !isPassing(fault);
    }
  }

  /** What is known of a recording that begins as this one does. */
  async #begun(candidate: Candidate): Promise<Noted | undefined> {
    const key = this.#openingKey(await this.#opening(candidate));
    return (await this.#deps.positions.get(key)) as Noted | undefined;
  }

  async #opening({ path }: Candidate): Promise<string> {
    await using file = await openFile(path);
    return await openingOf(file);
  }

  #openingKey(opening: string): string {
    return `${this.#options.name}/opening/${opening}`;
  }

  /** `size`: as it was looked at; it may have grown since. */
  async #key(path: string, size?: number): Promise<string> {
    await using file = await openFile(path);
    return `${this.#options.name}/${await fingerprint(file, size)}`;
  }

  #seriesKey({ split }: Candidate): string {
    return `${this.#options.name}/session/${split.series}`;
  }

  /**
   * Reads a finished file as a session of its own. A broken one is not tried again; one that the
   * disk did not give is, from its start and under the same ids.
   */
  async *#readOnce(
    { path }: Candidate,
    key: string,
  ): AsyncGenerator<SourceItem, 'dealt' | 'unopened'> {
    let broken: Fault | undefined;
    const recording = { device: this.#options.device, path, pace: unpaced };
    for await (const item of readFinished(recording, this.#signal)) {
      if (item.kind === 'end') broken = item.fault;
      yield item;
    }
    if (this.#signal.aborted) return 'dealt';
    if (broken !== undefined && isPassing(broken)) return 'unopened';
    const state = broken === undefined ? 'read' : 'quarantined';
    const readMs = this.#deps.clock.now();
    const reason = broken === undefined ? {} : { reason: broken.message };
    await this.#deps.positions.save(key, { state, recording: path, readMs, ...reason });
    this.#readSince += 1;
    return 'dealt';
  }

  *#forbidden(path: string, problem: string): Generator<SourceItem, void> {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    const text = `${problem}. Let the user of the agent read it; it is looked at again.`;
    yield { kind: 'notice', name: 'recording_forbidden', text };
  }

  *#packed([first, ...more]: readonly string[] = []): Generator<SourceItem, void> {
    const isTold = this.#hasPacked;
    this.#hasPacked = first !== undefined;
    if (first === undefined || isTold) return;
    const which = more.length === 0 ? `${first} is` : `${first} and ${more.length} more are`;
    const text = `${which} packed whole and not read. Unpack with \`zstd -d\`, or let the recorder compress messages or chunks.`;
    yield { kind: 'notice', name: 'recordings_packed', text };
  }

  *#partial(problem: string): Generator<SourceItem, void> {
    if (this.#isPartial) return;
    const text = `${problem}. Move away what was read, or narrow "glob".`;
    yield { kind: 'notice', name: 'recordings_left_out', text };
  }
}

/** It was read to its end under this name, though its recorder wrote its header again since. */
const isEnded = (before: Noted | undefined, { path, sizeBytes }: Candidate): before is Noted =>
  before?.state === 'read' &&
  before.sizeBytes === sizeBytes &&
  bare(before.recording) === bare(path);

const bare = (path = ''): string => path.replace(/\.active$/, '');

/** Without messages a file is like others of its recorder: what is known of it is of its name. */
const emptyKey = (key: string, path: string): string => `${key} ${path}`;
