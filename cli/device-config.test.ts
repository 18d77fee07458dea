/**
 * Goal: what a device should have and what it runs never look unlike when they are the same.
 * Method: command lines as typed, against a real API over HTTP with a real SQLite file.
 */
import { openApiWorld } from '@fieldloop/cloud/sample';
import { expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

const sha = (digit: string): string => digit.repeat(64);

test('rules in sync beside a shadow show the digest that runs; others show both', async () => {
  await using world = await openApiWorld();
  const { id } = await world.db
    .selectFrom('device')
    .select('id')
    .where('name', '=', 'amr-01')
    .executeTakeFirstOrThrow();
  const of = { device_id: id, section: 'rules' };
  const wanted = { active: { digest: sha('a') }, shadow: { digest: sha('b') } };
  await world.db
    .insertInto('desired')
    .values({
      ...of,
      generation: 1,
      digest: sha('c'),
      document: JSON.stringify(wanted),
      updated_at: 1,
    })
    .execute();
  const config = async (running: object): Promise<string> => {
    const document = JSON.stringify(running);
    await world.db.deleteFrom('device_report').execute();
    await world.db
      .insertInto('device_report')
      .values({ ...of, digest: sha('a'), document, at: 2 })
      .execute();
    const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key, HOME: '/nowhere' };
    const io = sampleIo({ cwd: '/nowhere', columns: 0, env });
    expect(await runCli(['devices', 'config', 'amr-01'], io), io.written.err).toBe(0);
    return io.written.out;
  };
  const same = await config({ digest: sha('a'), shadow: { digest: sha('b') } });
  expect(same).toMatch(/^state +in_sync since /m);
  expect(same).toMatch(/^runs +a{12}$/m);
  expect(same).not.toContain('cccc');
  const other = await config({ digest: sha('a') });
  expect(other).toMatch(/^state +pending since /m);
  expect(other).toMatch(/^wanted +c{12}$/m);
});
