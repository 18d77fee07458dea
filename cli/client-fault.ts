/** A problem of the API as the Fault it was, in the words of the command line. */
import { Fault, type FaultCode, faultTable } from '@fieldloop/core';
import type { components } from './generated/api.d.ts';
import type { Profile } from './profile.ts';

type Problem = components['schemas']['Problem'];

export async function faultOf(
  response: Response,
  profile: Profile,
  request: Request,
): Promise<Fault> {
  const type = response.headers.get('content-type') ?? '';
  const problem = type.includes('problem+json') ? ((await response.json()) as Problem) : undefined;
  const code = codeOf(problem?.type.split('/').at(-1));
  if (problem === undefined || code === undefined) {
    return new Fault('unavailable', `${profile.url} answered ${response.status} and no problem`, {
      remedy: 'Check that --url is the URL of a Fieldloop cloud.',
    });
  }
  const excerpt = excerptOf(problem, await queryOf(problem, request));
  return new Fault(code, wordsOf(problem, excerpt), {
    place: placeOf(problem, excerpt),
    remedy: remedyOf(problem),
    details: {
      requestId: problem.requestId,
      pointer: problem.errors?.[0]?.pointer,
      status: problem.status,
      excerpt,
    },
  });
}

/** The query that the problem is about, as it was sent: in the address, or in the body. */
async function queryOf({ errors }: Problem, request: Request): Promise<string | undefined> {
  if (errors?.[0]?.pointer.endsWith('/q') !== true) return undefined;
  const sent = new URL(request.url).searchParams.get('q');
  if (sent !== null || request.method === 'GET' || request.bodyUsed) return sent ?? undefined;
  const body = (await request.json()) as { readonly q?: unknown };
  return typeof body.q === 'string' ? body.q : undefined;
}

/** The line of the query with carets under what is wrong. */
function excerptOf({ errors }: Problem, text: string | undefined): string | undefined {
  const [first] = errors ?? [];
  if (text === undefined || first?.col === undefined) return undefined;
  const line = text.split('\n')[(first.line ?? 1) - 1] ?? '';
  const before = first.col - 1;
  const carets = Math.max(1, Math.min(first.length ?? 1, line.length - before));
  const shown = line.replaceAll(/\p{Cc}/gu, ' ');
  return `  ${shown}\n  ${' '.repeat(before)}${'^'.repeat(carets)}\n`;
}

/** Options whose name is not that of the field they fill. */
const flags: Readonly<Record<string, string>> = {
  '/body/channels': '--channel',
  '/body/cohorts': '--cohort',
  '/body/devices': '--device',
  '/body/expiresInS': '--expires',
  '/body/expectedRates': '--rate',
  '/body/graceS': '--grace',
  '/body/kinds': '--kind',
  '/body/properties': '--set',
  '/body/scopes': '--scope',
  '/body/source': '--for',
  '/body/tags': '--tag',
  '/body/topics': '--topic',
  '/query/atMs': '--at',
  '/query/expiresInS': '--expires',
  '/query/key': '--name',
  '/query/source': '--noun',
  '/header/authorization': '--key',
};

/** Where it is wrong: a line of a text, else the option. */
function placeOf(problem: Problem, excerpt: string | undefined): string | undefined {
  const [first] = problem.errors ?? [];
  const flag = flagOf(first?.pointer);
  // A query is shown with a caret below instead.
  if (first?.line === undefined || excerpt !== undefined) return flag;
  return `${flag ?? 'line'}:${first.line}:${first.col ?? 1}`;
}

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
function wordsOf({ detail, errors }: Problem, excerpt: string | undefined): string {
  const first = errors?.[0]?.message;
  if (excerpt !== undefined && first !== undefined) return first;
  return detail.replace(/^(?:query|body) "[\w.]+" /, 'the value ');
}

function remedyOf(problem: Problem): string | undefined {
  if (problem.type.endsWith('/unauthenticated')) {
    return 'Run `fieldloop login`, or give a whole key (flk_…) by --key or FIELDLOOP_API_KEY.';
  }
  if (problem.remedy?.includes('/openapi.json') !== true) return asCommands(problem.remedy);
  return 'Add --help to see what is possible.';
}

/** Requests that a remedy names, as the commands that make them. */
const asCommands = (remedy: string | undefined): string | undefined =>
  remedy
    ?.replace(/`?GET \/v1\/queryFields\?source=(\w+)`?/, '`fieldloop queries fields $1`')
    .replace(/`?POST \/v1\/propertyDefinitions`?/, '`fieldloop properties create`')
    .replace(/ \/v1\/eventKinds\b/, ' `fieldloop event-kinds edit --schema`')
    .replace(/`?GET \/v1\/(\w+)\b(?![/?{])`?/, (whole, noun: string) =>
      nounWords[noun] === undefined ? whole : `\`fieldloop ${nounWords[noun]} list\``,
    );

/** Nouns of the API that lists of the command line have, by their names there. */
const nounWords: Readonly<Record<string, string>> = {
  alertPolicies: 'policies',
  alerts: 'alerts',
  apiKeys: 'keys',
  approvals: 'approvals',
  channels: 'channels',
  claimTokens: 'tokens',
  clips: 'clips',
  cohorts: 'cohorts',
  commands: 'commands',
  devices: 'devices',
  eventKinds: 'event-kinds',
  events: 'events',
  exports: 'exports',
  failures: 'failures',
  operations: 'operations',
  propertyDefinitions: 'properties',
  ruleSets: 'rules',
  runs: 'runs',
  gates: 'gates',
  savedQueries: 'queries',
  sessions: 'sessions',
  silences: 'silences',
  users: 'users',
  webhooks: 'webhooks',
};

/** What waits for a second person is a conflict with a type of its own. */
const codeOf = (name: string | undefined): FaultCode | undefined =>
  name === 'approval'
    ? 'conflict'
    : (Object.keys(faultTable) as FaultCode[]).find((code) => code === name);
