#!/usr/bin/env node
/**
 * `node sim/held-out.ts --onnx FILE --seeds a,b --seconds 60`: how often a classifier is wrong in
 * worlds that nothing was trained on, by place, as one line of JSON.
 */
import { readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { networkOf, readOnnx } from '@fieldloop/learning';
import { openStudio } from './camera/render.ts';
import { Command } from './commander.ts';
import { readWorlds, reportOf } from './training/measure.ts';

interface Options {
  readonly onnx: string;
  readonly seeds: string;
  readonly seconds: string;
}

async function measure({ onnx, seeds, seconds }: Options): Promise<void> {
  const network = networkOf(readOnnx(await readFile(onnx)));
  if (network === undefined) {
    throw new Fault('invalid', 'this is no chain of dense layers', {
      place: onnx,
      remedy: 'Give the classifier of the simulator, or one that was trained from it.',
    });
  }
  const options = { seeds: seeds.split(','), seconds: Number(seconds) };
  const report = reportOf(await readWorlds(network, openStudio(), options));
  const places = report.map(({ place, frames, accuracy, above065 }) => ({
    place,
    frames,
    failureRate: 1 - accuracy,
    unsure: above065,
  }));
  process.stdout.write(`${JSON.stringify(places)}\n`);
}

await new Command('held-out')
  .requiredOption('--onnx <file>', 'model.onnx')
  .requiredOption('--seeds <names>', 'of the worlds, with commas between')
  .option('--seconds <n>', 'of each world', '60')
  .action(measure)
  .parseAsync();
