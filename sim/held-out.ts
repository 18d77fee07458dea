#!/usr/bin/env node
/**
 * `node sim/held-out.ts --onnx FILE --seeds a,b --seconds 60`: how often a classifier is wrong in
 * worlds that nothing was trained on, by place, with its 95 % interval, as one line of JSON.
 */
import { readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { drawnRate, networkOf, readOnnx } from '@fieldloop/learning';
import { openStudio } from './camera/render.ts';
import { Command } from './commander.ts';
import { places, readWorlds } from './training/measure.ts';

interface Options {
  readonly onnx: string;
  readonly seeds: string;
  readonly seconds: string;
}

/** As rules see it: a robot that stands looks at the same picture again and again. */
const leastSpeed = 0.1;

async function measure({ onnx, seeds, seconds }: Options): Promise<void> {
  const network = networkOf(readOnnx(await readFile(onnx)));
  if (network === undefined) {
    throw new Fault('invalid', 'this is no chain of dense layers', {
      place: onnx,
      remedy: 'Give the classifier of the simulator, or one that was trained from it.',
    });
  }
  const options = { seeds: seeds.split(','), seconds: Number(seconds) };
  const readings = await readWorlds(network, openStudio(), options);
  const moving = readings.filter(({ speed }) => speed > leastSpeed);
  // Frames of one robot in one world are alike: they are drawn together.
  const measured = places.map((place) => {
    const here = moving.filter((one) => one.place === place);
    const { value, low, high } = drawnRate(
      here.map(({ seed, robot, ahead, top }) => ({
        value: Number(ahead !== top),
        propensity: 1,
        cluster: `${seed}/${robot}`,
      })),
    );
    return { place, frames: here.length, failureRate: value, low, high };
  });
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

await new Command('held-out')
  .requiredOption('--onnx <file>', 'model.onnx')
  .requiredOption('--seeds <names>', 'of the worlds, with commas between')
  .option('--seconds <n>', 'of each world', '60')
  .action(measure)
  .parseAsync();
