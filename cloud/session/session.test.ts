/**
 * Goal: a session says what was recorded, what the cloud holds of it, and where the rest is.
 * Method: real HTTP to a real SQLite file with a session, clips, events and a failure.
 */
import { expect, test } from 'vitest';
import { sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { openApiWorld } from '../http/world.sample.ts';
import type { SessionDetailJson } from './routes.ts';
import { sessionStore } from './store.ts';

const session = idOfUuid('ses', sampleUuid(0xffff));
const s = (n: number): bigint => sampleStartNs + BigInt(n) * 1_000_000_000n;

test('a session counts what is in it and shows its coverage', async () => {
  await using world = await openApiWorld();
  const touch = {
    sessionId: sampleUuid(0xffff),
    source: 'bag',
    startNs: s(0),
    endNs: s(20),
    at: 1,
  };
  await sessionStore(world.db).touch('amr-01', touch);
  await world.putClip(1, { bytes: new Uint8Array([1, 2, 3]) });
  await world.putClip(10);
  const clip = idOfUuid('clp', sampleUuid(1));
  await world.post('/v1/events', { clip, name: 'note', atNs: String(s(2)) });
  await world.post('/v1/events', { device: 'amr-01', session, name: 'x', atNs: String(s(2)) });
  await world.post('/v1/failures', { device: 'amr-01', kind: 'slip', startNs: String(s(2)) });
  const answer = await world.get(`/v1/sessions/${session}`);
  const shown = (await answer.json()) as SessionDetailJson;
  expect(shown).toMatchObject({
    device: 'amr-01',
    clips: 2,
    clipStates: { stored: 1, on_device: 1 },
    storedBytes: 3,
    events: 1,
    markers: 1,
    failures: 1,
    recordings: [{ source: 'bag', startNs: String(s(0)), endNs: String(s(20)) }],
  });
  const seconds = (ns: string): number => Number(BigInt(ns) - sampleStartNs) / 1e9;
  expect(
    shown.coverage?.map((one) => [one.state, seconds(one.startNs), seconds(one.endNs)]),
  ).toEqual([
    ['recorded', 0, 1],
    ['stored', 1, 6],
    ['recorded', 6, 10],
    ['on_robot', 10, 15],
    ['recorded', 15, 20],
  ]);
  expect((await world.get('/v1/sessions/ses_x')).status).toBe(404);
});
