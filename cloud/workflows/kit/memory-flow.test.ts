/**
 * Goal: the flow that bodies are tested on does what the engine's does, as far as a body sees it.
 * Method: the same small bodies with faults, decisions, aborts and waits.
 */
import { Fault } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { type GateSpec, pending } from './flow.ts';
import { memoryFlow } from './memory-flow.ts';

const spec: GateSpec = {
  kind: 'approval',
  question: 'Go on?',
  subject: { id: 'sub_1', digest: 'd' },
  evidence: [],
  options: ['approve', 'reject'],
  who: { role: 'engineer' },
  quorum: 2,
  withinMs: 1000,
  onDeadline: 'reject',
};

const counted = () => {
  const calls: string[] = [];
  return {
    calls,
    effect: async (e: { readonly key: string; readonly attempt: number }) => {
      calls.push(`${e.key}@${e.attempt}`);
      return await Promise.resolve(calls.length);
    },
  };
};

test('a fault that may pass is tried again, under the same key; others end the step', async () => {
  const { calls, effect } = counted();
  const flow = memoryFlow({
    run: 'run_1',
    faults: (step, attempt) => {
      if (step === 'late') return attempt === 1 ? 'after' : undefined;
      if (step === 'never') return 'before';
      return step === 'refused' ? 'permanent' : undefined;
    },
  });
  expect(await flow.act('late', effect)).toEqual({ ok: true, value: 2 });
  expect(calls).toEqual(['run_1/late@1', 'run_1/late@2']);
  expect(await flow.act('never', effect, { attempts: 3 })).toMatchObject({
    ok: false,
    fault: { code: 'unavailable', attempts: 3 },
  });
  expect(await flow.act('refused', effect)).toMatchObject({
    ok: false,
    fault: { code: 'invalid', attempts: 1 },
  });
  expect(calls).toHaveLength(2);
});

test('a bug in an effect is tried three times', async () => {
  let calls = 0;
  const flow = memoryFlow();
  const result = await flow.act('buggy', async () => {
    calls += 1;
    return await Promise.reject(new TypeError('a bug'));
  });
  expect(result).toMatchObject({ ok: false, fault: { code: 'internal', attempts: 3 } });
  expect(calls).toBe(3);
});

test('a must that is spent asks a person: retry, skip, abort', async () => {
  const { effect } = counted();
  const faults = (step: string, attempt: number) =>
    step === 'healed' && attempt > 5 ? undefined : ('before' as const);
  const flow = memoryFlow({
    faults,
    escalations: (step) => (step === 'healed' ? 'retry' : step === 'optional' ? 'skip' : 'abort'),
  });
  expect(await flow.must('healed', effect)).toEqual({ kind: 'done', value: 1 });
  expect(await flow.must('optional', effect, { skippable: true })).toMatchObject({
    kind: 'skipped',
    by: 'usr_test',
  });
  expect(await flow.must('given-up', effect)).toMatchObject({ kind: 'aborted' });
});

test('a step that may not be skipped is not, and two steps have two names', async () => {
  const flow = memoryFlow({ faults: () => 'permanent', escalations: () => 'skip' });
  const work = async () => await Promise.resolve(1);
  await expect(flow.must('hard', work)).rejects.toThrow('hard may not be skipped');
  await expect(flow.act('hard', work)).rejects.toThrow('two steps of this run are named hard');
});

test('gates answer as told, by as many people as they ask; silence is never a yes', async () => {
  const flow = memoryFlow({ decisions: { approval: 'approve' } });
  expect(await flow.gate('approval', spec)).toMatchObject({
    kind: 'decided',
    option: 'approve',
    by: ['usr_test', 'usr_test1'],
  });
  expect(await flow.gate('other', spec)).toEqual({ kind: 'expired' });
  const wrong = memoryFlow({ decisions: { approval: 'perhaps' } });
  await expect(wrong.gate('approval', spec)).rejects.toThrow('no option perhaps');
});

test('an abort is handed over once; what takes back runs as ever', async () => {
  const { calls, effect } = counted();
  const flow = memoryFlow({ abortAt: 'stage' });
  expect(await flow.must('offer', effect)).toMatchObject({ kind: 'done' });
  expect(await flow.gate('stage', spec)).toMatchObject({ kind: 'aborted' });
  expect(await flow.must('undo', effect)).toMatchObject({ kind: 'done' });
  expect(calls).toHaveLength(2);
  expect(flow.steps.map(({ name }) => name)).toEqual(['offer', 'stage', 'undo']);
});

test('a watch looks until it sees or its time is over; time passes only there', async () => {
  let now = 0;
  const clock = { advance: (ms: number) => void (now += ms) };
  const flow = memoryFlow({ clock });
  const look = async () => await Promise.resolve(now >= 6000 ? now : pending);
  expect(await flow.watch('soon', look, { withinMs: 60_000 })).toEqual({
    kind: 'seen',
    value: 7000,
  });
  const never = async () => await Promise.reject(new Fault('unavailable', 'away'));
  expect(await flow.watch('never', never, { withinMs: 5000 })).toEqual({ kind: 'expired' });
  expect(now).toBe(12_000);
});

test('a child gives its outcome; without one the test says so', async () => {
  const flow = memoryFlow({ children: (name, input) => ({ name, input }) });
  expect(await flow.child('part', 'inner', { n: 1 })).toEqual({ name: 'inner', input: { n: 1 } });
  await expect(memoryFlow().child('part', 'inner', {})).rejects.toThrow('no child inner');
});
