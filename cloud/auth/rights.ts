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

/** Whether `scopes` hold the wanted scope, one of a higher level, or one of every noun. */
export function allows(scopes: readonly string[], wanted: string): boolean {
  const [noun, level] = wanted.split(':');
  const enough = levels.slice(levels.findIndex((one) => one === level));
  return enough.some((one) => scopes.includes(`${noun}:${one}`) || scopes.includes(`*:${one}`));
}
