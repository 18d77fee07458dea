/**
 * Goal: the library's rules fire in this world for their own reasons, and for no others.
 * Method: one robot's recording with scores of the repository's model, all four rules as one set,
 * and the world's truth beside it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entropy, imageToTensor, margin, softmax } from '@fieldloop/learning';
import {
  type Channel,
  decodeMessage,
  type MessageBlock,
  readRecording,
} from '@fieldloop/recording';
import { firesOf, loadLibrary, mergeRuleSets, openEngine, type Verdict } from '@fieldloop/rules';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { modelFolder } from './index.ts';
import { decodeJpeg } from './jpeg.ts';
import { modelInput } from './model-input.ts';
import { recordRobot } from './record.ts';
import type { TruthLine } from './truth.ts';

const camera = '/camera/front/compressed';
const robot = 'amr-02';

async function scorer() {
  const session = await InferenceSession.create(await readFile(join(modelFolder, 'model.onnx')), {
    intraOpNumThreads: 1,
  });
  return async (jpeg: Uint8Array): Promise<Record<string, number>> => {
    const image = await decodeJpeg(jpeg);
    const tensor = imageToTensor({ ...image, channels: 3 }, modelInput);
    const shape = [1, 3, modelInput.height, modelInput.width];
    const { logits } = await session.run({ image: new Tensor('float32', tensor, shape) });
    const p = softmax(Float32Array.from(logits?.data as Float32Array));
    return { entropy: entropy(p), margin: margin(p) };
  };
}

/** Pictures of a block with their log times. */
function picturesOf(block: MessageBlock, channels: ReadonlyMap<number, Channel>) {
  return Array.from({ length: block.count }, (_, i) => i).flatMap((i) => {
    const channel = channels.get(block.channelIds[i] ?? 0);
    if (channel?.topic !== camera) return [];
    const bytes = block.data.subarray(block.starts[i], block.ends[i]);
    const { data } = decodeMessage(channel, bytes) as { data: Uint8Array };
    return [{ atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0), data }];
  });
}

test('near miss, confidence drop, sensor dropout and baseline, each at its moment', async () => {
  const pieces: Uint8Array[] = [];
  const truth: TruthLine[] = [];
  const { startNs } = await recordRobot({
    seed: '2',
    robots: 3,
    robot,
    seconds: 30,
    out: { write: async (bytes) => void pieces.push(bytes.slice()), sync: async () => {} },
    onTruth: (line) => void truth.push(line),
  });
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    Promise.resolve(bytes.subarray(offset, offset + length));

  const score = await scorer();
  const { ruleSet } = mergeRuleSets(await loadLibrary(), { name: 'library', version: 1 });
  const engine = openEngine(ruleSet, { device: robot });
  const channels = new Map<number, Channel>();
  const verdicts: Verdict[] = [];
  for await (const item of readRecording({ name: 'sim', size: bytes.length, read })) {
    if (item.kind === 'channel') {
      channels.set(item.channel.id, item.channel);
      engine.channel(0, item.channel);
    }
    if (item.kind !== 'block') continue;
    for (const { atNs, data } of picturesOf(item.block, channels)) {
      const values = await score(data);
      engine.score({ scorer: 'classifier', atNs, values, latencyMs: 1, modelSha256: '' });
    }
    verdicts.push(...firesOf(engine.block(0, item.block)));
  }
  verdicts.push(...firesOf(engine.flush()));

  const firedAt = (id: string): number[] =>
    verdicts.filter((one) => one.ruleId === id).map((one) => Number(one.atNs - startNs) / 1e9);
  const began = (event: string): number[] =>
    truth.flatMap((line) =>
      line.kind === 'event' &&
      line.robot === robot &&
      line.event === event &&
      line.phase === 'begin'
        ? [Number(BigInt(line.atNs) - startNs) / 1e9]
        : [],
    );
  const [miss, ...moreMisses] = began('near_miss');
  const [dropout, ...moreDropouts] = began('lidar_dropout');
  expect([moreMisses, moreDropouts]).toEqual([[], []]);
  // Truth says "near" at 0.8 m; the rule sees it come, less than a second before.
  expect(firedAt('near-miss')).toHaveLength(1);
  expect((miss ?? 0) - (firedAt('near-miss')[0] ?? 0)).toSatisfy((s: number) => s > 0 && s < 1);
  // The last scan before the dropout is up to 100 ms old.
  expect(firedAt('sensor-dropout')).toHaveLength(1);
  expect((firedAt('sensor-dropout')[0] ?? 0) - (dropout ?? 0)).toBeCloseTo(1.45, 1);
  expect(firedAt('baseline-sample')).toEqual([5]);
  // The robot begins in a zone that nobody trained on, and leaves it after 14 s.
  expect(firedAt('confidence-drop').length).toBeGreaterThan(0);
  for (const at of firedAt('confidence-drop')) expect(at).toBeLessThan(15);
  expect(engine.counters()).toMatchObject({ late: 0, epoch: 0, faults: 0, unreadable: [] });
}, 60_000);
