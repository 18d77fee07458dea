/**
 * What a rollout does next, from its rows alone. The workflow takes one decision at a time and
 * commits it with the change it makes; `explain` puts the recorded inputs through the same function
 * and must come to the same decision. Pure: no clock but `at`, and numbers where rows would do.
 */
import { isShadowFine, type ShadowNeeds, type ShadowSeen } from './shadow.ts';
import type { OnInconclusive } from './document.ts';
import type { Outcome } from './judge.ts';
import type { Answer, RolloutPhase, RolloutState, TargetState } from './rollout.ts';

export interface StageInputs {
  readonly index: number;
  readonly name: string;
  readonly isShadow: boolean;
  readonly isLast: boolean;
  readonly bakeMs: number;
  readonly maxBakeMs: number;
  /** Whether canaries are to be compared with the control in it. */
  readonly isJudged: boolean;
  /** Robots that are held back to compare with: none, and there is nothing to judge by. */
  readonly control: number;
  readonly needsPerson: boolean;
  readonly onInconclusive: OnInconclusive;
}

/** Everything that a decision may depend on. It is kept with the decision as it was. */
export interface Inputs {
  readonly at: number;
  readonly state: RolloutState;
  readonly phase: RolloutPhase;
  readonly version: number;
  readonly stage: StageInputs | null;
  readonly bakeAt: number | null;
  readonly haltRequested: boolean;
  /** Why it is held, where it is. */
  readonly reason: string | null;
  readonly isFrozen: boolean;
  /** Devices of this stage and those before it, by state. */
  readonly counts: Readonly<Partial<Record<TargetState, number>>>;
  /** Of those that wait: online, and out of reach. */
  readonly reachable: number;
  /** Of those whose turn it is or comes first: who could not go back to the release before. */
  readonly withoutWayBack: number;
  /** How many may be offered the release now under the limits of the plan. */
  readonly offerable: number;
  /** Counts against it, and the numbers at which it stops. */
  readonly stops: Readonly<Record<string, number>>;
  readonly hardStops: Readonly<Record<string, number>>;
  readonly verdict: { readonly n: number; readonly outcome: Outcome; readonly e: number } | null;
  /** The evidence at which the judge halts. */
  readonly haltAt: number;
  /** What two people let it go on in spite of: only what came since counts against it. */
  readonly borne: Borne | null;
  readonly shadow: { readonly seen: ShadowSeen; readonly needs: ShadowNeeds } | null;
  readonly answer: Answer['option'] | null;
  readonly rollbackOnRegression: boolean;
  /** Devices that have, or may have, the release while it is taken back; `lost` cannot be reached. */
  readonly holding: number;
  readonly pending: number;
  readonly lost: number;
  readonly isWithdrawn: boolean;
}

export interface Borne {
  readonly stops: Readonly<Record<string, number>>;
  readonly e: number;
}

export type Action =
  | 'wait'
  | 'start'
  | 'offer'
  | 'withdraw'
  | 'bake'
  | 'promote'
  | 'complete'
  | 'ask'
  | 'hold'
  | 'resume'
  | 'halt'
  | 'roll_back'
  | 'take_back'
  | 'finish'
  | 'over';

export interface Decision {
  readonly action: Action;
  /** Which rule of this file it was. */
  readonly rule: string;
  readonly to: RolloutState;
  readonly reason?: string;
  readonly gate?: Answer['gate'];
}

export function decide(inputs: Inputs): Decision {
  switch (inputs.state) {
    case 'scheduled':
      return scheduled(inputs);
    case 'running':
      return running(inputs);
    case 'held':
      return held(inputs);
    case 'halted':
      return halted(inputs);
    case 'rolling_back':
      return rollingBack(inputs);
    case 'waiting_approval':
    case 'paused':
      return { action: 'wait', rule: 'a_person_decides', to: inputs.state };
    default:
      return { action: 'over', rule: 'it_has_ended', to: inputs.state };
  }
}

const wait = (inputs: Inputs, rule: string): Decision => ({
  action: 'wait',
  rule,
  to: inputs.state,
});

function scheduled(inputs: Inputs): Decision {
  if (inputs.isWithdrawn) return stopped('release_withdrawn', 'its release was withdrawn');
  if (inputs.isFrozen) return wait(inputs, 'frozen');
  const waiting = sumOf(inputs.counts);
  if (waiting > 0 && inputs.withoutWayBack >= waiting) return wait(inputs, 'no_way_back');
  return { action: 'start', rule: 'approved', to: 'running' };
}

const sumOf = (counts: Inputs['counts']): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0);

const stopped = (rule: string, reason: string): Decision => ({
  action: 'halt',
  rule,
  to: 'halted',
  reason,
});

/** What ends it before anything else is looked at, in this order. */
function harm(inputs: Inputs): Decision | undefined {
  if (inputs.haltRequested) return stopped('halt_requested', inputs.reason ?? 'a person halted it');
  if (inputs.isWithdrawn) return stopped('release_withdrawn', 'its release was withdrawn');
  for (const [name, limit] of Object.entries(inputs.hardStops)) {
    const count = (inputs.stops[name] ?? 0) - (inputs.borne?.stops[name] ?? 0);
    if (count >= limit) {
      return stopped(`hard_stop_${name}`, `${count} robots are ${name.replaceAll('_', ' ')}`);
    }
  }
  if (inputs.verdict?.outcome === 'regressed' && isNews(inputs, inputs.verdict.e)) {
    const { e, n } = inputs.verdict;
    return stopped('regressed', `the evidence against it is ${e.toFixed(1)} after ${n} intervals`);
  }
  return undefined;
}

/** E_t / E_s is a supermartingale that begins at 1 as well: what was borne is a fresh start. */
const isNews = ({ borne, haltAt }: Inputs, e: number): boolean =>
  borne === null || e / Math.max(1, borne.e) >= haltAt;

function running(inputs: Inputs): Decision {
  const ended = harm(inputs);
  if (ended !== undefined) return ended;
  const { stage, counts, phase } = inputs;
  if (stage === null) return wait(inputs, 'no_stage');
  if (inputs.isFrozen) {
    const taken = counts.offered ?? 0;
    if (taken > 0) return { action: 'withdraw', rule: 'frozen', to: 'running' };
    return { action: 'hold', rule: 'frozen', to: 'held', reason: heldByFreeze };
  }
  if (inputs.answer === 'promote') return onward(stage, 'a_person_promoted');
  if (inputs.answer === 'rollback') return goBack('a_person_took_it_back', 'a person decided so');
  if (inputs.offerable > 0) return { action: 'offer', rule: 'there_is_room', to: 'running' };
  if (phase === 'releasing') return releasing(inputs, stage);
  return baked(inputs, stage);
}

export const heldByFreeze = 'everything is frozen';

/** The stage is out when everyone who can be reached has ended it; the rest follows later. */
function releasing(inputs: Inputs, stage: StageInputs): Decision {
  const { counts } = inputs;
  // A share of few robots may come to none: there is nothing to wait for.
  if (sumOf(counts) === 0) return passed(stage, 'stage_is_empty');
  const busy = (counts.offered ?? 0) + (counts.in_progress ?? 0);
  if (busy > 0 || inputs.reachable > 0) return wait(inputs, 'robots_are_at_it');
  const have = counts.committed ?? 0;
  if (have > 0 || stage.isLast) return { action: 'bake', rule: 'stage_is_out', to: 'running' };
  if ((counts.eligible ?? 0) > 0) {
    return wait(inputs, inputs.withoutWayBack > 0 ? 'no_way_back' : 'nobody_can_be_reached');
  }
  return {
    action: 'hold',
    rule: 'nobody_has_it',
    to: 'held',
    reason: `no robot of the stage ${stage.name} has taken the release`,
  };
}

function baked(inputs: Inputs, stage: StageInputs): Decision {
  const since = inputs.at - (inputs.bakeAt ?? inputs.at);
  if (since < stage.bakeMs) return wait(inputs, 'it_bakes');
  if (stage.isShadow) return shadowed(inputs, stage, since);
  if (!stage.isJudged) return passed(stage, 'baked_without_a_stop');
  if (stage.control === 0) return inconclusive(inputs, stage, 'no_control');
  const outcome = inputs.verdict?.outcome ?? 'no_data';
  if (outcome === 'non_inferior') return passed(stage, 'non_inferior');
  if (since < stage.maxBakeMs) return wait(inputs, 'not_clear_yet');
  if (outcome === 'no_data') return stopped('no_data', 'no robot of one arm said anything');
  if (outcome === 'imbalanced') return ask('inconclusive', 'imbalanced');
  return inconclusive(inputs, stage, 'inconclusive');
}

function shadowed(inputs: Inputs, stage: StageInputs, since: number): Decision {
  if (inputs.shadow === null) return passed(stage, 'nothing_to_compare');
  const found = isShadowFine(inputs.shadow.seen, inputs.shadow.needs);
  if (found.outcome === 'pass') return passed(stage, 'shadow_agrees');
  if (found.outcome === 'fail') return stopped('shadow_disagrees', found.reason);
  if (since < stage.maxBakeMs) return wait(inputs, 'too_few_frames');
  return ask('inconclusive', 'too_few_frames');
}

function inconclusive(inputs: Inputs, stage: StageInputs, rule: string): Decision {
  switch (stage.onInconclusive) {
    case 'promote-if-no-harm':
      return passed(stage, 'no_harm_seen');
    case 'rollback':
      return goBack(rule, `the stage ${stage.name} showed nothing either way`);
    case 'extend-then-human':
    case 'human':
      return ask('inconclusive', rule);
    default:
      return wait(inputs, 'not_clear_yet');
  }
}

const ask = (gate: Answer['gate'], rule: string): Decision => ({
  action: 'ask',
  rule,
  to: 'running',
  gate,
});

const passed = (stage: StageInputs, rule: string): Decision =>
  stage.needsPerson ? ask('human', rule) : onward(stage, rule);

const onward = (stage: StageInputs, rule: string): Decision =>
  stage.isLast
    ? { action: 'complete', rule, to: 'completed' }
    : { action: 'promote', rule, to: 'running' };

const goBack = (rule: string, reason: string): Decision => ({
  action: 'roll_back',
  rule,
  to: 'rolling_back',
  reason,
});

/** A freeze that was lifted lets it go on; everything else waits for a person. */
function held(inputs: Inputs): Decision {
  const ended = harm(inputs);
  if (ended !== undefined) return ended;
  if (inputs.answer === 'rollback') return goBack('a_person_took_it_back', 'a person decided so');
  if (inputs.answer === 'promote')
    return { action: 'resume', rule: 'a_person_promoted', to: 'running' };
  if (inputs.reason === heldByFreeze && !inputs.isFrozen) {
    return { action: 'resume', rule: 'freeze_lifted', to: 'running' };
  }
  if (inputs.reason === heldByFreeze) return wait(inputs, 'frozen');
  return wait(inputs, 'a_person_decides');
}

function halted(inputs: Inputs): Decision {
  if (inputs.rollbackOnRegression || inputs.isWithdrawn) {
    return goBack('halted', inputs.reason ?? 'it was halted');
  }
  return wait(inputs, 'a_person_decides');
}

function rollingBack(inputs: Inputs): Decision {
  if (inputs.holding > 0) {
    return { action: 'take_back', rule: 'newest_stage_first', to: 'rolling_back' };
  }
  if (inputs.pending > inputs.lost) return wait(inputs, 'robots_go_back');
  return inputs.pending === 0
    ? { action: 'finish', rule: 'everyone_is_back', to: 'rolled_back' }
    : { action: 'finish', rule: 'some_cannot_be_reached', to: 'rollback_incomplete' };
}
