/** A rule set's text against the language, and against the topics that a fleet's clips show. */
import { asFault, Fault } from '@fieldloop/core';
import { demandDesiredFits } from '@fieldloop/proto';
import { type Channel, readRecording } from '@fieldloop/recording';
import {
  type ChannelFacts,
  lintAgainst,
  parseRuleSet,
  type RecordingFacts,
  type RuleProblem,
  type RuleSet,
} from '@fieldloop/rules';
import type { BlobStore } from '../blob/blob.ts';
import { objectReadable } from '../blob/object-readable.ts';
import { answeredAs } from '../http/problem.ts';
import { lintClips, lintReadBytes } from '../limits.ts';
import type { Db } from '../store/db.ts';

/** What the problems of a text from the API call their file. */
const textName = 'yaml';
const textPlace = '/body/yaml';

export interface Linted {
  readonly ruleSet: RuleSet | undefined;
  readonly problems: readonly RuleProblem[];
}

export const lintText = (text: string): Linted => {
  const { ruleSet, problems } = parseRuleSet(text, textName);
  return { ruleSet, problems };
};

/** A text that may be saved under `name`. Fault `invalid` with each problem and its place. */
export function demandSound(text: string, name: string): Linted & { readonly ruleSet: RuleSet } {
  const { ruleSet, problems } = lintText(text);
  if (ruleSet === undefined) throw refused(problems);
  if (ruleSet.name !== name) {
    const message = `the text names itself "${ruleSet.name}", and this rule set is "${name}"`;
    const remedy = `Write metadata: {name: ${name}, …}, so that clips name the set they came of.`;
    const place = ruleSet.placeOf(['metadata', 'name']);
    throw refused([
      { file: textName, ...place, severity: 'error', code: 'bad-value', message, remedy },
    ]);
  }
  demandFits(text, { ruleSet: name, digest: ruleSet.digest });
  return { ruleSet, problems };
}

/** Fault `limited` when no device could ever be sent the text. */
function demandFits(
  text: string,
  about: { readonly ruleSet: string; readonly digest: string },
): void {
  const active = { ...about, text, version: 999_999, publication: `pub_${'0'.repeat(26)}` };
  try {
    demandDesiredFits('rules', { active });
  } catch (error) {
    const { code, message, remedy } = asFault(error);
    const fault = new Fault(code, message, { place: textPlace, remedy, cause: error });
    throw code === 'limited' ? answeredAs(fault, { status: 413 }) : fault;
  }
}

/** Problems named in the answer; the parser finds no more. */
const namedProblems = 100;

function refused(problems: readonly RuleProblem[]): Fault {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const more = errors.length < 2 ? '' : ` (and ${errors.length - 1} more)`;
  const where = first === undefined ? '' : ` at ${first.line}:${first.column}`;
  const fault = new Fault('invalid', `the rule set${where}: ${first?.message ?? ''}${more}`, {
    place: textPlace,
    remedy: first?.remedy ?? 'Correct the text.',
  });
  return answeredAs(fault, {
    errors: problems.slice(0, namedProblems).map((problem) => ({
      pointer: textPlace,
      message: `${problem.severity} ${problem.code}: ${problem.message} ${problem.remedy}`,
      line: problem.line,
      col: problem.column,
    })),
  });
}

export interface FleetFacts extends RecordingFacts {
  readonly devices: number;
  readonly clips: number;
}

export const lintFleet = (ruleSet: RuleSet, facts: FleetFacts): RuleProblem[] =>
  lintAgainst(ruleSet, facts, 'the fleet');

/**
 * What the newest stored clips of some devices hold: topics and their rates from the manifests,
 * schemas from the beginnings of the files, where a clip declares its channels.
 */
export async function fleetFacts(
  deps: { readonly read: Db; readonly bytes: Pick<BlobStore, 'read'> },
  devices: readonly string[],
): Promise<FleetFacts> {
  const found = new Map<string, ChannelFacts>();
  const perDevice = Math.max(1, Math.floor(lintClips / Math.max(1, devices.length)));
  const seen = new Set<string>();
  let clips = 0;
  for (const device of devices) {
    for (const clip of await newestClips(deps.read, device, perDevice)) {
      const channels = await channelsOf(deps.bytes, clip);
      if (channels.length === 0) continue;
      clips += 1;
      seen.add(device);
      for (const { topic, hz } of clip.topics) {
        for (const channel of channels.filter((one) => one.topic === topic)) {
          keepBusiest(found, channel, hz);
        }
      }
    }
  }
  const seconds = Number(factsNs / 1_000_000_000n);
  const channels = [...found.values()].map(({ channel, messages }) => ({
    channel,
    messages: messages * seconds,
  }));
  return { channels, durationNs: factsNs, devices: seen.size, clips };
}

/** Rates are told as counts of this long a recording. */
const factsNs = 1_000_000_000_000n;

/** One channel for each topic and schema, at its highest rate. */
function keepBusiest(found: Map<string, ChannelFacts>, channel: Channel, hz: number): void {
  const key = `${channel.topic} ${channel.messageEncoding} ${channel.schema?.name ?? ''}`;
  const known = found.get(key);
  if (known === undefined || known.messages < hz) found.set(key, { channel, messages: hz });
}

interface ListedClip {
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly topics: readonly { readonly topic: string; readonly hz: number }[];
}

async function newestClips(db: Db, device: string, most: number): Promise<readonly ListedClip[]> {
  const rows = await db
    .selectFrom('clip')
    .select(['id', 'sha256', 'size_bytes', 'start_ns', 'end_ns', 'manifest'])
    .where('device_id', '=', device)
    .where('state', '=', 'stored')
    .orderBy('start_ns', 'desc')
    .orderBy('id', 'desc')
    .limit(most)
    .execute();
  return rows.map((row) => {
    const seconds = Math.max(Number(row.end_ns - row.start_ns) / 1e9, 1e-3);
    const { topics } = JSON.parse(row.manifest) as {
      readonly topics: readonly { readonly topic: string; readonly count: number }[];
    };
    return {
      id: row.id,
      sha256: row.sha256,
      sizeBytes: Number(row.size_bytes),
      topics: topics.map(({ topic, count }) => ({ topic, hz: count / seconds })),
    };
  });
}

/** Channels of a clip; reading ends as soon as all topics of its manifest are there. */
async function channelsOf(bytes: Pick<BlobStore, 'read'>, clip: ListedClip): Promise<Channel[]> {
  const missing = new Set(clip.topics.map(({ topic }) => topic));
  const channels: Channel[] = [];
  try {
    const readable = objectReadable(bytes, { ...clip, name: clip.id });
    for await (const item of readRecording(readable, { reuse: true, verify: false })) {
      if (item.kind === 'block' && item.block.offset > lintReadBytes) break;
      if (item.kind !== 'channel') continue;
      channels.push(item.channel);
      missing.delete(item.channel.topic);
      if (missing.size === 0) break;
    }
  } catch (error) {
    // What a damaged or vanished clip declared before counts; there are others.
    if (!['corrupt', 'not_found'].includes(asFault(error).code)) throw error;
  }
  return channels;
}
