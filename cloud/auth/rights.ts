/**
 * What a caller may do: a scope is `noun:level`, `*` stands for every noun, and a level includes
 * those below it. A role is a person's set of scopes.
 */
export const levels = ['read', 'write', 'approve', 'admin'] as const;
export type Level = (typeof levels)[number];

/** The nouns that rights are given for, in the order of the documents. */
export const scopeNouns = [
  'devices',
  'cohorts',
  'sessions',
  'clips',
  'events',
  'failures',
  'triage',
  'commands',
  'ruleSets',
  'alerts',
  'channels',
  'webhooks',
  'savedQueries',
  'operations',
  'claimTokens',
  'users',
  'apiKeys',
  'approvals',
  'audit',
  'tasks',
  'ontologies',
  'annotations',
  'datasets',
  'lineage',
  'trainings',
  'models',
  'cases',
  'reviews',
  'releases',
  'rollouts',
  'freezes',
  'runs',
  'gates',
] as const;
export type ScopeNoun = (typeof scopeNouns)[number];
export type Scope = `${ScopeNoun}:${Level}`;

export const roles = ['viewer', 'annotator', 'engineer', 'release_manager', 'admin'] as const;
export type Role = (typeof roles)[number];

export const roleScopes: Readonly<Record<Role, readonly string[]>> = {
  viewer: ['*:read'],
  annotator: ['tasks:write'],
  engineer: ['*:write'],
  release_manager: ['*:approve'],
  admin: ['*:admin'],
};

/** Everything a key can be allowed, in the order of the documents. */
export const allScopes: readonly string[] = ['*', ...scopeNouns].flatMap((noun) =>
  levels.map((level) => `${noun}:${level}`),
);

const nouns: ReadonlySet<string> = new Set(['*', ...scopeNouns]);

/** Whether `scopes` hold the wanted scope, one of a higher level, or one of every noun. */
export function allows(scopes: readonly string[], wanted: string): boolean {
  const [noun = '', level = ''] = wanted.split(':');
  if (rank(level) < 0 || !nouns.has(noun)) return false;
  const enough = levels.slice(rank(level));
  return enough.some((one) => scopes.includes(`${noun}:${one}`) || scopes.includes(`*:${one}`));
}

/** The part of `scopes` that `limit` has as well. */
export function meetScopes(scopes: readonly string[], limit: readonly string[]): readonly string[] {
  const met = scopes.flatMap((one) => limit.map((other) => meet(one, other)));
  const found = [...new Set(met.filter((scope) => scope !== undefined))];
  return found.filter((scope) => !found.some((other) => other !== scope && covers(other, scope)));
}

function meet(a: string, b: string): string | undefined {
  const [nounA = '', levelA = ''] = a.split(':');
  const [nounB = '', levelB = ''] = b.split(':');
  if (nounA !== nounB && nounA !== '*' && nounB !== '*') return undefined;
  const level = rank(levelA) < rank(levelB) ? levelA : levelB;
  return `${nounA === '*' ? nounB : nounA}:${level}`;
}

const rank = (level: string): number => levels.findIndex((one) => one === level);

const covers = (scope: string, other: string): boolean => allows([scope], other);

/** The first of the wanted scopes that `own` does not hold, or undefined. */
export const scopeBeyond = (
  own: readonly string[],
  wanted: readonly string[],
): string | undefined => wanted.find((scope) => !allows(own, scope));
