/** What arrives, into the order of log time: late, early, out of order, in another epoch. */
import { asFault } from '@fieldloop/core';
import {
  type Channel,
  compileAccessor,
  compileListAccessor,
  type MessageBlock,
  type Slots,
  slotState,
} from '@fieldloop/recording';
import type { EngineState, Handler, ListReader, Reader, ScoreRecord } from './engine-state.ts';
import * as limits from './limits.ts';
import { beginEpoch, passTime, takeMessage } from './machine.ts';
import { type TopicPlan, topicPlan } from './program.ts';
import { askTopic, scoreNames } from './rule-set.ts';

/** At equal times scores come after the messages of all sources. */
const scoreRank = 0xffff_ffff;
const past = Number.NEGATIVE_INFINITY;

export function declareChannel(state: EngineState, source: number, channel: Channel): void {
  const handlers = (state.sources[source] ??= []);
  if (handlers[channel.id]?.channel === channel) return;
  const topic = topicNamed(state, channel.topic);
  const readers = openReaders(state, channel, topic);
  const lists = openLists(state, channel, topic);
  const read =
    readers.reduce((sum, { accessor }) => sum + accessor.types.length, 0) +
    lists.reduce((sum, { plan }) => sum + plan.count, 0);
  const isSole = readers.length === 1 && lists.length === 0 && read === topic.slotCount;
  const uses = topic.slotCount + topic.cells.length + topic.rules.length;
  handlers[channel.id] = {
    channel,
    topic,
    readers,
    lists,
    only: isSole ? readers[0]?.accessor : undefined,
    isPartial: read < topic.slotCount,
    isHeld: uses > 0 || state.program.holdsAll,
  };
}

export function topicNamed(state: EngineState, name: string): TopicPlan {
  const topic = topicPlan(state.program.topics, name);
  if (state.topics[topic.index] === undefined) state.topics[topic.index] = topic;
  return topic;
}

/** One reader for all signals; where one of them cannot be read, one reader each for the others. */
function openReaders(state: EngineState, channel: Channel, topic: TopicPlan): Reader[] {
  if (topic.specs.length === 0) return [];
  try {
    const accessor = compileAccessor(channel, topic.specs);
    accessor.types.forEach((type, k) => noteType(state, topic, k, type));
    return [{ accessor, at: 0 }];
  } catch {
    // Which signal it was is found out below, one by one.
  }
  return topic.specs.flatMap((spec, at) => {
    try {
      const accessor = compileAccessor(channel, [spec]);
      noteType(state, topic, at, accessor.types[0] ?? 'unknown');
      return [{ accessor, at }];
    } catch (error) {
      const { message } = asFault(error);
      noteUnreadable(state, topic, at, message);
      return [];
    }
  });
}

function openLists(state: EngineState, channel: Channel, topic: TopicPlan): ListReader[] {
  return topic.lists.flatMap((plan) => {
    try {
      return [{ accessor: compileListAccessor(channel, plan.run.spec), plan }];
    } catch (error) {
      const { path } = plan.run.spec;
      const { message } = asFault(error);
      state.unreadable.set(`${topic.name} ${path}`, { topic: topic.name, path, why: message });
      return [];
    }
  });
}

const fieldNames: Readonly<Record<string, number>> = {
  number: slotState.number,
  bigint: slotState.number,
  text: slotState.text,
  truth: slotState.truth,
};

function noteType(state: EngineState, topic: TopicPlan, k: number, type: string): void {
  const wanted = state.program.plans[topic.firstSlot + k]?.state;
  const given = fieldNames[type];
  if (given === undefined || given === wanted) return;
  noteUnreadable(state, topic, k, `the field is a ${type}, the signal of another type`);
}

function noteUnreadable(state: EngineState, topic: TopicPlan, k: number, why: string): void {
  const path = topic.specs[k]?.path ?? '';
  state.unreadable.set(`${topic.name} ${path}`, { topic: topic.name, path, why });
}

export function takeBlock(state: EngineState, source: number, block: MessageBlock): void {
  const handlers = state.sources[source] ?? [];
  const { channelIds, timesNs, starts, ends, count } = block;
  if (count === 0) return;
  const { latenessNs, held } = state;
  const clockJumpNs = Number(limits.clockJumpNs);
  let baseNs = state.originNs === undefined ? past : Number(block.baseNs - state.originNs);
  // Both are of the state; here they are numbers that need no memory of their own.
  let { newestNs, watermarkNs } = state;
  for (let i = 0; i < count; i += 1) {
    const handler = handlers[channelIds[i] ?? 0];
    if (handler === undefined) continue;
    const { topic, only } = handler;
    let timeNs = baseNs + (timesNs[i] ?? 0);
    // Log time that steps far back on its own topic is a clock that was set, not a late message.
    if (timeNs < topic.newestNs - clockJumpNs || !(Math.abs(timeNs) <= limits.epochNs)) {
      raise(state, newestNs, watermarkNs);
      startEpoch(state, block.baseNs + BigInt(timesNs[i] ?? 0));
      ({ newestNs, watermarkNs } = state);
      baseNs = Number(block.baseNs - (state.originNs ?? 0n));
      timeNs = 0;
    }
    if (timeNs > topic.newestNs) topic.newestNs = timeNs;
    if (timeNs < watermarkNs) {
      state.late += 1;
      continue;
    }
    if (timeNs > newestNs) {
      newestNs = timeNs;
      if (timeNs - latenessNs > watermarkNs) watermarkNs = timeNs - latenessNs;
    }
    if (handler.isHeld) {
      const at = held.add(timeNs, source, topic.index, (ends[i] ?? 0) - (starts[i] ?? 0));
      if (only !== undefined) only.read(block, i, held.slots, at);
      else takeFields(handler, block, i, { slots: held.slots, at });
      if (held.size() >= limits.heldMessages) {
        raise(state, newestNs, watermarkNs);
        releaseEarly(state);
        ({ watermarkNs } = state);
      }
    }
    if (i % handful !== handful - 1) continue;
    raise(state, newestNs, watermarkNs);
    passOn(state);
  }
  raise(state, newestNs, watermarkNs);
  passOn(state);
  passBudget(state);
}

/** The fields and lists of a message whose topic is not read by one accessor alone. */
function takeFields(
  { topic, readers, lists, isPartial }: Handler,
  block: MessageBlock,
  i: number,
  out: { readonly slots: Slots; readonly at: number },
): void {
  if (isPartial) out.slots.states.fill(slotState.unknown, out.at, out.at + topic.slotCount);
  for (const reader of readers) reader.accessor.read(block, i, out.slots, out.at + reader.at);
  for (const { accessor, plan } of lists) {
    const outcome = accessor.read(block, i, plan.run.items);
    plan.run.answer(outcome, out.slots, out.at + plan.at);
  }
}

function raise(state: EngineState, newestNs: number, watermarkNs: number): void {
  state.newestNs = newestNs;
  state.watermarkNs = watermarkNs;
}

/** Messages are let go in handfuls: what they bring about does not depend on when that is. */
const handful = 256;

/** Evaluates what the watermark has passed. */
function passOn(state: EngineState): void {
  release(state);
  if (state.machine.nextDueNs <= state.watermarkNs) passTime(state.machine, state.watermarkNs);
}

/** Lets go of what no clip reaches back to. What was spent is asked for only when a rule fires. */
function passBudget({ budget, originNs, watermarkNs }: EngineState): void {
  if (budget === undefined || originNs === undefined || watermarkNs === past) return;
  budget.pass(originNs + BigInt(Math.floor(watermarkNs)));
}

/** A score waits for its time like a message, and does not move the watermark itself. */
export function takeScore(state: EngineState, record: ScoreRecord): void {
  const topics = state.scorers.get(record.scorer);
  if (topics === undefined) return;
  const { originNs, held } = state;
  if (originNs === undefined) {
    // It came before the block of its frame: the first message places it.
    if (state.waiting.length < limits.waitingScores) state.waiting.push(record);
    else state.late += 1;
    return;
  }
  const timeNs = Number(record.atNs - originNs);
  if (timeNs < state.watermarkNs || timeNs < -limits.epochNs || timeNs > limits.epochNs) {
    state.late += 1;
    return;
  }
  for (const topic of topics) {
    const at = held.add(timeNs, scoreRank, topic.index);
    const texts = [record.topClass, record.embedding].slice(0, topic.slotCount - scoreNames.length);
    for (const [k, text] of texts.entries()) {
      const place = at + scoreNames.length + k;
      held.slots.states[place] = text === undefined ? slotState.unknown : slotState.text;
      held.slots.texts[place] = text;
    }
    for (const [k, name] of scoreNames.entries()) {
      const value = record.values[name];
      held.slots.states[at + k] = value === undefined ? slotState.unknown : slotState.number;
      held.slots.numbers[at + k] = value ?? 0;
    }
  }
}

/** Nothing before `watermarkNs` comes any more: what waited for it is evaluated. */
export function raiseWatermark(state: EngineState, watermarkNs: number): void {
  const bounded = Math.min(watermarkNs, limits.epochNs);
  if (bounded <= state.watermarkNs) return;
  state.watermarkNs = bounded;
  release(state);
  passTime(state.machine, bounded);
  passBudget(state);
}

/** Evaluates all that is held, and what time brings up to the newest message. */
export function flushEpoch(state: EngineState): void {
  if (state.originNs === undefined) return;
  const { held } = state;
  while (held.size() > 0) {
    const entry = held.first();
    takeFirst(state, entry, held.timeOf(entry));
  }
  if (state.newestNs > state.watermarkNs) state.watermarkNs = state.newestNs;
  passTime(state.machine, state.watermarkNs);
}

/** What comes next begins another epoch, with what counts by the calendar; nobody is told. */
export function endEpoch(state: EngineState): void {
  state.epoch += 1;
  state.budget?.jump();
  state.originNs = undefined;
}

function startEpoch(state: EngineState, originNs: bigint): void {
  if (state.originNs !== undefined) {
    flushEpoch(state);
    endEpoch(state);
    const text = 'log time was set: rules begin anew';
    state.outputs.push({ kind: 'event', name: 'clock_jump', atNs: originNs, text });
  }
  state.originNs = originNs;
  state.newestNs = past;
  state.watermarkNs = past;
  beginEpoch(state.machine, originNs);
  for (const topic of state.topics) topic.newestNs = past;
  for (const record of state.waiting.splice(0)) takeScore(state, record);
}

function release(state: EngineState): void {
  const { held, watermarkNs } = state;
  while (held.size() > 0) {
    const entry = held.first();
    const timeNs = held.timeOf(entry);
    if (timeNs >= watermarkNs) return;
    takeFirst(state, entry, timeNs);
  }
}

/** Too many are held: the oldest goes, and with it the claim that earlier ones may still come. */
function releaseEarly(state: EngineState): void {
  release(state);
  if (state.held.size() < limits.heldMessages) return;
  state.early += 1;
  const { held } = state;
  state.watermarkNs = Math.max(state.watermarkNs, held.timeOf(held.first()) + 1);
  release(state);
}

function takeFirst(state: EngineState, entry: number, timeNs: number): void {
  const { held, machine, budget } = state;
  const topic = state.topics[held.topicOf(entry)];
  if (topic !== undefined) {
    const { slots } = held;
    if (machine.from !== slots) machine.from = slots;
    machine.at = held.placeOf(entry);
    takeMessage(machine, timeNs, topic);
    // Behind it: time that passed before the message knows nothing of its bytes.
    if (budget !== undefined) spendBytes(state, topic.name, held.bytesOf(entry), timeNs);
  }
  held.removeFirst();
}

/** Bytes are counted in the order of log time, so that every way to feed them gives one sum. */
function spendBytes(
  { budget, originNs }: EngineState,
  topic: string,
  bytes: number,
  timeNs: number,
): void {
  if (budget?.meter === undefined || bytes === 0) return;
  budget.meter.add(topic, (originNs ?? 0n) + BigInt(Math.floor(timeNs)), bytes);
}

/** A person asks for a clip of a rule; false when it is not `manual` or nothing was read yet. */
export function takeAsk(state: EngineState, ruleId: string, atNs: bigint): boolean {
  const run = state.program.runs.find(({ rule }) => rule.id === ruleId);
  if (run?.rule.trigger.kind !== 'manual' || run.off !== undefined) return false;
  if (state.originNs === undefined) return false;
  const asked = Number(atNs - state.originNs);
  // What is asked for behind the watermark fires at the watermark.
  const timeNs = Math.max(asked, state.watermarkNs, 0);
  if (!(timeNs <= limits.epochNs)) return false;
  state.held.add(timeNs, scoreRank, topicNamed(state, askTopic(ruleId)).index);
  return true;
}
