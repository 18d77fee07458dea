/**
 * The scoring thread: models, image decoding, ONNX Runtime. One frame in, one answer out; whatever
 * a frame holds, the answer comes.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { asFault, faultLine } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, decodeMessage } from '@fieldloop/recording';
import { decodeImage } from './score/image.ts';
import { filesIn, readModel } from './score/model.ts';
import { openOnnx } from './score/onnx.ts';
import type { FromScoring, ReadyModel, ScoringReady, ToScoring } from './score/protocol.ts';
import { openScorer, type Scorer } from './score/scorer.ts';

export interface ScoringSettings {
  readonly models: readonly { readonly id: string; readonly path: string }[];
}

const scorers = new Map<string, Scorer>();

/** A model that does not load stays off; the others score. */
async function loadAll(settings: ScoringSettings): Promise<ScoringReady> {
  const models: ReadyModel[] = [];
  const faults: { id: string; message: string }[] = [];
  const deps = { clock: systemClock, openOnnx, decodeImage, decodeMessage };
  for (const { id, path } of settings.models) {
    try {
      const scorer = await openScorer(readModel(filesIn(path)), deps);
      scorers.set(id, scorer);
      models.push({ id, version: scorer.model.version, sha256: scorer.model.sha256 });
    } catch (error) {
      faults.push({ id, message: faultLine(asFault(error)) });
    }
  }
  return { kind: 'ready', models, faults };
}

function serve(port: MessagePort): void {
  const channels = new Map<number, Channel>();
  port.on('message', (message: ToScoring) => {
    switch (message.kind) {
      case 'channel':
        channels.set(message.key, message.channel);
        return;
      case 'forget':
        for (const key of message.keys) channels.delete(key);
        return;
      case 'frame':
        // `answer` never rejects: a fault is an answer.
        void answer(message, channels.get(message.key)).then((reply) => port.postMessage(reply));
    }
  });
}

async function answer(
  frame: Extract<ToScoring, { kind: 'frame' }>,
  channel: Channel | undefined,
): Promise<FromScoring> {
  const { id } = frame;
  const scorer = scorers.get(frame.model);
  if (scorer === undefined || channel === undefined) {
    return { kind: 'fault', id, reason: 'no_model', message: `no model ${frame.model} is ready` };
  }
  const result = await scorer.score(channel, frame.bytes);
  if ('scored' in result) return { kind: 'scored', id, scored: result.scored };
  return { kind: 'fault', id, reason: result.reason, message: result.message };
}

if (parentPort !== null) {
  const main = parentPort;
  main.on('message', (message: { readonly port: MessagePort }) => serve(message.port));
  main.postMessage(await loadAll(workerData as ScoringSettings));
}
