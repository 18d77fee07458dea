/** What `check` says of a source: whether it can be read now, and what it is. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { asFault, faultLine, formatSize } from '@fieldloop/core';
import { formatOf, readSplits } from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import { gatherFacts, type RecordingFacts } from '@fieldloop/rules';
import type { Finding } from './finding.ts';
import { dialWithinMs, maxCheckedBytes, maxCheckedFiles } from './limits.ts';
import type { SourceConfig } from './source-config.ts';
import { subprotocols } from './source/foxglove-frames.ts';
import { joined } from './source/prefix.ts';
import { checkRclnodejs } from './source/rclnodejs.ts';
import { scan } from './source/scan.ts';

export interface SourceCheck {
  /** Where what a finished recording holds is added. */
  readonly facts: RecordingFacts[];
  /** The agent's own folder, whose clips are no recordings. */
  readonly except: string;
}

export async function checkSource(
  about: string,
  source: SourceConfig,
  check: SourceCheck,
): Promise<Finding> {
  try {
    return await findingOf(about, source, check);
  } catch (error) {
    return { level: 'error', about, text: faultLine(asFault(error)) };
  }
}

function findingOf(about: string, source: SourceConfig, check: SourceCheck): Promise<Finding> {
  switch (source.kind) {
    case 'file':
      return checkFile(about, source, check);
    case 'folder':
      return checkFolder(about, source, check);
    case 'sim':
      return checkSim(about, source);
    case 'foxglove':
      return checkFoxglove(about, source.url);
    case 'ros2':
      return checkRos(about);
  }
}

async function checkFile(
  about: string,
  { path, prefix }: Extract<SourceConfig, { kind: 'file' }>,
  { facts }: SourceCheck,
): Promise<Finding> {
  const recording = await openRecording(path);
  const [first] = recording.splits;
  await using file = await first?.open();
  const format = file === undefined ? 'other' : await formatOf(file);
  facts.push(await factsOf(recording, prefix));
  const size = formatSize(recording.size);
  const [missing] = recording.missing;
  if (missing !== undefined) {
    const text = `metadata.yaml lists ${missing}, and it is not there. Copy it beside the others.`;
    return { level: 'warning', about, text };
  }
  return { level: 'ok', about, text: `${path} is a whole ${format} recording of ${size}` };
}

/** With the topics that rules know. */
async function factsOf(
  recording: Awaited<ReturnType<typeof openRecording>>,
  prefix: string | undefined,
): Promise<RecordingFacts> {
  const gathering = gatherFacts();
  for await (const item of readSplits(recording, { reuse: true })) gathering.take(item);
  const { channels, ...rest } = gathering.facts();
  const named = channels.map(({ channel, ...counts }) => {
    const topic = prefix === undefined ? channel.topic : joined(prefix, channel.topic);
    return { ...counts, channel: { ...channel, topic } };
  });
  return { ...rest, channels: named };
}

async function checkFolder(
  about: string,
  source: Extract<SourceConfig, { kind: 'folder' }>,
  { facts, except }: SourceCheck,
): Promise<Finding> {
  const { path, glob, follow, prefix } = source;
  try {
    await access(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const isThere = code === 'EACCES' || code === 'EPERM';
    const remedy = isThere ? "Let the agent's user read it." : 'Make it, or correct the path.';
    const text = `folder ${path} cannot be read (${code}). ${remedy}`;
    return { level: 'error', about, text };
  }
  const how = follow ? 'as they grow' : 'when they are finished';
  const text = `folder ${path} can be read; takes ${glob} ${how}`;
  const { found } = await scan({ path, glob, except });
  const newest = found.toSorted((a, b) => b.changedMs - a.changedMs);
  for (const candidate of newest.slice(0, maxCheckedFiles)) {
    try {
      const recording = await openRecording(candidate.path);
      if (recording.size > maxCheckedBytes) continue;
      facts.push(await factsOf(recording, prefix));
      return { level: 'ok', about, text: `${text}; rules are compared with ${candidate.path}` };
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'internal') throw error;
      // One that is still being written has no end yet.
      if (fault.code === 'forbidden') return { level: 'warning', about, text: faultLine(fault) };
    }
  }
  return { level: 'ok', about, text };
}

const absent = (about: string, address: string, why = ''): Finding => ({
  level: 'warning',
  about,
  text: `${address} does not answer now${why}. The agent waits for it.`,
});

function checkSim(
  about: string,
  { host, port }: Extract<SourceConfig, { kind: 'sim' }>,
): Promise<Finding> {
  const address = `tcp://${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.setTimeout(dialWithinMs, () => done(absent(about, address)));
    socket.on('connect', () => done({ level: 'ok', about, text: `${address} answers` }));
    socket.on('error', ({ message }) => done(absent(about, address, ` (${message})`)));
  });
}

function checkFoxglove(about: string, url: string): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, subprotocols);
    const timer = setTimeout(() => done(absent(about, url)), dialWithinMs);
    const done = (finding: Finding): void => {
      clearTimeout(timer);
      socket.close();
      resolve(finding);
    };
    socket.addEventListener('open', () =>
      done({ level: 'ok', about, text: `${url} answers with ${socket.protocol}` }),
    );
    socket.addEventListener('error', () => done(absent(about, url, ' as a Foxglove server')));
  });
}

/** A start says the same and goes on with the other sources. */
async function checkRos(about: string): Promise<Finding> {
  await checkRclnodejs();
  return { level: 'ok', about, text: 'ROS 2 is sourced and rclnodejs loads' };
}
