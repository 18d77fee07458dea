/**
 * Goal: a wrong setting of logins is said at the start, with its place and what would be right.
 * Method: settings as a file has them, each wrong in one way.
 */
import { expect, test } from 'vitest';
import { readCloudConfig } from '../config.ts';
import { oidcSecretVariable } from './oidc-config.ts';

const good = `
data: ./d
publicUrl: https://fleet.example.com
oidcIssuer: https://id.example.com/realms/robots
oidcClientId: fieldloop
oidcRoles: "Robots Admins=admin, /fleet/engineers = engineer,a=b=viewer"
`;

const read = (
  text: string,
  env: Readonly<Record<string, string>> = { [oidcSecretVariable]: 's' },
) => readCloudConfig({}, { name: 'cloud.yaml', text }, env);

test('a provider, its roles and the address of this cloud are read', () => {
  expect(read(good)).toMatchObject({
    publicUrl: 'https://fleet.example.com',
    oidc: {
      issuer: 'https://id.example.com/realms/robots',
      clientId: 'fieldloop',
      clientSecret: 's',
      claim: 'groups',
      roles: { 'Robots Admins': 'admin', '/fleet/engineers': 'engineer', 'a=b': 'viewer' },
    },
  });
  expect(read('data: ./d').oidc).toBeUndefined();
  expect(read(`${good}oidcGroupsClaim: roles`).oidc?.claim).toBe('roles');
});

test.each([
  [
    'oidcIssuer: https://id.example.com/realms/robots',
    '',
    /oidcIssuer is missing/,
    'cloud.yaml:5:1',
  ],
  ['oidcClientId: fieldloop', '', /oidcClientId is missing/, 'cloud.yaml:4:1'],
  ['https://id.example.com/realms/robots', 'http://id.example.com', /plain http/, 'cloud.yaml:4:1'],
  ['https://fleet.example.com', 'fleet.example.com', /not an address/, 'cloud.yaml:3:1'],
  [
    'https://fleet.example.com',
    'https://u:p@fleet.example.com',
    /not an address/,
    'cloud.yaml:3:1',
  ],
  ['engineer,', 'enginer,', /Did you mean "engineer"/, 'cloud.yaml:6:1'],
  [
    'oidcClientId: fieldloop',
    'oidcClient: fieldloop',
    /unknown key "oidcClient"/,
    'cloud.yaml:5:1',
  ],
])('"%s" as "%s" is refused at its place', (from, to, message, place) => {
  let thrown: unknown;
  try {
    read(good.replace(from, to));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'invalid', place, remedy: expect.stringMatching(/./) });
  expect(thrown).toMatchObject({ message: expect.stringMatching(message) });
});

test('the secret comes by the environment alone', () => {
  expect(() => read(good, {})).toThrow('without its client secret');
  expect(() => read(`${good}oidcClientSecret: s`)).toThrow('unknown key');
});
