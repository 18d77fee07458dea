/** Wrong input of every kind that this room takes, and what it is refused with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultCode, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { decodeMessage } from '@fieldloop/recording';
import { parseConfig, loadConfig } from './config.ts';
import { demand } from './document.ts';
import { parseClaimToken } from './enroll/token.ts';
import { loadIdentity } from './enroll/identity.ts';
import { installCertificate } from './enroll/offline.ts';
import { demandRules } from './demand-rules.ts';
import { decodeImage } from './score/image.ts';
import { readModel } from './score/model.ts';
import { filesIn } from './score/model-files.ts';
import { openOnnx } from './score/onnx.ts';
import { openScorer } from './score/scorer.ts';
import { tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';

export interface MalformedCase {
  readonly name: string;
  /** Does what meets the input, in an empty folder of its own; it must throw a Fault. */
  readonly make: (folder: string) => unknown;
  readonly expect: FaultCode;
}

const good = `device: {name: amr-017}
sources: [{name: main, file: a.mcap}]
rules: rules.yaml
buffer: {path: state}
`;

const config = (text: string) => (): unknown =>
  demand(parseConfig({ text, file: 'agent.yaml' }, {}));

const changed = (from: string, to: string) => config(good.replace(from, to));

const invalid = (name: string, make: MalformedCase['make']): MalformedCase => ({
  name,
  make,
  expect: 'invalid',
});

const configCases: readonly MalformedCase[] = [
  invalid('agent.yaml: not YAML', config('device: {name: amr-017\nsources: [')),
  invalid('agent.yaml: empty', config('')),
  invalid('agent.yaml: a list', config('- device')),
  invalid('agent.yaml: the same key twice', config(`${good}rules: other.yaml\n`)),
  invalid('agent.yaml: unknown key', changed('rules:', 'rule:')),
  invalid('agent.yaml: key of a later version', config(`${good}update: {}\n`)),
  invalid('agent.yaml: device name', changed('amr-017', 'AMR 17')),
  invalid('agent.yaml: no source', changed('[{name: main, file: a.mcap}]', '[]')),
  invalid('agent.yaml: two kinds in a source', changed('file: a.mcap', 'file: a, folder: b')),
  invalid('agent.yaml: speed', changed('a.mcap}', 'a.mcap, speed: fast}')),
  invalid('agent.yaml: simulator address', changed('file: a.mcap', 'sim: "localhost:9000"')),
  invalid('agent.yaml: Foxglove address', changed('file: a.mcap', 'foxglove: "http://robot:8765"')),
  invalid('agent.yaml: ROS 2 domain', changed('file: a.mcap', 'ros2: {domain: 1000}')),
  invalid('agent.yaml: ROS 2 without a map', changed('file: a.mcap', 'ros2: yes please')),
  invalid('agent.yaml: lateness', changed('a.mcap}', 'a.mcap, lateness: 6s}')),
  invalid('agent.yaml: prefix', changed('a.mcap}', 'a.mcap, prefix: "left arm"}')),
  invalid('agent.yaml: follow of a file', changed('a.mcap}', 'a.mcap, follow: true}')),
  invalid(
    'agent.yaml: follow that is no truth',
    changed('file: a.mcap', 'folder: a, follow: maybe'),
  ),
  invalid('agent.yaml: size', config(`${good}window: {memory: lots}\n`)),
  invalid('agent.yaml: duration', config(`${good}limits: {clip: 2 minutes}\n`)),
  invalid('agent.yaml: share', changed('path: state', 'path: state, reserve: {critical: 250%}')),
  invalid('agent.yaml: share of the disk', changed('path: state', 'path: state, quota: 120%')),
  invalid(
    'agent.yaml: network that there is not',
    config(`${good}uplink: {policies: [{when: net = wlan}]}\n`),
  ),
  invalid(
    'agent.yaml: hours that never come',
    config(`${good}uplink: {policies: [{when: "hour: 22..6"}]}\n`),
  ),
  invalid('agent.yaml: provider', config(`${good}scoring: {providers: [gpu]}\n`)),
  invalid('agent.yaml: environment outside a secret', changed('state', '"${HOME}/state"')),
  invalid('agent.yaml: more than 1 MiB', config(`${good}#${'x'.repeat(2 ** 20)}`)),
  {
    name: 'agent.yaml: absent',
    make: (folder) => loadConfig(join(folder, 'agent.yaml'), {}),
    expect: 'not_found',
  },
  invalid('rules: not a rule set', () => demandRules('rules: []\n', 'rules.yaml')),
];

const scorer = async (folder: string): Promise<unknown> => {
  const deps = { clock: systemClock, openOnnx, decodeImage, decodeMessage };
  await using opened = await openScorer(readModel(filesIn(folder)), deps);
  return opened;
};

const model =
  (change: object, onnx = tinyOnnx()) =>
  (folder: string): Promise<unknown> =>
    scorer(writeModel(folder, { ...tinyYaml(), ...change }, onnx));

const input = tinyYaml()['input'] as object;
const pair = (...numbers: number[]): object => ({ input: numbers, output: [1, 2, 3] });

const modelCases: readonly MalformedCase[] = [
  { name: 'model: no folder', make: (folder) => scorer(join(folder, 'none')), expect: 'not_found' },
  {
    name: 'model: no model.onnx',
    make: (folder) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'model.yaml'), JSON.stringify(tinyYaml()));
      return scorer(folder);
    },
    expect: 'not_found',
  },
  { name: 'model.onnx: empty', make: model({}, new Uint8Array(0)), expect: 'corrupt' },
  { name: 'model.onnx: not ONNX', make: model({}, Buffer.from('hello')), expect: 'corrupt' },
  {
    name: 'model.onnx: cut in half',
    make: model({}, tinyOnnx().subarray(0, 150)),
    expect: 'corrupt',
  },
  invalid('model.yaml: unknown task', model({ task: 'detection' })),
  invalid('model.yaml: no golden pair', model({ golden: [] })),
  invalid('model.yaml: image and path', model({ input: { ...input, from: { topic: '/a' } } })),
  invalid(
    'model.yaml: size of an image missing',
    model({
      input: { name: 'x', from: { topic: '/a', image: true }, mean: [0], std: [1] },
    }),
  ),
  invalid('model.yaml: deviation of zero', model({ input: { ...input, std: [0] } })),
  invalid('model.yaml: golden pair of another length', model({ golden: [pair(1, 2, 3)] })),
  invalid('model.yaml: input name', model({ input: { ...input, name: 'y' } })),
  invalid('model.yaml: output name', model({ output: { logits: 'z' } })),
  invalid(
    'model.yaml: input of another size',
    model({
      input: { ...input, size: 3 },
      golden: [pair(1, 2, 3)],
    }),
  ),
  invalid('model.yaml: golden logits differ', model({ golden: [pair(1, 2)] })),
];

const token = (parts: object): string =>
  `flc_${Buffer.from(JSON.stringify(parts)).toString('base64url')}`;
const parts = { v: 1, url: 'https://cloud:1', ca: 'a'.repeat(64), secret: 's'.repeat(32) };

const identity =
  (files: Readonly<Record<string, string>>) =>
  (folder: string): Promise<unknown> => {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    return loadIdentity(folder, { clock: systemClock });
  };

const named = JSON.stringify({ device: 'amr-017', broker: 'mqtts://cloud:8883' });

const cloudCases: readonly MalformedCase[] = [
  invalid('claim token: another text', () => parseClaimToken('hello')),
  invalid('claim token: half copied', () => parseClaimToken(token(parts).slice(0, 40))),
  invalid('claim token: newer version', () => parseClaimToken(token({ ...parts, v: 2 }))),
  invalid('claim token: http', () => parseClaimToken(token({ ...parts, url: 'http://cloud:1' }))),
  invalid('claim token: no root hash', () => parseClaimToken(token({ ...parts, ca: '' }))),
  { name: 'identity: not JSON', make: identity({ 'identity.json': '{' }), expect: 'corrupt' },
  {
    name: 'identity: no key',
    make: identity({ 'identity.json': named }),
    expect: 'not_found',
  },
  {
    name: 'identity: broken certificate',
    make: identity({
      'identity.json': named,
      'key.pem': 'x',
      'cert.pem': 'x',
      'chain.pem': 'x',
      'ca.pem': 'x',
    }),
    expect: 'corrupt',
  },
];

const certificate = (text: string) => (folder: string) =>
  installCertificate(
    { text, name: 'amr-017.pem' },
    { dir: folder, clock: systemClock, log: silentLog },
  );

const certificateCases: readonly MalformedCase[] = [
  invalid('enroll --cert: not a certificate', certificate('hello')),
  invalid(
    'enroll --cert: a request in its place',
    certificate('-----BEGIN CERTIFICATE REQUEST-----\n'),
  ),
];

export const malformedCases: readonly MalformedCase[] = [
  ...configCases,
  ...modelCases,
  ...cloudCases,
  ...certificateCases,
];
