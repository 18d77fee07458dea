/**
 * Goal: a database server that is missing, full, closed to us or gone is told of with its place and
 * what to do, and the same connection goes on when it is back.
 * Method: a real server that is stopped, crashed and started again.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { openDatabase } from './database.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres.ts';
import { postgresPlace } from './postgres-fault.ts';
import { noPostgres } from './postgres.sample.ts';
import { type PostgresServer, startPostgres } from './postgres-server.sample.ts';

describe.skipIf(noPostgres)('a server that fails (needs apt-get install postgresql)', () => {
  let postgres: PostgresServer;
  const owner = 'owner:secret';
  beforeAll(async () => {
    postgres = await startPostgres();
    const admin = openPostgres(postgres.url('postgres'), { connections: 1 });
    for (const statement of [
      "create role owner login password 'secret'",
      "create role few login password 'secret' connection limit 1",
      'create database fleet owner owner',
      "create database latin encoding 'LATIN1' locale 'C' template template0",
    ]) {
      await sql.raw(statement).execute(admin);
    }
    await admin.destroy();
  });
  afterAll(async () => await postgres[Symbol.asyncDispose]());

  const outcome = async (db: Db): Promise<unknown> =>
    await sql`select 1`.execute(db).then(
      () => undefined,
      (error: unknown) => error,
    );

  test.each([
    ['a wrong password', 'fleet owner:wrong', /refused the user or the password/, /pg_hba/],
    ['an unknown user', 'fleet nobody:wrong', /refused the user or the password/, /pg_hba/],
    ['a database that is not there', `flet ${owner}`, /the database is not there/, /createdb/],
  ])('%s is said with its remedy, without the password', async (_, where, says, remedy) => {
    const [name = '', user] = where.split(' ');
    const db = openPostgres(postgres.url(name, user));
    const error = await outcome(db);
    await db.destroy();
    expect(error).toMatchObject({
      code: 'unavailable',
      place: `127.0.0.1:${postgres.port}/${name}`,
      message: expect.stringMatching(says),
      remedy: expect.stringMatching(remedy),
    });
    expect(JSON.stringify(error)).not.toContain('wrong');
  });

  test('too many connections are said, and their end is noticed', async () => {
    const url = postgres.url('fleet', 'few:secret');
    const holder = openPostgres(url);
    const other = openPostgres(url);
    await holder.connection().execute(async (one) => {
      await sql`select 1`.execute(one);
      expect(await outcome(other)).toMatchObject({
        code: 'unavailable',
        message: 'the database takes no more connections',
        remedy: expect.stringContaining('max_connections'),
      });
    });
    await holder.destroy();
    await expect.poll(async () => await outcome(other), { timeout: 20_000 }).toBeUndefined();
    await other.destroy();
  });

  test.each(['fast', 'immediate'] as const)(
    'a stop that is %s in the middle of a transaction undoes it; after the restart all goes on',
    async (how) => {
      const db = openPostgres(postgres.url('fleet', owner));
      await migrate(db, { now: () => 1 });
      const name = `amr-${how}`;
      const broken = db.transaction().execute(async (trx) => {
        await deviceStore(trx).create({ id: `dev_${how}`, name, at: 1 });
        await postgres.stop(how);
        await deviceStore(trx).get(name);
      });
      await expect(broken).rejects.toMatchObject({
        code: 'unavailable',
        remedy: expect.stringContaining('Try again'),
      });
      await expect(deviceStore(db).get(name)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('cannot be reached'),
        remedy: expect.stringContaining('PostgreSQL runs'),
      });
      await postgres.start();
      expect(await deviceStore(db).get(name)).toBeUndefined();
      expect(await deviceStore(db).create({ id: `dev_${how}`, name, at: 1 })).toBe(true);
      await db.destroy();
    },
  );

  test('idle connections that the server ended are replaced unseen', async () => {
    const db = openPostgres(postgres.url('fleet', owner));
    await sql`select 1`.execute(db);
    await postgres.stop('fast');
    await postgres.start();
    await expect.poll(async () => await outcome(db), { timeout: 20_000 }).toBeUndefined();
    await db.destroy();
  });

  test('a database of another encoding is refused', async () => {
    const address = { kind: 'postgres', url: postgres.url('latin') } as const;
    const opening = openDatabase(address, { clock: systemClock, log: silentLog });
    await expect(opening).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the database keeps texts as LATIN1',
    });
  });

  test('the database of an owner opens as one writer and readers', async () => {
    const address = { kind: 'postgres', url: postgres.url('fleet', owner) } as const;
    await using database = await openDatabase(address, { clock: systemClock, log: silentLog });
    await migrate(database.write, { now: () => 1 });
    await deviceStore(database.write).create({ id: 'dev_1', name: 'amr-01', at: 1 });
    expect(await deviceStore(database.read).get('amr-01')).toMatchObject({ id: 'dev_1' });
    expect(database).toMatchObject({ kind: 'postgres', place: `127.0.0.1:${postgres.port}/fleet` });
  });
});

test('a place of a database names no password', () => {
  expect(postgresPlace('postgresql://u:p@db.example:6000/fleet')).toBe('db.example:6000/fleet');
  expect(postgresPlace('postgres:///fleet?host=/run/postgresql')).toBe(
    '/run/postgresql:5432/fleet',
  );
  expect(() => postgresPlace('mysql://u:p@db/fleet')).toThrow(
    expect.objectContaining({ code: 'invalid', message: expect.not.stringContaining(':p@') }),
  );
});
