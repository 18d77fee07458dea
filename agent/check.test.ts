/**
 * Goal: an operator hears of a certificate that ends in time to renew it, and not before; and of a
 * cloud that does not take the device.
 * Method: `check` on identities whose certificates a real authority issued for so many days,
 * against a TLS listener that says what a gate says.
 */
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { formatSize } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority } from './authority.cases.ts';
import { checkAgent } from './check.ts';
import { identityFolder } from './cloud-link.ts';
import { loadConfig } from './config.ts';
import type { Finding } from './finding.ts';
import { openLocalSocket } from './health/socket.ts';
import { statusSocketPath } from './health/status.ts';
import { writeRecording } from './source/testing.ts';
import { plainRules } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Enrolled {
  readonly daysLeft: number;
  readonly authority: Authority;
  /** Where nobody answers when absent. */
  readonly broker?: string;
}

/** What `check` says of the cloud, finding by finding. */
async function cloudFindings({ daysLeft, authority, broker }: Enrolled): Promise<Finding[]> {
  const file = join(folder, 'agent.yaml');
  const config = {
    device: { name: 'amr-017' },
    cloud: {},
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  writeFileSync(file, JSON.stringify(config));
  const loaded = loadConfig(file, {});
  const { key, cert } = await authority.issueWithKey('amr-017', [-1, daysLeft]);
  const home = identityFolder(loaded);
  mkdirSync(home, { recursive: true });
  const files = {
    'key.pem': key,
    'cert.pem': cert,
    'chain.pem': authority.pem,
    'ca.pem': authority.pem,
    'identity.json': JSON.stringify({ device: 'amr-017', broker: broker ?? 'mqtts://127.0.0.1:1' }),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(home, name), text, { mode: 0o600 });
  }
  const findings: Finding[] = [];
  for await (const finding of checkAgent(loaded, { clock: systemClock })) {
    if (finding.about === 'cloud') findings.push(finding);
  }
  return findings;
}

const cloudFinding = async (daysLeft: number): Promise<Finding | undefined> =>
  (await cloudFindings({ daysLeft, authority: await openAuthority() }))[0];

/** What `check` says of a gate that answers a CONNECT like this. */
async function linkFinding(answer: (socket: TLSSocket) => void): Promise<Finding | undefined> {
  const authority = await openAuthority();
  const cloud = await authority.issueWithKey('cloud');
  const trust = { ca: authority.pem, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ ...cloud, ...trust }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const broker = `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const findings = await cloudFindings({ daysLeft: 30, authority, broker });
  server.close();
  return findings.at(-1);
}

test('a fresh certificate of 30 days is well', async () => {
  expect(await cloudFinding(30)).toMatchObject({ level: 'ok' });
});

test('a certificate with fewer than 10 days left is a warning with both commands', async () => {
  expect(await cloudFinding(10.5)).toMatchObject({ level: 'ok' });
  const finding = await cloudFinding(9.5);
  expect(finding).toMatchObject({
    level: 'warning',
    text: expect.stringContaining('the certificate has 9 days left'),
  });
  expect(finding?.text).toContain('fieldloop tokens create --device amr-017');
  expect(finding?.text).toContain('fieldloop-agent enroll --token TOKEN');
});

test('a certificate that expired is an error with what to do', async () => {
  expect(await cloudFinding(-0.5)).toMatchObject({
    level: 'error',
    text: expect.stringMatching(/expired on .* with a new claim token/),
  });
});

test('a gate that takes the device, one that refuses it, and nobody there', async () => {
  const taken = await linkFinding((socket) => socket.write(Buffer.of(0x20, 2, 0, 0)));
  expect(taken).toMatchObject({ level: 'ok', text: expect.stringMatching(/takes this device$/) });
  const refused = await linkFinding((socket) => socket.destroy());
  expect(refused).toMatchObject({
    level: 'error',
    text: expect.stringMatching(/broker refused this device.* revoked stays so/),
  });
  const away = await cloudFindings({ daysLeft: 30, authority: await openAuthority() });
  expect(away.at(-1)).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/cannot be reached: .* the uplink tries again/),
  });
});

test('an agent that runs is asked, for a second connection would end its own', async () => {
  const authority = await openAuthority();
  const state = join(folder, 'state');
  mkdirSync(state);
  const uplink = { connected: false, lastError: 'the broker refused this device: gone' };
  await using _socket = await openLocalSocket(statusSocketPath(state), {
    status: () => ({ uplink }) as never,
    act: () => Promise.reject(new Error('unasked')),
  });
  const findings = await cloudFindings({ daysLeft: 30, authority });
  expect(findings.at(-1)).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/runs here is not connected: the broker refused/),
  });
});

test('sources that are not there now: what waits is a warning, what cannot start an error', async () => {
  const file = join(folder, 'agent.yaml');
  const config = {
    device: { name: 'amr-017' },
    sources: [
      { name: 'bags', folder: '.' },
      { name: 'gone', folder: 'gone' },
      { name: 'bridge', foxglove: 'ws://127.0.0.1:1' },
      { name: 'graph', ros2: {} },
    ],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  writeFileSync(file, JSON.stringify(config));
  const found: Finding[] = [];
  for await (const finding of checkAgent(loadConfig(file, {}), { clock: systemClock })) {
    if (finding.about.startsWith('sources')) found.push(finding);
  }
  expect(found.map(({ level }) => level)).toEqual(['ok', 'error', 'warning', 'error']);
  expect(found.map(({ text }) => text)).toEqual([
    expect.stringContaining('as they grow'),
    expect.stringContaining('Make it, or correct the path'),
    expect.stringContaining('does not answer now as a Foxglove server'),
    expect.stringContaining('ROS 2 is not sourced'),
  ]);
});

test('rules are compared with the newest recording of a folder that can be read', async () => {
  const file = join(folder, 'agent.yaml');
  const bags = join(folder, 'bags');
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'bags', folder: 'bags', prefix: '/front' }],
    rules: 'rules.yaml',
    buffer: { path: 'bags/state' },
  };
  writeFileSync(file, JSON.stringify(config));
  writeFileSync(join(folder, 'rules.yaml'), plainRules);
  mkdirSync(join(bags, 'state', 'clips'), { recursive: true });
  const record = async (name: string, topic: string, ageS: number): Promise<void> => {
    const path = join(bags, name);
    await writeRecording(path, [{ topic, atNs: 1n, value: { vx: 1 } }]);
    const at = Date.now() / 1_000 - ageS;
    utimesSync(path, at, at);
  };
  await record('old.mcap', '/odom', 30);
  await record('a.mcap', '/odo', 20);
  await record('b.mcap', '/odo', 10);
  truncateSync(join(bags, 'b.mcap'), 200);
  const found = await findings(file);
  expect(found.find(({ about }) => about === 'sources[0]')).toMatchObject({
    level: 'ok',
    text: expect.stringMatching(/takes .* as they grow; rules are compared with .*a\.mcap$/),
  });
  expect(found).toContainEqual({
    level: 'warning',
    about: 'rules',
    text: expect.stringMatching(/no topic "\/odom"\. +Its topics are \/front\/odo\./),
  });
});

test('a buffer that can hold nothing, or that cannot be made, is told of with what to do', async () => {
  const file = join(folder, 'agent.yaml');
  const bufferFinding = async (buffer: object): Promise<Finding | undefined> => {
    const source = { name: 'main', folder: '.' };
    const config = { device: { name: 'amr-017' }, sources: [source], rules: 'rules.yaml', buffer };
    writeFileSync(file, JSON.stringify(config));
    return (await findings(file)).find(({ about }) => about === 'buffer');
  };
  expect(await bufferFinding({ path: 'state', quota: '0B' })).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/quota is 0 B: every clip goes as it comes\. Give it a size/),
  });
  expect(await bufferFinding({ path: '/proc/nope' })).toMatchObject({
    level: 'error',
    text: expect.stringMatching(/takes no files \(ENOENT\)\. Let buffer\.path be a folder/),
  });
});

async function findings(file: string): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of checkAgent(loadConfig(file, {}), { clock: systemClock })) {
    found.push(finding);
  }
  return found;
}

test('clips that the buffer holds are part of its quota: they need no room any more', async () => {
  const file = join(folder, 'agent.yaml');
  const clips = join(folder, 'state', 'clips', 'ab');
  mkdirSync(clips, { recursive: true });
  const buffer = { path: 'state', quota: '2049GiB', headroom: '1MiB' };
  const source = { name: 'main', folder: '.' };
  const config = { device: { name: 'amr-017' }, sources: [source], rules: 'rules.yaml', buffer };
  writeFileSync(file, JSON.stringify(config));
  const bufferFinding = async (): Promise<Finding | undefined> => {
    for await (const finding of checkAgent(loadConfig(file, {}), { clock: systemClock })) {
      if (finding.about === 'buffer') return finding;
    }
    return undefined;
  };
  expect(await bufferFinding()).toMatchObject({
    level: 'warning',
    text: expect.stringContaining('free is less than the 2.00 TiB left of it and headroom'),
  });
  // Larger than any disk here, and empty.
  const clip = join(clips, `${'ab'.repeat(32)}.mcap`);
  writeFileSync(clip, '');
  truncateSync(clip, 2 * 2 ** 40);
  writeFileSync(file, JSON.stringify({ ...config, buffer: { ...buffer, quota: '2048.001GiB' } }));
  expect(await bufferFinding()).toMatchObject({
    level: 'ok',
    text: expect.stringMatching(/; quota 2\.00 TiB \(.* of the disk\), 2\.00 TiB of it held; /),
  });
});

test('what a share of the disk comes to is told beside the disk and the share', async () => {
  const file = join(folder, 'agent.yaml');
  const buffer = { path: 'state', quota: '2%', headroom: '0.5%' };
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    window: { spool: '1%' },
    buffer,
  };
  writeFileSync(file, JSON.stringify(config));
  const { blocks, bsize } = statfsSync(folder);
  const size = (part: number): string => formatSize(Math.floor(blocks * bsize * part));
  const wanted = [
    `of ${size(1)} free`,
    `quota ${size(0.02)} (2 % of the disk), 0 B of it held`,
    `headroom ${size(0.005)} (0.5 % of the disk); spool ${size(0.01)} (1 % of the disk)`,
  ];
  const findings: Finding[] = [];
  for await (const finding of checkAgent(loadConfig(file, {}), { clock: systemClock })) {
    findings.push(finding);
  }
  const text = findings.find(({ about }) => about === 'buffer')?.text ?? '';
  expect(wanted.filter((part) => text.includes(part))).toEqual(wanted);
});

test('windows that are more than the agent may take are warned of', async () => {
  const file = join(folder, 'agent.yaml');
  const windows = async (count: number): Promise<string[]> => {
    const sources = Array.from({ length: count }, (_, i) => ({ name: `s${i}`, folder: '.' }));
    const config = {
      device: { name: 'amr-017' },
      sources,
      rules: 'rules.yaml',
      window: { memory: '64MiB' },
      limits: { memory: '250MiB' },
      buffer: { path: 'state' },
    };
    writeFileSync(file, JSON.stringify(config));
    const texts: string[] = [];
    for await (const { about, text } of checkAgent(loadConfig(file, {}), { clock: systemClock })) {
      if (about === 'window') texts.push(text);
    }
    return texts;
  };
  expect(await windows(3)).toEqual([]);
  expect(await windows(4)).toEqual([
    'windows of 4 sources, 64.0 MiB each, may hold more than limits.memory (250 MiB). Lower window.memory.',
  ]);
});

test('a redaction whose detector is not there is warned of', async () => {
  const file = join(folder, 'agent.yaml');
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    redaction: { topics: [{ topic: '/camera/**', transform: 'blur', model: 'faces' }] },
    buffer: { path: 'state' },
  };
  writeFileSync(file, JSON.stringify(config));
  const found: Finding[] = [];
  for await (const one of checkAgent(loadConfig(file, {}), { clock: systemClock })) found.push(one);
  expect(found).toContainEqual({
    level: 'warning',
    about: 'redaction.topics[0]',
    text: `model "faces" is not configured, so "/camera/**" is left out of every clip. Add it to "models" of ${file}, or correct its name.`,
  });
});
