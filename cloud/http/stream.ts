/**
 * The stream of events (server-sent events): every outbox row that the client may read, in order.
 * A client that comes back with Last-Event-ID misses nothing of the last 24 hours.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import { allows, type ScopeNoun, scopeNouns } from '../auth/rights.ts';
import {
  maxQueryLength,
  maxStreams,
  maxStreamsOfCaller,
  streamBeatMs,
  streamReplayMs,
} from '../limits.ts';
import type { Db } from '../store/db.ts';
import { openTail, outboxAfter, outboxEnd, type OutboxItem, type Tail } from '../store/tail.ts';
import { type Authenticate, authorize, type Caller } from './caller.ts';
import { z } from './openapi.ts';
import { type Operation, operation } from './operation.ts';
import { passesQuery } from './q/evaluate.ts';
import { queryTree } from './q/filter.ts';
import { streamSource } from './q/sources/stream.ts';
import type { Tree } from './q/tree.ts';
import { idLine, StreamClient } from './stream-client.ts';

export interface StreamDeps {
  readonly read: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticate: Authenticate;
}

export interface Streams extends AsyncDisposable {
  readonly operations: readonly Operation[];
  /** Clients that listen now. */
  count(): number;
}

/** `clip.stored` is of the topic `clips`; undefined where no topic has it. */
export const topicOf = (kind: string): ScopeNoun | undefined => topics[kind.split('.')[0] ?? ''];

/** The noun of a kind, and the right that reads it. */
const topics: Readonly<Record<string, ScopeNoun>> = {
  alert: 'alerts',
  alert_policy: 'alerts',
  alias: 'models',
  annotator: 'annotations',
  api_key: 'apiKeys',
  approval: 'approvals',
  artifact: 'releases',
  case: 'cases',
  case_queue: 'cases',
  channel: 'channels',
  claim_token: 'claimTokens',
  clip: 'clips',
  cohort: 'cohorts',
  command: 'commands',
  correction: 'failures',
  dataset: 'datasets',
  dataset_export: 'datasets',
  dataset_import: 'datasets',
  dataset_tag: 'datasets',
  dataset_version: 'datasets',
  desired: 'devices',
  device: 'devices',
  dispatch: 'runs',
  evaluation: 'models',
  event: 'events',
  event_kind: 'events',
  export: 'clips',
  failure: 'failures',
  freeze: 'freezes',
  gate: 'gates',
  gold: 'annotations',
  label: 'annotations',
  marker: 'events',
  model: 'models',
  ontology: 'ontologies',
  operation: 'operations',
  property_definition: 'devices',
  publication: 'ruleSets',
  region: 'reviews',
  regression_case: 'failures',
  release: 'releases',
  review: 'reviews',
  rollout: 'rollouts',
  rule_set: 'ruleSets',
  run: 'runs',
  saved_query: 'savedQueries',
  session: 'sessions',
  silence: 'alerts',
  task: 'tasks',
  training: 'trainings',
  training_policy: 'trainings',
  triage: 'triage',
  user: 'users',
  webhook: 'webhooks',
};

export async function openStreams(deps: StreamDeps): Promise<Streams> {
  const clients = new Map<StreamClient, string>();
  const tail = await openTail(deps, { from: 'now' }, (rows) => {
    for (const client of clients.keys()) client.live(rows);
  });
  return {
    count: () => clients.size,
    operations: [streamOperation({ ...deps, tail, clients })],
    async [Symbol.asyncDispose]() {
      for (const client of clients.keys()) client.end();
      await tail[Symbol.asyncDispose]();
    },
  };
}

type OpenDeps = StreamDeps & {
  readonly tail: Tail;
  /** Each with the id of its caller. */
  readonly clients: Map<StreamClient, string>;
};

const query = z.strictObject({
  topics: z.string().max(256).optional().openapi({
    description: 'Which nouns, by comma; all that you may read when absent.',
    example: 'clips,alerts',
  }),
  q: z.string().max(maxQueryLength).optional().openapi({
    description: 'Which of them, as a query.',
    example: 'device:amr-* severity=critical',
  }),
});

const streamOperation = (deps: OpenDeps): Operation =>
  operation(
    {
      id: 'openStream',
      tag: 'stream',
      method: 'get',
      path: '/v1/stream',
      summary: 'What happens, as it happens (server-sent events)',
      description:
        'Each event has the number of its outbox row as id, its kind (`clip.stored`) as event, and ' +
        'as data JSON {seq, kind, subject, at, body}. With Last-Event-ID the rows since then come ' +
        'first, as far back as 24 hours; when that is too far, an event `reset` says so. A comment ' +
        'comes every 15 s. A client that does not read is cut off and may come back.',
      right: 'any',
      faults: ['limited'],
    },
    { query, answer: { status: 200, description: 'Events.', bytes: 'text/event-stream' } },
    async (call) => {
      const { caller } = call;
      if (caller === undefined) throw new TypeError('a stream without a caller');
      demandRoom(deps.clients, caller);
      let wanted = wantedTopics(call.query.topics, caller);
      // What the caller may read can become less while it listens.
      const demandAllowed = async (): Promise<void> => {
        const still = await deps.authenticate(call.request);
        if (still === undefined) throw new Fault('unauthenticated', 'nobody is behind this stream');
        wanted = wantedTopics(call.query.topics, still);
      };
      const start = await startOf(deps, lastEventId(call.header('last-event-id')));
      const { q } = call.query;
      const now = deps.clock.now();
      const tree =
        q === undefined ? undefined : queryTree(q, streamSource, { now, pointer: '/query/q' });
      const client = new StreamClient((row) => isWanted(row, wanted, tree));
      deps.clients.set(client, caller.id);
      client.ended.addEventListener('abort', () => deps.clients.delete(client), { once: true });
      const first = start.isReset ? 'event: reset\ndata: {}\n' : ': hello\n';
      client.write(`${first}${idLine(start.position)}\n`);
      void serve(deps, { client, from: start.position, demandAllowed }).finally(() => client.end());
      const headers = {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      };
      return new Response(client.body, { headers });
    },
  );

/** Fault `limited`; nobody takes all the places. */
function demandRoom(clients: ReadonlyMap<StreamClient, string>, { id, name }: Caller): void {
  const own = [...clients.values()].filter((one) => one === id).length;
  if (clients.size < maxStreams && own < maxStreamsOfCaller) return;
  const who = own < maxStreamsOfCaller ? '' : ` of ${name}`;
  throw new Fault('limited', `${who === '' ? maxStreams : own} clients${who} listen already`, {
    retryAfterMs: 10_000,
    remedy: 'Try again later, or let one client pass the events on.',
  });
}

/** Faults `forbidden`, and `invalid` for what is no topic. */
function wantedTopics(text: string | undefined, caller: Caller): ReadonlySet<ScopeNoun> {
  if (caller.cohorts !== undefined) {
    throw new Fault('forbidden', 'a caller of some cohorts has no stream', {
      remedy: 'Use a key without cohorts, or ask for lists.',
    });
  }
  if (text === undefined) {
    return new Set(scopeNouns.filter((noun) => allows(caller.scopes, `${noun}:read`)));
  }
  const names = text.split(',').map((name) => name.trim());
  const found = names.map((name) => {
    const topic = scopeNouns.find((one) => one === name);
    if (topic !== undefined) return topic;
    throw new Fault('invalid', `"${name.slice(0, 40)}" is not a topic of the stream`, {
      place: '/query/topics',
      remedy: `Topics are ${scopeNouns.join(', ')}.`,
    });
  });
  for (const topic of found) authorize(caller, `${topic}:read`);
  return new Set(found);
}

function lastEventId(header: string | undefined): bigint | undefined {
  if (header === undefined || header === '') return undefined;
  if (/^\d{1,18}$/.test(header)) return BigInt(header);
  throw new Fault('invalid', 'Last-Event-ID is no id of this stream', {
    place: '/header/last-event-id',
    remedy: 'Send the id of the last event that came, or leave it out.',
  });
}

/** The row behind which the client begins; `isReset` when it misses rows that are not kept. */
async function startOf(
  deps: OpenDeps,
  from: bigint | undefined,
): Promise<{ readonly position: bigint; readonly isReset: boolean }> {
  const end = await outboxEnd(deps.read);
  if (from === undefined) return { position: end, isReset: false };
  const [next] = await outboxAfter(deps.read, from);
  const isOld = next !== undefined && next.at < deps.clock.now() - streamReplayMs;
  const isKnown = next?.seq === from + 1n || (await isThere(deps.read, from));
  if (isOld || !isKnown) return { position: end, isReset: true };
  return { position: from, isReset: false };
}

async function isThere(db: Db, seq: bigint): Promise<boolean> {
  const row = await db.selectFrom('outbox').select('seq').where('seq', '=', seq).executeTakeFirst();
  return row !== undefined;
}

async function serve(
  deps: OpenDeps,
  of: {
    readonly client: StreamClient;
    readonly from: bigint;
    readonly demandAllowed: () => Promise<void>;
  },
): Promise<void> {
  const { client, from, demandAllowed } = of;
  const beats = async (): Promise<void> => {
    while (!client.ended.aborted) {
      await deps.clock.sleep(streamBeatMs, client.ended);
      // A key that was revoked since then hears no more.
      await demandAllowed();
      client.beat();
    }
  };
  const replayed = client.replay(from, async (position) => await outboxAfter(deps.read, position));
  try {
    await Promise.all([replayed, beats()]);
  } catch (error) {
    if (!client.ended.aborted) {
      deps.log.info('a stream ended', { reason: asFault(error).message });
    }
  }
}

function isWanted(
  row: OutboxItem,
  wanted: ReadonlySet<ScopeNoun>,
  tree: Tree | undefined,
): boolean {
  const topic = topicOf(row.kind);
  if (topic === undefined || !wanted.has(topic)) return false;
  return tree === undefined || passesQuery(tree, { ...row });
}
