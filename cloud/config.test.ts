/**
 * Goal: a slip in the settings is named with its place before anything is opened.
 * Method: files and flags, right and wrong.
 */
import { expect, test } from 'vitest';
import { parseListen, readCloudConfig } from './config.ts';

const file = (text: string) => ({ name: 'cloud.yaml', text });

test('without settings the cloud listens on this machine at its known ports', () => {
  expect(readCloudConfig({ data: 'd' })).toEqual({
    dataDir: 'd',
    database: { kind: 'sqlite', path: 'd/cloud.db' },
    role: 'all',
    http: { host: '127.0.0.1', port: 7400 },
    broker: { host: '127.0.0.1', port: 8883 },
    enrol: { host: '127.0.0.1', port: 7443 },
    publicHost: undefined,
    trustedProxies: [],
    logLevel: 'info',
    webhooksAllowPrivate: false,
    viewers: {
      lichtblick: 'https://lichtblick-suite.github.io/lichtblick/',
      foxglove: 'https://app.foxglove.dev/~/view',
    },
  });
});

test('a flag stands above the file', () => {
  const text =
    'data: /srv/fieldloop\nhttp: 0.0.0.0:80\nlogLevel: debug\npublicHost: fleet.example\n';
  expect(readCloudConfig({ http: '[::1]:0' }, file(text))).toMatchObject({
    dataDir: '/srv/fieldloop',
    http: { host: '::1', port: 0 },
    logLevel: 'debug',
    publicHost: 'fleet.example',
  });
});

test.each(['true', 'True', '"true"'])('webhooksAllowPrivate: %s is true', (said) => {
  const text = `data: x\nwebhooksAllowPrivate: ${said}`;
  expect(readCloudConfig({}, file(text)).webhooksAllowPrivate).toBe(true);
});

test.each([
  ['data: x\nwebhooksAllowPrivate: 1', 'cloud.yaml:2:1', '"1" is neither true nor false'],
  ['data: x\nwebhooksAllowPrivate:', 'cloud.yaml:2:1', 'has no value of its own'],
  ['data: x\nhttp: true', 'cloud.yaml:2:1', '"true" is not an address to listen at'],
  ['data: x\nbrokr: 1:2', 'cloud.yaml:2:1', 'unknown key "brokr". Did you mean "broker"?'],
  ['data: x\nhttp: here', 'cloud.yaml:2:1', '"here" is not an address to listen at'],
  ['data: x\nhttp: 127.0.0.1:70000', 'cloud.yaml:2:1', '"127.0.0.1:70000" is not an address'],
  ['data: x\nlogLevel: inf', 'cloud.yaml:2:1', '"inf" is not a log level. Did you mean "info"?'],
  ['data: x\nfoxgloveUrl: app', 'cloud.yaml:2:1', '"app" is not the address of a viewer'],
  ['data: x\nhttp: [1, 2]', 'cloud.yaml:2:1', '"http" has no value of its own'],
  ['- data', 'cloud.yaml:1:1', 'the settings are not a map'],
  ['data: x\ndata: y', 'cloud.yaml:2:1', 'this is not YAML: Map keys must be unique'],
  ['data: "x', 'cloud.yaml:1:9', 'this is not YAML'],
  ['http: 127.0.0.1:0', '--data', 'there is no data folder'],
])('%j is refused at its place', (text, place, message) => {
  expect(() => readCloudConfig({}, file(text))).toThrow(
    expect.objectContaining({
      code: 'invalid',
      place,
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/\.$/),
    }),
  );
});

test('a wrong flag is named as a flag', () => {
  expect(() => readCloudConfig({ data: 'd', enrol: '7443' })).toThrow(
    expect.objectContaining({ place: '--enrol' }),
  );
  expect(() => readCloudConfig({ data: 'd', logLevel: 'x' })).toThrow(
    expect.objectContaining({ place: '--log-level' }),
  );
});

test('every address takes the form :PORT', () => {
  expect(parseListen(':7400', '--http')).toEqual({ host: '0.0.0.0', port: 7400 });
});
