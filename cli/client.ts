/**
 * The API as functions. Types come from the operations themselves, so there is nothing to generate
 * and nothing to keep in step; a problem becomes the Fault it was.
 */
import type {
  ApiKeyPage,
  ClaimTokenPage,
  ClipJson,
  ClipPage,
  DeviceJson,
  DevicePage,
  EventPage,
  NewApiKeyJson,
  NewClaimTokenJson,
  Problem,
  SessionJson,
  SessionPage,
} from '@fieldloop/cloud';
import { Fault, type FaultCode, faultTable } from '@fieldloop/core';
import type { Profile } from './profile.ts';

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Client {
  readonly url: string;
  clips(query: Query): Promise<ClipPage>;
  clip(id: string): Promise<ClipJson>;
  /** The answer itself: its body is the file. */
  clipData(id: string, headers: Readonly<Record<string, string>>): Promise<Response>;
  devices(query: Query): Promise<DevicePage>;
  device(id: string): Promise<DeviceJson>;
  revokeDevice(id: string): Promise<DeviceJson>;
  events(query: Query): Promise<EventPage>;
  sessions(query: Query): Promise<SessionPage>;
  session(id: string): Promise<SessionJson>;
  claimTokens(query: Query): Promise<ClaimTokenPage>;
  createClaimToken(body: object): Promise<NewClaimTokenJson>;
  revokeClaimToken(id: string): Promise<object>;
  apiKeys(query: Query): Promise<ApiKeyPage>;
  createApiKey(body: object): Promise<NewApiKeyJson>;
  revokeApiKey(id: string): Promise<object>;
}

/** How long an answer's head may take to come; a body may take as long as it flows. */
const answerTimeoutMs = 30_000;

export function openClient(profile: Profile): Client {
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await reach(profile, path, init);
    if (response.ok) return response;
    throw await faultOf(response, profile);
  };
  const get = async (path: string, query: Query = {}): Promise<unknown> =>
    await (await send(`${path}${queryText(query)}`)).json();
  const post = async (path: string, body: object = {}): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    return await (await send(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  const at = (noun: string, id: string, verb = ''): string =>
    `/v1/${noun}/${encodeURIComponent(id)}${verb}`;
  return {
    url: profile.url,
    clips: async (query) => (await get('/v1/clips', query)) as ClipPage,
    clip: async (id) => (await get(at('clips', id))) as ClipJson,
    clipData: async (id, headers) => await send(`${at('clips', id)}/data`, { headers }),
    devices: async (query) => (await get('/v1/devices', query)) as DevicePage,
    device: async (id) => (await get(at('devices', id))) as DeviceJson,
    revokeDevice: async (id) => (await post(at('devices', id, ':revoke'))) as DeviceJson,
    events: async (query) => (await get('/v1/events', query)) as EventPage,
    sessions: async (query) => (await get('/v1/sessions', query)) as SessionPage,
    session: async (id) => (await get(at('sessions', id))) as SessionJson,
    claimTokens: async (query) => (await get('/v1/claimTokens', query)) as ClaimTokenPage,
    createClaimToken: async (body) => (await post('/v1/claimTokens', body)) as NewClaimTokenJson,
    revokeClaimToken: async (id) => (await post(at('claimTokens', id, ':revoke'))) as object,
    apiKeys: async (query) => (await get('/v1/apiKeys', query)) as ApiKeyPage,
    createApiKey: async (body) => (await post('/v1/apiKeys', body)) as NewApiKeyJson,
    revokeApiKey: async (id) => (await post(at('apiKeys', id, ':revoke'))) as object,
  };
}

async function reach(profile: Profile, path: string, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerTimeoutMs);
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${profile.key}`);
  try {
    return await fetch(`${profile.url}${path}`, { ...init, headers, signal: late.signal });
  } catch (error) {
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

async function faultOf(response: Response, profile: Profile): Promise<Fault> {
  const type = response.headers.get('content-type') ?? '';
  const problem = type.includes('problem+json') ? ((await response.json()) as Problem) : undefined;
  const code = codeOf(problem?.type.split('/').at(-1));
  if (problem === undefined || code === undefined) {
    return new Fault('unavailable', `${profile.url} answered ${response.status} and no problem`, {
      remedy: 'Check that --url is the URL of a Fieldloop cloud.',
    });
  }
  return new Fault(code, wordsOf(problem), {
    place: flagOf(problem.errors?.[0]?.pointer),
    remedy: remedyOf(problem),
    details: { requestId: problem.requestId, status: problem.status },
  });
}

/** Options whose name is not that of the field they fill. */
const flags: Readonly<Record<string, string>> = {
  '/body/expiresInS': '--expires',
  '/body/scopes': '--scope',
  '/header/authorization': '--key',
};

/** The option behind a place in a request: `/query/startNs` is `--start-ns`. */
function flagOf(pointer: string | undefined): string | undefined {
  if (pointer === undefined) return undefined;
  const [, part, name] = /^\/(query|body|header)\/(\w+)/.exec(pointer) ?? [];
  if (part === undefined || name === undefined) return undefined;
  const known = flags[`/${part}/${name}`];
  if (known !== undefined || part === 'header') return known;
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What a message about a field of the request says of the option's value. */
const wordsOf = ({ detail }: Problem): string =>
  detail.replace(/^(?:query|body) "[\w.]+" /, 'the value ');

function remedyOf(problem: Problem): string | undefined {
  if (problem.type.endsWith('/unauthenticated')) {
    return 'Give a whole key (flk_…) by --key, FIELDLOOP_API_KEY or the profile file.';
  }
  if (problem.remedy?.includes('/openapi.json') !== true) return problem.remedy;
  return 'Add --help to see what is possible.';
}

const codeOf = (name: string | undefined): FaultCode | undefined =>
  (Object.keys(faultTable) as FaultCode[]).find((code) => code === name);

function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) search.append(name, one);
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
