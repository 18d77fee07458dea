/** The training set: placed views of every class, drives through the hall, and outliers. */
import { type Random, seededRandom } from '@fieldloop/core';
import type { Samples } from '@fieldloop/learning';
import type { Studio } from '../camera/canvas.ts';
import { modelInput } from '../model-input.ts';
import { type Ahead, classes, whatIsAhead } from '../world/ahead.ts';
import { cameraPose } from '../world/robot.ts';
import { ticks } from '../world/tick.ts';
import { openWorld, type World } from '../world/world.ts';
import { mirror, spoilsOf } from './outliers.ts';
import { picturesOf, type Shot } from './pictures.ts';
import { drawView, isTrainingPlace } from './poses.ts';

export interface SetSize {
  /** Views with something placed before the camera, the hard classes more often. */
  readonly placed: number;
  /** Views from robots at work. */
  readonly driven: number;
}

interface Labelled {
  readonly shot: Shot;
  readonly label: number;
}

export async function trainingSet(studio: Studio, size: SetSize): Promise<Samples> {
  const random = seededRandom('classifier/set');
  const labelled = [
    ...placedViews(size.placed, random.fork('placed')),
    ...drivenViews(size.driven, random.fork('driven')),
  ];
  const pictures = await picturesOf(
    studio,
    labelled.map(({ shot }) => shot),
  );
  const rows = pictures.map((input, i) => ({ input, label: labelled[i]?.label ?? -1 }));
  const mirrored = rows.map(({ input, label }) => ({ input: mirror(input, modelInput), label }));
  const chance = random.fork('outliers');
  const outliers = spoilsOf(modelInput).flatMap(({ share, spoil }) =>
    Array.from({ length: Math.round(share * rows.length) }, () => {
      const source = pictures[chance.integer(pictures.length)] ?? new Float32Array(0);
      return { input: spoil(source, chance), label: -1 };
    }),
  );
  return pack([...rows, ...mirrored, ...outliers]);
}

/** Rows side by side; label -1 is as much of each class. */
function pack(rows: readonly { readonly input: Float32Array; readonly label: number }[]): Samples {
  const width = rows[0]?.input.length ?? 0;
  const inputs = new Float32Array(rows.length * width);
  const targets = new Float32Array(rows.length * classes.length);
  rows.forEach(({ input, label }, i) => {
    inputs.set(input, i * width);
    for (let k = 0; k < classes.length; k += 1) {
      targets[i * classes.length + k] = label < 0 ? 1 / classes.length : Number(k === label);
    }
  });
  return { count: rows.length, inputs, targets };
}

/** Small things are harder to tell than walls, and the drives show few of them. */
const placedTurns: readonly Ahead[] = [
  'pallet',
  'person',
  'robot',
  'clear',
  'pallet',
  'person',
  'robot',
  'shelf',
];

/** Classes by turns; the world behind moves on, and is another one every 50 views. */
function placedViews(count: number, random: Random): Labelled[] {
  let world: World | undefined;
  return Array.from({ length: count }, (_, i) => {
    if (world === undefined || i % 50 === 0) {
      world = openWorld({ seed: `training/placed ${i}`, robots: 1 });
      stepTimes(world, 400);
    }
    stepTimes(world, 20);
    const wanted = placedTurns[i % placedTurns.length] ?? 'clear';
    const label = classes.indexOf(wanted);
    const view = drawView(world, wanted, random);
    return { shot: shotOf(view.pose, view.bodies, random), label };
  });
}

/** Two views a second of three robots; half of those with nothing ahead are left out. */
function drivenViews(count: number, random: Random): Labelled[] {
  const found: Labelled[] = [];
  for (let run = 0; found.length < count; run += 1) {
    const world = openWorld({ seed: `training/driven ${run}`, robots: 3 });
    for (let second = 0; second < 180 && found.length < count; second += 1) {
      stepTimes(world, ticks(0.5));
      for (const robot of world.robots) {
        if (!isTrainingPlace(robot.body) || robot.speed < 0.05) continue;
        const pose = cameraPose(robot);
        const label = classes.indexOf(whatIsAhead(pose, world.others(robot)));
        if (label === 0 && random.next() < 0.5) continue;
        found.push({ shot: shotOf(pose, world.others(robot), random), label });
      }
    }
  }
  return found.slice(0, count);
}

function stepTimes(world: World, times: number): void {
  for (let i = 0; i < times; i += 1) world.step();
}

/** The bodies as they stand now; the world moves on. */
function shotOf(pose: Shot['pose'], bodies: Shot['bodies'], random: Random): Shot {
  return {
    pose: { ...pose },
    bodies: bodies.map((body) => ({ ...body })),
    grain: random.integer(1_000_000),
  };
}
