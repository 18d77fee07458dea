/**
 * The data worker's side of scoring. Live, the latest frame wins: one is in work per scorer, one
 * waits, and a newer one takes its place. A replay asks for each frame and waits, so that it gives
 * the same scores every time. Whatever goes wrong, the frame has no score and that is counted.
 */
import type { Clock } from '@fieldloop/core';
import type { Channel } from '@fieldloop/recording';
import { maxFaultsInRow, replayDeadlineMs } from '../limits.ts';
import type { FromScoring, ToScoring } from './protocol.ts';
import type { Frame } from './tap.ts';
import type { ScoreValues } from './values.ts';

/** A score with the moment and the model that it belongs to. */
export interface ScoreRecord {
  readonly scorer: string;
  /** Log time of the frame. */
  readonly atNs: bigint;
  readonly values: ScoreValues['values'];
  readonly topClass: string;
  readonly latencyMs: number;
  readonly modelSha256: string;
  /** What triage wants and no rule reads. */
  readonly probabilities?: readonly number[] | undefined;
  readonly embedding?: string | undefined;
}

interface ScoringFigures {
  last?: ScoreRecord;
  count: number;
  skipped: number;
  faults: number;
}

/** A port of a worker thread, or what a test puts in its place. */
export interface ScoringPort {
  post(message: ToScoring, transfer: readonly ArrayBuffer[]): void;
  /** At most one listener. */
  listen(listener: (message: FromScoring) => void): void;
}

export interface ScoringDeps {
  readonly clock: Clock;
  /** SHA-256 of each model that is ready, by its id in agent.yaml. */
  readonly sha256Of: (model: string) => string | undefined;
  /** A model was switched off after too many faults in a row. */
  readonly onOff: (off: { readonly model: string; readonly why: string }) => void;
}

export interface Scoring {
  readonly figures: Readonly<ScoringFigures>;
  /** Frames in work or waiting. */
  readonly busy: number;
  /** Another worker took over; undefined when there is none. */
  connect(port: ScoringPort | undefined): void;
  /** Hands over the frame, or keeps it as the latest; `onScore` hears the result. */
  offer(frame: Frame, onScore: (record: ScoreRecord) => void): void;
  /** Waits for the score of this very frame. */
  ask(frame: Frame): Promise<ScoreRecord | undefined>;
  /** The channels of a session are not used any more. */
  forget(channels: Iterable<Channel>): void;
}

interface Pending {
  readonly frame: Frame;
  readonly settle: (record: ScoreRecord | undefined) => void;
  readonly timer: AbortController;
}

interface Waiting {
  readonly frame: Frame;
  readonly onScore: (record: ScoreRecord) => void;
}

export function openScoring(deps: ScoringDeps): Scoring {
  return new PortScoring(deps);
}

class PortScoring implements Scoring {
  readonly figures: ScoringFigures = { count: 0, skipped: 0, faults: 0 };
  readonly #deps: ScoringDeps;
  readonly #pending = new Map<number, Pending>();
  readonly #inWork = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #inRow = new Map<string, number>();
  readonly #off = new Set<string>();
  readonly #keys = new Map<Channel, number>();
  #port: ScoringPort | undefined;
  #nextId = 0;
  #nextKey = 0;

  constructor(deps: ScoringDeps) {
    this.#deps = deps;
  }

  get busy(): number {
    return this.#pending.size + this.#waiting.size;
  }

  connect(port: ScoringPort | undefined): void {
    // What the old worker had in work has no score; that says nothing about the model.
    for (const [id, pending] of this.#pending) this.#finish(id, pending, undefined);
    this.#keys.clear();
    this.#port = port;
    port?.listen((message) => this.#answer(message));
  }

  offer(frame: Frame, onScore: (record: ScoreRecord) => void): void {
    const { id } = frame.plan;
    if (this.#inWork.has(id)) {
      if (this.#waiting.has(id)) this.figures.skipped += 1;
      this.#waiting.set(id, { frame, onScore });
      return;
    }
    const deadlineMs = Number(frame.plan.deadlineNs) / 1e6;
    this.#send(frame, deadlineMs, (record) => {
      if (record !== undefined) onScore(record);
      const next = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (next !== undefined) this.offer(next.frame, next.onScore);
    });
  }

  ask(frame: Frame): Promise<ScoreRecord | undefined> {
    return new Promise((resolve) => this.#send(frame, replayDeadlineMs, resolve));
  }

  forget(channels: Iterable<Channel>): void {
    const keys: number[] = [];
    for (const channel of channels) {
      const key = this.#keys.get(channel);
      this.#keys.delete(channel);
      if (key !== undefined) keys.push(key);
    }
    if (keys.length > 0) this.#port?.post({ kind: 'forget', keys }, []);
  }

  #send(frame: Frame, deadlineMs: number, settle: Pending['settle']): void {
    const { plan, channel, block, i } = frame;
    if (this.#port === undefined || this.#off.has(plan.model)) {
      this.figures.skipped += 1;
      settle(undefined);
      return;
    }
    const id = (this.#nextId += 1);
    const pending = { frame, settle, timer: new AbortController() };
    this.#pending.set(id, pending);
    this.#inWork.add(plan.id);
    const bytes = new Uint8Array(block.data.subarray(block.starts[i], block.ends[i]));
    const key = this.#keyOf(channel, this.#port);
    this.#port.post({ kind: 'frame', id, model: plan.model, key, bytes }, [bytes.buffer]);
    this.#deps.clock.sleep(deadlineMs, pending.timer.signal).then(
      () => this.#fault(id, pending, `no score within ${Math.round(deadlineMs)} ms`),
      // The answer came first.
      () => undefined,
    );
  }

  #keyOf(channel: Channel, port: ScoringPort): number {
    const known = this.#keys.get(channel);
    if (known !== undefined) return known;
    const key = (this.#nextKey += 1);
    this.#keys.set(channel, key);
    port.post({ kind: 'channel', key, channel }, []);
    return key;
  }

  #answer(message: FromScoring): void {
    const pending = this.#pending.get(message.id);
    // An answer after its deadline: the frame counts as a fault already.
    if (pending === undefined) return;
    if (message.kind === 'fault') {
      this.#fault(message.id, pending, message.message);
      return;
    }
    const { plan, atNs } = pending.frame;
    const modelSha256 = this.#deps.sha256Of(plan.model) ?? '';
    const record = { scorer: plan.id, atNs, modelSha256, ...message.scored };
    this.figures.count += 1;
    this.figures.last = record;
    this.#inRow.delete(plan.model);
    this.#finish(message.id, pending, record);
  }

  #fault(id: number, pending: Pending, why: string): void {
    const { model } = pending.frame.plan;
    this.figures.faults += 1;
    const inRow = (this.#inRow.get(model) ?? 0) + 1;
    this.#inRow.set(model, inRow);
    if (inRow >= maxFaultsInRow && !this.#off.has(model)) {
      this.#off.add(model);
      this.#deps.onOff({ model, why });
    }
    this.#finish(id, pending, undefined);
  }

  #finish(id: number, pending: Pending, record: ScoreRecord | undefined): void {
    this.#pending.delete(id);
    this.#inWork.delete(pending.frame.plan.id);
    pending.timer.abort();
    pending.settle(record);
  }
}
