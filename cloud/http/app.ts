/** The HTTP application: finds the operation, checks who asks and what, answers or says why not. */
import { asFault, type Clock, Fault, type Ids, type Log } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import type { KeepWithin } from '../auth/within.ts';
import { type Authenticate, authorize, type Caller, demandEverywhere } from './caller.ts';
import { idempotencyKey, openChanges, type Repeat, requestHash } from './change.ts';
import { openApiDocument } from './document.ts';
import { type Context, Hono } from './hono.ts';
import { kindOf, type Operation } from './operation.ts';
import { answeredAs, problemResponse, statusOf } from './problem.ts';
import { type ApiRate, type ApiRates, type Asking, openApiRate } from './rate.ts';
import { checkBody, checkParams, checkQuery } from './request.ts';
import { entityTag, expectedVersion } from './version.ts';

export interface AppDeps {
  readonly operations: readonly Operation[];
  readonly version: string;
  readonly authenticate: Authenticate;
  /** Keeps a caller of some cohorts to their devices; absent: such a caller is refused. */
  readonly keepWithin?: KeepWithin;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly rates: ApiRates;
  /** Hears of each answer: for metrics and traces. */
  readonly onAnswer?: (answer: Answered) => void;
  /** Checks each JSON answer against its schema: for tests. */
  readonly checkAnswers?: boolean;
}

export interface Answered {
  /** The operation's id; `unknown` where no operation was found. */
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly ms: number;
  readonly requestId: string;
  /** W3C trace context of the caller, when it sent one. */
  readonly traceparent: string | undefined;
}

/** `ip` is the address of the client's end of the connection. */
export type Fetch = (request: Request, ip?: string) => Response | Promise<Response>;

/** What one request is known by while it is served. */
interface Serving {
  readonly requestId: string;
  readonly ip: string;
  operation: string;
  readonly headers: Headers;
}

type Deps = AppDeps & { readonly rate: ApiRate };

export function openApp(appDeps: AppDeps): Fetch {
  const deps: Deps = { ...appDeps, rate: openApiRate(appDeps.clock, appDeps.rates) };
  const app = new Hono();
  let document: string | undefined;
  app.get('/openapi.json', (c) => {
    // Made when it is asked for first: a start need not wait for it.
    document ??= JSON.stringify(openApiDocument(deps.operations, deps.version));
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
    return c.body(document, 200, headers);
  });
  for (const operation of deps.operations) {
    const { method, path } = operation.doc;
    app.on(method, routerPath(path), async (c) => await answer(c, operation, deps));
    if (operation.doc.crossOrigin === true) app.options(routerPath(path), () => preflight());
  }
  app.notFound((c) => {
    throw unknownPath(c.req.method, new URL(c.req.url).pathname, deps.operations);
  });
  app.onError((error) => {
    throw error;
  });
  return async (request, ip = '') => await served({ request, ip }, app, deps);
}

/** `{id}` takes one segment; a verb after a colon belongs to the path, not to the id. */
const routerPath = (path: string): string =>
  path.replaceAll(/\/\{(\w+)\}(:\w+)?/g, (_, name: string, verb: string | undefined) =>
    verb === undefined ? `/:${name}{[^/:]+}` : `/:${name}{[^/:]+${verb}}`,
  );

/** What a browser asks before it reads across origins: any page may read, with Range. */
const preflight = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'range, if-range, if-none-match',
      'access-control-max-age': '86400',
    },
  });

const requestIdHeader = 'x-request-id';

async function served(
  { request, ip }: { readonly request: Request; readonly ip: string },
  app: Hono,
  deps: Deps,
): Promise<Response> {
  const started = deps.clock.monotonicMs();
  const given = request.headers.get(requestIdHeader) ?? '';
  const requestId = /^[\w.-]{1,64}$/.test(given) ? given : deps.ids.ulid('req');
  const serving: Serving = { requestId, ip, operation: 'unknown', headers: new Headers() };
  const response = await answerOrProblem(request, app, { deps, serving });
  for (const [name, value] of serving.headers) response.headers.append(name, value);
  response.headers.set(requestIdHeader, requestId);
  deps.onAnswer?.({
    operation: serving.operation,
    method: request.method,
    status: response.status,
    ms: deps.clock.monotonicMs() - started,
    requestId,
    traceparent: request.headers.get('traceparent') ?? undefined,
  });
  return response;
}

async function answerOrProblem(
  request: Request,
  app: Hono,
  { deps, serving }: { readonly deps: Deps; readonly serving: Serving },
): Promise<Response> {
  const { requestId } = serving;
  const instance = `${request.method} ${new URL(request.url).pathname.slice(0, 256)}`;
  try {
    const response = await app.fetch(request, serving);
    const about = { instance, requestId, operation: serving.operation };
    deps.log.debug('request answered', { ...about, status: response.status });
    return response;
  } catch (error) {
    const fault = asFault(error);
    const fields = { instance, requestId, code: fault.code, status: statusOf(fault) };
    if (fault.code === 'internal') {
      deps.log.error('request met a bug', { ...fields, cause: fault.cause ?? fault });
    } else {
      deps.log.debug('request refused', { ...fields, detail: fault.message });
    }
    return problemResponse(fault, { instance, requestId });
  }
}

async function answer(c: Context, operation: Operation, deps: Deps): Promise<Response> {
  const { doc } = operation;
  const serving = c.env as Serving;
  serving.operation = doc.id;
  if (doc.crossOrigin === true) serving.headers.set('access-control-allow-origin', '*');
  const caller = await callerOf(c.req.raw, operation, { deps, serving });
  const verb = /:\w+$/.exec(doc.path)?.[0];
  const params = Object.fromEntries(
    Object.entries(c.req.param() as Record<string, string>).map(([name, value]) => [
      name,
      verb !== undefined && value.endsWith(verb) ? value.slice(0, -verb.length) : value,
    ]),
  );
  if (caller?.cohorts !== undefined) await (deps.keepWithin ?? refuse)(caller, doc, params);
  const query = checkQuery(operation.query, new URL(c.req.url));
  const path = checkParams(operation.params, params);
  const kind = kindOf(operation);
  const expects = kind === 'change' ? expectedVersion(c.req.header('if-match')) : 'any';
  const key = kind === 'create' ? idempotencyKey(c.req.header('idempotency-key')) : undefined;
  const { body, text } = await checkBody(operation.body, c.req.raw);
  const repeat: Repeat | undefined =
    key === undefined
      ? undefined
      : {
          key,
          requestSha256: requestHash(c.req.path, text),
          status: operation.answer.status,
          secret: doc.secret === true,
          onReplay: () => serving.headers.set('idempotency-replayed', 'true'),
        };
  const { requestId, ip } = serving;
  const result = await operation.run({
    ...openChanges(deps, { caller, operationId: doc.id, requestId, ip, expects, repeat }),
    query,
    params: path,
    body,
    requestId,
    ip,
    request: c.req.raw,
    method: c.req.raw.method,
    header: (name) => c.req.header(name),
    caller,
    answerHeaders: serving.headers,
  });
  const response = respond(result, operation, {
    deps,
    ifNoneMatch: c.req.header('if-none-match'),
  });
  if (c.req.raw.method !== 'HEAD') return response;
  // Nobody will read it: what makes the body ends now.
  await response.body?.cancel();
  return new Response(null, response);
}

const refuse: KeepWithin = async (caller) => await Promise.resolve(demandEverywhere(caller));

function respond(
  result: unknown,
  operation: Operation,
  { deps, ifNoneMatch }: { readonly deps: Deps; readonly ifNoneMatch: string | undefined },
): Response {
  if (result instanceof Response) return result;
  const { status, schema } = operation.answer;
  if (schema === undefined) return new Response(null, { status });
  if (deps.checkAnswers === true) schema.parse(result);
  const text = JSON.stringify(result);
  const headers = new Headers({
    'cache-control': 'no-store',
    'content-type': 'application/json',
  });
  const tag = entityTag(result, text);
  if (tag !== undefined) headers.set('etag', tag);
  if (tag !== undefined && tag === ifNoneMatch?.trim() && kindOf(operation) === 'read') {
    return new Response(null, { status: 304, headers });
  }
  return new Response(text, { status, headers });
}

async function callerOf(
  request: Request,
  { doc }: Operation,
  { deps, serving }: { readonly deps: Deps; readonly serving: Serving },
): Promise<Caller | undefined> {
  const limited = (who: Asking): void => {
    try {
      deps.rate.take(who);
    } finally {
      for (const [name, value] of Object.entries(deps.rate.headers(who))) {
        serving.headers.set(name, value);
      }
    }
  };
  let caller: Caller | undefined;
  try {
    if (doc.right !== 'nobody') caller = await proven(request, deps);
  } catch (error) {
    limited({ kind: 'refused', ip: serving.ip });
    throw error;
  }
  limited(caller === undefined ? { kind: 'stranger', ip: serving.ip } : caller);
  if (caller !== undefined && doc.right !== 'any' && doc.right !== 'nobody') {
    authorize(caller, doc.right);
  }
  return caller;
}

async function proven(request: Request, deps: Deps): Promise<Caller> {
  const caller = await deps.authenticate(request);
  if (caller !== undefined) return caller;
  throw new Fault('unauthenticated', 'this request does not say who asks', {
    place: '/header/authorization',
    remedy: 'Send Authorization: Bearer flk_…; `fieldloop keys create` makes a key.',
  });
}

/** 405 when the path is known with other methods, else 404. */
function unknownPath(method: string, pathname: string, operations: readonly Operation[]): Fault {
  const here = operations.filter(({ doc }) => pathPattern(doc.path).test(pathname));
  if (here.length === 0) {
    return new Fault('not_found', `there is nothing at ${pathname.slice(0, 128)}`, {
      remedy: '/openapi.json lists every path of this API.',
    });
  }
  const allow = [...new Set(here.map(({ doc }) => doc.method.toUpperCase()))].join(', ');
  const fault = new Fault('invalid', `${method} is not possible at this path`, {
    place: '/method',
    remedy: `Use ${allow}.`,
  });
  return answeredAs(fault, { status: 405, headers: { allow } });
}

const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/:]+')}$`);
