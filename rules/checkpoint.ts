/** The engine's state as JSON and back: it goes on as if it had never stopped. */
import { Fault, type Json } from '@fieldloop/core';
import { slotState } from '@fieldloop/recording/slots';
import { setOrigin } from './cel/compare.ts';
import type { EngineState, ScoreRecord } from './engine-state.ts';
import { topicNamed } from './intake.ts';
import { jsonNumber, numberOf, numbersOf, textOf } from './memory/state.ts';
import { due } from './machine-state.ts';
import { loadRun, saveRun } from './rule-run.ts';
import { beginRun } from './turns.ts';

const version = 3;
const never = Number.POSITIVE_INFINITY;

type JsonMap = { readonly [key: string]: Json | undefined };

export function saveEngine(state: EngineState): Json {
  const { options, ruleSet, machine } = state;
  return {
    version,
    digest: ruleSet.digest,
    device: options.device,
    latenessNs: state.latenessNs,
    originNs: state.originNs === undefined ? null : String(state.originNs),
    newestNs: jsonNumber(state.newestNs),
    watermarkNs: jsonNumber(state.watermarkNs),
    epoch: state.epoch,
    late: state.late,
    early: state.early,
    topics: state.topics.map(({ name, newestNs }) => ({ name, newestNs: jsonNumber(newestNs) })),
    held: saveHeld(state),
    waiting: state.waiting.map((record) => ({
      ...record,
      atNs: String(record.atNs),
      values: { ...record.values },
    })),
    slots: saveSlots(state),
    cells: Object.fromEntries(state.program.cells.map(({ key, cell }) => [key, cell.save()])),
    runs: state.program.runs.map(saveRun),
    budget: state.budget?.save() ?? null,
    suppressions: state.suppressions.save(),
    overflows: state.program.budget.overflows,
    machine: {
      nextDueNs: jsonNumber(machine.nextDueNs),
      tickNs: jsonNumber(machine.tickNs),
      momentNs: jsonNumber(machine.momentNs),
      gridNs: machine.gridNs,
      lastMessageNs: jsonNumber(machine.lastMessageNs),
      messages: machine.messages,
      faults: machine.faults,
      evaluations: machine.evaluations,
      expiryNs: [...machine.expiryNs].map(jsonNumber),
    },
  };
}

function saveSlots(state: EngineState): Json {
  const { states, numbers, texts } = state.program.slots;
  return {
    states: [...states],
    numbers: [...numbers].map(jsonNumber),
    texts: texts.map((text) => text ?? null),
    shapedNs: state.program.plans.map(({ shaper }) => jsonNumber(shaper?.lastNs ?? Number.NaN)),
  };
}

/** Held messages with the topic's name, for indexes may differ after a restart. */
function saveHeld(state: EngineState): Json {
  const entries: Json[] = [];
  const { slots } = state.held;
  state.held.each(({ timeNs, rank, topic, bytes, at }) => {
    const { name = '', slotCount = 0 } = state.topics[topic] ?? {};
    const places = Array.from({ length: slotCount }, (_, k) => at + k);
    entries.push({
      timeNs: jsonNumber(timeNs),
      rank,
      topic: name,
      bytes,
      states: places.map((place) => slots.states[place] ?? 0),
      numbers: places.map((place) => jsonNumber(slots.numbers[place] ?? 0)),
      texts: places.map((place) =>
        slots.states[place] === slotState.text ? (slots.texts[place] ?? null) : null,
      ),
    });
  });
  return entries;
}

export function loadEngine(state: EngineState, saved: Json): void {
  const map = asMap(saved);
  refuseOther(state, map);
  const origin = map['originNs'];
  state.originNs = typeof origin === 'string' ? BigInt(origin) : undefined;
  if (state.originNs !== undefined) setOrigin(state.program.moment, state.originNs);
  state.newestNs = numberOf(map['newestNs']);
  state.watermarkNs = numberOf(map['watermarkNs']);
  state.epoch = numberOf(map['epoch']);
  state.late = numberOf(map['late']);
  state.early = numberOf(map['early']);
  for (const topic of asList(map['topics']).map(asMap)) {
    topicNamed(state, textOf(topic['name'])).newestNs = numberOf(topic['newestNs']);
  }
  loadSlots(state, asMap(map['slots']));
  const cells = asMap(map['cells']);
  for (const { key, cell } of state.program.cells) cell.load(cells[key] ?? null);
  const runs = asList(map['runs']).map(asMap);
  state.program.runs.forEach((run, i) => loadRun(run, runs[i] ?? {}));
  const spent = map['budget'];
  if (spent !== null && spent !== undefined) state.budget?.load(spent);
  state.suppressions.load(map['suppressions'] ?? null);
  state.program.budget.overflows = numberOf(map['overflows']);
  loadMachine(state, asMap(map['machine']));
  state.program.runs.forEach((run, i) => {
    if (runs[i]?.['isOut'] !== true || run.off !== undefined) return;
    // Its scope is of this device since the restart: it begins where time stands.
    beginRun(state.machine, run, Math.max(state.watermarkNs, 0));
    due(state.machine, run.dueNs);
  });
  for (const entry of asList(map['held']).map(asMap)) loadHeld(state, entry);
  for (const record of asList(map['waiting']).map(asMap)) {
    const whole = record as unknown as ScoreRecord;
    state.waiting.push({ ...whole, atNs: BigInt(textOf(record['atNs'])) });
  }
}

function refuseOther(state: EngineState, map: JsonMap): void {
  const { options, ruleSet } = state;
  const wanted: Readonly<Record<string, Json>> = {
    version,
    digest: ruleSet.digest,
    device: options.device,
    latenessNs: state.latenessNs,
  };
  for (const [key, value] of Object.entries(wanted)) {
    if (map[key] === value) continue;
    throw new Fault('conflict', `the saved state of the rules has another ${key}`, {
      remedy: 'Remove the saved state; the rules then start afresh.',
      details: { saved: map[key], wanted: value },
    });
  }
}

function loadSlots(state: EngineState, saved: JsonMap): void {
  const { states, numbers, texts } = state.program.slots;
  states.set(numbersOf(asList(saved['states'])));
  numbers.set(numbersOf(asList(saved['numbers'])));
  asList(saved['texts']).forEach((text, i) => {
    texts[i] = typeof text === 'string' ? text : undefined;
  });
  asList(saved['shapedNs']).forEach((ns, i) => {
    const shaper = state.program.plans[i]?.shaper;
    if (shaper !== undefined) shaper.lastNs = numberOf(ns);
  });
}

function loadMachine(state: EngineState, saved: JsonMap): void {
  const { machine } = state;
  machine.nextDueNs = numberOf(saved['nextDueNs']);
  machine.tickNs = numberOf(saved['tickNs']);
  machine.momentNs = numberOf(saved['momentNs']);
  machine.gridNs = numberOf(saved['gridNs']);
  machine.lastMessageNs = numberOf(saved['lastMessageNs']);
  machine.waiting = state.program.runs.filter(({ waitingNs }) => waitingNs < never).length;
  machine.messages = numberOf(saved['messages']);
  machine.faults = numberOf(saved['faults']);
  machine.evaluations = numberOf(saved['evaluations']);
  machine.expiryNs.set(numbersOf(asList(saved['expiryNs'])));
}

function loadHeld(state: EngineState, entry: JsonMap): void {
  const topic = topicNamed(state, textOf(entry['topic']));
  const [timeNs, rank, bytes] = [entry['timeNs'], entry['rank'], entry['bytes']].map(numberOf);
  const at = state.held.add(timeNs ?? 0, rank ?? 0, topic.index, bytes);
  const { slots } = state.held;
  slots.states.set(numbersOf(asList(entry['states'])), at);
  slots.numbers.set(numbersOf(asList(entry['numbers'])), at);
  asList(entry['texts']).forEach((text, k) => {
    slots.texts[at + k] = typeof text === 'string' ? text : undefined;
  });
}

function asMap(json: Json | undefined): JsonMap {
  const isMap = typeof json === 'object' && json !== null && !Array.isArray(json);
  return isMap ? (json as JsonMap) : {};
}

function asList(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? json : [];
}
