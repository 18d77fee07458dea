/**
 * Goal: a robot on a metered network sends what its policies allow and no byte more, tells why the
 * rest waits, and sends it once it may.
 * Method: the table of decisions; then the real uplink on a real buffer in a simulated world, with
 * restarts and changes of network and configuration in the middle.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseScope } from '@fieldloop/rules/scope';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { wireLimits } from '@fieldloop/proto';
import { spentAheadBytes } from '../limits.ts';
import type { Network } from './network.ts';
import { permitOf, policyFor, type UplinkPolicy } from './policies.ts';
import { expectAllOnce, expectQuiet, World } from './world.cases.ts';

function policy(when: string, rest: Omit<UplinkPolicy, 'when'> = {}): UplinkPolicy {
  const { scope } = parseScope(when);
  assert(scope !== undefined);
  return { when: scope, ...rest };
}

const wifi: Network = { net: 'wifi', iface: 'wlan0' };
const lte: Network = { net: 'lte', iface: 'wwan0' };
/** A Saturday, in the zone of this machine. */
const night = new Date(2026, 0, 3, 3, 59);

test.each([
  ['net == "wifi"', wifi, true],
  ['net = wifi', lte, false],
  ['net in (wifi, ethernet)', wifi, true],
  ['iface:wwan*', lte, true],
  ['hour < 4', lte, true],
  ['hour: 4..8', lte, false],
  ['weekday in (sat, sun) and not net = lte', wifi, true],
  ['weekday in (sat, sun) and not net = lte', lte, false],
])('%s for %j: %s', (when, network, fits) => {
  expect(policyFor([policy(when)], network, night) !== undefined).toBe(fits);
});

test('the first policy that fits holds; without one only rows go', () => {
  const policies = [policy('net = lte', { traffic: ['critical'] }), policy('net != ethernet')];
  const held = policyFor(policies, lte, night);
  expect(held).toBe(policies[0]);
  expect(permitOf(held, lte, 0)).toEqual({
    classes: ['critical'],
    downloads: false,
    waits: 'only critical goes over lte (wwan0)',
  });
  expect(permitOf(policies[1], wifi, 0)).toEqual({ downloads: true });
  const other: Network = { net: 'ethernet', iface: 'eth0' };
  expect(permitOf(policyFor(policies, other, night), other, 0)).toEqual({
    classes: [],
    downloads: false,
    waits: 'no policy is for clips over ethernet (eth0)',
  });
});

let dir = '';
let world: World;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fieldloop-policies-'));
  world = new World(dir, 'metered');
});
afterEach(async () => {
  await world.stop();
  await rm(dir, { recursive: true, force: true });
});

const sent = (): number => world.uplink?.status().bytesSent ?? 0;
const spent = (): number => world.uplink?.status().allowance?.spentBytes ?? 0;

test('clips go as fast as the policy says and no faster; rows do not wait for it', async () => {
  world.policies = [policy('net = wifi', { bytesPerSecond: 50_000 })];
  await world.start();
  await world.seal(1_000_000);
  await world.run(4_000);
  expect(sent()).toBeGreaterThan(100_000);
  expect(sent()).toBeLessThan(250_000);
  world.addEvents(200);
  await world.run(200);
  expect(world.cloud.rows.get('events')?.size).toBe(200);
  const startMs = world.clock.monotonicMs() - 4_200;
  await expectQuiet(world, 60_000);
  await expectAllOnce(world);
  const tookS = (world.clock.monotonicMs() - startMs) / 1_000;
  expect(tookS).toBeGreaterThan(19);
  expect(tookS).toBeLessThan(24);
});

test('what a day may take is not exceeded, over a kill of the agent either', async () => {
  const bytesPerDay = 3_000_000;
  world.policies = [policy('net = lte', { bytesPerDay })];
  world.cloud.localAddress = 'wwan0';
  await world.start();
  for (let n = 0; n < 4; n += 1) await world.seal(1_000_000);
  while (spent() < bytesPerDay / 2) await world.run(10);
  const before = spent();
  // What a kill would leave.
  const noted = notedIn(world.buffer?.spent.read());
  expect(noted).toBeGreaterThanOrEqual(before);
  expect(noted).toBeLessThanOrEqual(before + spentAheadBytes);
  await world.stop();
  await world.start();
  await world.run(60_000);
  expect(world.uplink?.status().allowance).toMatchObject({
    ...lte,
    when: 'net = lte',
    bytesPerDay,
    waits: 'the bytes of this day are spent over lte (wwan0)',
  });
  // Rows go all the same.
  expect(spent()).toBeGreaterThan(bytesPerDay - wireLimits.minChunkBytes);
  expect(spent()).toBeLessThan(bytesPerDay + 2_000);
  expect(world.uplink?.status()).toMatchObject({ uploading: 0, connected: true });
  expect(world.cloud.blobs.size).toBeLessThan(4);
  const held = spent();
  world.addEvents(10);
  await world.run(1_000);
  expect(world.cloud.rows.get('events')?.size).toBe(10);
  expect(spent()).toBeGreaterThan(held);
  world.clock.jump(86_400_000);
  await expectQuiet(world, 60_000);
  await expectAllOnce(world);
});

/** Of the one day and policy that the text has. */
function notedIn(text = '{}'): number {
  const days = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return Object.values(days)[0]?.['net = lte'] ?? 0;
}

test('rows take nothing of the rate of clips, and another policy holds at once', async () => {
  world.policies = [policy('net = wifi', { bytesPerSecond: 8_000 })];
  await world.start();
  world.addEvents(20_000);
  await world.seal(500_000);
  while (sent() === 0) await world.run(10);
  await world.run(2_000);
  expect(sent()).toBeGreaterThan(12_000);
  world.uplink?.obey([]);
  await expectQuiet(world, 3_000);
  await expectAllOnce(world);
});

test('a tunnel that goes another way is noticed without a new connection', async () => {
  world.policies = [policy('net = lte', { traffic: ['critical'] }), policy('net = wifi')];
  await world.start();
  await world.run(1_000);
  world.networks['wlan0'] = lte;
  await world.run(6_000);
  await world.seal(10_000, { class: 'info' });
  await world.run(5_000);
  expect(world.uplink?.status()).toMatchObject({ bytesSent: 0, allowance: lte });
  world.networks['wlan0'] = wifi;
  await expectQuiet(world, 10_000);
});

test('the policy is that of the connection that clips go by', async () => {
  world.policies = [policy('net = lte', { bytesPerSecond: 8_000 }), policy('net = wifi')];
  world.cloud.localAddress = 'wwan0';
  await world.start();
  await world.seal(5_000_000);
  while (sent() === 0) await world.run(10);
  world.cloud.localAddress = 'wlan0';
  world.cloud.cut('control');
  await world.run(5_000);
  expect(world.uplink?.status()).toMatchObject({ connected: true, allowance: lte });
  expect(sent()).toBeLessThan(60_000);
  world.cloud.cut('bulk');
  await expectQuiet(world, 20_000);
  await expectAllOnce(world);
});

test('clips of other classes wait until there is another network', async () => {
  world.policies = [policy('net = lte', { traffic: ['critical'] }), policy('net = wifi')];
  world.cloud.localAddress = 'wwan0';
  await world.start();
  await world.seal(10_000, { class: 'info' });
  await world.seal(10_000, { class: 'critical' });
  await world.seal(10_000, { class: 'warning' });
  const wanted = world.clips[2];
  await world.run(5_000);
  expect([...world.cloud.blobs.keys()]).toEqual([world.clips[1]?.sha256]);
  // An operator who waits for a clip gets it as one that is critical.
  expect(world.buffer?.clips.pull(wanted?.clipId ?? '')).toBe('wanted');
  await world.run(2_000);
  expect([...world.cloud.blobs.keys()]).toContain(wanted?.sha256);
  expect(world.cloud.blobs.size).toBe(2);
  expect(world.uplink?.status()).toMatchObject({ backlogClips: 1, uploading: 0 });
  world.cloud.localAddress = 'wlan0';
  world.cloud.cut();
  await expectQuiet(world, 20_000);
  await expectAllOnce(world);
});

test('a policy that comes in the middle of a clip takes it back, another lets it go on', async () => {
  await world.start();
  await world.seal(30_000_000);
  while (sent() < 5_000_000) await world.run(10);
  world.uplink?.obey([policy('net = wifi', { traffic: [] })]);
  await world.run(1_000);
  const held = sent();
  expect(held).toBeLessThan(30_000_000);
  await world.run(10_000);
  expect(sent()).toBe(held);
  expect(world.uplink?.status()).toMatchObject({
    uploading: 0,
    allowance: { waits: 'nothing but rows goes over wifi (wlan0)' },
  });
  world.uplink?.obey([]);
  await expectQuiet(world, 20_000);
  await expectAllOnce(world);
  expect(world.uplink?.status().allowance).toBeUndefined();
});
