/**
 * Goal: a rule that fails is switched off alone, says so once, and stays off over a restart.
 * Method: a condition and a cell that throw, put in the place of the compiled ones.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { openState } from './engine.ts';
import type { EngineState } from './engine-state.ts';
import { declareChannel, flushEpoch, takeBlock } from './intake.ts';
import { loadEngine, saveEngine } from './checkpoint.ts';
import { blockOf, channelsOf, originNs } from './test-blocks.ts';
import { ruleSetOf, xs } from './try-rules.cases.ts';

const set = ruleSetOf(`
- {id: bad, when: 'x > 1.0'}
- {id: windowed, when: 'max(x, "1s") > 1.0'}
- {id: good, when: 'x > 1.0'}`);
const open = (): EngineState => openState(set, { device: 'amr-01' });
const fail = (): never => {
  throw new Error('no such thing');
};

function run(state: EngineState): string[] {
  const messages = xs(0, 2, 0, 2);
  const channels = channelsOf(messages);
  for (const channel of channels) declareChannel(state, 0, channel);
  takeBlock(state, 0, blockOf(messages, channels));
  flushEpoch(state);
  return state.outputs.map((one) => {
    const id = one.kind === 'event' ? `${one.name} ${one.ruleId}` : one.kind;
    const rule = one.kind === 'event' ? '' : ` ${one.ruleId}`;
    return `${id}${rule}@${Number(one.atNs - originNs) / 1e6}`;
  });
}

test('a condition that throws: the others go on', () => {
  const state = open();
  const bad = state.program.runs[0];
  if (bad !== undefined) bad.condition = fail;
  expect(run(state)).toEqual([
    'rule_off bad@0',
    'fire windowed@100',
    'fire good@100',
    'fire good@300',
  ]);
  expect(state.outputs[0]).toMatchObject({ text: 'rule bad failed and is off: no such thing' });
});

test('a function with memory that throws takes the rules that read it with it', () => {
  const state = open();
  const [named] = state.program.cells;
  if (named !== undefined) named.cell.fold = fail;
  expect(run(state)).toEqual([
    'rule_off windowed@0',
    'fire bad@100',
    'fire good@100',
    'fire bad@300',
    'fire good@300',
  ]);
});

test('what is off stays off after a restart', () => {
  const state = open();
  const bad = state.program.runs[0];
  if (bad !== undefined) bad.condition = fail;
  run(state);
  const saved = JSON.parse(JSON.stringify(saveEngine(state))) as Json;
  const next = open();
  loadEngine(next, saved);
  expect(next.program.runs.map(({ off }) => off)).toEqual(['no such thing', undefined, undefined]);
});
