/**
 * The running rule set in event time: messages and the passing of time, each in its order, to
 * rules that fire. At equal times the passing of time comes first. Times are ns of the epoch.
 */
import { slotState } from '@fieldloop/recording/slots';
import { setOrigin } from './cel/compare.ts';
import * as limits from './limits.ts';
import { evaluate, fail } from './look.ts';
import { due, type Machine, type MachineActs, never } from './machine-state.ts';
import type { MemoryCell } from './memory/cell.ts';
import type { Program, TopicPlan } from './program.ts';
import { beginRun, takeWaiting, turn } from './turns.ts';

export function openMachine(program: Program, acts: MachineActs): Machine {
  return {
    program,
    acts,
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
  setOrigin(program.moment, originNs);
  program.slots.states.fill(slotState.unknown);
  program.slots.texts.fill(undefined);
  for (const { cell } of program.cells) cell.reset(0);
  for (const run of program.runs) {
    beginRun(machine, run, 0);
  }
  machine.momentNs = never;
  machine.lastMessageNs = 0;
  machine.waiting = 0;
  machine.expiryNs.fill(never);
  const step = BigInt(limits.tickNs);
  machine.gridNs = Number(((originNs % step) + step) % step);
  machine.tickNs = program.hasTicks ? tickAfter(machine, 0) : never;
  machine.nextDueNs = earliest(machine);
}

/** One message, in order of time; its values stand in `machine.from` at `machine.at`. */
export function takeMessage(machine: Machine, timeNs: number, topic: TopicPlan): void {
  if (machine.nextDueNs <= timeNs) passTime(machine, timeNs);
  const { program } = machine;
  program.moment.nowNs = timeNs;
  machine.messages += 1;
  machine.lastMessageNs = timeNs;
  if (program.hasTicks && machine.tickNs === never) {
    machine.tickNs = tickAfter(machine, timeNs);
    due(machine, machine.tickNs);
  }
  const isChanged = takeValues(machine, topic);
  const { absences, cells } = topic;
  for (let k = 0; k < absences.length; k += 1) absences[k]?.arrived(timeNs);
  if (cells.length > 0) foldAll(machine, cells, timeNs);
  if (program.momentSources.length > 0) noteMoments(machine, timeNs);
  const rules = isChanged ? topic.rules : topic.ruleAlways;
  if (machine.waiting > 0) {
    takeWaiting(machine, rules, timeNs);
    return;
  }
  for (let k = 0; k < rules.length; k += 1) {
    const run = rules[k];
    if (run !== undefined) evaluate(machine, run, timeNs);
  }
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
    let state = given === plan.state ? given : slotState.unknown;
    let number = from.numbers[at + k] ?? 0;
    if (plan.shaper !== undefined && state === slotState.number) {
      const before = states[slot] === slotState.number ? (numbers[slot] ?? 0) : Number.NaN;
      if (plan.shaper.accepts(number)) {
        number = plan.shaper.step(number, before, machine.lastMessageNs);
      } else state = slotState.unknown;
    }
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
      // 0 and -0 are equal, and what is divided by them is not.
      if (!Object.is(number, numbers[slot])) isChanged = true;
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

/** A cell that fails takes the rules that read it with it, and is folded no more. */
function foldAll(machine: Machine, cells: readonly MemoryCell[], nowNs: number): void {
  for (const cell of cells) {
    try {
      cell.fold(nowNs);
    } catch (error) {
      cell.fold = (): void => {};
      for (const run of machine.program.readersOf(cell)) fail(machine, run, error, nowNs);
    }
  }
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
    foldAll(machine, program.momentCells, nowNs);
    for (const run of program.momentRules) run.isMarked = true;
  }
  if (machine.tickNs === nowNs) {
    const next = tickAfter(machine, nowNs);
    // Behind so long a silence nothing changes until the next message.
    machine.tickNs = next > machine.lastMessageNs + program.quietNs() ? never : next;
    foldAll(machine, program.timedCells, nowNs);
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
  foldAll(machine, plan?.cells ?? [], nowNs);
  for (const run of plan?.rules ?? []) run.isMarked = true;
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

/** The exact time of what comes next. */
function earliest(machine: Machine): number {
  let at = Math.min(machine.tickNs, machine.momentNs);
  for (const run of machine.program.runs) at = Math.min(at, run.dueNs);
  for (const expiryNs of machine.expiryNs) at = Math.min(at, expiryNs);
  return at;
}

/** The next point of the grid of log time, the same wherever the epoch began. */
function tickAfter(machine: Machine, nowNs: number): number {
  const { tickNs } = limits;
  return (Math.floor((nowNs + machine.gridNs) / tickNs) + 1) * tickNs - machine.gridNs;
}
