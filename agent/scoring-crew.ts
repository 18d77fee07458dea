/**
 * One scoring thread with its models. Models are exchanged by starting a second crew, trying it
 * out beside the first, and letting it take the frames; the first one stays warm meanwhile.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Clock, Log, Random } from '@fieldloop/core';
import type { ModelFault } from '@fieldloop/proto';
import {
  loadingSilentMs,
  modelsReadyWithinMs,
  retiresWithinMs,
  scoringSilentMs,
  trialReadyWithinMs,
} from './limits.ts';
import type { EngineWish } from './score/engine-wish.ts';
import type {
  ModelFaultNote,
  ModelPlace,
  ReadyModel,
  ScoringNews,
  ScoringOrder,
  ScoringSettings,
} from './score/protocol.ts';
import { openThread, type Thread, workerEntry } from './thread.ts';

export interface CrewDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Absent: the processor, by the agent's own ONNX Runtime. */
  readonly engine?: EngineWish | undefined;
}

export interface CrewOptions {
  readonly name: string;
  readonly places: readonly ModelPlace[];
  readonly isTrial: boolean;
  /**
   * Models are ready that nobody waits for: the thread is there again after it died, and ports of
   * the one before lead nowhere; or they needed longer than they were waited for.
   */
  readonly onAgain: () => void;
  readonly onDeath: (death: { readonly why: string; readonly gaveUp: boolean }) => void;
}

export interface Crew {
  readonly models: readonly ReadyModel[];
  readonly faults: readonly ModelFaultNote[];
  /** What runs otherwise than the configuration wishes. */
  readonly troubles: readonly string[];
  /** Unix milliseconds since when its models are ready. */
  readonly sinceMs: number;
  /** Its thread lives and loads; also past the time in which it was awaited. */
  readonly isLoading: boolean;
  /** Why its models do not score now; undefined while they do, or load for the first time. */
  readonly off: string | undefined;
  /** Resolves when the models are loaded or cannot be; false when that took too long or it died. */
  readonly ready: Promise<boolean>;
  /** A way to this thread, to be handed to who has frames. */
  port(): MessagePort;
  /** Why golden inputs do not give golden outputs any more. */
  golden(): Promise<readonly ModelFaultNote[]>;
  /** Monotonic time of its last sign of life; undefined once it stays off. */
  readonly heardMs: number | undefined;
  /** Stops it when frames that were on their way to it are answered, or when `signal` says so. */
  retire(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export function openCrew(options: CrewOptions, deps: CrewDeps): Crew {
  return new ThreadCrew(options, deps);
}

class ThreadCrew implements Crew {
  models: readonly ReadyModel[] = [];
  faults: readonly ModelFaultNote[] = [];
  troubles: readonly string[] = [];
  sinceMs = 0;
  isLoading = false;
  off: string | undefined;
  readonly ready: Promise<boolean>;
  readonly #thread: Thread<ScoringOrder>;
  readonly #deps: CrewDeps;
  readonly #ending = new AbortController();
  #isReady: (isInTime: boolean) => void = () => undefined;
  #isIdle: () => void = () => undefined;
  #told: ((faults: readonly ModelFaultNote[]) => void)[] = [];

  constructor(options: CrewOptions, deps: CrewDeps) {
    this.#deps = deps;
    const { places, isTrial } = options;
    const settings: ScoringSettings = {
      models: places,
      engine: deps.engine ?? { providers: [] },
      isTrial,
    };
    let isAwaited = true;
    this.ready = new Promise((resolve) => {
      this.#isReady = (isInTime) => {
        isAwaited = false;
        resolve(isInTime);
      };
    });
    // Other changes of models wait for a trial: only what may build an engine has long for it.
    const mayBuild = isTrial && settings.engine.providers.length > 0;
    const waitMs = mayBuild ? trialReadyWithinMs : modelsReadyWithinMs;
    deps.clock.sleep(waitMs, this.#ending.signal).then(
      () => this.#isReady(false),
      () => undefined,
    );
    this.#thread = openThread<ScoringOrder, ScoringNews>(
      {
        name: options.name,
        entry: workerEntry('scoring-worker'),
        silentMs: () => (this.isLoading ? loadingSilentMs : scoringSilentMs),
        farewell: { kind: 'stop' },
        start: () => {
          this.isLoading = true;
          return { data: settings };
        },
        onMessage: (news) => {
          const isAgain = news.kind === 'ready' && !isAwaited;
          this.#heard(news);
          if (isAgain) options.onAgain();
        },
        onDeath: (death) => {
          this.isLoading = false;
          this.off = death.why;
          this.#isReady(false);
          this.#isIdle();
          this.#tell([{ id: '', code: 'internal', message: death.why }]);
          options.onDeath(death);
        },
      },
      deps,
    );
  }

  get heardMs(): number | undefined {
    return this.#thread.heardMs;
  }

  port(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#thread.post({ kind: 'port', port: port1 }, [port1]);
    return port2;
  }

  golden(): Promise<readonly ModelFaultNote[]> {
    return new Promise((resolve) => {
      this.#told.push(resolve);
      this.#thread.post({ kind: 'golden' });
    });
  }

  async retire(signal: AbortSignal): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#isIdle = resolve;
    });
    this.#thread.post({ kind: 'retire' });
    const either = AbortSignal.any([signal, this.#ending.signal]);
    const late = this.#deps.clock.sleep(retiresWithinMs, either).catch(() => undefined);
    await Promise.race([idle, late]);
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#isReady(false);
    this.#isIdle();
    this.#tell([]);
    await this.#thread.terminate();
  }

  #heard(news: ScoringNews): void {
    switch (news.kind) {
      case 'beat':
        return;
      case 'golden':
        this.#tell(news.faults);
        return;
      case 'idle':
        this.#isIdle();
        return;
      case 'ready':
        this.isLoading = false;
        this.off = undefined;
        this.models = news.models;
        this.faults = news.faults;
        this.troubles = news.troubles;
        for (const why of news.troubles)
          this.#deps.log.warn('models do not run as wished', { why });
        this.sinceMs = this.#deps.clock.now();
        this.#isReady(true);
    }
  }

  #tell(faults: readonly ModelFaultNote[]): void {
    for (const resolve of this.#told.splice(0)) resolve(faults);
  }
}

/** Waits for the crew, or for the agent to stop. */
export async function untilReady(crew: Crew, signal: AbortSignal): Promise<void> {
  const stop = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([crew.ready, stop]);
}

/** Why the crew of a set that is tried out may not take the frames. */
export function trialFault(
  crew: Crew | undefined,
  set: { readonly models: Readonly<Record<string, unknown>> },
): ModelFault | undefined {
  if (crew === undefined) return undefined;
  const bad = crew.faults.find(({ id }) => set.models[id] !== undefined);
  if (bad !== undefined) return { code: bad.code, message: bad.message };
  if (crew.sinceMs > 0) return undefined;
  return { code: 'timeout', message: 'the models did not load, or the thread died of them' };
}
