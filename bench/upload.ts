/**
 * Clips from the robot's buffer to the cloud's Done, against an HTTP PUT of the same bytes into the
 * same kind of store: same hash, sync, rename, committed row and TLS. Pairs alternate; the cloud
 * and the PUT server are processes of their own.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentBuffer, enroll, openBuffer, openUplink } from '@fieldloop/agent';
import { Fault, seededRandom, silentLog, uuidText } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { cloudApi, startCloud, startProgram } from '@fieldloop/e2e';
import { type Bench, median, type Row, row } from './report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MiB = 1024 * 1024;
const cases = [
  { figure: '10 MiB clip', bytes: 10 * MiB, pairs: 8 },
  { figure: '256 MiB clip', bytes: 256 * MiB, pairs: 4 },
];
/** Share of the PUT's speed that a stored upload must reach at this stage. */
const bar = 0.7;

export const uploadBench: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true }));
  progress('starting the cloud and the PUT server');
  const cloud = await startCloud(root, folder);
  stack.defer(async () => await cloud.running.stop(10_000));
  const putServer = startProgram({
    name: 'put server',
    args: [join(root, 'bench/put-server.ts'), folder],
    cwd: root,
    logFile: join(folder, 'put.log'),
  });
  stack.defer(async () => await putServer.stop(5_000));
  const put = JSON.parse(await putServer.ready) as PutServer;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: put.ca });
  stack.defer(() => agent.destroy());
  const { buffer, acknowledged } = await openRobot(folder, cloud, stack);
  const rows: Row[] = [];
  for (const one of cases) {
    const ours: number[] = [];
    const rivals: number[] = [];
    for (let pair = 0; pair <= one.pairs; pair += 1) {
      const content = await makeContent(join(folder, 'content'), one.bytes);
      const ourMs = await upload(buffer, acknowledged, content);
      const rivalMs = await putFile(agent, put, content);
      // The first pair opens connections and warms both up.
      if (pair === 0) continue;
      ours.push(ourMs);
      rivals.push(rivalMs);
      progress(`${one.figure}: ${ourMs.toFixed(0)} ms, PUT ${rivalMs.toFixed(0)} ms`);
    }
    const speed = (ms: number): number => one.bytes / MiB / (ms / 1000);
    rows.push(
      row({
        figure: one.figure,
        unit: 'MiB/s stored',
        value: speed(median(ours)),
        rival: speed(median(rivals)),
        ratio: median(rivals.map((rivalMs, i) => rivalMs / (ours[i] ?? rivalMs))),
        atLeast: bar,
      }),
    );
  }
  return rows;
};

interface PutServer {
  readonly url: string;
  readonly ca: string;
}

interface Content {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

async function openRobot(
  folder: string,
  cloud: Awaited<ReturnType<typeof startCloud>>,
  stack: AsyncDisposableStack,
): Promise<{ buffer: AgentBuffer; acknowledged: () => number }> {
  const name = 'amr-bench';
  const token = await cloudApi(cloud).createClaimToken(name);
  const ports = { clock: systemClock, ids: systemIds, log: silentLog };
  const identity = await enroll({ dir: join(folder, 'identity'), token, name, ...ports });
  const buffer = stack.use(
    await openBuffer({
      dir: join(folder, 'buffer'),
      quotaBytes: 8 * 1024 * MiB,
      headroomBytes: 0,
      ...ports,
    }),
  );
  const random = seededRandom('bench');
  const uplink = openUplink({ buffer, identity, brokerUrl: identity.broker, random, ...ports });
  stack.defer(async () => await uplink.close());
  return { buffer, acknowledged: () => uplink.status().clipsAcknowledged };
}

async function makeContent(path: string, sizeBytes: number): Promise<Content> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(MiB);
  await using file = await open(path, 'w');
  for (let at = 0; at < sizeBytes; at += piece.length) {
    randomFillSync(piece);
    hash.update(piece);
    await file.write(piece);
  }
  await file.sync();
  return { path, sha256: hash.digest('hex'), sizeBytes };
}

/** Milliseconds from sealing the clip to the moment the buffer may forget it. */
async function upload(
  buffer: AgentBuffer,
  acknowledged: () => number,
  content: Content,
): Promise<number> {
  const clipId = uuidText(systemIds.uuid());
  const partPath = buffer.partPath(clipId);
  await copyFile(content.path, partPath);
  const { sha256, sizeBytes } = content;
  const before = acknowledged();
  const started = performance.now();
  await buffer.seal({ clipId, partPath, sha256, sizeBytes, manifest: manifestOf(clipId, content) });
  // The uplink counts after its last durable step; a millisecond is below what is measured here.
  while (acknowledged() === before) await systemClock.sleep(1);
  return performance.now() - started;
}

function manifestOf(clipId: string, { sha256, sizeBytes }: Content) {
  const atNs = String(BigInt(systemClock.now()) * 1_000_000n);
  const hash = '0'.repeat(64);
  return {
    schema: 'fieldloop.clip/v1' as const,
    clipId,
    sessionId: uuidText(systemIds.uuid()),
    device: 'amr-bench',
    source: 'bench',
    startNs: atNs,
    endNs: atNs,
    severity: 'info' as const,
    class: 'info' as const,
    tags: [],
    markers: [
      {
        rule: 'bench',
        ruleSet: 'bench',
        version: 1,
        ruleSetDigest: hash,
        severity: 'info' as const,
        atNs,
        expression: 'true',
        values: {},
      },
    ],
    topics: [],
    messageCount: 0,
    scores: {},
    models: {},
    agentVersion: '0',
    preTruncated: false,
    sha256,
    sizeBytes,
  };
}

/** Milliseconds from the first byte to the answer. */
async function putFile(agent: Agent, server: PutServer, content: Content): Promise<number> {
  const started = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(
      `${server.url}/${content.sha256}`,
      { method: 'PUT', agent, headers: { 'content-length': content.sizeBytes } },
      (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    createReadStream(content.path, { highWaterMark: 256 * 1024 }).pipe(sent);
  });
  if (status !== 201) {
    throw new Fault('unavailable', `the PUT server answered ${status}`, {
      remedy: 'Look at put.log in the temporary folder.',
    });
  }
  return performance.now() - started;
}
