/**
 * Goal: whatever is done to the audit in the database, its check names the first wrong entry.
 * Method: properties over random chains and each kind of tampering, by who holds no signing key;
 * then the endpoints over a real database.
 */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { type Json, silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { signHead } from '../auth/audit-heads.ts';
import { auditKeyOf, signedBy } from '../auth/audit-key.ts';
import { openPeopleWorld, type PeopleWorld } from '../auth/people.sample.ts';
import {
  type AuditEntry,
  auditHash,
  auditStart,
  type NewAuditEntry,
  type SignedAuditHead,
  verifyChain,
} from './audit.ts';
import { type AuditEntryJson, auditEntryOf } from './json.ts';
import type { AuditVerdictJson } from './routes.ts';
import { auditStore } from './store.ts';

const key = auditKeyOf(generateKeyPairSync('ed25519').privateKey);
const signed = (head: SignedAuditHead): boolean => signedBy(key.publicKey, head);

function chainOf(contents: readonly NewAuditEntry[]): readonly AuditEntry[] {
  let prev = auditStart;
  return contents.map((content, i) => {
    const entry = { ...content, seq: i + 1, prev };
    prev = auditHash(entry);
    return { ...entry, hash: prev };
  });
}

function headsAt(
  chain: readonly AuditEntry[],
  places: readonly number[],
): readonly SignedAuditHead[] {
  const seqs = [...new Set(places.map((place) => 1 + (place % chain.length)))].toSorted(
    (a, b) => a - b,
  );
  return seqs.map((seq, i) =>
    key.sign({ seq, hash: chain[seq - 1]?.hash ?? '', at: seq, previous: seqs[i - 1] ?? 0 }),
  );
}

const document = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const content: fc.Arbitrary<NewAuditEntry> = fc
  .record(
    {
      at: fc.nat(),
      actor: fc.string({ maxLength: 12 }),
      via: fc.constantFrom('api', 'wire'),
      action: fc.string({ maxLength: 12 }),
      subject: fc.string({ maxLength: 12 }),
      detail: fc.dictionary(fc.string({ maxLength: 4 }), document, { maxKeys: 2 }),
      before: document,
      after: document,
      requestId: fc.string({ maxLength: 8 }),
      ip: fc.ipV4(),
    },
    { requiredKeys: ['at', 'actor', 'via', 'action', 'subject'] },
  )
  .map((one) => JSON.parse(JSON.stringify(one)) as NewAuditEntry);

const world = fc.record({
  contents: fc.array(content, { minLength: 2, maxLength: 12 }),
  places: fc.array(fc.nat(), { maxLength: 3 }),
  pick: fc.nat(),
});

test('a chain as it was written holds, in one piece and in two', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ contents, places, pick }) => {
      const chain = chainOf(contents);
      const heads = headsAt(chain, places);
      const whole = await verifyChain(chain, { heads, signed });
      expect(whole).toEqual({
        entries: chain.length,
        head: { seq: chain.length, hash: chain.at(-1)?.hash },
        heads: heads.length,
      });
      const cut = pick % chain.length;
      const first = await verifyChain(chain.slice(0, cut));
      const rest = await verifyChain(chain.slice(cut), { start: first.head });
      expect([first.entries + rest.entries, rest.head]).toEqual([chain.length, whole.head]);
    }),
  );
});

test('a changed field is found at its entry', async () => {
  const fields = ['at', 'actor', 'via', 'action', 'subject', 'detail', 'before', 'after'] as const;
  const change = fc.record({
    field: fc.constantFrom(...fields, 'requestId', 'ip'),
    value: document,
  });
  await fc.assert(
    fc.asyncProperty(world, change, async ({ contents, pick }, { field, value }) => {
      const chain = chainOf(contents);
      const at = pick % chain.length;
      const one = chain[at] as AuditEntry;
      fc.pre(JSON.stringify(one[field] ?? null) !== JSON.stringify(value));
      // No detail and an empty one are the same entry.
      const empty = (detail: unknown): boolean => JSON.stringify(detail ?? {}) === '{}';
      fc.pre(!(field === 'detail' && empty(value) && empty(one.detail)));
      fc.pre(!(value === null && field === 'requestId'));
      const bad = { ...one, [field]: value } as AuditEntry;
      const found = await verifyChain(chain.with(at, bad));
      expect(found.broken).toMatchObject({ seq: at + 1, what: 'changed' });
      expect(found.entries).toBe(at);
    }),
  );
});

test('a missing entry is found where it was', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ contents, pick }) => {
      const chain = chainOf(contents);
      const at = pick % (chain.length - 1);
      const found = await verifyChain(chain.toSpliced(at, 1));
      expect(found.broken).toMatchObject({ seq: at + 1, what: 'missing' });
    }),
  );
});

test('two entries that took each other’s place are found at the first', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.boolean(), async ({ contents, pick }, renumbered) => {
      const chain = chainOf(contents);
      const at = pick % (chain.length - 1);
      const [a, b] = [chain[at] as AuditEntry, chain[at + 1] as AuditEntry];
      fc.pre(
        JSON.stringify({ ...a, seq: 0, hash: '', prev: '' }) !==
          JSON.stringify({ ...b, seq: 0, hash: '', prev: '' }),
      );
      const swapped = renumbered
        ? [
            { ...b, seq: a.seq },
            { ...a, seq: b.seq },
          ]
        : [b, a];
      const found = await verifyChain(chain.toSpliced(at, 2, ...swapped));
      expect(found.broken?.seq).toBe(at + 1);
    }),
  );
});

test('a cut tail is found by the heads', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ contents, places, pick }) => {
      const chain = chainOf(contents);
      const heads = headsAt(chain, [...places, chain.length - 1]);
      const at = pick % chain.length;
      const found = await verifyChain(chain.slice(0, at), { heads, signed });
      expect(found.broken).toMatchObject({ seq: at + 1, what: 'cut_off' });
    }),
  );
});

test('a chain that was hashed anew from somewhere is found by the heads', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ contents, places, pick }) => {
      const chain = chainOf(contents);
      const heads = headsAt(chain, [...places, chain.length - 1]);
      const at = pick % chain.length;
      const changed = { ...(contents[at] as NewAuditEntry), actor: 'somebody else' };
      // Who can write the whole table can hash it anew, but cannot sign.
      const forged = chainOf(contents.with(at, changed));
      expect((await verifyChain(forged)).broken).toBeUndefined();
      const found = await verifyChain(forged, { heads, signed });
      const first = heads.find((head) => head.seq >= at + 1);
      expect(found.broken).toMatchObject({ seq: first?.seq, what: 'other_than_head' });
    }),
  );
});

test('heads that were forged or taken away are found', async () => {
  const other = auditKeyOf(generateKeyPairSync('ed25519').privateKey);
  await fc.assert(
    fc.asyncProperty(world, async ({ contents, pick }) => {
      const chain = chainOf(contents);
      const heads = headsAt(chain, [0, chain.length - 1]);
      const at = pick % heads.length;
      const one = heads[at] as SignedAuditHead;
      const forged = [
        { ...one, hash: 'f'.repeat(64) },
        { ...one, at: one.at + 1 },
        other.sign(one),
        { ...other.sign(one), keySha256: one.keySha256 },
      ];
      for (const head of forged) {
        const found = await verifyChain(chain, { heads: heads.with(at, head), signed });
        expect(found.broken).toMatchObject({ seq: one.seq, what: 'head_signature' });
      }
      const fewer = await verifyChain(chain, { heads: heads.slice(1), signed });
      expect(fewer.broken).toMatchObject({ seq: heads[0]?.seq, what: 'head_missing' });
    }),
    { numRuns: 30 },
  );
});

const sign = async ({ db, clock, auditKey }: PeopleWorld) =>
  await signHead({ write: db, clock, log: silentLog, key: auditKey });

const verify = async (of: PeopleWorld, body: object = {}): Promise<AuditVerdictJson> => {
  const response = await of.send('POST', '/v1/audit:verify', { key: of.key, body });
  expect(response.status).toBe(200);
  return (await response.json()) as AuditVerdictJson;
};

test('the cloud verifies its own audit, and names what somebody did to the database', async () => {
  await using of = await openPeopleWorld();
  const ada = await of.person('ada', 'admin');
  for (let n = 0; n < 5; n += 1) await of.browser().login('ada@example.com');
  expect(await sign(of)).toMatchObject({ seq: 6, previous: 0 });
  expect(await sign(of)).toBeUndefined();
  await of.browser().login('ada@example.com');
  expect(await sign(of)).toMatchObject({ seq: 7, previous: 6 });
  const good = await verify(of);
  expect(good).toMatchObject({ ok: true, entries: 7, heads: 2, ownHeads: 2, head: { seq: 7 } });
  expect(await verify(of, { start: { seq: 0, hash: auditStart }, known: good.head })).toEqual(good);
  await of.db
    .updateTable('audit')
    .set({ subject: 'usr_x' })
    .where('subject', '=', ada.id)
    .where('seq', '=', 3n)
    .execute();
  expect(await verify(of)).toMatchObject({ ok: false, broken: { seq: 3, what: 'changed' } });
  await of.db.updateTable('audit').set({ subject: ada.id }).where('seq', '=', 3n).execute();
  expect((await verify(of)).ok).toBe(true);
  await of.db.deleteFrom('audit').where('seq', '>', 4n).execute();
  expect(await verify(of)).toMatchObject({ ok: false, broken: { seq: 5, what: 'cut_off' } });
  await of.db.deleteFrom('audit_head').execute();
  expect((await verify(of)).ok).toBe(true);
  const noted = await of.send('POST', '/v1/audit:verify', {
    key: of.key,
    body: { known: good.head },
  });
  expect(noted.status).toBe(422);
});

test('a copy of the audit is verified without the cloud', async () => {
  await using of = await openPeopleWorld();
  await of.person('ada', 'admin');
  await of.browser().login('ada@example.com');
  await sign(of);
  const text = await (await of.send('GET', '/v1/audit/export', { key: of.key })).text();
  type Line = { entry?: AuditEntryJson; head?: SignedAuditHead; key?: string };
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const entries = lines.flatMap((line) =>
    line.entry === undefined ? [] : [auditEntryOf(line.entry)],
  );
  const heads = lines.flatMap((line) => line.head ?? []);
  const [publicKey = ''] = lines.flatMap((line) => line.key ?? []);
  expect(publicKey).toBe(of.auditKey.publicKey);
  const options = { heads, signed: (head: SignedAuditHead) => signedBy(publicKey, head) };
  expect(await verifyChain(entries, options)).toMatchObject({ entries: 2, heads: 1 });
  expect(await verifyChain(entries, options)).not.toHaveProperty('broken');
  const after = await (await of.send('GET', '/v1/audit/export?after=1', { key: of.key })).text();
  expect((JSON.parse(after.split('\n')[0] ?? '') as Line).entry?.seq).toBe(2);
});

test('the audit is searched by who, what and when', async () => {
  await using of = await openPeopleWorld();
  const ada = await of.person('ada', 'admin');
  for (let n = 0; n < 3; n += 1) {
    of.clock.advance(60_000);
    await of.browser().login('ada@example.com');
  }
  const seqs = async (query: string) => {
    const path = `/v1/audit?${new URLSearchParams(query).toString()}`;
    const page = (await (await of.send('GET', path, { key: of.key })).json()) as {
      items: AuditEntryJson[];
    };
    return page.items.map((entry) => entry.seq);
  };
  expect(await seqs('')).toEqual([4, 3, 2, 1]);
  expect(await seqs('sort=seq&limit=2')).toEqual([1, 2]);
  expect(await seqs(`q=actor = ${ada.id} and action:login.*`)).toEqual([4, 3, 2]);
  expect(await seqs('q=at > -90s and seq > 2')).toEqual([4, 3]);
  expect(await seqs('q=action = apiKey.create')).toEqual([1]);
});

test('a long chain is walked with few entries in memory', async () => {
  let made = 0;
  let prev = auditStart;
  async function* entries(): AsyncGenerator<AuditEntry> {
    for (let seq = 1; seq <= 20_000; seq += 1) {
      const entry = { at: seq, actor: 'a', via: 'api', action: 'b.c', subject: 'd', seq, prev };
      prev = auditHash(entry);
      made += 1;
      yield await Promise.resolve({ ...entry, hash: prev });
    }
  }
  expect(await verifyChain(entries())).toMatchObject({ entries: 20_000 });
  expect(made).toBe(20_000);
  await using of = await openPeopleWorld();
  for (let n = 0; n < 30; n += 1)
    await auditStore(of.db).add({ at: n, actor: 'a', via: 'api', action: 'b.c', subject: 'd' });
  const seen: number[] = [];
  for await (const entry of auditStore(of.db).walk(3, 9)) seen.push(entry.seq);
  expect(seen).toEqual([4, 5, 6, 7, 8, 9]);
});
