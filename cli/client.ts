/**
 * The API as typed calls: paths, parameters and answers are those of its own document. A problem
 * becomes the Fault it was; a create carries an Idempotency-Key, so that it can be sent again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { asFault, Fault } from '@fieldloop/core';
import createClient, { type Client as TypedClient } from 'openapi-fetch';
import { faultOf } from './client-fault.ts';
import type { components, paths } from './generated/api.d.ts';
import type { Profile } from './profile.ts';

/** What the API takes and gives, by the names of its document. */
export type Schemas = components['schemas'];

export interface Client extends TypedClient<paths> {
  readonly url: string;
  /** Any path of the API, for what the document does not type: files, streams, `fieldloop api`. */
  send(path: string, init?: RequestInit): Promise<Response>;
}

/** How long an answer's head may take to come; a body may take as long as it flows. */
const answerTimeoutMs = 30_000;
/** Tries of a request that can be repeated, and what is waited at most between two. */
const mostTries = 4;
const mostWaitMs = 10_000;

export function openClient(profile: Profile): Client {
  const send = async (request: Request): Promise<Response> => {
    for (let tries = 1; ; tries += 1) {
      const response = await reach(profile, request.clone());
      if (response.ok) return response;
      const waitMs = waitBefore(tries, request, response);
      if (waitMs === undefined) throw await faultOf(response, profile, request);
      await delay(waitMs);
    }
  };
  const typed = createClient<paths>({
    baseUrl: profile.url,
    fetch: async (request) => {
      if (request.method === 'POST') request.headers.set('idempotency-key', randomUUID());
      return await send(request);
    },
    querySerializer: queryText,
  });
  return Object.assign(typed, {
    url: profile.url,
    send: async (path: string, init: RequestInit = {}) =>
      await send(new Request(`${profile.url}${path}`, init)),
  });
}

/** The body of an answer: what is not there was thrown as a Fault. */
export async function answer<T>(asked: Promise<{ readonly data?: T }>): Promise<NonNullable<T>> {
  const { data } = await asked;
  if (data === undefined || data === null) throw new TypeError('an answer without a body');
  return data;
}

/** A verb by its path, where one command has several. */
export async function post<T>(client: Client, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await client.send(path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** What may come twice: reads, and creates by their Idempotency-Key; a verb has none. */
function mayComeTwice(request: Request): boolean {
  const isVerb = /:[a-zA-Z]+$/.test(new URL(request.url).pathname);
  return request.method === 'GET' || (request.headers.has('idempotency-key') && !isVerb);
}

/**
 * What to wait before the next try; undefined when another try is no use. Over the rate nothing was
 * done; behind a 503 something may have been, so only what may come twice is sent again.
 */
function waitBefore(tries: number, request: Request, response: Response): number | undefined {
  const again = response.status === 429 || (response.status === 503 && mayComeTwice(request));
  const after = Number(response.headers.get('retry-after') ?? 1) * 1000;
  return again && tries < mostTries && after <= mostWaitMs ? Math.max(100, after) : undefined;
}

/** The cloud may have closed a connection that we kept, which shows only when it is used again. */
async function reach(profile: Profile, request: Request): Promise<Response> {
  if (!mayComeTwice(request)) return await reachOnce(profile, request);
  try {
    return await reachOnce(profile, request.clone());
  } catch (error) {
    if (!(error instanceof Fault && wasClosed.has(reasonOf(error.cause)))) throw error;
    return await reachOnce(profile, request);
  }
}

const wasClosed = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

async function reachOnce(profile: Profile, request: Request): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerTimeoutMs);
  if (profile.key !== undefined) request.headers.set('authorization', `Bearer ${profile.key}`);
  try {
    return await fetch(request, { signal: AbortSignal.any([late.signal, request.signal]) });
  } catch (error) {
    if (request.signal.aborted) throw asFault(error);
    if (late.signal.aborted) {
      throw new Fault('timeout', `${profile.url} did not answer within 30 s`, {
        remedy: 'Try again, or look whether the cloud is overloaded.',
        cause: error,
      });
    }
    throw new Fault('unavailable', `there is no cloud at ${profile.url} (${reasonOf(error)})`, {
      remedy: 'Start it with `npm run demo` or `fieldloop cloud run`, or give another --url.',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** `ECONNREFUSED` and the like, which fetch hides in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error instanceof Error ? error.message : 'unknown';
}

type QueryValue = string | number | boolean | readonly string[] | undefined | null;

/** `a=1&b=2&b=3`; undefined and null are left out. */
export function queryText(query: unknown): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query as Readonly<Record<string, QueryValue>>)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.toString();
}
