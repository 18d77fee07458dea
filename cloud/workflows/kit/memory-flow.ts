/**
 * Flow without the engine: runs a body once through, in memory, for tables and properties of
 * bodies. Effects really run, so that a test's world shows what was done and how often.
 */
import type { Json } from '@fieldloop/core';
import { Fault } from '@fieldloop/core';
import type {
  Aborted,
  Decision,
  Effect,
  EffectContext,
  Flow,
  GateSpec,
  Must,
  MustPolicy,
  Pending,
  Result,
  Watched,
  WatchLimits,
} from './flow.ts';
import { pending } from './flow.ts';
import { defaultAttempts, isSpent, stepFault } from './step-fault.ts';

/**
 * What befalls one attempt: it fails `before` the effect or `after` it (done, but nobody heard),
 * both worth a retry; or the effect is refused for good.
 */
export type Mishap = 'before' | 'after' | 'permanent' | Fault;

export interface MemoryOptions {
  readonly run?: string;
  readonly faults?: (step: string, attempt: number) => Mishap | undefined;
  /** By the gate's name; a gate that has none expires. */
  readonly decisions?:
    | Readonly<Record<string, Answer>>
    | ((name: string, spec: GateSpec) => Answer);
  /** What a person says where a `must` is spent, the how-manieth time; default abort. */
  readonly escalations?: (step: string, time: number) => 'retry' | 'skip' | 'abort';
  /** The run is aborted before the must, gate or watch of this name. */
  readonly abortAt?: string;
  readonly children?: (workflow: string, input: Json, name: string) => Promise<Json> | Json;
  /** Moves when a watch waits, so that a world may change with it. */
  readonly clock?: { advance(ms: number): void };
}

/** An option's word, or a whole decision. */
export type Answer = string | Decision;

export interface MemoryStep {
  readonly kind: 'act' | 'must' | 'gate' | 'watch' | 'child';
  readonly name: string;
  readonly outcome: Json;
}

export interface MemoryFlow extends Flow {
  /** In order. */
  readonly steps: readonly MemoryStep[];
}

const person = 'usr_test';
/** Tries again at most so often where a person always says retry. */
const maxEscalations = 8;

export function memoryFlow(options: MemoryOptions = {}): MemoryFlow {
  const run = options.run ?? 'run_test';
  const steps: MemoryStep[] = [];
  const names = new Set<string>();
  let isAborted = false;
  const begin = (name: string): void => {
    if (names.has(name)) throw new Error(`two steps of this run are named ${name}`);
    names.add(name);
  };
  const note = <T>(kind: MemoryStep['kind'], name: string, outcome: T): T => {
    // What does not survive JSON would differ after a restart.
    steps.push({ kind, name, outcome: JSON.parse(JSON.stringify(outcome)) as Json });
    return outcome;
  };
  const aborted = (name: string): Aborted | undefined => {
    if (isAborted || options.abortAt !== name) return undefined;
    isAborted = true;
    return { kind: 'aborted', by: person, reason: 'aborted by the test' };
  };
  const context = (name: string, attempt: number): EffectContext => ({
    key: `${run}/${name}`,
    run,
    attempt,
    signal: new AbortController().signal,
  });
  const tried = async <T extends Json>(
    name: string,
    effect: Effect<T>,
    limits: { readonly attempts: number; readonly from: number },
  ): Promise<Result<T>> => {
    for (let attempt = 1; ; attempt += 1) {
      const mishap = options.faults?.(name, limits.from + attempt);
      try {
        return { ok: true, value: await attempted(effect, context(name, attempt), mishap) };
      } catch (error) {
        if (isSpent(error, attempt, limits.attempts)) {
          return { ok: false, fault: stepFault(error, attempt) };
        }
      }
    }
  };
  return {
    run,
    steps,
    async act(step, effect, policy) {
      begin(step);
      const attempts = policy?.attempts ?? defaultAttempts;
      return note('act', step, await tried(step, effect, { attempts, from: 0 }));
    },
    async must<T extends Json>(step: string, effect: Effect<T>, policy: MustPolicy = {}) {
      begin(step);
      const stopped = aborted(step);
      if (stopped !== undefined) return note('must', step, stopped);
      const attempts = policy.attempts ?? defaultAttempts;
      for (let time = 1; ; time += 1) {
        const result = await tried(step, effect, { attempts, from: (time - 1) * attempts });
        if (result.ok) return note<Must<T>>('must', step, { kind: 'done', value: result.value });
        const wish = options.escalations?.(step, time) ?? 'abort';
        const end = wish === 'retry' && time >= maxEscalations ? 'abort' : wish;
        const reason = result.fault.message;
        if (end === 'abort')
          return note<Must<T>>('must', step, { kind: 'aborted', by: person, reason });
        if (end === 'skip' && policy.skippable !== true) {
          throw new Error(`${step} may not be skipped`);
        }
        if (end === 'skip')
          return note<Must<T>>('must', step, { kind: 'skipped', by: person, reason });
      }
    },
    async gate(name, spec) {
      begin(name);
      const stopped = aborted(name);
      if (stopped !== undefined) return note('gate', name, stopped);
      await spec.refresh?.(context(name, 1));
      const { decisions } = options;
      const answer = typeof decisions === 'function' ? decisions(name, spec) : decisions?.[name];
      return note('gate', name, decisionOf(answer ?? { kind: 'expired' }, spec));
    },
    async watch<T extends Json>(
      name: string,
      look: (e: EffectContext) => Promise<T | Pending>,
      limits: WatchLimits,
    ): Promise<Watched<T>> {
      begin(name);
      const stopped = aborted(name);
      if (stopped !== undefined) return note('watch', name, stopped);
      const value = await looked(look, limits, {
        ...options,
        context: (n) => context(name, n),
        name,
      });
      if (value === pending) return note<Watched<T>>('watch', name, { kind: 'expired' });
      return note<Watched<T>>('watch', name, { kind: 'seen', value });
    },
    async child<O extends Json>(name: string, workflow: string, input: Json): Promise<O> {
      begin(name);
      if (options.children === undefined) throw new Error(`no child ${workflow} in this test`);
      return note('child', name, (await options.children(workflow, input, name)) as O);
    },
  };
}

async function attempted<T extends Json>(
  effect: Effect<T>,
  e: EffectContext,
  mishap: Mishap | undefined,
): Promise<T> {
  if (mishap instanceof Fault) throw mishap;
  if (mishap === 'before') throw new Fault('unavailable', 'lost before the effect');
  if (mishap === 'permanent') throw new Fault('invalid', 'refused for good');
  const value = await effect(e);
  if (mishap === 'after') throw new Fault('unavailable', 'lost after the effect');
  return JSON.parse(JSON.stringify(value)) as T;
}

function decisionOf(answer: Answer, spec: GateSpec): Decision {
  if (typeof answer !== 'string') return answer;
  if (!spec.options.includes(answer)) throw new Error(`the gate has no option ${answer}`);
  const by = Array.from({ length: spec.quorum ?? 1 }, (_, n) => `${person}${n === 0 ? '' : n}`);
  return { kind: 'decided', option: answer, by, reason: 'decided by the test' };
}

const firstWaitMs = 1000;
const longestWaitMs = 900_000;

async function looked<T extends Json>(
  look: (e: EffectContext) => Promise<T | Pending>,
  limits: WatchLimits,
  by: Pick<MemoryOptions, 'clock' | 'faults'> & {
    readonly name: string;
    readonly context: (attempt: number) => EffectContext;
  },
): Promise<T | Pending> {
  let waitedMs = 0;
  for (let n = 1; ; n += 1) {
    // A look that fails saw nothing.
    const value =
      by.faults?.(by.name, n) === undefined
        ? await look(by.context(n)).catch((): Pending => pending)
        : pending;
    if (value !== pending || waitedMs >= limits.withinMs) return value;
    const stepMs = Math.min(firstWaitMs * 2 ** (n - 1), limits.everyMs ?? longestWaitMs);
    const ms = Math.min(stepMs, limits.withinMs - waitedMs);
    by.clock?.advance(ms);
    waitedMs += ms;
  }
}
