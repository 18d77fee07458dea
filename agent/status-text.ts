/** An agent's status for a person: a few lines that fit a terminal. Pure. */
import { formatSize } from '@fieldloop/core';
import { busiest } from './health/busiest.ts';
import type { AgentStatus, UnreadFigures, VerdictFigures } from './health/status.ts';
import type { ReplayedClip } from './replay.ts';

/** Of the buffer, at the start. */
export const rebuilt =
  'the index was damaged or gone at the start and was made anew: clips are kept, events that the cloud had not stored are lost';

/** Topics that are named, and how far log times must be off to be told of. */
const shownTopics = 3;
const shownOffsetMs = 1_000;

export function statusText(status: AgentStatus): string {
  const { source, rules, clips, uplink, lastClip, verdicts, degraded } = status;
  const unread = unreadText(source);
  const rows: [string, string][] = [
    ['device', `${status.device}, agent ${status.agentVersion}, up ${status.uptimeS} s`],
    ...source.each.map(({ name, state, recording, reason, reconnects }): [string, string] => [
      `source ${name}`,
      [state, recording, reason, lostText(reconnects)]
        .filter((part) => part !== undefined)
        .join(' · '),
    ]),
    ...(unread === undefined ? [] : [['unread', unread] as [string, string]]),
    ['read', `${source.messages} messages, ${formatSize(source.bytes)}, lag ${source.lagMs} ms`],
    ...topicRows(status.machine),
    ['score', scoreText(status)],
    ['rules', `${rules.set}@${rules.version} (${rules.digest.slice(0, 12)})`],
    ['fired', firedText(rules)],
    ...Object.entries(rules.off).map(([rule, why]): [string, string] => [
      'rule off',
      `${rule}: ${why}`,
    ]),
    ...modelRows(status.models),
    ['clips', clipsText(clips)],
    ['buffer', bufferText(status)],
    ['machine', machineText(status)],
    ['clock', clockText(status)],
    ['uplink', uplinkText(uplink)],
  ];
  const { shed, dropped, spool } = status.machine;
  const network = networkText(uplink);
  if (network !== undefined) rows.push(['network', network]);
  if (spool !== undefined) rows.push(['spool', spoolText(spool)]);
  if (shed.length > 0) rows.push(['given up', shed.join(', ')]);
  if (Object.values(dropped).some((n) => n > 0)) rows.push(['dropped', countsText(dropped)]);
  if (status.isRebuilt) rows.push(['index', rebuilt]);
  if (status.paused) rows.push(['paused', 'nothing is read and no clip is sent: "resume" ends it']);
  if (status.held) rows.push(['updates', 'held: "update release" lets them through']);
  if (lastClip !== undefined) rows.push(['last clip', `${lastClip.rule}: ${lastClip.why}`]);
  for (const verdict of verdicts) rows.push(['verdict', verdictText(verdict)]);
  for (const why of degraded) rows.push(['degraded', why]);
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, text]) => `${title.padEnd(width)}  ${oneLine(text)}\n`).join('');
}

/** Undefined when all could be read. */
export function unreadText(figures: UnreadFigures): string | undefined {
  const { broken, forbidden, lastUnread = '' } = figures;
  const counts = [
    broken === 0 ? undefined : `${broken} broken`,
    forbidden === 0 ? undefined : `${forbidden} that may not be read`,
  ].filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : `${counts.join(', ')}; the last: ${lastUnread}`;
}

const clipsText = ({ cut, sealed, acknowledged }: AgentStatus['clips']): string =>
  `${cut} cut since the start; in all ${sealed} sealed, ${acknowledged} in the cloud`;

function verdictText({ rule, atNs, outcome, clipId, count }: VerdictFigures): string {
  const at = new Date(Number(BigInt(atNs) / 1_000_000n)).toISOString();
  if (count !== undefined) return `${rule} in the hour from ${at}: ${outcome} ${count} times`;
  return `${rule} at ${at}: ${outcome}${clipId === undefined ? '' : ` ${clipId.slice(0, 13)}`}`;
}

/** What a replay came to. */
export function replayText(status: AgentStatus, clips: readonly ReplayedClip[]): string {
  const { source, rules } = status;
  const rows = clips.map(({ startNs, rule, why, class: severity, sizeBytes, file = '' }) => {
    const at = new Date(Number(BigInt(startNs) / 1_000_000n)).toISOString();
    const size = formatSize(sizeBytes).padStart(9);
    return oneLine(`${at}  ${severity.padEnd(8)}  ${size}  ${rule}: ${why}  ${file}`.trimEnd());
  });
  return [
    `${source.messages} messages, ${formatSize(source.bytes)}; ${rules.set}@${rules.version}`,
    `fired ${firedText(rules)}; unknown ${rules.unknown} of ${rules.evaluations} evaluations`,
    ...rows,
    `${clips.length} clips, ${formatSize(clips.reduce((sum, clip) => sum + clip.sizeBytes, 0))}`,
    '',
  ].join('\n');
}

/** The topics that bring most. */
function topicRows({ topicBytes }: AgentStatus['machine']): [string, string][] {
  const largest = busiest(topicBytes, shownTopics);
  if (largest.length === 0) return [];
  const each = largest.map(([topic, bytes]) => `${topic} ${formatSize(bytes)}`).join(', ');
  const others = Object.keys(topicBytes).length - largest.length;
  return [['topics', others === 0 ? each : `${each} and ${others} more`]];
}

const lostText = (reconnects = 0): string | undefined =>
  reconnects === 0 ? undefined : `connection lost ${reconnects} times`;

function scoreText({ score, machine }: AgentStatus): string {
  const { last, count, skipped, faults, unfed, lacks } = score;
  const latencies = Object.entries(machine.scoreP50Ms).map(
    ([id, ms]) =>
      `; ${id} takes ${Math.round(ms)} ms, p99 ${Math.round(machine.scoreP99Ms[id] ?? ms)} ms`,
  );
  const lacking = unfed === 0 ? '' : `, ${unfed} lacked ${lacks ?? 'an input'}`;
  const counts = `${count} scored, ${skipped} skipped, ${faults} without a score${lacking}${latencies.join('')}`;
  if (last === undefined) return counts;
  const { scorer, topClass, values } = last;
  const numbers = Object.entries(values).map(([name, value]) => `${name} ${value.toFixed(2)}`);
  return `${[scorer, topClass ?? '', ...numbers].filter(Boolean).join(' ')}; ${counts}`;
}

function clockText({ clock: { synced, source: keeper }, source }: AgentStatus): string {
  const by = keeper === 'system' ? '' : ` (${keeper})`;
  const state = synced ? `right as far as is known${by}` : 'not synchronised';
  const { clockOffsetMs: ms = 0 } = source;
  if (Math.abs(ms) < shownOffsetMs) return state;
  const seconds = (Math.abs(ms) / 1000).toFixed(1);
  return `${state}; log times are ${seconds} s ${ms > 0 ? 'behind' : 'ahead of'} it`;
}

function modelRows(models: AgentStatus['models']): [string, string][] {
  const { running, state, release, rollout, fault, shadow, proven, downloaded } = models;
  const rows = Object.entries(running).map(([id, { sha256, version, since }]): [string, string] => [
    `model ${id}`,
    `${version ?? ''} (${sha256.slice(0, 12)}) since ${new Date(since).toISOString()}`,
  ]);
  const share = downloaded === undefined ? undefined : `${Math.round(downloaded * 100)} %`;
  const words = [
    state.replace('_', ' '),
    share,
    proven === false ? 'on probation' : undefined,
    release,
    rollout,
    fault?.message,
  ];
  if (state !== 'idle') rows.push(['models', words.filter((part) => part).join(' · ')]);
  for (const [id, one] of Object.entries(shadow?.models ?? {})) {
    const counts = `${one.frames} frames, ${one.disagreement} differ, ${one.faults} without a score`;
    rows.push([`shadow ${id}`, `${counts}, ${one.latencyRatio} times as long`]);
  }
  if (shadow !== undefined && shadow.state !== 'running') {
    rows.push(['shadow', [shadow.state, shadow.fault?.message].filter((part) => part).join(' · ')]);
  }
  return rows;
}

function firedText({ fired, suppressed, reasons }: AgentStatus['rules']): string {
  const each = Object.keys(fired).length === 0 ? 'nothing yet' : countsText(fired);
  const why = Object.keys(reasons).length === 0 ? '' : ` (${countsText(reasons)})`;
  return `${each}; ${suppressed} suppressed${why}`;
}

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');

function bufferText({ clips, caps }: AgentStatus): string {
  const evicted = clips.evicted === 0 ? undefined : `${clips.evicted} evicted`;
  const lost = clips.lost === 0 ? undefined : `${clips.lost} lost`;
  const used = `${formatSize(clips.bytes)} of ${formatSize(caps.quotaBytes)}`;
  const held = countsText(clips.held);
  return [used, held === '' ? undefined : held, evicted, lost]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function spoolText(spool: NonNullable<AgentStatus['machine']['spool']>): string {
  const refused = spool.refused === 0 ? undefined : `${spool.refused} blocks refused`;
  const off = spool.off === undefined ? undefined : `off: ${spool.off}`;
  const used = `${formatSize(spool.bytes)} of ${formatSize(spool.maxBytes)}`;
  return [used, refused, off].filter((part) => part !== undefined).join(' · ');
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function machineText({ machine, caps }: AgentStatus): string {
  const { cpu, rssBytes, gapP99Ms, diskFreeBytes, temperatureC, battery, duty } = machine;
  const most = caps.cpu === undefined ? '' : ` of ${percent(caps.cpu)}`;
  const mostBytes = caps.memoryBytes === undefined ? '' : ` of ${formatSize(caps.memoryBytes)}`;
  return [
    cpu === undefined ? undefined : `cpu ${percent(cpu)}${most}`,
    rssBytes === undefined ? undefined : `RSS ${formatSize(rssBytes)}${mostBytes}`,
    `gaps p99 ${Math.round(gapP99Ms)} ms`,
    diskFreeBytes === undefined ? undefined : `disk ${formatSize(diskFreeBytes)} free`,
    temperatureC === undefined ? undefined : `${Math.round(temperatureC)} °C`,
    battery === undefined ? undefined : `battery ${percent(battery)}`,
    duty === 1 ? undefined : `recordings are read in ${percent(duty)} of the time`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function uplinkText(uplink: AgentStatus['uplink']): string {
  const { connected, uploading, backlogClips, refusedClips, bytesSent, lastError } = uplink;
  const { backlogS, rate, reconnects } = uplink;
  const state = connected ? 'connected' : 'not connected';
  const oldest = backlogClips === 0 ? '' : `, the oldest for ${ageText(backlogS)}`;
  const speed = rate === 0 ? '' : ` at ${formatSize(rate)}/s`;
  const counts = `${uploading} uploading${speed}, ${backlogClips} waiting${oldest}`;
  const sent = `${formatSize(bytesSent)} sent`;
  const refused = refusedClips === 0 ? undefined : `${refusedClips} refused by the cloud`;
  return [state, counts, sent, refused, lostText(reconnects), connected ? undefined : lastError]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function networkText({ connected, allowance }: AgentStatus['uplink']): string | undefined {
  if (allowance === undefined || !connected) return undefined;
  const { net, iface, when, spentBytes, bytesPerDay, bytesPerSecond, waits } = allowance;
  return [
    `${net}${iface === '' ? '' : ` (${iface})`}`,
    when === undefined ? undefined : `when ${when}`,
    bytesPerSecond === undefined ? undefined : `at most ${formatSize(bytesPerSecond)}/s`,
    bytesPerDay === undefined
      ? undefined
      : `${formatSize(spentBytes)} of ${formatSize(bytesPerDay)} today`,
    waits,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function ageText(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const;
  const [unit, size] = units.find((one) => seconds >= 2 * one[1]) ?? ['s', 1];
  return `${Math.round(seconds / size)} ${unit}`;
}

/** Control characters of a topic or a path never reach the terminal. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
