/**
 * The last step: a retrained model becomes a release that two people approve, and a rollout brings
 * it to the robot, which says what it runs.
 */
import { Fault, sha256Hex } from '@fieldloop/core';
import { setName, signedOff } from './base.ts';
import { type Calls, openCalls } from './calls.ts';
import { awaited } from './delay.ts';
import type { SeedResult, Site } from './seed.ts';

/** What the robot reports as running, against the file that was released. */
export interface Brought {
  readonly device: string;
  readonly wanted: string;
  readonly reported: string;
}

/** Fault `conflict` when the evaluation does not pass: then it is not released. */
export async function bringOut(
  site: Site,
  seeds: readonly SeedResult[],
  seed: SeedResult,
): Promise<Brought> {
  const { calls } = site;
  const modelVersion = seed.models.badge;
  const evaluation = await evaluated(site, seeds, seed);
  const people = await Promise.all([
    person(site, { name: 'bob', role: 'engineer' }),
    person(site, { name: 'eve', role: 'release_manager' }),
  ]);
  const onnx = await artifact(site, { id: modelVersion, which: 'onnx', kind: 'onnx' });
  const document = await artifact(site, { id: modelVersion, which: 'document', kind: 'document' });
  const name = seed.device;
  const component = { name, kind: 'onnx-model', version: '1.0.0', artifact: onnx };
  const text = JSON.stringify({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name,
    version: '1.0.0',
    order: [name],
    components: [{ ...component, onnx: { document } }],
  });
  const made = await calls.post<{ readonly id: string; readonly digest: string }>('/v1/releases', {
    text,
  });
  const path = `/v1/releases/${made.id}`;
  await calls.post(`${path}:evaluate`, { evaluations: [evaluation] });
  const yes = { digest: made.digest, reason: 'better on the drives held out' };
  for (const one of people) await one.post(`${path}:approve`, yes);
  await people[1]?.post(`${path}:release`, {});
  await rollOut(calls, people, name);
  const reported = await awaited(`the report of ${name}`, async () => {
    const found = await runningOf(calls, name);
    return found === onnx.sha256 ? found : undefined;
  });
  return { device: name, wanted: onnx.sha256, reported };
}

/** On what the audit drew of every robot, in a data set where half of their drives are test. */
async function evaluated(
  { calls, imported, progress }: Site,
  seeds: readonly SeedResult[],
  seed: SeedResult,
): Promise<string> {
  const batches = [imported, ...seeds.map(({ device }) => `${device}/random`)];
  const { evaluation } = await calls.work<{ readonly evaluation: string }>('/v1/evaluations', {
    modelVersion: seed.models.badge,
    against: seed.baseModel,
    datasetVersion: await testVersion(calls, batches),
  });
  const { outcome, gates } = await calls.get<{
    readonly outcome: string;
    readonly gates: readonly {
      readonly name: string;
      readonly outcome: string;
      readonly reason: string;
    }[];
  }>(`/v1/evaluations/${evaluation}`);
  for (const { name, outcome: said, reason } of gates) progress(`${said} ${name}: ${reason}`);
  if (outcome === 'pass') return evaluation;
  throw new Fault('conflict', `the evaluation is ${outcome}`, {
    remedy: 'Its gates stand above; nothing is released.',
  });
}

const salts = 20;
/** Drives on which a calibration can be judged. */
const leastDrives = 10;

/** Half of the drives are test at most: another salt until these are enough. */
async function testVersion(calls: Calls, batches: readonly string[]): Promise<string> {
  for (let n = 0; n < salts; n += 1) {
    const name = `test-${n}`;
    await calls.post('/v1/datasets', {
      name,
      selection: { ontology: setName },
      splitRule: { salt: `${n}`, buckets: { test: 5000, calibration: 0 } },
      gates: { leakCosine: null, classMinimum: 0, testMinimum: 0 },
    });
    const version = await signedOff(calls, { name, batches });
    const items = await calls.bytes(`/v1/datasetVersions/${version}/items?split=test`);
    const lines = new TextDecoder().decode(items).split('\n').filter(Boolean);
    const drives = lines.map((line) => (JSON.parse(line) as { readonly group: string }).group);
    if (new Set(drives).size >= leastDrives) return version;
  }
  throw new Fault('conflict', `no salt of ${salts} makes ${leastDrives} drives test`, {
    remedy: 'The table is short for it: give more seeds with --seeds.',
  });
}

const password = 'a bench has no secrets 1';

/** An account that somebody opened, and their key. */
async function person(
  { calls, place }: Site,
  { name, role }: { readonly name: string; readonly role: string },
): Promise<Calls> {
  const email = `${name}@example.com`;
  const { link } = await calls.post<{ readonly link: { readonly token: string } }>('/v1/users', {
    email,
    name,
    role,
  });
  const nobody = openCalls(place.url, '');
  await nobody.post('/v1/links:redeem', { token: link.token, password });
  const login = { email, password, kind: 'token' };
  const { key } = await nobody.post<{ readonly key: string }>('/v1/login', login);
  return openCalls(place.url, key);
}

async function artifact(
  { calls }: Site,
  of: { readonly id: string; readonly which: 'onnx' | 'document'; readonly kind: string },
) {
  const bytes = await calls.bytes(`/v1/modelVersions/${of.id}/${of.which}`);
  const sha256 = sha256Hex(bytes);
  await calls.upload(`/v1/artifacts?sha256=${sha256}&kind=${of.kind}&name=${of.which}`, bytes);
  return { path: `model/${of.which}`, sha256, size: bytes.length };
}

interface Gate {
  readonly id: string;
  readonly kind: string;
}

async function rollOut(calls: Calls, people: readonly Calls[], name: string): Promise<void> {
  const text = JSON.stringify({
    apiVersion: 'fieldloop.rollout/v1',
    kind: 'Rollout',
    release: `${name}@1.0.0`,
    selector: `name:${name}`,
    control: { percent: 0, min: 0 },
    stages: [{ name: 'all', percent: 100, bake: '1s' }],
  });
  const [first = calls] = people;
  const dry = await first.post<{ readonly id: string; readonly digest: string }>(
    '/v1/rollouts:plan',
    { text },
  );
  await calls.post('/v1/rollouts', { text, id: dry.id, digest: dry.digest });
  const gate = await awaited('the gate of the plan', async () => {
    const { items } = await calls.get<{ readonly items: readonly Gate[] }>('/v1/gates?state=open');
    return items.find(({ kind }) => kind === 'rollout_plan');
  });
  for (const one of people) {
    await one.post(`/v1/gates/${gate.id}:decide`, { option: 'approve', reason: 'one robot' });
  }
}

interface Reported {
  readonly running: Readonly<
    Record<string, { readonly document: { readonly running?: object } } | undefined>
  >;
}

async function runningOf(calls: Calls, name: string): Promise<string | undefined> {
  const { running } = await calls.get<Reported>(`/v1/devices/${name}`);
  const models = running['models']?.document.running as
    | Readonly<Record<string, { readonly sha256: string } | undefined>>
    | undefined;
  return models?.[name]?.sha256;
}
