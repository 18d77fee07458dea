/**
 * The data worker's side of scoring. Live, the latest frame wins: one is in work per scorer, one
 * waits, and a newer one takes its place. A replay asks for each frame and waits, so that it gives
 * the same scores every time. Whatever goes wrong, the frame has no score and that is counted.
 */
import type { Clock } from '@fieldloop/core';
import type { Channel } from '@fieldloop/recording';
import { faultsWithin, maxFaultsInRow, replayDeadlineMs } from '../limits.ts';
import type { FromScoring, ToScoring } from './protocol.ts';
import { openShadows, type ShadowFigures, type Shadows } from './shadow.ts';
import type { Frame } from './tap.ts';
import { openNovelty } from './novelty.ts';
import { openOffs, type Offs } from './offs.ts';
import type { ScoreValues } from './values.ts';

/** A score with the moment and the model that it belongs to. */
export interface ScoreRecord extends ScoreValues {
  readonly scorer: string;
  /** Of the frame. */
  readonly topic: string;
  /** Of a model with several inputs, those beside the frame's. */
  readonly moreTopics?: readonly string[];
  /** Log time of the frame. */
  readonly atNs: bigint;
  readonly latencyMs: number;
  readonly modelSha256: string;
  /** Of model.yaml, where preprocessing and calibration stand. */
  readonly documentSha256: string;
}

interface ScoringFigures {
  last?: ScoreRecord;
  count: number;
  skipped: number;
  faults: number;
  /** Frames without one of the further inputs, and the topic of it that lacked last. */
  unfed: number;
  lacks?: string;
}

/** A port of a worker thread, or what a test puts in its place. */
export interface ScoringPort {
  post(message: ToScoring, transfer: readonly ArrayBuffer[]): void;
  /** At most one listener. */
  listen(listener: (message: FromScoring) => void): void;
  /** No frame goes there any more, and no answer is waited for. */
  close(): void;
}

export interface ScoringDeps {
  readonly clock: Clock;
  /** A model was switched off after too many faults. */
  readonly onOff: (off: { readonly model: string; readonly why: string }) => void;
  /** One that was off gave a score, and goes on. */
  readonly onBack: (model: string) => void;
  /** True when this live frame is passed over because the machine is short. */
  readonly skips?: ((scorer: string) => boolean) | undefined;
}

export interface Scoring {
  readonly figures: Readonly<ScoringFigures>;
  /** Frames in work or waiting. */
  readonly busy: number;
  /**
   * Another worker took over; undefined when there is none. What the last one has in work it still
   * answers when it lives on, as it does when models are exchanged; then its port is closed.
   */
  connect(port: ScoringPort | undefined, before?: 'died' | 'lives'): void;
  /** The worker of models that only count, and which they are; undefined ends them. */
  shadow(
    port: ScoringPort | undefined,
    models: readonly { readonly id: string; readonly sha256: string }[],
  ): void;
  readonly shadowFigures: Readonly<Record<string, ShadowFigures>>;
  /** Hands over the frame, or keeps it as the latest; `onScore` hears the result. */
  offer(frame: Frame, onScore: (record: ScoreRecord) => void): void;
  /** Waits for the score of this very frame. */
  ask(frame: Frame): Promise<ScoreRecord | undefined>;
  /** These went into a clip: what is like them is not new any more. */
  kept(records: readonly ScoreRecord[]): void;
  /** The channels of a session are not used any more. */
  forget(channels: Iterable<Channel>): void;
}

interface Pending {
  readonly frame: Frame;
  readonly port: ScoringPort;
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
  readonly figures: ScoringFigures = { count: 0, skipped: 0, faults: 0, unfed: 0 };
  readonly #deps: ScoringDeps;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #inRow = new Map<string, number>();
  /** Outcomes of the last frames of a model; true is a fault. */
  readonly #lately = new Map<string, boolean[]>();
  readonly #offs: Offs;
  readonly #novelty = openNovelty();
  #keys: Keys = new Map();
  #port: ScoringPort | undefined;
  #shadows: Shadows | undefined;
  #shadowKeys: Keys = new Map();
  #shadowPort: ScoringPort | undefined;
  #nextId = 0;
  #nextKey = 0;

  constructor(deps: ScoringDeps) {
    this.#deps = deps;
    this.#offs = openOffs(deps.clock);
  }

  get busy(): number {
    return this.#pending.size + this.#waiting.size;
  }

  get shadowFigures(): Readonly<Record<string, ShadowFigures>> {
    return this.#shadows?.figures ?? {};
  }

  connect(port: ScoringPort | undefined, before: 'died' | 'lives' = 'died'): void {
    // What a dead worker had in work has no score; that says nothing about the model.
    if (before === 'died') {
      for (const [id, pending] of this.#pending) this.#finish(id, pending, undefined);
    }
    const last = this.#port;
    this.#port = port;
    this.#letGo(last);
    this.#keys = new Map();
    this.#inRow.clear();
    this.#lately.clear();
    this.#offs.clear();
    port?.listen((message) => this.#answer(message));
  }

  shadow(
    port: ScoringPort | undefined,
    models: readonly { readonly id: string; readonly sha256: string }[],
  ): void {
    this.#shadows?.end();
    this.#shadowPort?.close();
    this.#shadowKeys = new Map();
    this.#shadowPort = port;
    const shadows = port && openShadows(models, this.#deps.clock);
    this.#shadows = shadows;
    port?.listen((message) => shadows?.answered(message));
  }

  offer(frame: Frame, onScore: (record: ScoreRecord) => void): void {
    const { id } = frame.plan;
    if (this.#isUnfed(frame)) return;
    if (this.#deps.skips?.(id) === true) {
      this.figures.skipped += 1;
      return;
    }
    if (this.#isInWork(id)) {
      if (this.#waiting.has(id)) this.figures.skipped += 1;
      this.#waiting.set(id, { frame, onScore });
      return;
    }
    this.#send(frame, 'live', (record) => {
      if (record !== undefined) onScore(record);
    });
  }

  ask(frame: Frame): Promise<ScoreRecord | undefined> {
    if (this.#isUnfed(frame)) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#send(frame, 'asked', resolve));
  }

  kept(records: readonly ScoreRecord[]): void {
    for (const record of records) this.#novelty.keep(record);
  }

  forget(channels: Iterable<Channel>): void {
    const all = [...channels];
    forgetKeys(this.#keys, all, this.#port);
    forgetKeys(this.#shadowKeys, all, this.#shadowPort);
  }

  #isUnfed({ lacks }: Frame): boolean {
    if (lacks === undefined) return false;
    this.figures.unfed += 1;
    this.figures.lacks = lacks;
    return true;
  }

  #send(frame: Frame, how: 'live' | 'asked', settle: Pending['settle']): void {
    const { plan } = frame;
    const port = this.#port;
    if (port === undefined || this.#offs.bars(plan.model)) {
      this.figures.skipped += 1;
      settle(undefined);
      return;
    }
    const id = (this.#nextId += 1);
    const pending = { frame, port, settle, timer: new AbortController() };
    this.#pending.set(id, pending);
    this.#shade(id, frame);
    this.#post(id, frame, { port, keys: this.#keys });
    const deadlineMs = how === 'live' ? Number(plan.deadlineNs) / 1e6 : replayDeadlineMs;
    this.#deps.clock.sleep(deadlineMs, pending.timer.signal).then(
      () => this.#fault(id, pending, `no score within ${Math.round(deadlineMs)} ms`),
      // The answer came first.
      () => undefined,
    );
  }

  /** For the model's shadow, when it has one that is idle. */
  #shade(id: number, frame: Frame): void {
    const { model } = frame.plan;
    const port = this.#shadowPort;
    if (port === undefined || this.#shadows?.wants(model) !== true) return;
    this.#shadows.began(id, model);
    this.#post(id, frame, { port, keys: this.#shadowKeys });
  }

  /** A copy of the frame, and of what goes with it. */
  #post(id: number, frame: Frame, { port, keys }: { port: ScoringPort; keys: Keys }): void {
    const { plan } = frame;
    const bytes = new Uint8Array(frame.bytes);
    const key = this.#keyOf(keys, { channel: frame.channel, plan }, port);
    const more = frame.more.map(({ channel, bytes: other }, i) => ({
      name: plan.more[i]?.name ?? '',
      key: this.#keyOf(keys, { channel, plan }, port),
      bytes: new Uint8Array(other),
    }));
    const moved = [bytes.buffer, ...more.map((one) => one.bytes.buffer)];
    port.post({ kind: 'frame', id, model: plan.model, key, bytes, more }, moved);
  }

  /** A model remembers the frame before; that of another scorer, or of redaction, is none. */
  #keyOf(
    keys: Keys,
    { channel, plan }: Pick<Frame, 'channel' | 'plan'>,
    port: ScoringPort,
  ): number {
    const own = keys.get(channel) ?? new Map<string, number>();
    const known = own.get(plan.id);
    if (known !== undefined) return known;
    const key = (this.#nextKey += 1);
    keys.set(channel, own.set(plan.id, key));
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
    const { id: scorer, topic, more } = plan;
    const { scored, sha256: modelSha256, documentSha256 } = message;
    const novelty = this.#novelty.of({ scorer, modelSha256, embedding: scored.embedding });
    const values = novelty === undefined ? scored.values : { ...scored.values, novelty };
    const moreTopics = more.length === 0 ? {} : { moreTopics: more.map((one) => one.topic) };
    const told = { scorer, topic, ...moreTopics, atNs, modelSha256, documentSha256 };
    const record = { ...scored, values, ...told };
    this.figures.count += 1;
    this.figures.last = record;
    this.#inRow.delete(plan.model);
    if (this.#offs.scored(plan.model)) {
      this.#lately.delete(plan.model);
      this.#deps.onBack(plan.model);
    }
    this.#note(plan.model, false);
    this.#shadows?.acted(message.id, message.scored);
    this.#finish(message.id, pending, record);
  }

  #fault(id: number, pending: Pending, why: string): void {
    const { model } = pending.frame.plan;
    this.figures.faults += 1;
    const inRow = (this.#inRow.get(model) ?? 0) + 1;
    this.#inRow.set(model, inRow);
    const isOften = this.#note(model, true) >= faultsWithin.faults;
    this.#shadows?.acted(id, undefined);
    const wasOff = this.#offs.has(model);
    if (inRow >= maxFaultsInRow || isOften || wasOff) this.#offs.failed(model);
    if (this.#offs.has(model) && !wasOff) this.#deps.onOff({ model, why });
    this.#finish(id, pending, undefined);
  }

  /** Faults among the last frames of the model. */
  #note(model: string, isFault: boolean): number {
    const lately = this.#lately.get(model) ?? [];
    lately.push(isFault);
    if (lately.length > faultsWithin.frames) lately.shift();
    this.#lately.set(model, lately);
    return lately.filter(Boolean).length;
  }

  #finish(id: number, pending: Pending, record: ScoreRecord | undefined): void {
    this.#pending.delete(id);
    pending.timer.abort();
    this.#letGo(pending.port);
    pending.settle(record);
    this.#next(pending.frame.plan.id);
  }

  #isInWork(scorer: string): boolean {
    for (const { frame } of this.#pending.values()) if (frame.plan.id === scorer) return true;
    return false;
  }

  /** The live frame that waited for the one before it, whoever asked for that. */
  #next(scorer: string): void {
    const next = this.#waiting.get(scorer);
    if (next === undefined || this.#isInWork(scorer)) return;
    this.#waiting.delete(scorer);
    this.offer(next.frame, next.onScore);
  }

  /** Closes a port of an earlier worker once all frames that went there are answered. */
  #letGo(port: ScoringPort | undefined): void {
    if (port === undefined || port === this.#port) return;
    for (const pending of this.#pending.values()) if (pending.port === port) return;
    port.close();
  }
}

/** By channel and scorer: under what number the thread knows a channel. */
type Keys = Map<Channel, Map<string, number>>;

function forgetKeys(
  known: Keys,
  channels: readonly Channel[],
  port: ScoringPort | undefined,
): void {
  const keys: number[] = [];
  for (const channel of channels) {
    keys.push(...(known.get(channel)?.values() ?? []));
    known.delete(channel);
  }
  if (keys.length > 0) port?.post({ kind: 'forget', keys }, []);
}
