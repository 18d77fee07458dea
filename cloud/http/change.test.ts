/**
 * Goal: a create that is sent twice makes one thing, a change never overwrites another's, and
 * nobody asks faster than the rate.
 * Method: the real app with a small operation of each kind, requests at once, and other versions.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { putOutbox } from '../store/outbox.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { openApp } from './app.ts';
import type { Caller } from './caller.ts';
import { z } from './openapi.ts';
import { operation } from './operation.ts';
import { demandVersion } from './version.ts';

const noteSchema = z.object({ id: z.string(), text: z.string(), version: z.int() });
const id = 'nte_1';
const path = z.strictObject({ id: z.string() });

/** An app over a fresh database; notes are rows of the outbox. */
async function openNotes(rates = { perSecond: 1e6, burst: 1e6 }, clock = systemClock) {
  const world = await sqliteWorld();
  let note = { id, text: '', version: 0 };
  const callers: Readonly<Record<string, Caller>> = {
    ann: { kind: 'person', id: 'usr_ann', name: 'ann', scopes: ['*:write'] },
    bob: { kind: 'person', id: 'usr_bob', name: 'bob', scopes: ['*:write'] },
  };
  const doc = { tag: 'notes', summary: 'A note', right: 'any' } as const;
  const body = z.strictObject({ text: z.string() });
  const create = (secret: boolean) =>
    operation(
      {
        ...doc,
        id: secret ? 'createSecret' : 'createNote',
        method: 'post',
        path: secret ? '/v1/secrets' : '/v1/notes',
        secret,
      },
      { body, answer: { status: 201, description: 'It.', schema: noteSchema } },
      async (call) =>
        await call.change(async (trx) => {
          if (call.body.text === 'bad') throw new Error('a bug');
          const { text: subject } = call.body;
          await putOutbox(trx, { kind: 'clip.edited', subject, at: 1, body: {} });
          await call.audit(trx, { action: 'note.create', subject: id, after: call.body });
          note = { id, text: call.body.text, version: 1 };
          return note;
        }),
    );
  const operations = [
    create(false),
    create(true),
    operation(
      { ...doc, id: 'getNote', method: 'get', path: '/v1/notes/{id}' },
      { params: path, answer: { status: 200, description: 'It.', schema: noteSchema } },
      () => note,
    ),
    operation(
      { ...doc, id: 'patchNote', method: 'patch', path: '/v1/notes/{id}' },
      { params: path, body, answer: { status: 200, description: 'It.', schema: noteSchema } },
      (call) => {
        demandVersion(call, note);
        note = { ...note, text: call.body.text, version: note.version + 1 };
        return note;
      },
    ),
  ];
  const app = openApp({
    operations,
    version: '0',
    authenticate: async (request) =>
      await Promise.resolve(callers[request.headers.get('authorization') ?? '']),
    write: world.db,
    clock,
    ids: systemIds,
    log: silentLog,
    rates: { caller: rates, stranger: rates },
  });
  const send = async (
    method: string,
    target: string,
    parts: { readonly headers?: Readonly<Record<string, string>>; readonly body?: object } = {},
  ): Promise<Response> =>
    await app(
      new Request(`http://x${target}`, {
        method,
        headers: { authorization: 'ann', 'content-type': 'application/json', ...parts.headers },
        ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
      }),
    );
  const made = async (): Promise<readonly string[]> => {
    const rows = await world.db
      .selectFrom('outbox')
      .select('subject')
      .where('kind', '=', 'clip.edited')
      .orderBy('seq')
      .execute();
    return rows.map((row) => row.subject);
  };
  return {
    send,
    made,
    db: world.db,
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  };
}

const key = (text: string) => ({ 'idempotency-key': text });

test('the same create again gives the same answer and makes nothing', async () => {
  await using notes = await openNotes();
  const first = await notes.send('POST', '/v1/notes', { headers: key('k1'), body: { text: 'a' } });
  const again = await notes.send('POST', '/v1/notes', { headers: key('k1'), body: { text: 'a' } });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(await again.json()).toEqual(await first.json());
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await notes.made()).toEqual(['a']);
});

test('ten at once with one key make one', async () => {
  await using notes = await openNotes();
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const sent = { headers: key('k'), body: { text: 'b' } };
      return await notes.send('POST', '/v1/notes', sent);
    }),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 201));
  expect(await notes.made()).toEqual(['b']);
});

test('a key names one request of one caller; a failed one does not count', async () => {
  await using notes = await openNotes();
  const post = async (text: string, headers: Readonly<Record<string, string>>) =>
    (await notes.send('POST', '/v1/notes', { headers, body: { text } })).status;
  expect(await post('bad', key('k'))).toBe(500);
  expect(await post('a', key('k'))).toBe(201);
  expect(await post('b', key('k'))).toBe(422);
  expect(await post('b', { ...key('k'), authorization: 'bob' })).toBe(201);
  expect(await post('c', key('with space'))).toBe(400);
  expect(await post('c', {})).toBe(201);
  expect(await post('c', {})).toBe(201);
  expect(await notes.made()).toEqual(['a', 'b', 'c', 'c']);
});

test('what shows a secret once is not shown again, and is not kept', async () => {
  await using notes = await openNotes();
  const sent = { headers: key('k'), body: { text: 'hidden' } };
  expect((await notes.send('POST', '/v1/secrets', sent)).status).toBe(201);
  const again = await notes.send('POST', '/v1/secrets', sent);
  expect(again.status).toBe(409);
  const rows = await notes.db.selectFrom('idempotency').select('answer').execute();
  expect(rows).toEqual([{ answer: null }]);
});

test('a change needs the version that it is meant for', async () => {
  await using notes = await openNotes();
  await notes.send('POST', '/v1/notes', { body: { text: 'a' } });
  const read = await notes.send('GET', '/v1/notes/nte_1');
  const etag = read.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"1\.[0-9a-f]{12}"$/);
  const known = await notes.send('GET', '/v1/notes/nte_1', { headers: { 'if-none-match': etag } });
  expect(known.status).toBe(304);
  const patch = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await notes.send('PATCH', '/v1/notes/nte_1', { headers, body: { text: 'b' } })).status;
  expect(await patch({})).toBe(428);
  expect(await patch({ 'if-match': '1' })).toBe(400);
  expect(await patch({ 'if-match': etag })).toBe(200);
  expect(await patch({ 'if-match': etag })).toBe(412);
  expect(await patch({ 'if-match': '*' })).toBe(200);
  expect(await patch({ 'if-match': '"3"' })).toBe(200);
  const moved = { 'if-none-match': etag };
  expect((await notes.send('GET', '/v1/notes/nte_1', { headers: moved })).status).toBe(200);
});

test('a caller over the rate waits, others do not, and every answer tells what is left', async () => {
  let now = 0;
  const clock = { ...systemClock, monotonicMs: () => now };
  await using notes = await openNotes({ perSecond: 1, burst: 2 }, clock);
  const ask = async (who: string): Promise<Response> =>
    await notes.send('GET', '/v1/notes/nte_1', { headers: { authorization: who } });
  const first = await ask('ann');
  expect(first.headers.get('ratelimit-limit')).toBe('2');
  expect(first.headers.get('ratelimit-remaining')).toBe('1');
  expect((await ask('ann')).status).toBe(200);
  const over = await ask('ann');
  expect(over.status).toBe(429);
  expect(over.headers.get('retry-after')).toBe('1');
  expect(over.headers.get('ratelimit-reset')).toBe('2');
  expect((await ask('bob')).status).toBe(200);
  now += 1000;
  expect((await ask('ann')).status).toBe(200);
});

test('who is not let in is limited, and keeps nobody else from asking', async () => {
  const clock = { ...systemClock, monotonicMs: () => 0 };
  await using notes = await openNotes({ perSecond: 1, burst: 2 }, clock);
  const ask = async (authorization: string): Promise<Response> =>
    await notes.send('GET', '/v1/notes/nte_1', { headers: { authorization } });
  const first = await ask('eve');
  expect([first.status, first.headers.get('ratelimit-remaining')]).toEqual([401, '1']);
  expect((await ask('eve')).status).toBe(401);
  expect((await ask('eve')).status).toBe(429);
  expect((await ask('ann')).status).toBe(200);
});

test('what was done is in the audit chain with who, before and after', async () => {
  await using notes = await openNotes();
  const headers = { 'x-request-id': 'mine' };
  await notes.send('POST', '/v1/notes', { headers, body: { text: 'a' } });
  const row = await notes.db.selectFrom('audit').selectAll().executeTakeFirstOrThrow();
  const after_json = '{"text":"a"}';
  expect(row).toMatchObject({
    actor: 'usr_ann',
    action: 'note.create',
    after_json,
    request_id: 'mine',
  });
});
