/** `node sim/train.ts`: trains the classifier anew, writes sim/model/, prints what it measured. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStudio } from './camera/render.ts';
import { trainClassifier } from './training/classifier.ts';
import { type PlaceReport, readWorlds, recalls, reportOf } from './training/measure.ts';

const heldOut = {
  seeds: ['held out 1', 'held out 2', 'held out 3', 'held out 4'],
  seconds: 120,
} as const;

function line(report: PlaceReport): string {
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return [
    `${report.place}: ${report.frames} frames`,
    `right ${share(report.accuracy)}`,
    `median entropy ${report.median.toFixed(2)}`,
    `below 0.3 ${share(report.below03)}`,
    `above 0.65 ${share(report.above065)}`,
    `episodes ${report.episodes}`,
    `stays flagged ${report.flaggedStays} of ${report.stays}`,
  ].join(', ');
}

const studio = openStudio();
const trained = await trainClassifier(studio, (text) => console.log(text));
const readings = await readWorlds(trained.network, studio, heldOut);
const figures = [
  ...reportOf(readings).map(line),
  `right in the hall by class: ${[...recalls(readings)]
    .map(([name, value]) => `${name} ${(value * 100).toFixed(0)} %`)
    .join(', ')}`,
];
const head = [
  '# What is ahead of the robot, from its front camera. Written by sim/train.ts.',
  `# Measured on ${heldOut.seeds.length} worlds of ${heldOut.seconds} s that training never saw:`,
  ...figures.map((text) => `#   ${text}`),
];
const folder = join(import.meta.dirname, 'model');
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'model.onnx'), trained.onnx);
await writeFile(join(folder, 'model.yaml'), `${head.join('\n')}\n${trained.yaml}`);
for (const text of figures) console.log(text);
console.log(`model.onnx: ${trained.onnx.length} bytes`);
