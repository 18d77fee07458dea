/**
 * Goal: a wrong agent.yaml never starts an agent, and its reader learns everything at once.
 * Method: whole texts through the parser; messages are compared with their line and column.
 */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseConfig } from './config.ts';
import { problemLine, readDocument } from './document.ts';

const file = '/etc/fieldloop/agent.yaml';

const whole = `
device: {name: amr-017, site: ber1, properties: {hw: orin-nx}, firmware: 1.4.2+ab}
cloud: {claimToken: "\${CLAIM}"}
sources:
- {name: main, folder: bags, glob: "*.mcap"}
- {name: again, file: /data/run.bag, speed: max}
- {name: live, sim: "tcp://127.0.0.1:9000"}
models: [{id: classifier, path: models/classifier}]
scoring: {runtime: ort, providers: [tensorrt, cuda]}
rules: rules.yaml
window: {seconds: 30, memory: 32MiB, spool: 2GiB}
redaction:
  topics:
  - {topic: /fix, transform: coarse-position, decimals: 2}
  - {topic: '/camera/**', transform: blur, model: classifier}
  embeddings: keep
buffer: {path: /var/lib/fieldloop, quota: 20GiB, headroom: 5GiB, reserve: {critical: 25%}}
uplink:
  reconnectMost: 5s
  downloadKbps: 800
  policies:
  - {when: 'net == "wifi"', maxKbps: 20000}
  - {when: 'net == "lte"', maxKbps: 800, perDay: 300MiB, classes: [metadata, critical]}
limits:
  clip: 60s
  silent: 2s
  soak: 5m
  cpu: 35%
  memory: 250MiB
  heat: {file: /sys/class/thermal/thermal_zone0/temp, most: 85}
  battery: {file: battery, least: 15%}
log: {level: debug}
`;

const small = 'device: {name: amr-017}\nsources: [{name: a, file: a.mcap}]\nrules: r.yaml\n';

const linesOf = (text: string): string[] =>
  parseConfig({ text, file: 'agent.yaml' }, {}).problems.map(problemLine);

test('a whole configuration is read: units, paths below its folder, the secret', () => {
  const { value, problems } = parseConfig({ text: whole, file }, { CLAIM: 'flc_x' });
  expect(problems).toEqual([]);
  expect(value).toEqual({
    file,
    device: { name: 'amr-017', site: 'ber1', properties: { hw: 'orin-nx' }, firmware: '1.4.2+ab' },
    cloud: { claimToken: 'flc_x', claimTokenFrom: 'CLAIM' },
    sources: [
      { kind: 'folder', name: 'main', path: '/etc/fieldloop/bags', glob: '*.mcap', follow: true },
      { kind: 'file', name: 'again', path: '/data/run.bag', speed: 'max' },
      { kind: 'sim', name: 'live', host: '127.0.0.1', port: 9000 },
    ],
    models: [{ id: 'classifier', path: '/etc/fieldloop/models/classifier' }],
    scoring: { runtime: '/etc/fieldloop/ort', providers: ['tensorrt', 'cuda'] },
    rules: '/etc/fieldloop/rules.yaml',
    window: { ns: 30_000_000_000n, memoryBytes: 32 * 2 ** 20 },
    spool: {
      folder: '/var/lib/fieldloop/spool',
      maxBytes: 2 * 2 ** 30,
      headroomBytes: 5 * 2 ** 30,
    },
    redaction: {
      rules: [
        {
          topic: '/fix',
          transform: 'coarse-position',
          decimals: 2,
          fields: ['latitude', 'longitude'],
        },
        { topic: '/camera/**', transform: 'blur', model: 'classifier' },
      ],
      keepsEmbeddings: true,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    buffer: {
      path: '/var/lib/fieldloop',
      quotaBytes: 20 * 2 ** 30,
      headroomBytes: 5 * 2 ** 30,
      reserve: { critical: 5 * 2 ** 30 },
    },
    uplink: {
      reconnectMostMs: 5_000,
      downloadBytesPerSecond: 100_000,
      policies: [
        { when: expect.objectContaining({ text: 'net == "wifi"' }), bytesPerSecond: 2_500_000 },
        {
          when: expect.objectContaining({ text: 'net == "lte"' }),
          bytesPerSecond: 100_000,
          bytesPerDay: 300 * 2 ** 20,
          traffic: ['critical'],
        },
      ],
    },
    limits: {
      clipNs: 60_000_000_000n,
      silentNs: 2_000_000_000n,
      soakMs: 300_000,
      cpu: 0.35,
      memoryBytes: 250 * 2 ** 20,
      heat: { file: '/sys/class/thermal/thermal_zone0/temp', mostC: 85 },
      battery: { file: '/etc/fieldloop/battery', least: 0.15 },
    },
    log: { level: 'debug' },
  });
});

test('each kind of source, with a prefix and what belongs to it', () => {
  const text = small.replace(
    /sources:.*/,
    `sources:
- {name: a, folder: bags}
- {name: b, folder: bags, follow: false, prefix: /left}
- {name: c, foxglove: "ws://127.0.0.1:8765", lateness: 20ms}
- {name: d, ros2: {domain: 7}, prefix: /robot_1/base}
- {name: e, ros2: {}}`,
  );
  const { value, problems } = parseConfig({ text: `${text}buffer: {path: state}`, file }, {});
  expect(problems).toEqual([]);
  const folder = { kind: 'folder', path: '/etc/fieldloop/bags', glob: '**/*.{mcap,bag,db3}' };
  expect(value?.sources).toEqual([
    { ...folder, name: 'a', follow: true },
    { ...folder, name: 'b', follow: false, prefix: '/left' },
    { kind: 'foxglove', name: 'c', url: 'ws://127.0.0.1:8765/', latenessNs: 20_000_000n },
    { kind: 'ros2', name: 'd', domain: 7, prefix: '/robot_1/base' },
    { kind: 'ros2', name: 'e', domain: undefined },
  ]);
});

test('what is left out has the defaults, and a cloud is not needed', () => {
  const { value } = parseConfig({ text: `${small}buffer: {path: state}`, file }, {});
  expect(value).toMatchObject({
    cloud: undefined,
    models: [],
    sources: [{ kind: 'file', speed: 1 }],
    window: { ns: 60_000_000_000n, memoryBytes: 64 * 2 ** 20 },
    buffer: { quotaBytes: 10 * 2 ** 30, headroomBytes: 2 ** 30, reserve: {} },
  });
});

test('room as shares is of the whole disk that the buffer is on, at the moment of reading', () => {
  const text = `${small}window: {spool: 2.5%}
buffer: {path: state, quota: 20%, headroom: 100%, reserve: {critical: 25%}}`;
  const asked: string[] = [];
  const { value } = parseConfig({ text, file }, {}, (path) => {
    asked.push(path);
    return 1_000_001;
  });
  expect(new Set(asked)).toEqual(new Set(['/etc/fieldloop/state']));
  expect(value?.buffer).toMatchObject({
    quotaBytes: 200_000,
    headroomBytes: 1_000_001,
    reserve: { critical: 50_000 },
  });
  expect(value?.spool).toMatchObject({ maxBytes: 25_000, headroomBytes: 1_000_001 });
});

test('the disk is that of the nearest folder that is there; sizes ask for none', () => {
  const { blocks, bsize } = statfsSync(tmpdir());
  const below = join(tmpdir(), 'not-there', 'state');
  const read = (path: string, quota: string) =>
    parseConfig({ text: `${small}buffer: {path: '${path}', quota: ${quota}}`, file }, {});
  expect(read(below, '50%').value?.buffer.quotaBytes).toBe(Math.floor((blocks * bsize) / 2));
  const long = `/${'x'.repeat(300)}`;
  expect(read(long, '1GiB').value?.buffer.quotaBytes).toBe(2 ** 30);
  expect(read(long, '50%').problems.map(problemLine)).toEqual([
    expect.stringMatching(
      /^\/etc.*:4:10: "buffer\.path": the size of the disk of \/x+ is not known: ENAMETOOLONG\. Let /,
    ) as string,
  ]);
});

test.each([
  ['0%', '"0%" is not a share of the disk. Write a percentage above 0% and at most 100%, or'],
  ['100.1%', '"100.1%" is not a share of the disk'],
  ['1e1%', '"1e1%" is not a share of the disk'],
  ['"%"', '"%" is not a share of the disk'],
  ['a fifth', '"a fifth" is not a size. Write a number with B, .* percentage, for example 20%\\.$'],
])('room of %s is refused with its place', (given, says) => {
  const text = `${small}buffer: {path: state, quota: ${given}, headroom: ${given}}`;
  const [quota, headroom] = linesOf(text);
  expect(quota).toMatch(new RegExp(`^agent\\.yaml:4:23: "buffer\\.quota": ${says}`));
  expect(headroom).toMatch(/^agent\.yaml:4:\d+: "buffer\.headroom": /);
  const spool = linesOf(`${small}window: {spool: ${given}}\nbuffer: {path: state}`);
  expect(spool).toEqual([expect.stringMatching(/^agent\.yaml:4:10: "window\.spool": /) as string]);
});

test('a secret that is not set is absent; whoever needs it says so', () => {
  const text = `${small}buffer: {path: state}\ncloud: {claimToken: "\${NOT_SET}"}`;
  const { value } = parseConfig({ text, file }, {});
  expect(value?.cloud).toEqual({ claimToken: undefined, claimTokenFrom: 'NOT_SET' });
});

test('what shows a whole agent.yaml is named for that document alone', () => {
  const schema = z.strictObject({ id: z.string() });
  expect(readDocument({ text: '', file: 'model.yaml' }, schema).problems).toMatchObject([
    { message: '"id": is missing', remedy: 'Add it.' },
  ]);
});

test('several problems are told at once, in the order of the file, each with a remedy', () => {
  const text = `device: {name: AMR, sitee: ber1}
sources:
- {name: main, foldr: /data}
- {name: main2, file: a.mcap, sim: "tcp://x:1"}
rules: r.yaml
window: {seconds: 0, memory: 64 parsecs}
uplink: {policies: [{when: 'net = wlan', maxKbps: 8},
  {when: 'network = wifi'}, {when: 'net = wifi and', classes: [metadata, all]}]}
limits: {cpu: a third}
bufer: {path: x}
`;
  expect(linesOf(text)).toEqual([
    'agent.yaml:1:1: "buffer": is missing. Add it; "fieldloop-agent check --help" shows a whole example.',
    'agent.yaml:1:10: "device.name": "AMR" does not fit here. Use 3 to 40 of a-z, 0-9 and -.',
    'agent.yaml:1:21: unknown key "sitee" in "device". Did you mean "site"? Known here: name, site, properties, firmware.',
    'agent.yaml:3:3: "sources[0]": a source has exactly one of file, folder, sim, foxglove and ros2, this one has 0. Write for example {name: main, folder: /data/bags, glob: "*.mcap"}.',
    'agent.yaml:3:16: unknown key "foldr" in "sources[0]". Did you mean "folder"? Known here: name, file, folder, sim, foxglove, ros2, speed, glob, follow, prefix, lateness.',
    'agent.yaml:4:3: "sources[1]": a source has exactly one of file, folder, sim, foxglove and ros2, this one has 2. Write for example {name: main, folder: /data/bags, glob: "*.mcap"}.',
    'agent.yaml:6:10: "window.seconds": 0 does not fit here. Give a number of at least 1.',
    'agent.yaml:6:22: "window.memory": "64 parsecs" is not a size. Write a number with B, kB, MB, GB, KiB, MiB or GiB, for example 64MiB.',
    'agent.yaml:7:22: "uplink.policies[0].when": "wlan" is no net. Known here: wifi, lte, ethernet, other.',
    'agent.yaml:7:42: "uplink.policies[0].maxKbps": 8 does not fit here. Give a number of at least 64.',
    'agent.yaml:8:4: "uplink.policies[1].when": "network" says nothing of a network. Known here: net, iface, hour, weekday.',
    'agent.yaml:8:30: "uplink.policies[2].when": a condition is expected at the end. Write one, or take the last word out.',
    'agent.yaml:8:74: "uplink.policies[2].classes[1]": "all" does not fit here. Write metadata or critical or warning or info or baseline or downloads.',
    'agent.yaml:9:10: "limits.cpu": "a third" is not a share of a core. Write a percentage of one core, for example 35%.',
    'agent.yaml:10:1: unknown key "bufer". Did you mean "buffer"? Known here: device, cloud, sources, models, scoring, rules, window, redaction, buffer, uplink, limits, log.',
  ]);
});

const whenIs = (when: string): string[] =>
  linesOf(`${small}buffer: {path: x}\nuplink: {policies: [{when: '${when}', perDay: 1MiB}]}\n`);

test.each([
  'net = wifi and hour < 24',
  'weekday in (sat, sun) and hour: 6..18',
  'hour = 06 or iface:wwan*',
  'not net == "lte" and hour: 22..*',
])('the network condition %s', (when) => {
  expect(whenIs(when)).toEqual([]);
});

test.each([
  ['wifi', '"wifi" is no condition. Write for example net = wifi.'],
  ['net > wifi', 'net has no order. Write net = X, or net in (X, Y).'],
  ['weekday: mon..fri', 'weekday has no order. Write weekday = X, or weekday in (X, Y).'],
  ['hour: 22..6', 'this is no hour, or a range that holds at none. Write 0 to 24, for example'],
  ['hour = noon', 'this is no hour'],
  ['weekday = wen', '"wen" is no weekday. Did you mean "wed"? Known here: sun, mon, tue'],
])('the network condition %s is refused: %s', (when, why) => {
  const place = 'agent.yaml:5:22: "uplink.policies[0].when": ';
  expect(whenIs(when)).toEqual([expect.stringContaining(`${place}${why}`)]);
});

test('a day of a policy that no clip fits into is refused', () => {
  const text = `${small}buffer: {path: x}\nuplink: {policies: [{when: net = lte, perDay: 1KiB}]}\n`;
  expect(linesOf(text)).toEqual([
    'agent.yaml:5:39: "uplink.policies[0].perDay": "1KiB" is too little: no clip would ever go. Write 64KiB or more; classes: [metadata] lets no clip go.',
  ]);
});

test.each([
  ['a: [', /:1:\d+: this is not YAML/],
  ['device: {name: a}\ndevice: {name: b}', /:2:1: this is not YAML: Map keys must be unique/],
  [`${small}buffer: {path: "\${HOME}/x"}`, /:4:10: "buffer.path": the environment is for secrets/],
  [
    `${small}buffer: {path: x}\ncloud: {claimToken: "a\${X}"}`,
    /:5:9: "cloud.claimToken": a variable stands alone/,
  ],
  [
    'device: {name: amr}\nrules: r\nbuffer: {path: b}\nsources:\n- {name: a, file: x}\n- {name: a, file: y}',
    /:6:3: "sources\[1\]": the name "a" stands twice/,
  ],
  [
    'device: {name: amr}\nrules: r\nbuffer: {path: b}\nsources: [{name: a, sim: "http://x"}]',
    /:4:21: "sources\[0\]\.sim": "http:\/\/x" is not the address of a simulator/,
  ],
  [
    'device: {name: amr}\nrules: r\nbuffer: {path: b}\nsources: [{name: a, folder: x, speed: 2}]',
    /:4:32: "sources\[0\]\.speed": "speed" belongs to a source with "file"/,
  ],
  ['', /:1:1: "device": is missing/],
  ['- 1', /:1:1: \[1\] does not fit here\. Write a map/],
])('refused with its place: %s', (text, expected) => {
  expect(linesOf(text).join('\n')).toMatch(expected);
});

test('a redaction says what belongs to which transform', () => {
  const text = `${small}redaction:
  topics:
  - {topic: /a, transform: hide}
  - {topic: /b, transform: blur, decimals: 2}
  - {topic: /c, transform: drop, model: faces}
  - {topic: /cam*, transform: drop}
`;
  expect(linesOf(text).slice(1)).toEqual([
    'agent.yaml:6:17: "redaction.topics[0].transform": "hide" does not fit here. Write drop or blur or coarse-position.',
    'agent.yaml:7:34: "redaction.topics[1].decimals": "decimals" belongs to the transform coarse-position. Remove it, or choose that transform.',
    'agent.yaml:8:34: "redaction.topics[2].model": "model" belongs to the transform blur. Remove it, or choose that transform.',
    expect.stringMatching(
      /^agent\.yaml:9:6: "redaction\.topics\[3\]\.topic": "\/cam\*" fits no topic/,
    ) as string,
  ]);
});
