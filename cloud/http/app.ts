/** The HTTP application: finds the operation, checks who asks and what, answers or says why not. */
import { asFault, type Clock, Fault, type Ids, type Log } from '@fieldloop/core';
import type { ApiKey } from '../key/key.ts';
import type { ApiKeyStore } from '../key/store.ts';
import { authenticate, authorize } from './auth.ts';
import { openApiDocument } from './document.ts';
import { type Context, Hono } from './hono.ts';
import type { Operation } from './operation.ts';
import { answeredAs, problemResponse, statusOf } from './problem.ts';
import { checkBody, checkParams, checkQuery } from './request.ts';

export interface AppDeps {
  readonly operations: readonly Operation[];
  readonly version: string;
  readonly keys: ApiKeyStore;
  /** Notes that a key was used. */
  readonly keyUsed: (id: string, at: number) => Promise<void>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Checks each JSON answer against its schema: for tests. */
  readonly checkAnswers?: boolean;
}

export type Fetch = (request: Request) => Response | Promise<Response>;

export function openApp(deps: AppDeps): Fetch {
  const app = new Hono();
  const document = JSON.stringify(openApiDocument(deps.operations, deps.version));
  app.get('/openapi.json', (c) =>
    c.body(document, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }),
  );
  for (const operation of deps.operations) {
    const { method, path } = operation.doc;
    app.on(method, routerPath(path), async (c) => await answer(c, operation, deps));
  }
  app.notFound((c) => {
    throw unknownPath(c.req.method, new URL(c.req.url).pathname, deps.operations);
  });
  app.onError((error) => {
    throw error;
  });
  return async (request) => await served(request, app, deps);
}

/** `{id}` takes one segment; a verb after a colon belongs to the path, not to the id. */
const routerPath = (path: string): string =>
  path.replaceAll(/\/\{(\w+)\}(:\w+)?/g, (_, name: string, verb: string | undefined) =>
    verb === undefined ? `/:${name}{[^/:]+}` : `/:${name}{[^/:]+${verb}}`,
  );

const requestIdHeader = 'x-request-id';

async function served(request: Request, app: Hono, deps: AppDeps): Promise<Response> {
  const started = deps.clock.monotonicMs();
  const given = request.headers.get(requestIdHeader) ?? '';
  const requestId = /^[\w.-]{1,64}$/.test(given) ? given : deps.ids.ulid('req');
  const { pathname } = new URL(request.url);
  const about = { instance: `${request.method} ${pathname.slice(0, 256)}`, requestId };
  try {
    const response = await app.fetch(request, { requestId });
    response.headers.set(requestIdHeader, requestId);
    const ms = Math.round(deps.clock.monotonicMs() - started);
    deps.log.debug('request answered', { ...about, status: response.status, ms });
    return response;
  } catch (error) {
    const fault = asFault(error);
    const fields = { ...about, code: fault.code, status: statusOf(fault), detail: fault.message };
    if (fault.code === 'internal') {
      deps.log.error('request met a bug', { ...fields, cause: fault.cause ?? fault });
    } else {
      deps.log.debug('request refused', fields);
    }
    return problemResponse(fault, about);
  }
}

async function answer(c: Context, operation: Operation, deps: AppDeps): Promise<Response> {
  const { doc } = operation;
  const caller = await callerOf(c.req.header('authorization'), operation, deps);
  const verb = /:\w+$/.exec(doc.path)?.[0];
  const params = Object.fromEntries(
    Object.entries(c.req.param() as Record<string, string>).map(([name, value]) => [
      name,
      verb === undefined ? value : value.slice(0, -verb.length),
    ]),
  );
  const result = await operation.run({
    query: checkQuery(operation.query, new URL(c.req.url)),
    params: checkParams(operation.params, params),
    body: await checkBody(operation.body, c.req.raw),
    requestId: (c.env as { requestId: string }).requestId,
    method: c.req.raw.method,
    header: (name) => c.req.header(name),
    caller,
  });
  if (result instanceof Response) return result;
  const { status, schema } = operation.answer;
  if (schema === undefined) return new Response(null, { status });
  if (deps.checkAnswers === true) schema.parse(result);
  return Response.json(result, { status, headers: { 'cache-control': 'no-store' } });
}

async function callerOf(
  header: string | undefined,
  { doc }: Operation,
  deps: AppDeps,
): Promise<ApiKey | undefined> {
  if (doc.right === 'nobody') return undefined;
  const key = await authenticate(header, {
    keys: deps.keys,
    used: deps.keyUsed,
    now: deps.clock.now(),
  });
  if (doc.right !== 'any') authorize(key, doc.right);
  return key;
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
