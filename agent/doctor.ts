/**
 * What `check` finds, and what only an agent that runs can know: topics that never came, rates
 * that are missed, models too slow, a disk that is full soon. Each finding says what to do.
 */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { asFault, type Clock, faultLine, formatSize } from '@fieldloop/core';
import { topicFits } from '@fieldloop/rules';
import { checkAgent } from './check.ts';
import { identityFolder } from './cloud-link.ts';
import type { AgentConfig } from './config.ts';
import { loadIdentity } from './enroll/identity.ts';
import type { Finding } from './finding.ts';
import { askAgent, readStatus } from './health/socket.ts';
import { type AgentStatus, statusSocketPath } from './health/status.ts';
import {
  clockStepMs,
  dialWithinMs,
  lookAgainMs,
  progressEveryMs,
  rateLookEveryMs,
  rateLooksMs,
} from './limits.ts';
import { rebuilt, unreadText } from './status-text.ts';
import type { TopicDemands } from './topic-demands.ts';

const ok = (about: string, text: string): Finding => ({ level: 'ok', about, text });
const warning = (about: string, text: string): Finding => ({ level: 'warning', about, text });

export interface DoctorDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export async function* examine(config: AgentConfig, deps: DoctorDeps): AsyncGenerator<Finding> {
  yield* checkAgent(config, deps);
  yield* checkWay(config, deps);
  yield* checkSteady(deps.clock);
  const socketPath = statusSocketPath(config.buffer.path);
  let looks: Looks;
  try {
    looks = await look(socketPath, deps);
  } catch (error) {
    yield warning('agent', faultLine(asFault(error)));
    return;
  }
  yield* judge(config, looks);
}

/** Rates want many looks; without them the first and the last are enough. */
async function look(socketPath: string, { clock, signal }: DoctorDeps): Promise<Looks> {
  const beganMs = clock.monotonicMs();
  const looks = [{ status: await readStatus(socketPath), atMs: 0 }];
  // An agent of another version may not know the question.
  const demands = await askAgent(socketPath, { ask: 'demands' }).then(
    (told) => told as unknown as TopicDemands,
    () => undefined,
  );
  const isRated = (demands?.rates.length ?? 0) > 0;
  const [everyMs, mostMs] = isRated ? [rateLookEveryMs, rateLooksMs] : [lookAgainMs, lookAgainMs];
  for (let ms = 0; ms < mostMs; ms += everyMs) {
    await clock.sleep(everyMs, signal);
    const status = await readStatus(socketPath).catch(() => undefined);
    if (status !== undefined) looks.push({ status, atMs: clock.monotonicMs() - beganMs });
  }
  return { looks, demands };
}

/** The name of the broker, and whether its port lets us in. */
async function* checkWay(config: AgentConfig, deps: DoctorDeps): AsyncGenerator<Finding> {
  if (config.cloud === undefined) return;
  const identity = await loadIdentity(identityFolder(config), deps).catch(() => undefined);
  if (identity === undefined) return;
  const { hostname, port } = new URL(identity.broker);
  const host = hostname.replace(/^\[|\]$/g, '');
  try {
    const found = await lookup(host);
    yield ok('dns', `${host} is ${found.address}`);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const text = `the name ${host} has no address (${code}). Look at /etc/resolv.conf and the network; clips wait in the buffer.`;
    yield { level: 'error', about: 'dns', text };
    return;
  }
  const portText = port === '' ? '8883' : port;
  yield (await dials(host, Number(portText)))
    ? ok('port', `${host}:${portText} answers`)
    : warning(
        'port',
        `${host}:${portText} does not answer. Let a firewall pass TCP to this port; clips wait in the buffer.`,
      );
}

function dials(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(dialWithinMs, () => done(false));
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
  });
}

/** A wall clock that runs beside the monotonic one is being set while we look. */
async function* checkSteady(clock: Clock): AsyncGenerator<Finding> {
  const [wall, mono] = [clock.now(), clock.monotonicMs()];
  await clock.sleep(lookAgainMs / 4);
  const step = clock.now() - wall - (clock.monotonicMs() - mono);
  if (Math.abs(step) < clockStepMs) return;
  yield warning(
    'clock',
    `the clock jumped by ${Math.round(step)} ms while this ran. Let one service set it, for example chrony.`,
  );
}

interface Look {
  readonly status: AgentStatus;
  /** Since the first one. */
  readonly atMs: number;
}

interface Looks {
  /** At least one, in their order. */
  readonly looks: readonly Look[];
  /** Of the rules that run; undefined when that is not known. */
  readonly demands: TopicDemands | undefined;
}

/** The first and the last look. */
interface Ends {
  readonly first: AgentStatus;
  readonly second: AgentStatus;
  /** Between the two. */
  readonly seconds: number;
}

/** What looks at the agent that runs tell. Pure. */
export function* judge(config: AgentConfig, { looks, demands }: Looks): Generator<Finding> {
  const [from, to] = [looks[0], looks.at(-1)];
  if (from === undefined || to === undefined) return;
  const { status: second } = to;
  yield ok('agent', `${second.device} has run for ${second.uptimeS} s`);
  if (second.paused) {
    yield warning(
      'paused',
      'nothing is read and no clip is sent. "fieldloop-agent resume" ends it.',
    );
  }
  for (const why of second.degraded) yield warning('degraded', `${why}. Look at "status".`);
  for (const { name, state, reason } of second.source.each) {
    const isQuiet = state === 'silent' && !second.paused;
    if (!isQuiet && state !== 'broken') continue;
    yield warning(
      `source ${name}`,
      `${state}: ${reason ?? 'it says nothing'}. Start its recorder, or correct the source in ${config.file}.`,
    );
  }
  const unread = unreadText(second.source);
  if (unread !== undefined) yield warning('recordings', unread);
  if (!second.clock.synced) {
    yield warning(
      'clock',
      'the system says that its clock is not synchronised: clips and events are marked so. Run systemd-timesyncd, chrony or PTP ("timedatectl" shows it), or set the clock.',
    );
  }
  if (demands !== undefined && second.source.messages > 0) {
    yield* judgeTopics(demands, second);
    yield* judgeRates(demands, looks);
  }
  yield* judgeLate(from.status, second);
  yield* judgeRules(second);
  yield* judgeModels(second);
  yield* judgeNetwork(second);
  const seconds = Math.max(1, to.atMs - from.atMs) / 1_000;
  yield* judgeRoom({ first: from.status, second, seconds });
}

function* judgeTopics(demands: TopicDemands, { machine }: AgentStatus): Generator<Finding> {
  const seen = Object.keys(machine.topics);
  for (const topic of demands.topics) {
    if (seen.some((one) => topicFits(topic, one))) continue;
    yield warning(
      'topic',
      `${topic} is read by rules and never came. ${nearest(topic, seen)} Correct it in the rules, or start its publisher.`,
    );
  }
}

/** A count is told late by so much, at one end of a span or the other. */
const lateS = (rateLookEveryMs + progressEveryMs) / 1_000;

/** Counts move in steps, of a second or of what a recorder writes at once: from step to step. */
function* judgeRates({ rates }: TopicDemands, looks: readonly Look[]): Generator<Finding> {
  for (const { id, topic, minHz } of rates) {
    const own = ({ status }: Look): number => status.machine.topics[topic] ?? 0;
    const span = spanOf(looks, own) ?? spanOf(looks, allOf);
    // Where nothing moves, the source says why.
    if (span === undefined) continue;
    const more = own(span.to) - own(span.from);
    const most = (more + 1) / Math.max(lateS, span.seconds - lateS);
    if (most >= minHz) continue;
    yield warning(
      'rate',
      `${topic} comes ${(more / span.seconds).toFixed(1)} times a second, rule ${id} expects ${minHz}. Look at its publisher and at "dropped" of "status".`,
    );
  }
}

const allOf = ({ status }: Look): number =>
  Object.values(status.machine.topics).reduce((sum, count) => sum + count, 0);

/** From the first step of a count to its last; undefined when there are no two. */
function spanOf(
  looks: readonly Look[],
  count: (look: Look) => number,
): { readonly from: Look; readonly to: Look; readonly seconds: number } | undefined {
  const steps = looks.filter((look, i) => {
    const before = looks[i - 1];
    return before !== undefined && count(look) !== count(before);
  });
  const [from, to] = [steps[0], steps.at(-1)];
  if (from === undefined || to === undefined || from === to) return undefined;
  return { from, to, seconds: (to.atMs - from.atMs) / 1_000 };
}

/** One stamp ahead of the others makes all that comes behind it late. */
function* judgeLate(first: AgentStatus, second: AgentStatus): Generator<Finding> {
  const lateIn = ({ machine }: AgentStatus): number => machine.dropped['late'] ?? 0;
  const late = lateIn(second) - lateIn(first);
  const all = second.source.messages - first.source.messages;
  if (late < 20 || late < all * 0.1) return;
  yield warning(
    'late',
    `${late} of ${all} messages came behind their time, and no rule saw them. Look for a topic whose stamps are ahead of the others, and set its clock; or raise "lateness" of the source.`,
  );
}

/** A rule that is off, or one that never knows its signals, looks like one that never fires. */
function* judgeRules({ rules }: AgentStatus): Generator<Finding> {
  for (const [rule, why] of Object.entries(rules.off)) {
    yield warning(
      'rule',
      `${rule} is off: ${why}. Try it with "fieldloop rules explain"; other rules or a restart begin it anew.`,
    );
  }
  for (const [rule, { looks, unknown }] of Object.entries(rules.conditions)) {
    if (looks < 100 || unknown < looks * 0.9) continue;
    yield warning(
      'rule',
      `${rule} knew no value in ${unknown} of ${looks} looks. Compare its topics and fields with "fieldloop recording info", or see what it lacks with "fieldloop rules explain".`,
    );
  }
}

function nearest(topic: string, seen: readonly string[]): string {
  const end = topic.slice(topic.lastIndexOf('/'));
  const close = seen.find((one) => one.endsWith(end) || one.startsWith(topic));
  return close === undefined ? `${seen.length} others do.` : `${close} does.`;
}

function* judgeModels({ score, machine }: AgentStatus): Generator<Finding> {
  const { count, skipped, faults, unfed, lacks = '' } = score;
  if (count + unfed >= 20 && unfed > (count + unfed) / 2) {
    yield warning(
      'models',
      `${unfed} of ${count + unfed} frames lacked the input from ${lacks}: it did not come, or not within input.maxAge of the frame. Correct input.more of the model in the rules, or raise its maxAge.`,
    );
  }
  const all = count + skipped + faults;
  if (all >= 20 && skipped > all / 2) {
    const slow = Object.entries(machine.scoreP99Ms)
      .map(([scorer, ms]) => `${scorer} ${Math.round(ms)} ms`)
      .join(', ');
    yield warning(
      'models',
      `${skipped} of ${all} frames were passed over (p99 ${slow}). Raise "every" in the rules, or use a smaller model.`,
    );
  }
  if (all >= 20 && faults > all / 10) {
    yield warning(
      'models',
      `${faults} of ${all} frames gave no score. Look at the log and at the model's input.`,
    );
  }
}

/** Clips that wait by `uplink.policies` wait on purpose; after a day the policy may be the mistake. */
function* judgeNetwork({ uplink }: AgentStatus): Generator<Finding> {
  const { allowance, backlogClips, backlogS } = uplink;
  if (allowance === undefined || !uplink.connected) return;
  const { net, iface, when, waits } = allowance;
  const network = `${net}${iface === '' ? '' : ` (${iface})`}`;
  if (waits === undefined || backlogClips === 0) {
    yield ok('network', `${network}${when === undefined ? '' : `, by the policy "${when}"`}`);
    return;
  }
  const text = `${backlogClips} clips wait: ${waits}`;
  if (backlogS < longWaitS) {
    yield ok('network', text);
    return;
  }
  yield warning(
    'network',
    `${text}, the oldest for ${Math.round(backlogS / 3_600)} h. Bring the robot to a network that a policy allows, or give it one (uplink.policies), then "fieldloop-agent reload".`,
  );
}

const longWaitS = 24 * 3_600;

function* judgeRoom({ first, second, seconds }: Ends): Generator<Finding> {
  const { clips, caps, machine, uplink } = second;
  const share = clips.bytes / Math.max(1, caps.quotaBytes);
  const grown = (clips.bytes - first.clips.bytes) / seconds;
  const left = caps.quotaBytes - clips.bytes;
  const hours = grown > 0 ? left / grown / 3_600 : Number.POSITIVE_INFINITY;
  if (second.isRebuilt) {
    yield warning('buffer', `${rebuilt}. Check the disk; a damaged one is kept beside buffer.db.`);
  }
  const used = `the buffer holds ${formatSize(clips.bytes)} of ${formatSize(caps.quotaBytes)}`;
  if (share > 0.8 || hours < 24) {
    const soon = hours < 24 ? ` and is full in ${hours.toFixed(1)} h` : '';
    const why = uplink.connected ? '' : ' while there is no connection';
    yield warning(
      'buffer',
      `${used}${soon}${why}. Raise buffer.quota, capture less, or let it upload; the least valuable clip goes first.`,
    );
  } else yield ok('buffer', used);
  const { diskFreeBytes, spool } = machine;
  if (spool?.off !== undefined || (spool?.refused ?? 0) > (first.machine.spool?.refused ?? 0)) {
    yield warning(
      'spool',
      `windows are shorter than window.seconds: ${spool?.off ?? 'the spool is full or too slow'}. Raise window.spool, or free its disk.`,
    );
  }
  if (diskFreeBytes !== undefined && diskFreeBytes < caps.headroomBytes * 1.25) {
    yield warning(
      'disk',
      `${formatSize(diskFreeBytes)} are free and ${formatSize(caps.headroomBytes)} are owed to others. Free space; until then clips go and moments become markers.`,
    );
  }
  if (caps.cpu === undefined) {
    yield warning('limits', 'there is no cap on the processor. Set limits.cpu, for example 35%.');
  }
  if (caps.memoryBytes === undefined) {
    yield warning('limits', 'there is no cap on memory. Set limits.memory, for example 250MiB.');
  }
}
