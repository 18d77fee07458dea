/** The settings of logins: where browsers find this cloud, and the OpenID provider. */
import { didYouMean, Fault } from '@fieldloop/core';
import type { OidcAddress } from './oidc-client.ts';
import type { OidcRoles } from './oidc-login.ts';
import { type Role, roles } from './rights.ts';
import { isLoopback } from './site.ts';

export interface OidcConfig extends OidcAddress, OidcRoles {}

export const loginKeys = [
  'publicUrl',
  'oidcIssuer',
  'oidcClientId',
  'oidcRoles',
  'oidcGroupsClaim',
] as const;
type LoginKey = (typeof loginKeys)[number];

export const oidcSecretVariable = 'FIELDLOOP_OIDC_CLIENT_SECRET';

export interface LoginConfig {
  /** Where browsers find this cloud, without a path; undefined: where it listens. */
  readonly publicUrl: string | undefined;
  readonly oidc: OidcConfig | undefined;
}

/** Faults `invalid` with the place of the setting. */
export function loginConfigOf(
  settings: Readonly<Partial<Record<LoginKey, string>>>,
  secret: string | undefined,
  placeOf: (key: LoginKey) => string,
): LoginConfig {
  const { publicUrl, oidcIssuer: issuer, oidcClientId: clientId, oidcRoles } = settings;
  if (publicUrl !== undefined) demandUrl(publicUrl, placeOf('publicUrl'));
  if (issuer === undefined) {
    const alone = loginKeys.find((key) => key !== 'publicUrl' && settings[key] !== undefined);
    if (alone === undefined) return { publicUrl, oidc: undefined };
    throw missing('oidcIssuer', placeOf(alone));
  }
  demandUrl(issuer, placeOf('oidcIssuer'));
  demandSafe(issuer, placeOf('oidcIssuer'));
  if (clientId === undefined) throw missing('oidcClientId', placeOf('oidcIssuer'));
  if (oidcRoles === undefined) throw missing('oidcRoles', placeOf('oidcIssuer'));
  if (secret === undefined || secret === '') {
    throw new Fault('invalid', 'the OpenID provider is set without its client secret', {
      place: oidcSecretVariable,
      remedy: `Set ${oidcSecretVariable} in the environment of the cloud.`,
    });
  }
  return {
    publicUrl,
    oidc: {
      issuer,
      clientId,
      clientSecret: secret,
      claim: settings.oidcGroupsClaim ?? 'groups',
      roles: rolesIn(oidcRoles, placeOf('oidcRoles')),
    },
  };
}

/** `robots-admins=admin, everybody=viewer` */
function rolesIn(text: string, place: string): Readonly<Record<string, Role>> {
  const found: Record<string, Role> = Object.create(null) as Record<string, Role>;
  for (const pair of text.split(',').map((one) => one.trim())) {
    const [, group, name] = /^(.*\S)\s*=\s*(\w+)$/.exec(pair) ?? [];
    const role = roles.find((one) => one === name);
    if (group === undefined || role === undefined) {
      const hint = name === undefined ? '' : didYouMean(name, roles);
      throw new Fault('invalid', `"${pair.slice(0, 80)}" gives no role to a group.${hint}`, {
        place,
        remedy: `Write GROUP=ROLE, GROUP=ROLE; roles are ${roles.join(', ')}.`,
      });
    }
    found[group] = role;
  }
  return found;
}

function demandUrl(text: string, place: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && url.search === '' && url.hash === '' && url.username === '';
  if (plain && (url.protocol === 'https:' || url.protocol === 'http:')) return;
  throw new Fault('invalid', `"${text.slice(0, 120)}" is not an address for browsers`, {
    place,
    remedy: 'Write https://HOST, without user, query or fragment.',
  });
}

function demandSafe(text: string, place: string): void {
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:' || isLoopback(hostname)) return;
  throw new Fault('invalid', 'the OpenID provider is called over plain http', {
    place,
    remedy: 'Use its https address: who can change its answers can log in as anybody.',
  });
}

const missing = (key: LoginKey, place: string): Fault =>
  new Fault('invalid', `${key} is missing`, {
    place,
    remedy: 'An OpenID provider needs oidcIssuer, oidcClientId and oidcRoles.',
  });
