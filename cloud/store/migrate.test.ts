/**
 * Goal: a database of every released version comes forward with all its rows, once, whoever starts
 * at the same time; what a newer cloud made is left alone.
 * Method: rows of that time in plain SQL on both databases, read by today's stores afterwards; real
 * processes that start together.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { auditHash } from '../audit/audit.ts';
import { auditStore } from '../audit/store.ts';
import { certificateStore } from '../auth/certificates.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { eventStore } from '../event/store.ts';
import { loadLane } from '../ingest/rows.ts';
import { hasStored } from '../ingest/transfer-rows.ts';
import { apiKeyStore } from '../key/store.ts';
import { sessionStore } from '../session/store.ts';
import { claimTokenStore } from '../token/store.ts';
import type { DatabaseAddress } from './database.ts';
import { openWriteConnection } from './database.ts';
import type { Db } from './db.ts';
import { firstClip, nounRows, putFirstRows, wireRows } from './first-rows.sample.ts';
import { sql } from './kysely.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/list.ts';
import { emptyPostgres, noPostgres } from './postgres.sample.ts';
import { tablesOf } from './tables.ts';
import { outboxAfter } from './tail.ts';

interface World extends AsyncDisposable {
  readonly address: DatabaseAddress;
  readonly db: Db;
}

async function sqlite(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-migrate-'));
  const address = { kind: 'sqlite', path: join(folder, 'cloud.db') } as const;
  return opened(address, async () => await rm(folder, { recursive: true }));
}

const postgres = async (): Promise<World> =>
  opened({ kind: 'postgres', url: await emptyPostgres() }, async () => undefined);

function opened(address: DatabaseAddress, after: () => Promise<void>): World {
  const db = openWriteConnection(address);
  return {
    address,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await after();
    },
  };
}

const now = (): number => 1;

describe('on SQLite', () => {
  forwardSuite(sqlite);
});
describe.skipIf(noPostgres)('on PostgreSQL (needs apt-get install postgresql)', () => {
  forwardSuite(postgres);
});

/** What a step may change in rows of before: table to columns. */
const changed: Readonly<Record<string, readonly string[]>> = { api_key: ['scopes'] };

async function rowsOf(db: Db, columns: Columns): Promise<unknown> {
  const rows: Record<string, unknown> = {};
  for (const [table, names] of columns) {
    const list = sql.join(names.map((name) => sql.ref(name)));
    const found = sql`select ${list} from ${sql.table(table)} order by ${list}`;
    rows[table] = (await found.execute(db)).rows;
  }
  return rows;
}

type Columns = readonly (readonly [string, readonly string[]])[];

async function columnsNow(db: Db): Promise<Columns> {
  const tables = await tablesOf(db);
  return tables.map(({ name, columns }) => [
    name,
    columns.map((column) => column.name).filter((one) => changed[name]?.includes(one) !== true),
  ]);
}

function forwardSuite(open: () => Promise<World>): void {
  test.each([
    ['0001-nouns', nounRows],
    ['0002-wire', { ...nounRows, ...wireRows }],
  ])('a database of %s comes forward with every row of every table', async (step, rows) => {
    await using world = await open();
    const { db } = world;
    const count = migrations.findIndex((one) => one.name === step) + 1;
    await migrate(db, { now, steps: migrations.slice(0, count) });
    await putFirstRows(db, rows);
    const columns = await columnsNow(db);
    expect(columns.map(([table]) => table)).toEqual(Object.keys(rows).toSorted());
    const before = await rowsOf(db, columns);
    const later = migrations.slice(count).map((one) => one.name);
    expect(await migrate(db, { now })).toEqual(later);
    expect(await rowsOf(db, columns)).toEqual(before);
    expect(await migrate(db, { now })).toEqual([]);
  });

  test('the stores of today read the rows of the first version', async () => {
    await using world = await open();
    const { db } = world;
    await migrate(db, { now, steps: migrations.slice(0, 2) });
    await putFirstRows(db, { ...nounRows, ...wireRows });
    await migrate(db, { now });
    expect(await deviceStore(db).get('amr-01')).toMatchObject({
      site: 'halle-3 äöü 机器人',
      presence: { online: true },
      running: { agent: { document: { text: 'a\u0000b \ud800' } } },
    });
    expect(await clipStore(db).get(firstClip.id)).toMatchObject({
      device: 'amr-01',
      state: 'stored',
      manifest: firstClip.manifest,
    });
    expect(await eventStore(db).get('evt_2')).toMatchObject({ atNs: -(2n ** 63n), values: {} });
    expect(await sessionStore(db).get('ses_1')).toMatchObject({ clips: 1, version: 3 });
    expect(await claimTokenStore(db).get('tok_1')).toMatchObject({ deviceName: 'amr-01' });
    expect(await apiKeyStore(db).get('key_1')).toMatchObject({ scopes: ['*:read', '*:admin'] });
    const entries = await auditStore(db).list(0, 10);
    expect(entries).toHaveLength(2);
    for (const { hash, ...entry } of entries) expect(auditHash(entry)).toBe(hash);
    expect(await certificateStore(db).get('1'.repeat(64))).toMatchObject({ state: 'active' });
    const key = { device: 'amr-01', lane: 'events', origin: 2n ** 64n - 5n } as const;
    expect(await loadLane(db, key)).toEqual({ through: 7n, ranges: [{ from: 9n, to: 10n }] });
    expect(await hasStored(db, 'amr-01', firstClip.manifest.sha256)).toBe(true);
    expect(await outboxAfter(db, 0n)).toMatchObject([
      { seq: 1n, kind: 'clip.known' },
      { seq: 2n, kind: 'clip.stored' },
    ]);
  });

  test('a database of a newer cloud is refused and not touched', async () => {
    await using world = await open();
    const { db } = world;
    await migrate(db, { now, steps: migrations.slice(0, 2) });
    await sql`insert into migration (name, at) values ('9999-later', 3)`.execute(db);
    await expect(migrate(db, { now })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the database has the step "9999-later" that this cloud lacks',
      remedy: expect.stringContaining('newer'),
    });
    expect(await tablesOf(db)).toHaveLength(Object.keys({ ...nounRows, ...wireRows }).length);
  });

  test('a step that fails leaves the database as it was', async () => {
    await using world = await open();
    const statements = ['create table a (x integer) strict', 'insert into nowhere values (1)'];
    const failing = migrate(world.db, { now, steps: [{ name: '0001', statements }] });
    await expect(failing).rejects.toThrow(/nowhere/);
    expect(await tablesOf(world.db)).toEqual([]);
    expect(await migrate(world.db, { now })).toHaveLength(migrations.length);
  });

  test('of processes that start together one migrates, and the others find it done', async () => {
    await using world = await open();
    const all = migrations.map((one) => one.name);
    const children = Array.from({ length: 3 }, () => startProcess(world.address));
    try {
      for (const { lines } of children) expect((await lines.next()).value).toBe('open');
      for (const { child } of children) child.stdin?.write('go\n');
      const ran: string[][] = [];
      for (const { lines, errors } of children) {
        const said = await lines.next();
        expect(said.done, errors.join('')).not.toBe(true);
        ran.push(JSON.parse(String(said.value)) as string[]);
      }
      expect(ran.toSorted((a, b) => b.length - a.length)).toEqual([all, [], []]);
    } finally {
      await Promise.all(children.map(async ({ child }) => await ended(child)));
    }
    expect(await migrate(world.db, { now })).toEqual([]);
  });
}

const program = fileURLToPath(new URL('migrate-process.sample.ts', import.meta.url));

function startProcess(address: DatabaseAddress) {
  const child = spawn(process.execPath, [program, JSON.stringify(address)], { stdio: 'pipe' });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void errors.push(text));
  return { child, errors, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.stdin?.end();
  await once(child, 'exit');
}
