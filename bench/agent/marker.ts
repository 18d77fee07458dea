/**
 * From a moment on the robot to its marker in the cloud: an agent of its own process follows a
 * recorder, and a client of the cloud's API listens. A moment waits for the recorder's chunk and for
 * the lateness of its source before the rule can fire; both are in the figure. Moments of the last
 * second are not: no message comes behind them, and they wait for the silence to be one.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@fieldloop/core/system';
import { buildAgent, cloudApi, type CloudProcess, startAgent, startCloud } from '@fieldloop/e2e';
import { generate, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';
import { recordAgain } from './recorder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const device = 'bench-01';
/** Of page agent, section 11. */
const barMs = 500;
const afterMs = 3_000;
const endMs = 1_000;

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: marker, version: 1}
rules:
- id: pulse
  every: {period: 200ms}
  severity: critical
  capture: {topics: [/odom], pre: 0s, post: 0s}
`;

export const markerPart: Bench = async (progress) => {
  const mix = mixes.find(({ name }) => name === 'mixed');
  if (mix === undefined) throw new TypeError('there is no mixed recording');
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const cloud = await startCloud(root, folder);
  try {
    const bags = join(folder, 'bags');
    await mkdir(bags);
    await writeFile(join(folder, 'rules.yaml'), rules);
    await generate(mix, 'none', join(folder, 'mixed.mcap'));
    const { entry: program } = await buildAgent(root, join(folder, 'bundle'));
    const agent = await startAgent(root, folder, {
      name: device,
      claimToken: await cloudApi(cloud).createClaimToken(device),
      source: { folder: bags, glob: '*.mcap' },
      rules: join(folder, 'rules.yaml'),
      program,
    });
    try {
      while ((await agent.status())?.uplink.connected !== true) await systemClock.sleep(100);
      progress(`marker: a recorder of ${mix.seconds} s`);
      const { seconds } = mix;
      const files = { from: join(folder, 'mixed.mcap'), to: join(bags, 'run_0.mcap') };
      return [await measured(cloud, { ...files, seconds })];
    } finally {
      await agent.running.stop(15_000);
    }
  } finally {
    await cloud.running.stop(15_000);
    await rm(folder, { recursive: true, force: true });
  }
};

async function measured(
  cloud: CloudProcess,
  { from, to, seconds }: { readonly from: string; readonly to: string; readonly seconds: number },
): Promise<Row> {
  const stop = new AbortController();
  const heard = new Map<string, number>();
  const listening = listen(cloud, heard, stop.signal);
  const recorder = await recordAgain(from, to);
  await recorder.ended;
  await systemClock.sleep(afterMs);
  stop.abort();
  await listening;
  const latencies = (await markers(cloud)).flatMap(({ id, atNs }) => {
    const heardMs = heard.get(id);
    const sinceMs = Number(BigInt(atNs) - recorder.zeroNs) / 1e6;
    const isEnd = sinceMs > seconds * 1_000 - endMs;
    return heardMs === undefined || isEnd ? [] : [heardMs - recorder.beganMs - sinceMs];
  });
  const sorted = latencies.toSorted((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
  return row({
    figure: `marker: moment to cloud p99, of ${sorted.length} (median ${median(sorted).toFixed(0)} ms)`,
    unit: 'ms',
    value: p99,
    rival: barMs,
    ratio: p99 / barMs,
    atMost: 1,
  });
}

async function markers(cloud: CloudProcess): Promise<{ id: string; atNs: string }[]> {
  const headers = { authorization: `Bearer ${cloud.key}` };
  const found: { id: string; atNs: string }[] = [];
  const first = '/v1/events?q=name:pulse&limit=200';
  for (let path: string | undefined = first; path !== undefined; ) {
    const answer = await fetch(`${cloud.urls.http}${path}`, { headers });
    const { items, nextCursor } = (await answer.json()) as {
      items: { id: string; atNs: string }[];
      nextCursor?: string;
    };
    found.push(...items);
    path = nextCursor === undefined ? undefined : `${first}&cursor=${nextCursor}`;
  }
  return found;
}

/** Wall time at which each subject was first heard of. */
async function listen(
  { urls, key }: CloudProcess,
  heard: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  try {
    const response = await fetch(`${urls.http}/v1/stream?topics=events`, { headers, signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const subject = /"subject":"([^"]+)"/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (subject !== undefined && !heard.has(subject)) heard.set(subject, systemClock.now());
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
