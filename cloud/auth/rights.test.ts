/**
 * Goal: each operation is for those who may, and for nobody else; a new one is held to it unasked.
 * Method: every operation of the whole API, asked by every role, by keys of one scope, by a key of
 * one cohort and by nobody; what the roles may is compared with the table of the design.
 */
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kindOf, type Operation } from '../http/operation.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { newApiKey } from '../key/make.ts';
import { personStore } from '../user/store.ts';
import { allows, levels, type Role, roleScopes, roles, scopeNouns } from './rights.ts';
import { ownedTable } from './within.ts';

let world: ApiWorld;
const people = new Map<Role, string>();

beforeAll(async () => {
  world = await openApiWorld();
  for (const role of roles) {
    const user = await personStore(world.db).create({
      id: systemIds.ulid('usr'),
      email: `${role}@example.com`,
      name: role,
      role,
      state: 'active',
      createdBy: 'test',
      at: 1,
    });
    people.set(role, user.id);
  }
});

afterAll(async () => await world[Symbol.asyncDispose]());

interface Wanted {
  readonly role?: Role;
  readonly scopes?: readonly string[];
  readonly cohorts?: readonly string[];
}

const keys = new Map<string, string>();

/** One for each wish, as long as it lives: to log out ends the key that does. */
async function keyFor(wanted: Wanted): Promise<string> {
  const wish = JSON.stringify(wanted);
  const key = keys.get(wish) ?? (await freshKey(wanted));
  keys.set(wish, key);
  return key;
}

async function freshKey({ role, scopes, cohorts }: Wanted): Promise<string> {
  const personId = role === undefined ? undefined : people.get(role);
  const { text } = await newApiKey(
    world.db,
    { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes },
    { name: 'walk', scopes: scopes ?? (role ? roleScopes[role] : ['*:admin']), cohorts, personId },
  );
  return text;
}

interface Asked {
  readonly status: number;
  readonly problem: Problem | undefined;
}

/** With ids of nothing: who may is told 400, 404 or 428, and nothing is changed. */
async function ask({ doc }: Operation, key: string | undefined): Promise<Asked> {
  const path = doc.path.replaceAll(/\{\w+\}/g, '1');
  const hasBody = doc.method !== 'get' && doc.method !== 'delete';
  const leave = new AbortController();
  const response = await world.api.fetch(
    new Request(`${world.url}${path}`, {
      method: doc.method.toUpperCase(),
      signal: leave.signal,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...(['patch', 'put', 'delete'].includes(doc.method) ? { 'if-match': '*' } : {}),
      },
      ...(hasBody ? { body: '{}' } : {}),
    }),
    '127.0.0.1',
  );
  const isProblem = response.headers.get('content-type') === 'application/problem+json';
  const problem = isProblem ? ((await response.json()) as Problem) : undefined;
  await response.body?.cancel().catch(() => undefined);
  leave.abort();
  if (doc.id === 'logout') keys.clear();
  return { status: response.status, problem };
}

const lacksRight = ({ status, problem }: Asked): boolean =>
  status === 403 && problem?.detail.includes('does not have the right') === true;

const guarded = (): readonly Operation[] =>
  world.api.operations.filter(({ doc }) => doc.right !== 'nobody');

const scoped = () =>
  guarded().flatMap((operation) => {
    const { right } = operation.doc;
    if (right === 'any' || right === 'nobody') return [];
    const [noun = '', level = ''] = right.split(':');
    return [{ operation, right, noun, level }];
  });

test('the walk sees the whole API, and every right is one that a key can have', () => {
  expect(world.api.operations.length).toBeGreaterThan(90);
  for (const { operation, noun, level } of scoped()) {
    expect(scopeNouns, operation.doc.id).toContain(noun);
    expect(levels, operation.doc.id).toContain(level);
  }
});

test('without a key or a login every operation but the open ones is 401', async () => {
  for (const operation of guarded()) {
    const asked = await ask(operation, undefined);
    expect(asked.status, operation.doc.id).toBe(401);
    expect(asked.problem?.remedy, operation.doc.id).toBeDefined();
  }
  const open = world.api.operations.filter(({ doc }) => doc.right === 'nobody');
  expect(open.map(({ doc }) => doc.id).toSorted()).toEqual([
    'finishOidcLogin',
    'getHealth',
    'getJoinPage',
    'getReadiness',
    'getSigned',
    'getTaskMedia',
    'getVersion',
    'login',
    'redeemLink',
    'startOidcLogin',
  ]);
});

test.each(roles)(
  'the role %s may what its scopes say, and is told 403 for the rest',
  async (role) => {
    for (const operation of guarded()) {
      const { id, right } = operation.doc;
      const asked = await ask(operation, await keyFor({ role }));
      const may = right === 'any' || allows(roleScopes[role], right);
      expect(lacksRight(asked), `${id} (${right}) by ${role}: ${asked.status}`).toBe(!may);
      expect([401, 500], id).not.toContain(asked.status);
      expect(may || asked.problem?.remedy?.includes(right), id).toBe(true);
    }
  },
);

test('a key of exactly the right may, one of the level below or of all other nouns may not', async () => {
  for (const { operation, right, noun, level } of scoped()) {
    const { id } = operation.doc;
    const exact = await ask(operation, await keyFor({ scopes: [right] }));
    expect(lacksRight(exact), `${id} with ${right}`).toBe(false);
    expect(exact.status, id).not.toBe(401);
    const others = scopeNouns.filter((one) => one !== noun).map((one) => `${one}:admin`);
    const below = levels[levels.findIndex((one) => one === level) - 1];
    const less = below === undefined ? others : [...others, `${noun}:${below}`, `*:${below}`];
    const refused = await ask(operation, await keyFor({ scopes: less }));
    expect(lacksRight(refused), `${id} with ${less.join(' ')}`).toBe(true);
  }
});

test('a key of one cohort is refused wherever answers are not kept to its devices', async () => {
  const within: string[] = [];
  for (const operation of guarded()) {
    const { doc } = operation;
    const kept = doc.withinCohorts === true || ownedTable(doc) !== undefined;
    const asked = await ask(operation, await keyFor({ cohorts: ['coh_1'] }));
    const refused = asked.status === 403 && asked.problem?.detail.includes('cohorts') === true;
    expect(refused, `${doc.id}: ${asked.status}`).toBe(!kept);
    if (kept) within.push(doc.id);
  }
  expect(within.toSorted()).toEqual([
    'getClip',
    'getClipData',
    'getClipPlot',
    'getClipPreview',
    'getClipSketch',
    'getClipTopics',
    'getClipWhy',
    'getDevice',
    'getDeviceConfig',
    'getDeviceCoverage',
    'getDevicePresence',
    'getDeviceProperties',
    'getDeviceTelemetry',
    'getDeviceTopics',
    'getEvent',
    'getMe',
    'getSession',
    'listClipMessages',
    'listClips',
    'listDeviceCommands',
    'listDeviceEvents',
    'listDevicePropertyIntervals',
    'listDevices',
    'listEvents',
    'listSessions',
  ]);
});

/** Rows of the table in the design: which roles may do what is matched. */
const table: readonly {
  readonly what: string;
  readonly is: (operation: Operation) => boolean;
  readonly may: readonly Role[];
}[] = [
  {
    what: 'users, keys, channels, webhooks, devices revoke',
    is: (operation) =>
      (kindOf(operation) !== 'read' &&
        /^\/v1\/(users|apiKeys|channels|webhooks)\b/.test(operation.doc.path)) ||
      /devices.*:(revoke|decommission)$/.test(operation.doc.path),
    may: ['admin'],
  },
  {
    what: 'approve, start, promote',
    is: ({ doc }) =>
      /:(approve|reject|promote)$/.test(doc.path) &&
      !doc.path.startsWith('/v1/releases/') &&
      doc.method === 'post',
    may: ['release_manager', 'admin'],
  },
  {
    what: 'a word on a release: of two persons one may be an engineer',
    is: ({ doc }) => /^\/v1\/releases\/.*:(approve|reject)$/.test(doc.path),
    may: ['engineer', 'release_manager', 'admin'],
  },
  {
    what: 'tag, event, pull, rules, halt',
    is: ({ doc }) => {
      const verbs = /:(tag|pull|halt|rollback|lint|backtest|acknowledge|suspend|resume)$/;
      const nouns = /^\/v1\/(events|eventKinds|failures|ruleSets|cohorts|claimTokens)$/;
      return doc.method === 'post' && (verbs.test(doc.path) || nouns.test(doc.path));
    },
    may: ['engineer', 'release_manager', 'admin'],
  },
  {
    what: 'read all',
    is: ({ doc }) => doc.method === 'get' && doc.right !== 'any' && doc.right !== 'nobody',
    may: ['viewer', 'engineer', 'release_manager', 'admin'],
  },
];

test.each(table)('the table of roles: $what is for $may', ({ is, may }) => {
  const found = guarded().filter(is);
  expect(found.length).toBeGreaterThan(0);
  for (const { doc } of found) {
    const allowed = roles.filter((role) => allows(roleScopes[role], doc.right));
    expect(allowed, `${doc.id} (${doc.right})`).toEqual(may);
  }
});

test('what changes something takes more than reading', () => {
  const verbs = 'preview|verify|lint|validate|explain|estimate|test|parse|dryRun|rebuild|plan';
  const look = new RegExp(`:(${verbs})$|/(query|search)$`);
  for (const { operation, level } of scoped()) {
    const { doc } = operation;
    // Who may read a thing may ask people for more of it, and give that back.
    const asks = ['requestReview', 'revokeReview'].includes(doc.id);
    const looks = doc.method === 'get' || look.test(doc.path) || asks;
    expect(looks || level !== 'read', doc.id).toBe(true);
    expect(doc.method !== 'get' || level === 'read', doc.id).toBe(true);
  }
});
