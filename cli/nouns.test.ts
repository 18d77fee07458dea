/**
 * Goal: what an operator does with each noun works, and says what came of it.
 * Method: command lines as typed against one real API with its worker, in the order of a shift.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiWorld, openApiWorld, sampleDrive, sampleRecording } from '@fieldloop/cloud/sample';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliIo } from './io.ts';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let folder = '';
let clip = '';
beforeAll(async () => {
  world = await openApiWorld({ worker: true });
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-nouns-'));
  await world.putClip(1, { severity: 'critical', bytes: await sampleRecording(sampleDrive()) });
  await world.putClip(2, { device: 'amr-02' });
  clip =
    (await run('clips list --state stored --fields id -o ndjson')).out.match(/clp_\w+/)?.[0] ?? '';
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Words in single quotes stay together. */
async function run(line: string, over: Partial<CliIo> = {}): Promise<Ran> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key, HOME: folder };
  const io = sampleIo({ cwd: folder, env, ...over });
  const code = await runCli(words, io);
  return { code, ...io.written };
}

/** What a command that must work wrote. */
async function done(line: string): Promise<string> {
  const ran = await run(line);
  expect({ line, code: ran.code, err: ran.code === 0 ? '' : ran.err }).toMatchObject({ code: 0 });
  return ran.out;
}

const idIn = (text: string, prefix: string): string =>
  new RegExp(`${prefix}_[0-9A-Z]{26}`).exec(text)?.[0] ?? `no ${prefix} in ${text}`;

test('a saved query is made, used by its name, changed and forgotten', async () => {
  const made = await done(`queries create night --for clips --q 'severity=critical' --note x`);
  expect(made).toContain('next: fieldloop clips list --saved night');
  expect(await done('clips list --saved night -o ndjson')).toContain(clip);
  const id = idIn(made, 'qry');
  expect(await done(`queries edit ${id} --q severity=info --private`)).toMatch(/shared +no/);
  expect((await run('clips list --saved night')).err).toBe('no clips match\n');
  expect(await done('queries list --for clips')).toMatch(/night +clips +severity=info/);
  expect((await run('clips list --count exact --limit 1')).err).toBe(
    '2 in all\nthe first 1; --all or --limit shows more\n',
  );
  expect((await run(`queries delete ${id} --yes`)).code).toBe(0);
  expect((await run('clips list --saved night')).code).toBe(4);
  expect(await done('queries fields clips')).toMatch(/^severity +text .*critical warning info/m);
});

test('a command that waits is listed, found and taken back; stopping to wait says how to go on', async () => {
  const asked = await done('devices command amr-01 ping --expires 10m');
  const id = idIn(asked, 'cmd');
  expect(asked).toContain(`next: fieldloop commands wait ${id}`);
  expect(await done('commands list --state queued --device amr-01')).toContain(id);
  const stopped = await run(`commands wait ${id}`, {
    stopRequested: async () => await Promise.resolve(),
  });
  expect(stopped).toMatchObject({ code: 130, out: '' });
  expect(stopped.err).toContain(
    `the command goes on. \`fieldloop commands wait ${id}\` waits again.`,
  );
  expect(await done(`commands cancel ${id}`)).toMatch(/state +cancelled/);
  const over = await run(`commands wait ${id}`);
  expect(over).toMatchObject({ code: 5 });
  expect(over.err).toContain('ping to amr-01 is cancelled');
});

test('a property is defined before it is set, and asked for at a moment', async () => {
  const early = await run('devices edit amr-01 --set payload=12');
  expect(early).toMatchObject({ code: 2 });
  expect(early.err).toContain(
    '--set: the property "payload" is not defined. Define it first with `fieldloop properties create`',
  );
  await done('properties create payload --kind number --unit kg');
  await done('devices edit amr-01 --set payload=12 --site hall-2 --rate /scan=10');
  expect(await done('properties list')).toMatch(/payload +number +kg +any/);
  await done('properties edit payload --allow 12 24');
  expect(await done('properties get payload')).toMatch(/allowed +12, 24/);
  expect((await run('devices edit amr-01 --set payload=13')).code).toBe(2);
  expect(await done('devices properties amr-01 --name payload --at now')).toMatch(/payload +12/);
  expect((await run('devices properties amr-01 --name payload --at -30d')).err).toContain(
    'no value of it',
  );
});

test('many robots are suspended by query, first as a try, and resumed', async () => {
  expect(await done('devices suspend --q name:amr-* --dry-run')).toBe('2 of 2 would change\n');
  expect(await done('devices suspend amr-01')).toMatch(/state +suspended/);
  expect(await done('devices suspend amr-01 amr-02')).toBe('1 of 2 changed, 1 is so already\n');
  const some = await run('devices resume amr-01 amr-02 amr-99');
  expect(some).toMatchObject({ code: 5 });
  expect(some.out).toMatch(/2 of 3 changed[\s\S]*amr-99 +no +there is no device/);
  expect((await run('devices revoke amr-02')).err).toContain('add --yes');
  await done('cohorts create hall --q site=hall-2');
  expect(await done('cohorts devices hall')).toContain('amr-01');
});

test('events come from a file once, and a wrong line is named', async () => {
  const file = join(folder, 'events.ndjson');
  const row = (n: number) => ({
    device: 'amr-01',
    name: 'door',
    atNs: `171717171${n}000000000`,
    externalId: `e${n}`,
  });
  await writeFile(file, `${[1, 2, 3].map((n) => JSON.stringify(row(n))).join('\n\n')}\n`);
  expect(await done(`events import ${file}`)).toBe('3 written, 0 known before\n');
  expect(await done(`events import ${file}`)).toBe('0 written, 3 known before\n');
  await writeFile(
    file,
    `${JSON.stringify(row(4))}\n\n${JSON.stringify({ ...row(5), atNs: 'soon' })}\n`,
  );
  const wrong = await run(`events import ${file}`);
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.err).toContain(`${file}:3: the value is not a log time`);
  expect(await done('devices events amr-01 -o ndjson')).not.toContain('e4');
});

test('a kind of events asks for data, and its events can be failures', async () => {
  const schema = '{"type":"object","properties":{"g":{"type":"number"}},"required":["g"]}';
  await done(
    `event-kinds create hit --shape triangle --colour #cc3311 --failure --schema '${schema}'`,
  );
  expect(await done('event-kinds list')).toMatch(/hit +triangle +#cc3311 +yes/);
  expect((await run('events create hit --device amr-01 --at -5m')).code).toBe(2);
  expect(await done(`events create hit --device amr-01 --at -5m --data '{"g": 3.2}'`)).toMatch(
    /data +\{"g":3.2\}/,
  );
  await done('event-kinds edit hit --no-failure');
  expect(await done('event-kinds get hit')).toMatch(/failure +no/);
});

test('a failure goes from the log to a release, step by step', async () => {
  const logged = await done(
    `failures log amr-01 --at 2024-05-31T16:08:40Z --kind no_brake --did brake=false`,
  );
  const id = idIn(logged, 'flr');
  expect((await run(`failures advance ${id} --to labelled`)).code).not.toBe(0);
  expect(await done(`failures advance ${id} --to labelled --should 'brake for the cart'`)).toMatch(
    /state +labelled/,
  );
  expect(await done(`failures history ${id}`)).toMatch(/labelled/);
  expect(await done('failures list --state labelled -o ndjson')).toContain(id);
  expect(await done('failures counts')).toMatch(/labelled +1/);
});

test('parts of a clip: why, a cut of its recording, its spread', async () => {
  expect(await done(`clips why ${clip}`)).toMatch(/near-miss, critical[\s\S]*state +stored: /);
  const file = join(folder, 'odom.mcap');
  expect(await done(`clips download ${clip} --topic /odom -f ${file}`)).toBe(`${file}\n`);
  expect((await readFile(file)).subarray(1, 5).toString()).toBe('MCAP');
  expect((await run(`clips download ${clip} --topic /odom -f ${file}`)).code).toBe(5);
  expect((await run(`clips preview ${clip}`)).err).toContain('has 0 previews');
  expect(await done('clips facets --facet device --device amr-01')).toBe(
    'device\n  amr-01  1\n  amr-02  1\n',
  );
  expect(await done('clips histogram --field scores.classifier.entropy --bins 2')).toMatch(/█ 2$/m);
  expect(await done(`clips edit ${clip} --label cart`)).toMatch(/label +cart/);
  expect(await done(`clips get ${clip}`)).toMatch(/label +cart/);
});

test('a held clip is erased once another person approved; nothing to erase is not asked', async () => {
  await world.putClip(3, { bytes: new Uint8Array(30), device: 'amr-02' });
  const id = idIn(await done('clips list --state stored --device amr-02 -o ndjson'), 'clp');
  await done(`clips hold ${id} --reason 'accident 7'`);
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return await Promise.resolve('y');
  };
  const many = await run(`clips delete --q 'id=${id}'`, { ask });
  expect(many).toMatchObject({ code: 5 });
  expect(many.out).toMatch(/0 of 1 would change[\s\S]* no +.*held/);
  expect(questions).toEqual([]);
  const asks = await run(`clips delete ${id}`, { ask });
  expect(asks).toMatchObject({ code: 5, out: '' });
  expect(questions).toEqual([`Erase ${id}, which is held (accident 7)? [y/N] `]);
  const approval = idIn(asks.err, 'apr');
  expect(asks.err).toContain(`fieldloop approvals approve ${approval}`);
  expect(await done('approvals list')).toContain(approval);
  await world.db
    .updateTable('approval')
    .set({ state: 'approved', decided_by: 'usr_other', decided_at: Date.now() })
    .where('id', '=', approval)
    .execute();
  expect(await done(`clips delete ${id} --yes --reason 'case closed'`)).toBe(`${id} is erased\n`);
});

test('a key for a screen sees its cohort alone, and can be changed', async () => {
  const made = await run(
    'keys create --name screen --role viewer --cohort hall --expires-in-days 30',
  );
  const seen = await run('devices list -o ndjson', {
    env: { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: made.out.trim() },
  });
  expect(
    seen.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { name: string }).name),
  ).toEqual(['amr-01']);
  const id = idIn(made.err, 'key');
  expect(await done(`keys edit ${id} --every-cohort --name big-screen`)).toMatch(
    /big-screen[\s\S]*cohorts +all devices/,
  );
  expect((await run(`keys rotate ${id} --grace 1h`)).out).toMatch(/^flk_\S+\n$/);
});

test('a person joins by a link and changes the password', async () => {
  const link = (await done('users invite ada@example.com --name Ada --role engineer')).trim();
  const env = { FIELDLOOP_NEW_PASSWORD: 'correct horse battery staple', HOME: folder };
  const joined = await run(`join ${link}`, { env });
  expect(joined.out).toBe('ada@example.com is engineer here\n');
  expect(joined.err).toBe(`next: fieldloop login --url ${world.url} --email ada@example.com\n`);
  const home = { ...env, FIELDLOOP_PASSWORD: env.FIELDLOOP_NEW_PASSWORD };
  await run(`login --url ${world.url} --email ada@example.com`, { env: home });
  expect(
    await run('keys create --mine --name laptop --scope clips:read', { env: home }),
  ).toMatchObject({ code: 0 });
  expect((await run('keys list --mine', { env: home })).out).toContain('laptop');
  const changed = { ...home, FIELDLOOP_NEW_PASSWORD: 'another horse battery staple' };
  expect((await run('password', { env: changed })).out).toContain('is changed');
});

test('alerts are quiet for a time that is said from now on', async () => {
  const made = await done('silences create --device amr-01 --until 2h --reason workshop');
  expect(made).toMatch(/state +active[\s\S]*which +\S*amr-01|which +dev_/);
  const id = idIn(made, 'sil');
  expect(await done(`silences edit ${id} --until 1d --reason 'new wheels'`)).toContain(
    'new wheels',
  );
  expect((await run(`silences delete ${id} --yes`)).code).toBe(0);
});
