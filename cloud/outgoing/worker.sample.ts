/** A worker for tests: a real SQLite file, a clock that is set, and receivers on 127.0.0.1. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, type Log, seededRandom, silentLog } from '@fieldloop/core';
import { systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import type { StoreWorld } from '../store/store.contract.ts';
import type { WorkerDeps } from '../store/work.ts';

export interface SetClock extends Clock {
  advance(ms: number): void;
}

/** Stands still but for `advance`; whoever sleeps looks again after a few real milliseconds. */
export function setClock(startMs = 1_700_000_000_000): SetClock {
  let now = startMs;
  return {
    now: () => now,
    monotonicMs: () => now,
    sleep: async (_ms, signal) => {
      await delay(5, undefined, signal === undefined ? {} : { signal });
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

export interface WorkerWorld extends AsyncDisposable {
  readonly store: StoreWorld;
  readonly deps: WorkerDeps;
  readonly clock: SetClock;
  /** Phrases that were logged as warnings or errors. */
  readonly complaints: string[];
}

export async function openWorkerWorld(store?: StoreWorld): Promise<WorkerWorld> {
  const world = store ?? (await sqliteWorld());
  const clock = setClock();
  const complaints: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (phrase) => void complaints.push(phrase),
    error: (phrase) => void complaints.push(phrase),
    child: () => log,
  };
  const bytes = {} as WorkerDeps['bytes'];
  const deps: WorkerDeps = {
    read: world.db,
    write: world.db,
    bytes,
    clock,
    ids: systemIds,
    random: seededRandom(1),
    randomBytes: systemRandomBytes,
    log,
    node: 'test',
  };
  return {
    store: world,
    deps,
    clock,
    complaints,
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  };
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly got: Received[];
  /** What it answers from now on; `hang` never answers. */
  answer: number | 'hang';
  answerHeaders: Record<string, string>;
  answerBody: string;
}

/** A real HTTP server that keeps what it is sent. */
export async function openReceiver(): Promise<Receiver> {
  const server = createServer();
  const receiver: Omit<Receiver, 'url' | 'port' | typeof Symbol.asyncDispose> = {
    got: [],
    answer: 200,
    answerHeaders: {},
    answerBody: 'thanks',
  };
  server.on('request', (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      receiver.got.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
      if (receiver.answer === 'hang') return;
      response.writeHead(receiver.answer, receiver.answerHeaders).end(receiver.answerBody);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

/** Looks again and again until it is so; a test that waits in vain is ended by its time limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(5);
}
