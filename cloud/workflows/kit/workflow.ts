/** How a pattern is registered: its body, what it acts on, and what starts it. */
import type { Json } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import type { OutboxKind } from '../../store/outbox-kinds.ts';
import type { OutboxItem } from '../../store/tail.ts';
import type { WorkerDeps } from '../../store/work.ts';
import type { Body, Flow } from './flow.ts';

/** What adapters of workflows are made of. */
export type WorkflowGround = WorkerDeps;

/** What a trigger says about an event: a start, a reason against it, or that it is not meant. */
export type Match = Start | { readonly skip: string } | undefined;

export interface Start {
  readonly input: Json;
  /** What the run is about: runs of one trigger and subject start in order. */
  readonly subject: string;
  /** One run a key, for good; default the event's number. */
  readonly key?: string;
  /** The run that made the event happen, for the chain of causes. */
  readonly cause?: string;
}

interface TriggerLimits {
  /** `hotfix-on-sev1`; unique among all. */
  readonly name: string;
  readonly version: number;
  /** A second start for the same subject within this time is skipped. */
  readonly cooldownMs?: number;
  /** Open runs of this trigger; more are skipped. */
  readonly limit?: number;
  /** A run of this subject that is still open makes another one superfluous. */
  readonly onePerSubject?: boolean;
}

export interface EventTrigger extends TriggerLimits {
  readonly on: readonly OutboxKind[];
  /** Reads, and writes nothing. */
  match(event: OutboxItem, read: Db): Promise<Match> | Match;
}

export interface ScheduleTrigger extends TriggerLimits {
  /** Five or six fields, as cron has them, in the zone's local time. */
  readonly cron: string;
  /** `Europe/Zurich` */
  readonly zone: string;
  /** What becomes of slots that no worker was there for. */
  readonly missed: 'skip' | 'one' | 'all';
  start(slotAt: number, read: Db): Promise<Match> | Match;
}

export type Trigger = EventTrigger | ScheduleTrigger;

export interface WorkflowSpec<I extends Json, O extends Json, D> {
  readonly name: string;
  /** A body whose steps change gets a new version; runs end under the one they began with. */
  readonly version: number;
  readonly body: Body<I, O, D>;
  readonly deps: (ground: WorkflowGround) => D;
  readonly triggers?: readonly Trigger[];
  /** Refuses an input with a Fault `invalid` before a run is made of it. */
  readonly check?: (input: Json) => I;
}

/** A pattern with its types closed over. */
export interface Workflow {
  readonly name: string;
  readonly version: number;
  readonly triggers: readonly Trigger[];
  check(input: Json): Json;
  /** The body on its adapters. */
  bind(ground: WorkflowGround): (flow: Flow, input: Json) => Promise<Json>;
}

export function workflow<I extends Json, O extends Json, D>(spec: WorkflowSpec<I, O, D>): Workflow {
  return {
    name: spec.name,
    version: spec.version,
    triggers: spec.triggers ?? [],
    check: (input) => spec.check?.(input) ?? input,
    bind(ground) {
      const deps = spec.deps(ground);
      // The input was checked when the run was made.
      return async (flow, input) => await spec.body(flow, deps, input as I);
    },
  };
}
