/** A problem of the API as the Fault it was, in the words of the command line. */
import { Fault, type FaultCode, faultTable } from '@fieldloop/core';
import type { components } from './generated/api.d.ts';
import type { Profile } from './profile.ts';

type Problem = components['schemas']['Problem'];

export async function faultOf(response: Response, profile: Profile): Promise<Fault> {
  const type = response.headers.get('content-type') ?? '';
  const problem = type.includes('problem+json') ? ((await response.json()) as Problem) : undefined;
  const code = codeOf(problem?.type.split('/').at(-1));
  if (problem === undefined || code === undefined) {
    return new Fault('unavailable', `${profile.url} answered ${response.status} and no problem`, {
      remedy: 'Check that --url is the URL of a Fieldloop cloud.',
    });
  }
  return new Fault(code, wordsOf(problem), {
    place: placeOf(problem),
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

/** Where it is wrong: a line of a text, else the option. */
function placeOf(problem: Problem): string | undefined {
  const [first] = problem.errors ?? [];
  const flag = flagOf(first?.pointer);
  if (first?.line === undefined) return flag;
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
const wordsOf = ({ detail }: Problem): string =>
  detail.replace(/^(?:query|body) "[\w.]+" /, 'the value ');

function remedyOf(problem: Problem): string | undefined {
  if (problem.type.endsWith('/unauthenticated')) {
    return 'Run `fieldloop login`, or give a whole key (flk_…) by --key or FIELDLOOP_API_KEY.';
  }
  if (problem.remedy?.includes('/openapi.json') !== true) return problem.remedy;
  return 'Add --help to see what is possible.';
}

const codeOf = (name: string | undefined): FaultCode | undefined =>
  (Object.keys(faultTable) as FaultCode[]).find((code) => code === name);
