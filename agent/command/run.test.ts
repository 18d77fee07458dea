/**
 * Goal: what is asked of the robot is done once and answered as often as it is asked, whatever
 * ends in between. Method: the runner on a real buffer, opened again, with actions that tell.
 */
import { Fault, type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Command, decodeReported, parseCommandReport } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from '../buffer/buffer.cases.ts';
import { makeClip } from '../buffer/clip-file.cases.ts';
import { reportedMessage } from '../buffer/rows.ts';
import { pullClip } from './pull.ts';
import { type Actions, type Commands, openCommands } from './run.ts';

let at: BufferFolder;
let done: string[];
beforeEach(async () => {
  at = await BufferFolder.make();
  done = [];
});
afterEach(() => at.remove());

const id = (n: number): string => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, '0')}`;
const later = systemClock.now() + 60_000;

const actions: Actions = {
  ping: () => note('ping', { pong: true }),
  pull: async (command, input) => await pullClip(at.buffer, command, input),
  clipNow: async () => await new Promise(() => undefined),
  diagnose: async () => await Promise.resolve(note('diagnose', {})),
  refresh: () => {
    throw new Fault('invalid', 'there is no such section', { remedy: 'Name another.' });
  },
  setLogLevel: (level) => void note(level, {}),
  restart: () => void note('restart', {}),
};

function note(what: string, answer: Readonly<Record<string, Json>>) {
  done.push(what);
  return answer;
}

const open = (): Commands =>
  openCommands({ shelf: at.buffer.commands, actions, clock: systemClock, log: silentLog });

/** The runner of an agent that has started. */
function begun(): Commands {
  const commands = open();
  commands.resume();
  return commands;
}

/** What the cloud is told, in order. */
const told = () =>
  at.buffer.rows
    .read('reported', 0, { rows: 100, bytes: 1e6 })
    .map((row) => parseCommandReport(JSON.parse(decodeReported(reportedMessage(1n, row)).document)))
    .map(({ kind, state }) => `${kind} ${state}`);

test('the same command twice is done once and answered twice, over a restart as well', async () => {
  const ping: Command = { id: id(1), deadlineMs: later, kind: 'ping', input: {} };
  const first = begun();
  first.take(ping);
  await first.settled();
  first.take(ping);
  await at.reopen();
  const second = open();
  second.resume();
  second.take(ping);
  await second.settled();
  expect(done).toEqual(['ping']);
  expect(told()).toEqual(['ping done', 'ping done', 'ping done']);
  expect(at.buffer.commands.get(id(1))).toMatchObject({ state: 'done', result: { pong: true } });
});

test('what a kill interrupts is begun again, ended, or said to be over', async () => {
  const shelf = at.buffer.commands;
  const waits = { deadlineMs: later };
  shelf.take({ id: id(1), ...waits, kind: 'ping', input: {} });
  shelf.take({ id: id(2), ...waits, kind: 'restart', input: {} });
  shelf.note(id(2), { state: 'running' });
  const clip = { preS: 1, postS: 1, reason: 'x' };
  shelf.take({ id: id(3), ...waits, kind: 'clip_now', input: clip });
  shelf.note(id(3), { state: 'running' });
  await at.reopen();
  const commands = open();
  commands.resume();
  await commands.settled();
  expect(done).toEqual(['ping']);
  expect(at.buffer.commands.get(id(2))).toMatchObject({ state: 'done' });
  expect(at.buffer.commands.get(id(3))).toMatchObject({
    state: 'failed',
    problem: { code: 'cancelled' },
  });
  expect(at.buffer.commands.unfinished()).toEqual([]);
});

test('what comes while the agent starts waits until it runs, but no longer than it may', async () => {
  const commands = open();
  const clip = { preS: 1, postS: 1, reason: 'x' };
  commands.take({ id: id(1), deadlineMs: later, kind: 'ping', input: {} });
  commands.take({ id: id(2), deadlineMs: 1, kind: 'clip_now', input: clip });
  commands.take({ id: id(1), deadlineMs: later, kind: 'ping', input: {} });
  await commands.settled();
  expect(done).toEqual([]);
  expect(at.buffer.commands.get(id(1))).toMatchObject({ state: 'acknowledged' });
  commands.resume();
  commands.take({ id: id(1), deadlineMs: later, kind: 'ping', input: {} });
  await commands.settled();
  expect(done).toEqual(['ping']);
  expect(at.buffer.commands.get(id(1))).toMatchObject({ state: 'done' });
  expect(at.buffer.commands.get(id(2))).toMatchObject({
    state: 'failed',
    problem: { code: 'timeout' },
  });
});

test('what cannot be done is answered with the reason and what to do', async () => {
  const commands = begun();
  commands.take({ id: id(1), deadlineMs: later, kind: 'refresh', input: { section: 'x' } });
  commands.take({ id: id(2), deadlineMs: later, kind: 'unknown' });
  commands.take({ id: id(3), deadlineMs: 1, kind: 'restart', input: {} });
  await commands.settled();
  const problem = (n: number) => at.buffer.commands.get(id(n))?.problem;
  expect(problem(1)).toEqual({
    code: 'invalid',
    message: 'there is no such section',
    remedy: 'Name another.',
  });
  expect(problem(2)).toMatchObject({ code: 'invalid', remedy: expect.stringMatching(/Update/) });
  expect(problem(3)).toMatchObject({ code: 'timeout' });
  expect(done).toEqual([]);
});

test('a pull raises a clip above all others, and says what became of one that went', async () => {
  const [one, two] = [await at.seal({ class: 'critical' }), await at.seal({ class: 'info' })];
  at.listAll();
  expect(at.buffer.clips.turn(1)[0]?.clipId).toBe(one.clipId);
  const commands = begun();
  const pull = async (n: number, clip: string) => {
    commands.take({ id: id(n), deadlineMs: later, kind: 'pull', input: { clip } });
    await commands.settled();
    return at.buffer.commands.get(id(n));
  };
  expect(await pull(1, two.clipId)).toMatchObject({ result: { state: 'wanted' } });
  expect(at.buffer.clips.turn(1)[0]).toMatchObject({ clipId: two.clipId, pulled: true });
  await at.buffer.clips.acknowledged(one.clipId, one.sha256);
  expect(await pull(2, one.clipId)).toMatchObject({ state: 'done', result: { state: 'stored' } });
  expect(await pull(3, makeClip(at.random, {}).clipId)).toMatchObject({
    state: 'failed',
    problem: { code: 'not_found', message: 'this robot never had the clip' },
    result: { state: 'unknown' },
  });
});

test('an evicted clip is said to be gone; a refused one is offered once more', async () => {
  const clip = await at.seal({ class: 'info' });
  const commands = begun();
  at.listAll();
  at.buffer.clips.refuse(clip.clipId, 'UNWANTED');
  const seq = at.buffer.clips.get(clip.clipId)?.manifestSeq ?? 0;
  commands.take({ id: id(1), deadlineMs: later, kind: 'pull', input: { clip: clip.clipId } });
  await commands.settled();
  expect(at.buffer.clips.get(clip.clipId)).toMatchObject({ state: 'sealed', pulled: true });
  expect(at.buffer.clips.get(clip.clipId)?.manifestSeq).toBeGreaterThan(seq);
  await at.reopen({ quotaBytes: 1 });
  const other = await at.seal({ class: 'info' });
  const again = begun();
  again.take({ id: id(2), deadlineMs: later, kind: 'pull', input: { clip: other.clipId } });
  await again.settled();
  expect(at.buffer.commands.get(id(2))).toMatchObject({
    state: 'failed',
    problem: { message: expect.stringContaining('lack of room') },
    result: { state: 'evicted' },
  });
});
