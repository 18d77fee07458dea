/**
 * What a workflow is written against. A body is a plain async function of flow, deps and input: it
 * decides, and does nothing itself. It reads no clock, draws no chance, does no I/O and catches
 * nothing: what it needs to know comes back from its steps as values, recorded, so that the same
 * body run again from the start walks the same way to where it was.
 *
 * Step names are unique in a run; name the steps of a loop by their item (`offer/dev_1`). One wait
 * at a time: what shall run in parallel is a child.
 */
import type { Json } from '@fieldloop/core';
import type { Role, Scope } from '../../auth/rights.ts';
import type { OutboxKind } from '../../store/outbox-kinds.ts';

export type Body<I extends Json, O extends Json, D> = (flow: Flow, deps: D, input: I) => Promise<O>;

export interface EffectContext {
  /** `{run}/{step}`: for this key it is done once, however often it is called. */
  readonly key: string;
  readonly run: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts after ten seconds: an effect is short, longer work is started and watched. */
  readonly signal: AbortSignal;
  /** What a person put in place of the input at the escalation gate of a `changeable` step. */
  readonly changed?: Json;
}

/**
 * One effect, at most ten seconds long; longer work is started by an effect and watched. A Fault
 * whose code says retry comes again until the policy is spent; other codes end the step at once; an
 * error that is no Fault comes again twice.
 */
export type Effect<T extends Json> = (e: EffectContext) => Promise<T>;

export interface Retry {
  /** Default 5; effects that take something back 10. */
  readonly attempts?: number;
}

export interface MustPolicy extends Retry {
  /** A person may let the run go on without this step. */
  readonly skippable?: boolean;
  /** The effect heeds `changed`: a person may try again with another input, under another key. */
  readonly changeable?: boolean;
  /** Who answers when the policy is spent; default an engineer. */
  readonly who?: GateWho;
}

export interface StepFault {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly attempts: number;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: StepFault };

export interface Aborted {
  readonly kind: 'aborted';
  readonly by: string;
  readonly reason: string;
}

export type Must<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'skipped'; readonly by: string; readonly reason: string }
  | Aborted;

/** Who may decide: everybody for whom all that is given holds. */
export interface GateWho {
  /** This role or a higher one. */
  readonly role?: Role;
  readonly scope?: Scope;
  /** Shown to people; who works in which region is theirs to know. */
  readonly region?: string;
  /** Of the votes for the winning option so many come from people of this role or a higher one. */
  readonly among?: { readonly role: Role; readonly least: number };
  /** Ids of callers who may not: the author, the requester. */
  readonly not?: readonly string[];
}

export type Evidence = {
  readonly name: string;
  readonly digest: string;
  /** A path of the API or an address. */
  readonly link?: string;
  readonly body?: Json;
};

/** Evidence as a step gives it: a value like any other. */
export type ShownEvidence = Pick<Evidence, keyof Evidence>;

export interface GateSpec {
  /** What kind of decision: `approval`, `sign_off`. */
  readonly kind: string;
  readonly question: string;
  /** What is decided about: the decision holds for this digest and no other. */
  readonly subject: { readonly id: string; readonly digest: string };
  readonly evidence: readonly Evidence[];
  /** `approve`, `reject`: words of a person, at least one. */
  readonly options: readonly string[];
  readonly who: GateWho;
  /** Votes of different people for one option; default 1. */
  readonly quorum?: number;
  readonly withinMs: number;
  /** `reject` ends as `expired`; `hold` waits on and is an alert; never is silence a yes. */
  readonly onDeadline: 'hold' | 'reject' | 'escalate';
  /** Roles that are asked, one after the other, each as long again. */
  readonly escalateTo?: readonly Role[];
  readonly assignee?: string;
  /**
   * The evidence as it is now, read whenever the run looks at the gate. Another digest than the one
   * that people saw voids their votes, and a decision that was not taken yet.
   */
  readonly refresh?: (e: EffectContext) => Promise<readonly Evidence[]>;
}

export type Decision =
  | {
      readonly kind: 'decided';
      readonly option: string;
      readonly by: readonly string[];
      readonly reason: string;
    }
  | { readonly kind: 'expired' }
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | Aborted;

export interface WatchLimits {
  readonly withinMs: number;
  /** The longest wait between two looks, default 15 minutes; waits grow from one second to it. */
  readonly everyMs?: number;
  /** What happens in the cloud that makes the next look happen at once. */
  readonly on?: readonly { readonly kind: OutboxKind; readonly subject?: string }[];
}

export type Watched<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'expired' }
  | Aborted;

export interface Flow {
  readonly run: string;
  /** One effect. Retries by policy, then a value. */
  act<T extends Json>(step: string, effect: Effect<T>, policy?: Retry): Promise<Result<T>>;
  /**
   * As `act`; when the policy is spent the run parks in front of a person, who may retry, skip or
   * abort. `aborted` comes also when somebody aborted the run before the effect was done. An abort
   * is handed to the body once: what it calls afterwards, to take things back, runs as ever.
   */
  must<T extends Json>(step: string, effect: Effect<T>, policy?: MustPolicy): Promise<Must<T>>;
  gate(name: string, spec: GateSpec): Promise<Decision>;
  /** Looks until it sees, the time is over, or somebody aborts. A look that fails saw nothing. */
  watch<T extends Json>(
    name: string,
    look: (e: EffectContext) => Promise<T | Pending>,
    limits: WatchLimits,
  ): Promise<Watched<T>>;
  /** Runs another workflow to its end. Aborting a run aborts its children first. */
  child<O extends Json>(name: string, workflow: string, input: Json): Promise<O>;
}

/** What a look gives that saw nothing yet. */
export const pending: unique symbol = Symbol('pending');
export type Pending = typeof pending;
