/**
 * The running rule set in event time: messages and the passing of time, each in its order, to
 * rules that fire. At equal times the passing of time comes first. Times are ns of the epoch.
 */
import { type Slots, slotState } from '@fieldloop/recording';
import { admit } from './cooldown.ts';
import { holdEndNs, phase, stepEdge } from './edge.ts';
import * as limits from './limits.ts';
import type { Program, RuleRun, TopicPlan } from './program.ts';

export interface Machine {
  readonly program: Program;
  readonly fire: (run: RuleRun, nowNs: number) => void;
  /** Whether the draw of a rule that keeps a share of its triggers keeps this one. */
  readonly isDrawn: (run: RuleRun, nowNs: number) => boolean;
  /** Where the values of the next message stand. */
  from: Slots;
  at: number;
  /** No later than the next thing that the passing of time brings. */
  nextDueNs: number;
  tickNs: number;
  momentNs: number;
  /** Offset of the epoch's start against the grid of ticks. */
  gridNs: number;
  lastMessageNs: number;
  /** Turns of `every` rules that wait for a message. */
  waiting: number;
  messages: number;
  faults: number;
  evaluations: number;
  /** When the value of each slot becomes too old. */
  readonly expiryNs: Float64Array;
}

const never = Number.POSITIVE_INFINITY;

export function openMachine(program: Program, act: Pick<Machine, 'fire' | 'isDrawn'>): Machine {
  return {
    program,
    ...act,
    from: program.slots,
    at: 0,
    nextDueNs: never,
    tickNs: never,
    momentNs: never,
    gridNs: 0,
    lastMessageNs: 0,
    waiting: 0,
    messages: 0,
    faults: 0,
    evaluations: 0,
    expiryNs: new Float64Array(program.plans.length).fill(never),
  };
}

/** A new epoch whose first message has time 0; everything but the counters is forgotten. */
export function beginEpoch(machine: Machine, originNs: bigint): void {
  const { program } = machine;
  program.slots.states.fill(slotState.unknown);
  program.slots.texts.fill(undefined);
  for (const { cell } of program.cells) cell.reset(0);
  for (const run of program.runs) {
    run.edge.phase = phase.armed;
    run.cooldown.quietUntilNs = Number.NEGATIVE_INFINITY;
    run.absence?.reset();
    run.isMarked = false;
    run.messagesBefore = machine.messages;
    run.waitingNs = never;
    const by = run.rule.trigger;
    run.dueNs = by.kind === 'every' ? by.firstNs : by.kind === 'absent' ? 0 : never;
  }
  machine.momentNs = never;
  machine.lastMessageNs = 0;
  machine.waiting = 0;
  machine.expiryNs.fill(never);
  const step = BigInt(limits.tickNs);
  machine.gridNs = Number(((originNs % step) + step) % step);
  machine.tickNs = hasTicks(program) ? tickAfter(machine, 0) : never;
  machine.nextDueNs = earliest(machine);
}

/** One message, in order of time; its values stand in `machine.from` at `machine.at`. */
export function takeMessage(machine: Machine, timeNs: number, topic: TopicPlan): void {
  if (machine.nextDueNs <= timeNs) passTime(machine, timeNs);
  const { program } = machine;
  program.moment.nowNs = timeNs;
  machine.messages += 1;
  machine.lastMessageNs = timeNs;
  if (machine.tickNs === never && hasTicks(program)) {
    machine.tickNs = tickAfter(machine, timeNs);
    due(machine, machine.tickNs);
  }
  const isChanged = takeValues(machine, topic);
  for (const absence of topic.absences) absence.arrived(timeNs);
  for (const cell of topic.cells) cell.fold(timeNs);
  if (program.momentSources.length > 0) noteMoments(machine, timeNs);
  const rules = isChanged ? topic.rules : topic.ruleAlways;
  if (machine.waiting === 0) for (const run of rules) evaluate(machine, run, timeNs);
  else takeWaiting(machine, rules, timeNs);
}

/** Everything that the passing of time brings up to and including `untilNs`. */
export function passTime(machine: Machine, untilNs: number): void {
  while (machine.nextDueNs <= untilNs) {
    const nowNs = earliest(machine);
    machine.nextDueNs = nowNs;
    if (nowNs > untilNs) return;
    round(machine, nowNs);
    machine.nextDueNs = earliest(machine);
  }
}

/** Values of a message to the slots of its topic; whether one of them is another than before. */
function takeValues(machine: Machine, topic: TopicPlan): boolean {
  const { from, at } = machine;
  const { plans, slots } = machine.program;
  const { states, numbers, texts } = slots;
  let isChanged = false;
  for (let k = 0; k < topic.slotCount; k += 1) {
    const slot = topic.firstSlot + k;
    const plan = plans[slot];
    if (plan === undefined) continue;
    const given = from.states[at + k];
    if (given === slotState.fault) machine.faults += 1;
    const state = given === plan.state ? given : slotState.unknown;
    if (state !== states[slot]) isChanged = true;
    states[slot] = state;
    if (state === slotState.unknown) {
      // Looked at each time, so that rules count how often a value was missing.
      isChanged = true;
      continue;
    }
    if (state === slotState.text) {
      const text = from.texts[at + k];
      if (text !== texts[slot]) isChanged = true;
      texts[slot] = text;
    } else {
      const number = from.numbers[at + k] ?? 0;
      if (number !== numbers[slot]) isChanged = true;
      numbers[slot] = number;
    }
    if (plan.maxAgeNs === never) continue;
    // Too old is older than maxAge: a message at that very moment still renews the value.
    const expiryNs = machine.lastMessageNs + plan.maxAgeNs + 1;
    machine.expiryNs[slot] = expiryNs;
    due(machine, expiryNs);
  }
  return isChanged;
}

function evaluate(machine: Machine, run: RuleRun, nowNs: number): void {
  if (run.condition === undefined) return;
  machine.evaluations += 1;
  run.evaluations += 1;
  const condition = run.condition();
  if (condition === 2) run.unknown += 1;
  // Nothing to do for a rule that waits and still does not hold.
  if (condition === 1 || run.edge.phase !== phase.armed) {
    if (stepEdge(run.edge, condition, nowNs)) trigger(machine, run, nowNs);
  }
  run.dueNs = Math.min(holdEndNs(run.edge), run.absence?.dueNs ?? never);
  due(machine, run.dueNs);
}

/** The cooldown counts from triggers and not from draws, so that each draw has its probability. */
function trigger(machine: Machine, run: RuleRun, nowNs: number): void {
  if (!admit(run.cooldown, nowNs, run.rule.cooldownNs)) {
    run.cooledDown += 1;
  } else if (machine.isDrawn(run, nowNs)) {
    run.fired += 1;
    machine.fire(run, nowNs);
  } else run.sampledOut += 1;
}

/** Everything due at `nowNs`: cells first, then the rules they may have changed. */
function round(machine: Machine, nowNs: number): void {
  const { program } = machine;
  program.moment.nowNs = nowNs;
  machine.expiryNs.forEach((expiryNs, slot) => {
    if (expiryNs === nowNs) expire(machine, slot, nowNs);
  });
  if (machine.momentNs === nowNs) {
    machine.momentNs = never;
    for (const cell of program.momentCells) cell.fold(nowNs);
    for (const run of program.momentRules) run.isMarked = true;
  }
  if (machine.tickNs === nowNs) {
    const next = tickAfter(machine, nowNs);
    // Behind so long a silence nothing changes until the next message.
    machine.tickNs = next > machine.lastMessageNs + program.quietNs ? never : next;
    for (const cell of program.timedCells) cell.fold(nowNs);
    for (const run of program.timedRules) run.isMarked = true;
  }
  if (program.momentSources.length > 0) noteMoments(machine, nowNs);
  for (const run of program.runs) {
    if (run.dueNs !== nowNs && !run.isMarked) continue;
    run.isMarked = false;
    if (run.rule.trigger.kind === 'every') turn(machine, run, nowNs);
    else evaluate(machine, run, nowNs);
  }
}

function expire(machine: Machine, slot: number, nowNs: number): void {
  const plan = machine.program.plans[slot];
  machine.expiryNs[slot] = never;
  machine.program.slots.states[slot] = slotState.unknown;
  for (const cell of plan?.cells ?? []) cell.fold(nowNs);
  for (const run of plan?.rules ?? []) run.isMarked = true;
}

/**
 * A turn of an `every` rule. It is taken at once where messages came that its clip would reach
 * back to; else it waits for the next message, so that no clip begins in a gap.
 */
function turn(machine: Machine, run: RuleRun, nowNs: number): void {
  const preNs = Number(run.rule.capture.preNs);
  const isNew = run.messagesBefore !== machine.messages;
  run.messagesBefore = machine.messages;
  if (isNew && machine.lastMessageNs >= nowNs - preNs) {
    setTurn(machine, run, nowNs + periodOf(run));
    takeTurn(machine, run, nowNs);
    return;
  }
  run.dueNs = never;
  run.waitingNs = nowNs;
  machine.waiting += 1;
}

/** A message that turns waited for: rules and turns in document order. */
function takeWaiting(machine: Machine, rules: readonly RuleRun[], nowNs: number): void {
  for (const run of machine.program.runs) {
    if (run.waitingNs === never) {
      if (rules.includes(run)) evaluate(machine, run, nowNs);
      continue;
    }
    // Behind a gap of a period or more the times of turns begin anew.
    const next = run.waitingNs + periodOf(run);
    setTurn(machine, run, next > nowNs ? next : nowNs + periodOf(run));
    run.waitingNs = never;
    run.messagesBefore = machine.messages;
    takeTurn(machine, run, nowNs);
  }
  machine.waiting = 0;
}

function takeTurn(machine: Machine, run: RuleRun, nowNs: number): void {
  machine.evaluations += 1;
  run.evaluations += 1;
  const condition = run.condition === undefined ? 1 : run.condition();
  if (condition === 2) run.unknown += 1;
  if (condition === 1) trigger(machine, run, nowNs);
}

function setTurn(machine: Machine, run: RuleRun, atNs: number): void {
  run.dueNs = atNs;
  due(machine, atNs);
}

function periodOf({ rule: { trigger: by } }: RuleRun): number {
  return by.kind === 'every' ? by.periodNs : never;
}

/** What is true at one moment only is looked at again right after it. */
function noteMoments(machine: Machine, nowNs: number): void {
  for (const cell of machine.program.momentSources) {
    if (!cell.known(nowNs) || cell.number !== 1) continue;
    machine.momentNs = nowNs + 1;
    due(machine, machine.momentNs);
    return;
  }
}

function due(machine: Machine, atNs: number): void {
  if (atNs < machine.nextDueNs) machine.nextDueNs = atNs;
}

/** The exact time of what comes next. */
function earliest(machine: Machine): number {
  let at = Math.min(machine.tickNs, machine.momentNs);
  for (const run of machine.program.runs) at = Math.min(at, run.dueNs);
  for (const expiryNs of machine.expiryNs) at = Math.min(at, expiryNs);
  return at;
}

function hasTicks(program: Program): boolean {
  return program.timedRules.length > 0 || program.timedCells.length > 0;
}

/** The next point of the grid of log time, the same wherever the epoch began. */
function tickAfter(machine: Machine, nowNs: number): number {
  const { tickNs } = limits;
  return (Math.floor((nowNs + machine.gridNs) / tickNs) + 1) * tickNs - machine.gridNs;
}
