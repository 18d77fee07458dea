/**
 * Goal: whoever knows one operation of the API knows them all.
 * Method: walk the OpenAPI document; every operation, parameter and field keeps the same rules.
 */
import { beforeAll, expect, test } from 'vitest';
import { openApiWorld } from './world.sample.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Answer {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Walked {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId: string;
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: {
              readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
            };
            readonly responses: Readonly<Record<string, Answer>>;
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let document: Document;
let walked: readonly Walked[] = [];

beforeAll(async () => {
  await using world = await openApiWorld();
  document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  walked = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({
      id: one.operationId,
      method,
      path,
      parameters: one.parameters ?? [],
      body: one.requestBody?.content['application/json']?.schema,
      responses: one.responses,
    })),
  );
});

const resolve = (schema: Schema | undefined): Schema =>
  schema?.$ref === undefined
    ? (schema ?? {})
    : resolve(document.components.schemas[schema.$ref.replace('#/components/schemas/', '')]);

const answerOf = ({ responses }: Walked, status: number): Schema | undefined =>
  responses[status]?.content?.['application/json']?.schema;

const has = (one: Walked, name: string): boolean =>
  one.parameters.some((parameter) => parameter.name === name);

/** Every field of every schema that the operations take or give, once, with where it is. */
function fieldsOf(schema: Schema, at: string, seen: Set<Schema> = new Set()): [string, Schema][] {
  const real = resolve(schema);
  if (seen.has(real)) return [];
  seen.add(real);
  const parts = [...(real.anyOf ?? []), ...(real.oneOf ?? []), ...(real.allOf ?? [])];
  if (real.items !== undefined) parts.push(real.items);
  const more = real.additionalProperties;
  if (typeof more === 'object') parts.push(more);
  return [
    ...Object.entries(real.properties ?? {}).flatMap(([name, one]): [string, Schema][] => [
      [`${at}.${name}`, one],
      ...fieldsOf(one, `${at}.${name}`, seen),
    ]),
    ...parts.flatMap((part) => fieldsOf(part, at, seen)),
  ];
}

function allFields(): readonly [string, Schema][] {
  const seen = new Set<Schema>();
  return walked.flatMap((one) => [
    ...one.parameters
      .filter((parameter) => parameter.in !== 'header')
      .map((parameter): [string, Schema] => [`${one.id}.${parameter.name}`, parameter.schema]),
    ...(one.body === undefined ? [] : fieldsOf(one.body, one.id, seen)),
    ...Object.keys(one.responses).flatMap((status) =>
      fieldsOf(answerOf(one, Number(status)) ?? {}, one.id, seen),
    ),
  ]);
}

const lastName = (at: string): string => at.split('.').at(-1) ?? '';

test('the walk sees the whole API', () => {
  expect(walked.length).toBeGreaterThan(60);
  expect(allFields().length).toBeGreaterThan(400);
});

test('paths are /v1, plural nouns in camelCase, and verbs behind a colon', () => {
  const open = ['/healthz', '/readyz', '/metrics', '/join', '/docs'];
  for (const { id, path, method } of walked) {
    if (open.includes(path)) continue;
    expect(path, id).toMatch(
      /^\/v1(?:\/(?:[a-z][A-Za-z]*|\{[a-z][A-Za-z]*\}))+(?::[a-z][A-Za-z]*)?$/,
    );
    expect(!/:[a-z]\w*$/.test(path) || method === 'post', id).toBe(true);
    expect(id).toMatch(/^[a-z][A-Za-z]+$/);
  }
});

test('every answer names its request and the rate; every problem is problem+json', () => {
  for (const { id, responses } of walked) {
    const good = Object.entries(responses).find(([status]) => status.startsWith('2'));
    expect(good?.[1].headers, id).toHaveProperty('X-Request-Id');
    expect(good?.[1].headers, id).toHaveProperty('RateLimit-Remaining');
    expect(responses, id).toHaveProperty('429');
    for (const [status, answer] of Object.entries(responses)) {
      if (Number(status) < 400 || status === '416') continue;
      expect(Object.keys(answer.content ?? {}), `${id} ${status}`).toEqual([
        'application/problem+json',
      ]);
    }
  }
});

test('every create takes an Idempotency-Key', () => {
  // Verbs on many may answer 202 too; to do them twice is to do them once.
  const makes = ['exportClips', 'backtestRuleSet'];
  const creates = walked.filter(
    (one) => answerOf(one, 201) !== undefined || makes.includes(one.id),
  );
  expect(creates.length).toBeGreaterThan(8);
  for (const one of creates) {
    expect(one.method, one.id).toBe('post');
    expect(has(one, 'Idempotency-Key'), one.id).toBe(true);
    expect(one.responses, one.id).toHaveProperty('422');
  }
  const started = walked.filter(({ responses }) => '202' in responses).map(({ id }) => id);
  expect(started).toEqual(expect.arrayContaining(makes));
});

test('every change demands If-Match, and what it changes is read with an ETag', () => {
  const changes = walked.filter(({ method }) => ['patch', 'put', 'delete'].includes(method));
  expect(changes.length).toBeGreaterThan(8);
  for (const one of changes) {
    expect(one.parameters, one.id).toContainEqual(
      expect.objectContaining({ name: 'If-Match', in: 'header', required: true }),
    );
    expect(one.responses, one.id).toHaveProperty('412');
    expect(one.responses, one.id).toHaveProperty('428');
    const read = walked.find((other) => other.path === one.path && other.method === 'get');
    const entity = resolve(read === undefined ? undefined : answerOf(read, 200));
    expect(Object.keys(entity.properties ?? {}), `${one.id} ${one.path}`).toEqual(
      expect.arrayContaining(['id', 'version']),
    );
  }
});

test('every list is pages by cursor', () => {
  for (const one of walked) {
    const page = resolve(answerOf(one, 200));
    const isList = one.method === 'get' && page.properties?.['items'] !== undefined;
    if (!isList || !one.id.startsWith('list')) continue;
    expect(has(one, 'limit') && has(one, 'cursor'), one.id).toBe(true);
    expect(page.properties, one.id).toHaveProperty('nextCursor');
  }
  const lists = walked.filter(({ id }) => id.startsWith('list'));
  expect(lists.length).toBeGreaterThan(12);
  for (const one of lists) {
    expect(resolve(answerOf(one, 200)).properties, one.id).toHaveProperty('items');
  }
});

test('the nouns that operators search take q', () => {
  const lists = walked.filter(
    ({ id, parameters }) => id.startsWith('list') && parameters.some(({ name }) => name === 'q'),
  );
  const nouns = lists.map(({ path }) => path);
  for (const noun of ['clips', 'events', 'devices', 'sessions', 'alerts', 'audit', 'failures']) {
    expect(nouns).toContain(`/v1/${noun}`);
  }
  for (const one of lists) {
    expect(has(one, 'sort') && has(one, 'fields') && has(one, 'count'), one.id).toBe(true);
  }
});

test('names are camelCase and the values of enums snake_case', () => {
  for (const [at, schema] of allFields()) {
    // These parameters are OpenID Connect's own.
    if (at.startsWith('finishOidcLogin.')) continue;
    expect(lastName(at), at).toMatch(/^[a-z][A-Za-z0-9]*$/);
    // These values are the names of fields.
    if (/^(?:sort|field|fields|groupBy|source)$/.test(lastName(at))) continue;
    for (const value of resolve(schema).enum ?? []) {
      if (typeof value !== 'string' || isScope(value)) continue;
      expect(value, at).toMatch(/^(?:[a-z][a-z0-9_]*|[<>=!~]+|\d+|)$/);
    }
  }
});

const isScope = (value: string): boolean => /^(?:\*|[a-zA-Z]+):[a-z]+$/.test(value);

test('log times are decimal strings, wall times RFC 3339, durations name their unit', () => {
  for (const [at, schema] of allFields()) {
    const name = lastName(at);
    const real = resolve(schema);
    const isLogTime = name.endsWith('Ns') && real.properties === undefined;
    const isWallTime = /[a-z]At$/.test(name);
    const isDuration = /^(?:timeout|duration|age|interval|delay)$/i.test(name);
    if (!isLogTime && !isWallTime && !isDuration) continue;
    expect(real.type, at).toBe('string');
    expect(!isWallTime || real.format === 'date-time', at).toBe(true);
  }
});

test('every text and list that a client sends has a limit', () => {
  for (const one of walked) {
    const taken = [
      ...one.parameters.map((parameter): [string, Schema] => [parameter.name, parameter.schema]),
      ...(one.body === undefined ? [] : fieldsOf(one.body, one.id)),
    ];
    for (const [at, schema] of taken) {
      const real = resolve(schema);
      const isBounded =
        real.maxLength !== undefined ||
        real.enum !== undefined ||
        real.format !== undefined ||
        real.pattern !== undefined;
      expect(real.type !== 'string' || isBounded, `${one.id} ${at}`).toBe(true);
      const isList = real.type === 'array' && one.body !== undefined && at.includes('.');
      expect(!isList || real.maxItems !== undefined, `${one.id} ${at}`).toBe(true);
    }
  }
});

test('one verb on many has a result for each, and can be tried first', () => {
  const bulk = walked.filter(
    ({ body }) =>
      resolve(body).properties?.['ids'] !== undefined && resolve(body).properties?.['q'],
  );
  expect(bulk.length).toBeGreaterThan(2);
  for (const one of bulk) {
    expect(resolve(one.body).properties, one.id).toHaveProperty('dryRun');
    const answer = resolve(answerOf(one, 200) ?? answerOf(one, 202));
    const names = Object.keys(answer.properties ?? {});
    expect(names.includes('results') || names.includes('progress'), one.id).toBe(true);
  }
});
