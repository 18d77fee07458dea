/**
 * A scoring thread: models, image decoding, ONNX Runtime. One frame in, one answer out; whatever
 * a frame holds, the answer comes. Models are exchanged by another thread taking over.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { asFault, Fault, faultLine } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, decodeMessage } from '@fieldloop/recording';
import { collectBuffers } from './collect.ts';
import { scoringBeatMs } from './limits.ts';
import { decodeImage } from './score/image.ts';
import { readModel } from './score/model.ts';
import { openEngine, type OpenOnnx } from './score/onnx.ts';
import type {
  FromScoring,
  ModelFaultNote,
  ModelPlace,
  ReadyModel,
  ScoringNews,
  ScoringOrder,
  ScoringSettings,
  ToScoring,
} from './score/protocol.ts';
import { type FrameInput, openScorer, type Scorer } from './score/scorer.ts';
import { tryOut } from './score/trial.ts';

const scorers = new Map<string, Scorer>();
const trialDeps = { clock: systemClock, rss: () => process.memoryUsage.rss() };

/** A model that does not load stays off; the others score. */
async function loadAll(settings: ScoringSettings): Promise<ScoringNews> {
  const engine = await openEngine(settings.engine);
  const models: ReadyModel[] = [];
  const faults: ModelFaultNote[] = [];
  for (const place of settings.models) {
    try {
      const scorer = await load(place, { isTrial: settings.isTrial, openOnnx: engine.openOnnx });
      scorers.set(place.id, scorer);
      const { version, sha256, documentSha256 } = scorer.model;
      models.push({ id: place.id, version, sha256, documentSha256 });
    } catch (error) {
      faults.push(noteOf(place.id, error));
    }
  }
  return { kind: 'ready', models, faults, troubles: engine.troubles };
}

async function load(
  { files, expect }: ModelPlace,
  { isTrial, openOnnx }: { readonly isTrial: boolean; readonly openOnnx: OpenOnnx },
): Promise<Scorer> {
  const model = readModel(files);
  const found = [model.sha256, model.documentSha256];
  const wanted = expect === undefined ? found : [expect.onnx, expect.document];
  if (found.join() !== wanted.join()) {
    throw new Fault('corrupt', 'the files of the model are not what their names say', {
      place: files.onnx,
      remedy: 'They are fetched again; look for disk errors in the kernel log of this machine.',
    });
  }
  const deps = { clock: systemClock, openOnnx, decodeImage, decodeMessage };
  const open = (): Promise<Scorer> => openScorer(model, deps);
  return isTrial ? await tryOut(model, open, trialDeps) : await open();
}

function noteOf(id: string, error: unknown): ModelFaultNote {
  const fault = asFault(error);
  return { id, code: fault.code, message: faultLine(fault) };
}

async function checkGolden(): Promise<ScoringNews> {
  const faults: ModelFaultNote[] = [];
  for (const [id, scorer] of scorers) {
    try {
      await scorer.golden();
    } catch (error) {
      faults.push(noteOf(id, error));
    }
  }
  return { kind: 'golden', faults };
}

const ports = new Set<Promise<void>>();

function serve(port: MessagePort): void {
  const channels = new Map<number, Channel>();
  const closed = new Promise<void>((resolve) => port.once('close', resolve));
  ports.add(closed);
  void closed.then(() => ports.delete(closed));
  port.on('message', (message: ToScoring) => {
    switch (message.kind) {
      case 'channel':
        channels.set(message.key, message.channel);
        return;
      case 'forget':
        for (const key of message.keys) channels.delete(key);
        return;
      case 'frame':
        take(port, message, channels);
    }
  });
}

const inWork = new Set<Promise<void>>();

function take(
  port: MessagePort,
  frame: Extract<ToScoring, { kind: 'frame' }>,
  channels: ReadonlyMap<number, Channel>,
): void {
  // `answer` never rejects: a fault is an answer.
  const work = answer(frame, channels).then((reply) => port.postMessage(reply));
  inWork.add(work);
  void work.finally(() => {
    inWork.delete(work);
    // A decoded picture is megabytes, and little on the heap.
    collectBuffers();
  });
}

/** By itself, between two runs: ended from outside, ONNX Runtime would take the process along. */
async function end(): Promise<never> {
  await Promise.allSettled(inWork);
  for (const scorer of scorers.values()) await scorer[Symbol.asyncDispose]();
  return process.exit(0);
}

async function answer(
  frame: Extract<ToScoring, { kind: 'frame' }>,
  channels: ReadonlyMap<number, Channel>,
): Promise<FromScoring> {
  const { id, bytes } = frame;
  const scorer = scorers.get(frame.model);
  const channel = channels.get(frame.key);
  if (scorer === undefined || channel === undefined) {
    return { kind: 'fault', id, reason: 'no_model', message: `no model ${frame.model} is ready` };
  }
  const more = new Map<string, FrameInput>();
  for (const one of frame.more) {
    const own = channels.get(one.key);
    if (own !== undefined) more.set(one.name, { channel: own, bytes: one.bytes });
  }
  const result = await scorer.score({ channel, bytes, more });
  if ('scored' in result) {
    const { sha256, documentSha256 } = scorer.model;
    return { kind: 'scored', id, scored: result.scored, sha256, documentSha256 };
  }
  return { kind: 'fault', id, reason: result.reason, message: result.message };
}

if (parentPort !== null) {
  const main = parentPort;
  let ending: Promise<never> | undefined;
  main.on('message', (order: ScoringOrder) => {
    switch (order.kind) {
      case 'port':
        serve(order.port);
        return;
      case 'golden':
        void checkGolden().then((news) => main.postMessage(news));
        return;
      case 'retire':
        void Promise.all(ports).then(() =>
          main.postMessage({ kind: 'idle' } satisfies ScoringNews),
        );
        return;
      case 'stop':
        // Who hung is asked twice.
        ending ??= end();
    }
  });
  setInterval(() => main.postMessage({ kind: 'beat' } satisfies ScoringNews), scoringBeatMs);
  main.postMessage(await loadAll(workerData as ScoringSettings));
}
