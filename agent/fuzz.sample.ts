/**
 * What `npm run fuzz` bends of this room: configurations, rule sets that the cloud pushes, bytes
 * of the wire, and requests of the local socket. Each is taken, or refused by a Fault; problems of
 * a document have their places, and what ran before a bad wish runs after it.
 */
import {
  type Clock,
  Fault,
  type Json,
  type Random,
  seededRandom,
  silentLog,
} from '@fieldloop/core';
import {
  type FuzzResult,
  type FuzzTarget,
  maxFuzzFailures,
  mutateBytes,
  mutateText,
} from '@fieldloop/core/fuzz';
import {
  decodeStored,
  decodeTransfer,
  downTopic,
  encodeCommand,
  encodeDesired,
  encodeStored,
} from '@fieldloop/proto';
import { loadLibrary } from '@fieldloop/rules';
import { parseConfig } from './config.ts';
import type { LocalRequest } from './health/socket.ts';
import { carryOut, type LocalDeps } from './local.ts';
import { openRulesInUse, type RulesInUse } from './rules-in-use.ts';
import { openWishes } from './uplink/wishes.ts';

const whole = `device: {name: amr-017, site: ber1, firmware: 1.4.2, properties: {hw: orin-nx}}
cloud: {claimToken: "\${FIELDLOOP_CLAIM_TOKEN}"}
sources:
- {name: main, folder: /data/bags, glob: "*.mcap"}
- {name: again, file: run.bag, speed: max}
- name: live
  sim: "tcp://127.0.0.1:9000"
models: [{id: classifier, path: models/classifier}]
rules: rules.yaml
window: {seconds: 60, memory: 64MiB}
buffer: {path: /var/lib/fieldloop, quota: 20GiB, headroom: 5GiB, reserve: {critical: 25%}}
uplink:
  reconnectMost: 300s
  downloadKbps: 16000
  policies:
  - {when: 'net == "lte" and hour < 6', maxKbps: 800, perDay: 300MiB, classes: [critical]}
limits:
  clip: 120s
  silent: 5s
  cpu: 35%
  memory: 250MiB
  heat: {file: /sys/class/thermal/thermal_zone0/temp, most: 85}
  battery: {file: /sys/class/power_supply/BAT0/capacity, least: 15%}
log: {level: info}
`;

const words = [
  'device:',
  'sources:',
  'limits:',
  'buffer: {',
  '- {name: ',
  'speed: ',
  '35%',
  '-5%',
  '64MiB',
  '5s',
  '9999999999999h',
  'max',
];

const requests: readonly LocalRequest[] = [
  { ask: 'clip_now', preS: 1, postS: 2, reason: 'x', atNs: '1700000000000000000' },
  { ask: 'pull', clip: '0190a1b2-0000-7000-8000-000000000000', topics: ['/odom'] },
  { ask: 'clips', limit: 5, rule: 'fast' },
  { ask: 'drop', clip: '0190' },
  { ask: 'pause', seconds: 5 },
  { ask: 'logs', count: 3, level: 'warn' },
  { ask: 'hold' },
];

interface World {
  readonly random: Random;
  /** Texts of the rule library. */
  readonly sets: readonly string[];
  readonly rules: RulesInUse;
  readonly local: LocalDeps;
}

const clock: Clock = {
  now: () => 1_700_000_000_000,
  monotonicMs: () => 0,
  // Nobody waits in a fuzz: what is proven with time is not proven here.
  sleep: () => new Promise(() => undefined),
};

export const fuzzConfig: FuzzTarget = async ({ seed, inputs, onProgress }) => {
  const random = seededRandom(`config/${seed}`);
  const sets = (await loadLibrary()).map(({ text }) => text);
  const world: World = { random, sets, rules: rulesOf(sets[0] ?? ''), local: localDeps() };
  const counts = new Map<string, number>();
  const failures: string[] = [];
  let done = 0;
  while (done < inputs && failures.length < maxFuzzFailures) {
    const kind = kinds[random.integer(kinds.length)] ?? tryConfig;
    const input = { text: '' };
    try {
      const outcome = await kind(world, input);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 2) : [error];
      failures.push(`input ${done}: ${what.join('')} at ${JSON.stringify(input.text)}`);
    }
    done += 1;
    if (done % 200 === 0) onProgress?.(done, failures);
  }
  world.rules.stop();
  return resultOf(done, counts, failures);
};

/** Writes what it tried into `input` before it tries it; a Fault is an outcome, the rest is not. */
type Kind = (world: World, input: { text: string }) => Promise<string> | string;

const tryConfig: Kind = ({ random }, input) => {
  input.text = mutateText(whole, random, words);
  const { value, problems } = parseConfig({ text: input.text, file: 'agent.yaml' }, {});
  if (value !== undefined) return 'configuration taken';
  if (problems.length === 0) throw new TypeError('refused without a problem');
  for (const { line, column, message, remedy } of problems) {
    if (line < 1 || column < 1 || message === '' || remedy === '') {
      throw new TypeError(`a problem without its place or remedy: ${message}`);
    }
  }
  return 'configuration refused';
};

/** A set that was changed after its digest was taken, or that is no set at all. */
const tryRules: Kind = ({ random, sets, rules }, input) => {
  const text = mutateText(sets[random.integer(sets.length)] ?? '', random, words);
  const ref = { digest: '0'.repeat(64), publication: 'pub', ruleSet: 'set', version: 1, text };
  const document = { active: ref } as unknown as Json;
  input.text = text;
  const before = rules.ruleSet.digest;
  const outcome = asOutcome('rules', () => rules.take(desiredOf(document)));
  if (rules.ruleSet.digest !== before) throw new TypeError('rules ran that nobody signed');
  for (const { line, column, message } of rules.state.rejected?.problems ?? []) {
    if (line < 1 || column < 1 || message === '') throw new TypeError('a rejection without place');
  }
  return outcome;
};

const tryDocument: Kind = ({ random, rules }, input) => {
  const sound = JSON.stringify({
    active: { digest: 'a'.repeat(64), publication: 'p', ruleSet: 's', version: 1, text: 'x' },
  });
  input.text = mutateText(sound, random);
  let document: Json;
  try {
    document = JSON.parse(input.text) as Json;
  } catch {
    return 'document that is no JSON';
  }
  return asOutcome('document', () => rules.take(desiredOf(document)));
};

const desiredOf = (document: Json): Parameters<RulesInUse['take']>[0] => ({
  generation: 1n,
  features: 0n,
  sections: [{ name: 'rules', generation: 1n, sha256: '0'.repeat(64), document }],
});

const tryWire: Kind = ({ random }, input) => {
  const taken: string[] = [];
  const listener = { command: () => taken.push('command'), desired: () => taken.push('desired') };
  const wishes = openWishes('amr-017', listener, silentLog);
  const [name, sound] = frames[random.integer(frames.length)] ?? ['command', new Uint8Array()];
  const bytes = mutateBytes(sound, random);
  input.text = `${name} ${Buffer.from(bytes).toString('hex')}`;
  return asOutcome('wire', () => {
    if (name === 'stored') decodeStored(bytes);
    else if (name === 'transfer') decodeTransfer(bytes);
    else wishes.take(downTopic('amr-017', name), bytes);
  });
};

const commandId = '01890a5d-ac96-774b-bcce-b302099a8057';
const frames: readonly (readonly ['command' | 'desired' | 'stored' | 'transfer', Uint8Array])[] = [
  ['command', encodeCommand({ id: commandId, deadlineMs: 2e12, kind: 'ping', input: {} })],
  [
    'command',
    encodeCommand({
      id: commandId,
      deadlineMs: 2e12,
      kind: 'clip_now',
      input: { preS: 1, postS: 2, reason: 'x' },
    }),
  ],
  ['desired', encodeDesired(desiredOf({ active: null, words: ['a', 1, true] }))],
  ['stored', encodeStored({ lane: 'events', origin: 1n, through: 7n, refused: [] })],
  ['transfer', encodeStored({ lane: 'manifests', origin: 1n, through: 7n, refused: [] })],
];

const tryLocal: Kind = async ({ random, local }, input) => {
  const sound = JSON.stringify(requests[random.integer(requests.length)]);
  input.text = mutateText(sound, random);
  let request: unknown;
  try {
    request = JSON.parse(input.text);
  } catch {
    return 'request that is no JSON';
  }
  if (typeof request !== 'object' || request === null || !('ask' in request)) return 'no request';
  if (typeof request.ask !== 'string') return 'no request';
  try {
    await carryOut({ ...request, ask: request.ask }, local);
    return 'request taken';
  } catch (error) {
    return refused('request', error);
  }
};

const kinds: readonly Kind[] = [
  tryConfig,
  tryConfig,
  tryConfig,
  tryRules,
  tryDocument,
  tryWire,
  tryLocal,
];

function asOutcome(what: string, act: () => void): string {
  try {
    act();
    return `${what} taken`;
  } catch (error) {
    return refused(what, error);
  }
}

/** Only a Fault that is no bug is a refusal. */
function refused(what: string, error: unknown): string {
  if (error instanceof Fault && error.code !== 'internal') return `${what} refused`;
  throw error;
}

function rulesOf(text: string): RulesInUse {
  const kept = new Map<string, Json>();
  const buffer = {
    position: (key: string) => kept.get(key),
    savePosition: (key: string, document: Json) => void kept.set(key, document),
  };
  return openRulesInUse({ text, file: 'rules.yaml' }, { buffer, clock, log: silentLog });
}

function localDeps(): LocalDeps {
  const gone = (): never => {
    throw new Fault('not_found', 'no such clip', { remedy: 'List them.' });
  };
  const nothing = async (): Promise<Json> => await Promise.resolve(null);
  return {
    ids: { uuid: () => new Uint8Array(16) } as unknown as LocalDeps['ids'],
    buffer: { clips: { all: () => [], read: gone, drop: gone } as never },
    levels: { lines: () => [] },
    updates: {
      told: () => ({ waits: false, running: [], history: [] }),
      hold: () => undefined,
      release: () => undefined,
    },
    demands: () => ({ topics: [], rates: [] }),
    clipNow: nothing,
    pull: nothing,
    pause: () => undefined,
    resume: () => undefined,
    reload: () => null,
  };
}

function resultOf(
  inputs: number,
  counts: ReadonlyMap<string, number>,
  failures: readonly string[],
): FuzzResult {
  const lines = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { inputs, lines: lines.map(([name, n]) => `${name}: ${n}`), failures };
}
