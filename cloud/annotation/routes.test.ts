/**
 * Goal: an engineer asks, people answer from a keyboard, and the worker makes labels of it; nobody
 * sees more than their task.
 * Method: real HTTP to a real SQLite file with the worker's part, and a recording on a real disk.
 */
import { sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { openMcapParser } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld, sampleDrive, sampleRecording } from '../http/world.sample.ts';
import { openTail } from '../store/tail.ts';
import { personStore } from '../user/store.ts';
import { newApiKey } from '../key/make.ts';
import { sampleOntology } from './annotation.sample.ts';
import type { GivenJson } from './card.ts';
import { openConsensus } from './consensus-work.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

interface Annotating {
  readonly post: (path: string, body?: object) => Promise<Response>;
}

/** A person with a key of the role annotator. */
async function annotator(world: ApiWorld, name: string): Promise<Annotating> {
  const { id } = await personStore(world.db).create({
    id: systemIds.ulid('usr'),
    email: `${name}@example.com`,
    name,
    role: 'annotator',
    state: 'active',
    createdBy: 'test',
    at: 1,
  });
  const system = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
  const made = { name, scopes: ['tasks:write'], cohorts: undefined, personId: id };
  const { text } = await newApiKey(world.db, system, made);
  const headers = { authorization: `Bearer ${text}` };
  return { post: async (path, body = {}) => await world.post(path, body, headers) };
}

interface Opened {
  readonly opened: readonly string[];
  readonly refused: readonly { readonly why: string }[];
}

const clip = idOfUuid('clp', sampleUuid(1));
const moment = (n: number, more: object = {}) => ({
  clip,
  topic: '/odom',
  startNs: String(sampleStartNs + BigInt(n) * 1_000_000n),
  ...more,
});

async function openSome(
  world: ApiWorld,
  moments: readonly object[],
  more: object = {},
): Promise<Opened> {
  const asked = { batch: 'b1', ontology: 'wall', type: 'classification', moments, ...more };
  return await json<Opened>(world.post('/v1/tasks', asked));
}

test('two people answer from a keyboard, and the worker makes the label', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: await sampleRecording(sampleDrive()) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0), moment(1), moment(2)]);
  expect(opened).toHaveLength(3);
  const [a, b] = [await annotator(world, 'ann'), await annotator(world, 'bob')];
  const first = await json<GivenJson>(a.post('/v1/tasks:next', { guide: true }));
  const [card] = first.items;
  expect(card).toMatchObject({ type: 'classification', topic: '/odom' });
  expect(first.ontologies[card?.ontology ?? '']).toMatchObject({
    name: 'wall',
    guide: 'Say what the robot should do next.',
    classes: [{ name: 'forward' }, { name: 'left' }, { name: 'right' }],
  });
  // Submit and next are one request; nothing in a card says what others said.
  let given: GivenJson = first;
  for (let n = 0; n < 3; n += 1) {
    const id = given.items[0]?.id ?? '';
    const body = { class: 'left', seconds: 1.5, count: 1 };
    given = await json<GivenJson>(a.post(`/v1/tasks/${id}:submit`, body));
  }
  expect(given.items).toEqual([]);
  const undone = await json<GivenJson>(a.post('/v1/tasks:undo'));
  expect(undone.items[0]?.id).toBe(opened[2]);
  await json(a.post(`/v1/tasks/${opened[2]}:submit`, { class: 'right' }));
  let labels = 0;
  const all = Promise.withResolvers<void>();
  await using _tail = await openTail(
    { read: world.db, clock: systemClock, log: silentLog },
    { from: 0n, kinds: ['label.resolved'] },
    (rows) => {
      labels += rows.length;
      if (labels === 2) all.resolve();
    },
  );
  const work = { read: world.db, write: world.db, clock: systemClock, ids: systemIds };
  await using _part = openConsensus({ ...work, log: silentLog });
  const held = await json<GivenJson>(b.post('/v1/tasks:next', { count: 3 }));
  for (const { id } of held.items) {
    await json(b.post(`/v1/tasks/${id}:submit`, { class: 'left' }));
  }
  await all.promise;
  const list = await json<{ items: readonly { class: string; task: string; method: string }[] }>(
    world.get('/v1/labels?q=class%20%3D%20left'),
  );
  expect(list.items).toHaveLength(2);
  expect(list.items[0]).toMatchObject({ method: 'majority' });
  const task = await json<{ state: string; people: number }>(world.get(`/v1/tasks/${opened[2]}`));
  expect(task.people).toBe(2);
  const history = await json<{ items: readonly { action: string; annotator: string }[] }>(
    world.get(`/v1/tasks/${opened[2]}/history`),
  );
  expect(history.items.map(({ action }) => action)).toEqual(['submit', 'undo', 'submit', 'submit']);
  const agreement = await json<{ tasks: number; classes: readonly object[] }>(
    world.get('/v1/agreement?ontology=wall'),
  );
  expect(agreement).toMatchObject({ tasks: 3 });
  const people = await json<{ items: readonly { id: string; name: string }[] }>(
    world.get('/v1/annotators'),
  );
  expect(people.items.map(({ name }) => name).toSorted()).toEqual(['ann', 'bob']);
  const who = history.items[0]?.annotator ?? '';
  const quality = await json<object>(world.get(`/v1/annotators/${who}/quality`));
  expect(quality).toMatchObject({
    answers: 4,
    undone: 1,
    secondsMedian: 1.5,
    labelled: 2,
    right: 2,
    confusion: [{ label: 'left', said: 'left', n: 2 }],
  });
});

test('a task shows its topic alone, for as long as its link lives', async () => {
  await using world = await openApiWorld();
  const bytes = await sampleRecording(sampleDrive());
  await world.putClip(1, { bytes });
  await json(world.post('/v1/ontologies', sampleOntology));
  const topics = await json<{ topics: readonly { name: string }[] }>(
    world.get(`/v1/clips/${clip}/topics`),
  );
  const [topic] = topics.topics;
  const whole = await json<{ startNs: string; endNs: string }>(world.get(`/v1/clips/${clip}`));
  await openSome(world, [{ clip, topic: topic?.name, startNs: whole.startNs, endNs: whole.endNs }]);
  const a = await annotator(world, 'ann');
  const { items } = await json<GivenJson>(a.post('/v1/tasks:next'));
  const link = items[0]?.clip ?? '';
  const shown = await fetch(link);
  expect(shown.status).toBe(200);
  expect(shown.headers.get('content-disposition')).toContain('inline');
  expect(topics.topics.length).toBeGreaterThan(1);
  expect(topicsIn(new Uint8Array(await shown.arrayBuffer()))).toEqual([topic?.name]);
  expect((await fetch(link.replace('clip.mcap', 'other.mcap'))).status).toBe(404);
  const token = /taskMedia\/([^/]+)\//.exec(link)?.[1] ?? '';
  expect((await fetch(link.replace(token, `${token.slice(0, -2)}AA`))).status).toBe(403);
  // The link of a task opens nothing else.
  expect((await fetch(`${world.url}/v1/signed/${token}/clip.mcap`)).status).toBe(404);
});

function topicsIn(bytes: Uint8Array): readonly string[] {
  const parser = openMcapParser('cut');
  const items = [...parser.push(bytes), ...parser.end()];
  return items.flatMap((one) => (one.kind === 'channel' ? [one.channel.topic] : []));
}

test('annotators see tasks and nothing else; what they may not is told with a remedy', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0)]);
  const a = await annotator(world, 'ann');
  expect(await problem(a.post('/v1/tasks', { batch: 'x' }))).toMatchObject({ status: 403 });
  expect(await problem(a.post(`/v1/tasks/${opened[0]}:submit`, { class: 'left' }))).toMatchObject({
    status: 409,
    remedy: 'Take the next one with `fieldloop tasks next`.',
  });
  await json(a.post('/v1/tasks:next'));
  expect(await problem(a.post(`/v1/tasks/${opened[0]}:submit`, { class: 'lft' }))).toMatchObject({
    status: 400,
    detail: expect.stringContaining('Did you mean "left"?') as string,
    errors: [{ pointer: '/body/class' }],
  });
  expect(await problem(a.post(`/v1/tasks/${opened[0]}:skip`, {}))).toMatchObject({ status: 400 });
  await json(a.post(`/v1/tasks/${opened[0]}:skip`, { reason: 'too dark' }));
  expect((await json<GivenJson>(a.post('/v1/tasks:next'))).items).toEqual([]);
  const taken = await json<object>(world.post('/v1/tasks:void', { batch: 'b1', reason: 'wrong' }));
  expect(taken).toEqual({ tasks: 1 });
  const task = await json<object>(world.get(`/v1/tasks/${opened[0]}`));
  expect(task).toMatchObject({ state: 'void', voidReason: 'wrong' });
});

test('who asks for none sees what they hold, and takes nothing from others', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0), moment(1), moment(2)]);
  const a = await annotator(world, 'ann');
  const held = async (count: number) =>
    (await json<GivenJson>(a.post('/v1/tasks:next', { count }))).items.map(({ id }) => id);
  expect(await held(0)).toEqual([]);
  const two = await held(2);
  expect(two).toHaveLength(2);
  expect(await held(0)).toEqual(two);
  const states = opened.map(async (id) => {
    const task = await world.db
      .selectFrom('task')
      .select('leases')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return Number(task.leases);
  });
  expect((await Promise.all(states)).toSorted((x, y) => x - y)).toEqual([0, 1, 1]);
});

test('the same answer sent five times at once is one answer', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0)]);
  const a = await annotator(world, 'ann');
  await json(a.post('/v1/tasks:next'));
  const send = async () => await a.post(`/v1/tasks/${opened[0]}:submit`, { class: 'left' });
  const answers = await Promise.all([send(), send(), send(), send(), send()]);
  const codes = answers.map(({ status }) => status).toSorted((x, y) => x - y);
  expect(codes).toEqual([200, 409, 409, 409, 409]);
  const task = await json<{ people: number }>(world.get(`/v1/tasks/${opened[0]}`));
  expect(task.people).toBe(1);
});

interface Imported {
  readonly plan: string;
  readonly isDone: boolean;
  readonly answers: number;
  readonly known: number;
  readonly problems: readonly { readonly place: string; readonly message: string }[];
}

test('an import is tried first, done by its plan, and counted like any other answer', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0), moment(1)]);
  const image = (id: string | undefined, name: string) =>
    `<image id="0" name="${id}/1.jpg" width="1" height="1"><tag label="${name}"/></image>`;
  const content =
    '<annotations><version>1.1</version>' +
    `${image(opened[0], 'left')}${image(opened[1], 'lefft')}</annotations>`;
  const asked = { format: 'cvat', content, annotator: 'vendor' };
  const tried = await json<Imported>(world.post('/v1/labels:import', asked));
  expect(tried).toMatchObject({
    isDone: false,
    answers: 1,
    problems: [{ message: '"lefft" is no class of wall. Did you mean "left"?' }],
  });
  const untried = { ...asked, dryRun: false };
  expect(await problem(world.post('/v1/labels:import', untried))).toMatchObject({ status: 400 });
  const other = { ...untried, plan: sha256Hex('another') };
  expect(await problem(world.post('/v1/labels:import', other))).toMatchObject({ status: 409 });
  const done = { ...untried, plan: tried.plan };
  expect(await json(world.post('/v1/labels:import', done))).toMatchObject({ isDone: true });
  const again = await json<Imported>(world.post('/v1/labels:import', asked));
  expect(again).toMatchObject({ answers: 0, known: 1 });
  const task = await json<{ people: number }>(world.get(`/v1/tasks/${opened[0]}`));
  expect(task.people).toBe(1);
  const size = 'width=640&height=480';
  const out = await json<{ labels: number; content: string }>(
    world.get(`/v1/labels/export?format=label_studio&ontology=wall&${size}`),
  );
  expect(out).toMatchObject({ labels: 0, content: '[]\n' });
});

test('an import counts one answer of each person, and none of an image that nobody tagged', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0), moment(1)]);
  const said = (by: unknown, name: string) => ({
    completed_by: by,
    result: [{ type: 'choices', from_name: 'class', value: { choices: [name] } }],
  });
  const people = [{ email: 'a@example.org' }, { email: 'b@example.org' }];
  const annotations = [...people.map((one) => said(one, 'left')), said(people[0], 'right')];
  const content = JSON.stringify([{ data: { task: opened[0] }, annotations }]);
  const asked = { format: 'label_studio', content, annotator: 'vendor' };
  const tried = await json<Imported>(world.post('/v1/labels:import', asked));
  expect(tried).toMatchObject({
    answers: 2,
    problems: [
      {
        place: '/0/annotations/2',
        message: 'import:vendor/a@example.org answered it before',
      },
    ],
  });
  const done = { ...asked, dryRun: false, plan: tried.plan };
  expect(await json(world.post('/v1/labels:import', done))).toMatchObject({ isDone: true });
  const image = `<image id="0" name="${opened[1]}/1.jpg" width="1" height="1"/>`;
  const cvat = `<annotations><version>1.1</version>${image}</annotations>`;
  const empty = { format: 'cvat', content: cvat, annotator: 'vendor' };
  expect(await json<object>(world.post('/v1/labels:import', empty))).toMatchObject({
    answers: 0,
    problems: [],
    dropped: [{ what: 'image without a tag', n: 1 }],
  });
});

test('gold is made of a task by hand, retired, and an annotator is edited with If-Match', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await json(world.post('/v1/ontologies', sampleOntology));
  const { opened } = await openSome(world, [moment(0)]);
  const task = opened[0];
  expect(await problem(world.post('/v1/goldQuestions', { task }))).toMatchObject({ status: 400 });
  const wrong = { task, value: { class: 'up' } };
  expect(await problem(world.post('/v1/goldQuestions', wrong))).toMatchObject({ status: 400 });
  const made = { task, value: { class: 'left' } };
  const gold = await json<{ id: string }>(world.post('/v1/goldQuestions', made));
  expect((await world.post('/v1/goldQuestions', made)).status).toBe(409);
  const retired = await json<object>(world.post(`/v1/goldQuestions/${gold.id}:retire`));
  expect(retired).toMatchObject({ retired: true });
  const a = await annotator(world, 'ann');
  await json(a.post('/v1/tasks:next'));
  const [who] = (await json<{ items: readonly { id: string }[] }>(world.get('/v1/annotators')))
    .items;
  const path = `/v1/annotators/${who?.id}`;
  const edited = await json<object>(
    world.patch(path, { senior: true, skills: ['wall'] }, { 'if-match': '"1"' }),
  );
  expect(edited).toMatchObject({ senior: true, skills: ['wall'], version: 2 });
  const late = await world.patch(path, { senior: false }, { 'if-match': '"1"' });
  expect(late.status).toBe(412);
  await json(world.post(`${path}:pause`, { reason: 'on leave' }));
  expect(await problem(a.post('/v1/tasks:next'))).toMatchObject({
    status: 403,
    detail: 'you are given no tasks for now: on leave',
  });
  await json(world.post(`${path}:resume`));
  expect((await json<GivenJson>(a.post('/v1/tasks:next'))).items).toHaveLength(1);
});
