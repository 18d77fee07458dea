/**
 * The data thread alone, for measurements: sources, window, rules and clips as on a robot, and
 * each verdict as main would hear of it. The second door of this room.
 */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Json } from '@fieldloop/core';
import { demandRules, plain } from './demand-rules.ts';
import { demand } from './document.ts';
import { parseConfig } from './config.ts';
import type { DataSettings, FromData, ToData } from './messages.ts';
import { agentVersion } from './version.ts';

export interface ObserveOptions {
  /** A folder for its clips; recordings lie elsewhere. */
  readonly folder: string;
  /** One entry of `sources` in agent.yaml. */
  readonly source: Readonly<Record<string, string | number | boolean>>;
  readonly rules: string;
  /** `atNs` is the log time of the trigger. */
  readonly onVerdict: (verdict: { readonly name: string; readonly atNs: bigint }) => void;
}

export interface Observed extends AsyncDisposable {
  /** The source waits for what it reads. */
  readonly ready: Promise<void>;
  /** Messages read so far. */
  readonly messages: number;
}

export function observeVerdicts(options: ObserveOptions): Observed {
  const { folder, source, rules, onVerdict } = options;
  demandRules(rules, 'rules.yaml');
  mkdirSync(join(folder, 'parts'), { recursive: true });
  const worker = new Worker(new URL('./data-worker.ts', import.meta.url), {
    workerData: settingsOf(folder, source, rules),
  });
  const post = (message: ToData): void => worker.postMessage(message);
  const positions = new Map<string, Json>();
  let messages = 0;
  let stopped = (): void => {};
  let waits = (): void => {};
  const ready = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const whenStopped = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  worker.on('message', (message: FromData) => {
    if (message.kind === 'progress') {
      ({ messages } = message.progress.source);
      if (message.progress.source.each[0]?.state === 'waiting') waits();
    } else if (message.kind === 'getPosition') {
      post({ kind: 'position', id: message.id, document: positions.get(message.key) });
    } else if (message.kind === 'makeRoom') post({ kind: 'room', id: message.id, made: false });
    else if (message.kind === 'stopped') stopped();
    else if ('bytes' in message) {
      if (message.kind === 'savePosition') positions.set(message.key, message.document);
      if (message.kind === 'notice' && message.notice.rule !== undefined) {
        onVerdict({ name: message.notice.name, atNs: message.notice.atNs ?? 0n });
      }
      // Nobody keeps the clip.
      if (message.kind === 'clip') void rm(message.clip.partPath, { force: true });
      post({ kind: 'credit', bytes: message.bytes });
    }
  });
  worker.once('exit', stopped);
  return {
    ready,
    get messages() {
      return messages;
    },
    async [Symbol.asyncDispose]() {
      post({ kind: 'stop' });
      await whenStopped;
      await worker.terminate();
    },
  };
}

function settingsOf(folder: string, source: ObserveOptions['source'], rules: string): DataSettings {
  const document = {
    device: { name: 'observed' },
    sources: [{ name: 'main', ...source }],
    rules: 'rules.yaml',
    buffer: { path: folder },
  };
  const text = JSON.stringify(document);
  const config = demand(parseConfig({ text, file: join(folder, 'agent.yaml') }, {}));
  return {
    device: config.device.name,
    agentVersion,
    logLevel: 'error',
    sources: config.sources,
    rules: { active: plain(demandRules(rules, 'rules.yaml')) },
    window: config.window,
    spool: { folder: join(folder, 'spool'), maxBytes: 0, headroomBytes: 0 },
    clipNs: config.limits.clipNs,
    silentNs: config.limits.silentNs,
    partPath: join(folder, 'parts', '{clip}'),
    models: [],
    shadowModels: [],
  };
}
