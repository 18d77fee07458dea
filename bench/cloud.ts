/**
 * The cloud under the rows of a large fleet, on SQLite and on PostgreSQL: 100,000 clips with 20
 * topics and 10 scores each and 1,000,000 events of a seeded generator, asked over HTTP in a
 * process of its own. Each figure stands against the limit that it must hold.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  bulkDevice,
  type DatabaseAddress,
  emptyPostgres,
  fillBulk,
  noPostgres,
  openDatabase,
  openWriter,
} from '@fieldloop/cloud/measure';
import { migrate } from '@fieldloop/cloud';
import { Fault, silentLog, uuidText } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type Running, startProgram } from '@fieldloop/e2e';
import { type EventRow, encodeEvents } from '@fieldloop/proto';
import { type Bench, median, type Row, row } from './report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const size = { devices: 200, clips: 100_000, events: 1_000_000 };

/** Of the page: p95 in ms, the ratio of two pages, seconds, rows a second, MB. */
const limits = {
  queryMs: 300,
  facetMs: 500,
  pageRatio: 1.5,
  streamMs: 250,
  startMs: 2000,
  rowsPerSecond: 20_000,
  memoryMB: 300,
} as const;

export const cloudBench: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const sqlite: DatabaseAddress = { kind: 'sqlite', path: join(folder, 'sqlite/cloud.db') };
  const rows = [
    await measureRows(join(folder, 'rows'), progress),
    ...(await measureDatabase(sqlite, join(folder, 'sqlite'), progress)),
  ];
  if (noPostgres !== undefined) {
    progress(`PostgreSQL is not measured: ${noPostgres}`);
    return rows;
  }
  const postgres: DatabaseAddress = { kind: 'postgres', url: await emptyPostgres() };
  return [...rows, ...(await measureDatabase(postgres, join(folder, 'postgres'), progress))];
};

type Progress = (text: string) => void;

async function measureDatabase(
  address: DatabaseAddress,
  folder: string,
  progress: Progress,
): Promise<readonly Row[]> {
  await fill(address, folder, progress);
  const name = address.kind;
  const starts: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    const started = performance.now();
    const cloud = await startApi(address, folder);
    starts.push(performance.now() - started);
    await cloud.running.stop(10_000);
  }
  progress(`${name}: ${starts.map((ms) => ms.toFixed(0)).join(', ')} ms to ready`);
  const cloud = await startApi(address, folder);
  try {
    const rows = [
      limit(`${name}: start to ready`, 'ms', median(starts), limits.startMs),
      await queries(cloud, name, progress),
      ...(await facets(cloud, name, progress)),
      await pages(cloud, name, progress),
      await stream(cloud, name, progress),
      memory(address, await memoryMB(cloud.running)),
    ];
    return rows;
  } finally {
    await cloud.running.stop(10_000);
  }
}

/** A figure that must stay below a limit: the ratio is limit over value. */
const limit = (figure: string, unit: string, value: number, most: number): Row =>
  row({ figure, unit, value, rival: most, ratio: most / value, atLeast: 1 });

async function fill(address: DatabaseAddress, folder: string, progress: Progress): Promise<void> {
  // The first start makes the folder and its key; the rows go in while nobody serves.
  const cloud = await startApi(address, folder);
  await cloud.running.stop(10_000);
  await using database = await openDatabase(address, { clock: systemClock, log: silentLog });
  const started = performance.now();
  let told = 0;
  await fillBulk(database.write, size, (rows) => {
    if (rows - told < 100_000) return;
    told = rows;
    progress(
      `${address.kind}: ${rows} rows, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  });
}

interface Api {
  readonly running: Running;
  readonly url: string;
  readonly key: string;
}

/** SQLite is for one process; on PostgreSQL the API has one of its own. */
const roleOf = ({ kind }: DatabaseAddress): string => (kind === 'sqlite' ? 'all' : 'api');

async function startApi(address: DatabaseAddress, folder: string): Promise<Api> {
  const at = ['--http', '127.0.0.1:0', '--broker', '127.0.0.1:0', '--enrol', '127.0.0.1:0'];
  const running = startProgram({
    name: 'cloud',
    args: [
      join(root, 'cli/bin/fieldloop.mjs'),
      'cloud',
      'run',
      '--data',
      folder,
      '--role',
      roleOf(address),
      '--log-level',
      'warn',
      ...at,
    ],
    cwd: root,
    logFile: `${folder}.log`,
    env: address.kind === 'postgres' ? { FIELDLOOP_DATABASE_URL: address.url } : {},
  });
  const { http } = JSON.parse(await running.ready) as { http: string };
  const key = (await readFile(join(folder, 'admin.key'), 'utf8')).trim();
  return { running, url: http, key };
}

async function ask(
  api: Api,
  path: string,
): Promise<{ readonly ms: number; readonly body: unknown }> {
  for (;;) {
    const started = performance.now();
    const response = await fetch(`${api.url}${path}`, {
      headers: { authorization: `Bearer ${api.key}` },
    });
    const body = await response.json();
    const ms = performance.now() - started;
    if (response.ok) return { ms, body };
    if (response.status !== 429) {
      throw new Fault(
        'unavailable',
        `${path} answered ${response.status}: ${JSON.stringify(body)}`,
      );
    }
    // Over the rate of one key: that is not what is measured.
    await delay(200);
  }
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

/** Queries of three conditions that find many, some and none, and lead by different indexes. */
const conditions: readonly string[] = [
  'severity=critical and rule=near-miss and scores.scorer_0.entropy>0.9',
  'tag=rain and state=stored and scores.scorer_3.max<0.1',
  `device=${bulkDevice(7)} and rule in (blocked, slip) and severity!=info`,
  'site=hall-2 and firmware:1.4* and scores.scorer_1.entropy=0.4..0.6',
  'topic=/sensor_3/data and severity=warning and tag=dock',
  'sizeBytes>50MB and class=critical and state=on_device',
  'rule=collision and firmware=1.5.0 and scores.scorer_4.max>=0.99',
  'why.values.vx>0.5 and severity=info and startNs<-1d and tag=new',
  'not tag:rain and rule=e-stop and scores.scorer_2.entropy>0.5',
  `device in (${bulkDevice(1)}, ${bulkDevice(2)}) and state=evicted and tag=human`,
];

const at = (q: string): string => `/v1/clips?limit=50&q=${encodeURIComponent(q)}`;
const rounds = 12;

async function queries(api: Api, name: string, progress: Progress): Promise<Row> {
  for (const q of conditions) await ask(api, at(q));
  const times: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    for (const q of conditions) times.push((await ask(api, at(q))).ms);
  }
  const p95 = percentile(times, 0.95);
  progress(`${name}: query p50 ${median(times).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
  return limit(`${name}: clip query of three conditions, p95`, 'ms', p95, limits.queryMs);
}

async function facets(api: Api, name: string, progress: Progress): Promise<readonly Row[]> {
  const some = ['', ...conditions.slice(0, 5)];
  const rows: Row[] = [];
  for (const path of ['facets', 'histogram']) {
    const times: number[] = [];
    let partial = 0;
    for (let n = 0; n < 6; n += 1) {
      for (const q of some) {
        const query = q === '' ? '' : `?q=${encodeURIComponent(q)}`;
        const { ms, body } = await ask(api, `/v1/clips/${path}${query}`);
        times.push(ms);
        if ((body as { partial: boolean }).partial) partial += 1;
      }
    }
    const p95 = percentile(times, 0.95);
    const note = partial === 0 ? '' : `, ${partial} of ${times.length} partial`;
    progress(
      `${name}: ${path} p50 ${median(times).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms${note}`,
    );
    rows.push(limit(`${name}: ${path}, p95`, 'ms', p95, limits.facetMs));
  }
  return rows;
}

/** Page 1 and page 500 of the clips and of the events, taken in turn. */
async function pages(api: Api, name: string, progress: Progress): Promise<Row> {
  const ratios: number[] = [];
  for (const noun of ['clips', 'events']) {
    const first = `/v1/${noun}?limit=50`;
    let path = first;
    for (let n = 1; n < 500; n += 1) {
      const { nextCursor } = (await ask(api, path)).body as { nextCursor: string };
      path = `${first}&cursor=${nextCursor}`;
    }
    const times = { first: [] as number[], last: [] as number[] };
    for (let n = 0; n < 40; n += 1) {
      times.first.push((await ask(api, first)).ms);
      times.last.push((await ask(api, path)).ms);
    }
    const ratio = median(times.last) / median(times.first);
    progress(
      `${name}: ${noun} page 500 ${median(times.last).toFixed(1)} ms, ${ratio.toFixed(2)} x page 1`,
    );
    ratios.push(ratio);
  }
  return limit(`${name}: page 500 over page 1`, 'x', Math.max(...ratios), limits.pageRatio);
}

/**
 * From the request that commits to the client that hears of it: an upper bound of commit to client.
 */
async function stream(api: Api, name: string, progress: Progress): Promise<Row> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${api.key}` };
  const response = await fetch(`${api.url}/v1/stream?topics=cohorts`, {
    headers,
    signal: stop.signal,
  });
  const heard = new Map<string, (at: number) => void>();
  const listening = listen(response, (subject) => heard.get(subject)?.(performance.now()));
  const times: number[] = [];
  for (let n = 0; n < 300; n += 1) {
    const started = performance.now();
    const made = await fetch(`${api.url}/v1/cohorts`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `bench-${name}-${n}`, devices: [bulkDevice(1)] }),
    });
    const { id } = (await made.json()) as { id: string };
    const at = seen.get(id) ?? (await new Promise<number>((resolve) => heard.set(id, resolve)));
    times.push(at - started);
    await delay(20);
  }
  stop.abort();
  await listening;
  const p99 = percentile(times, 0.99);
  progress(
    `${name}: commit to client p50 ${median(times).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
  );
  return limit(`${name}: request, commit and client, p99`, 'ms', p99, limits.streamMs);
}

/** When each subject was heard of, also before anybody waits for it. */
const seen = new Map<string, number>();

async function listen(response: Response, onHeard: (subject: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const subject = /"subject":"([^"]+)"/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (subject === undefined) continue;
        seen.set(subject, performance.now());
        onHeard(subject);
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
  }
}

/** The limit is for the process of the API; one that is broker and worker too only informs. */
function memory(address: DatabaseAddress, value: number): Row {
  const role = roleOf(address);
  const figure = `${address.kind}: memory of the ${role} process`;
  const parts = {
    figure,
    unit: 'MB',
    value,
    rival: limits.memoryMB,
    ratio: limits.memoryMB / value,
  };
  return row(role === 'api' ? { ...parts, atLeast: 1 } : parts);
}

/** The most that the process ever held in memory. */
async function memoryMB({ pid }: Running): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024e-6;
}

/**
 * Rows that the writer of ingest has committed with durability FULL and acknowledged, from messages
 * of 200 rows as robots send them; eight robots at once.
 */
async function measureRows(folder: string, progress: Progress): Promise<Row> {
  const address: DatabaseAddress = { kind: 'sqlite', path: `${folder}.db` };
  await using database = await openDatabase(address, { clock: systemClock, log: silentLog });
  const { write } = database;
  await migrate(write, { now: () => systemClock.now() });
  const devices = Array.from({ length: 8 }, (_, n) => `bench-${n}`);
  for (const [n, name] of devices.entries()) {
    const row = { id: `dev_${n}`, name, state: 'active', online: 0 };
    const kept = { created_at: 1, updated_at: 1, version: 1 };
    await write
      .insertInto('device')
      .values({ ...row, ...kept })
      .execute();
  }
  const writer = openWriter({ clock: systemClock, log: silentLog }, { database: address });
  const messages = 60;
  const perMessage = 200;
  const payloads = devices.map(() =>
    Array.from({ length: messages }, (_, m) =>
      encodeEvents({
        origin: 1n,
        firstSeq: BigInt(1 + m * perMessage),
        rows: Array.from({ length: perMessage }, () => eventRow()),
      }),
    ),
  );
  const started = performance.now();
  await Promise.all(
    devices.map(async (device, n) => {
      for (const payload of payloads[n] ?? []) {
        const at = systemClock.now();
        const [stored] = await writer.submit('rows', { device, lane: 'events', payload, at });
        if (stored === undefined || stored.refused.length > 0)
          throw new Fault('internal', 'refused');
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await writer[Symbol.asyncDispose]();
  const rate = (devices.length * messages * perMessage) / seconds;
  progress(`sqlite: ${rate.toFixed(0)} acknowledged rows a second`);
  return row({
    figure: 'sqlite: acknowledged rows',
    unit: 'rows/s',
    value: rate,
    rival: limits.rowsPerSecond,
    ratio: rate / limits.rowsPerSecond,
    atLeast: 1,
  });
}

function eventRow(): EventRow {
  return {
    kind: 'event',
    event: {
      id: uuidText(systemIds.uuid()),
      name: 'near-miss',
      severity: 'warning',
      atNs: BigInt(systemClock.now()) * 1_000_000n,
      synced: true,
      sessionId: uuidText(systemIds.uuid()),
      values: [{ name: 'vx', unit: 'm/s', value: 0.5 }],
      text: 'something came close while the robot moved',
      tags: ['bench'],
    },
  };
}
