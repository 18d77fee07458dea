/** What `npm run demo -- …` takes. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean, Fault } from '@fieldloop/core';

export interface DemoOptions {
  /** Stop by itself when each robot has a clip that is stored, verified and readable. */
  readonly once: boolean;
  /** From failures to the model that no longer makes them. */
  readonly loop: boolean;
  /** A candidate for sixty simulated robots, by stages: one that does no harm, or one that does. */
  readonly rollout?: 'good' | 'bad' | undefined;
  readonly seed: number;
  readonly recording?: string | undefined;
  readonly rules?: string | undefined;
}

export const usage = `npm run demo -- [options]

Runs the whole line on this machine: the cloud, robots, one agent each, clips with their reasons.

  --once             stop when a clip of each robot is stored, verified and readable (exit code 0)
  --recording FILE   one agent on your own recording (MCAP, bag or db3) instead of the simulator
  --rules FILE       with these rules; without it, library rules that fit the recording's topics
  --loop             from failures to the model that no longer makes them, on every robot, with
                     simulated people at the gates; ends by itself, at most ten minutes
  --rollout bad      a release that fails three times as often: halted in its canary by the judge,
                     taken back; sixty simulated robots on the real wire, three minutes
  --rollout good     one that does no harm: through its stages to every robot
  --seed N           another world for the simulator (7)
  --help             this text

  npm run demo
  npm run demo -- --recording drive.mcap --once
`;

const known = ['once', 'loop', 'rollout', 'recording', 'rules', 'seed', 'help'];

/** Undefined when help was asked for. Fault `invalid` for anything that the demo cannot do. */
export function parseOptions(argv: readonly string[]): DemoOptions | undefined {
  for (const word of argv) {
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name !== undefined && !known.includes(name)) {
      throw new Fault('invalid', `unknown option --${name}.${didYouMean(name, known)}`, {
        remedy: 'npm run demo -- --help lists the options.',
      });
    }
  }
  const { values, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    options: {
      once: { type: 'boolean' },
      loop: { type: 'boolean' },
      rollout: { type: 'string' },
      recording: { type: 'string' },
      rules: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  if (positionals[0] !== undefined) {
    throw new Fault('invalid', `"${positionals[0]}" is not an option`, {
      remedy: `For a recording write: npm run demo -- --recording ${positionals[0]}`,
    });
  }
  const seed = Number(values.seed ?? 7);
  if (!Number.isSafeInteger(seed)) {
    throw new Fault('invalid', '--seed takes a whole number', { remedy: 'For example --seed 11.' });
  }
  const recording = fileOf('recording', values.recording);
  const rules = fileOf('rules', values.rules);
  if (rules !== undefined && recording === undefined) {
    throw new Fault('invalid', '--rules needs --recording', {
      remedy: 'The simulated site runs the library; edit rules/library/*.yaml to change it.',
    });
  }
  const loop = values.loop === true;
  const rollout = rolloutOf(values.rollout);
  if (rollout !== undefined && (loop || recording !== undefined || values.once === true)) {
    throw new Fault('invalid', '--rollout takes no --loop, no --recording and no --once', {
      remedy: 'It brings its own robots and ends by itself: npm run demo -- --rollout bad',
    });
  }
  if (loop && (recording !== undefined || values.once === true)) {
    throw new Fault('invalid', '--loop takes no --recording and no --once', {
      remedy: 'It runs on the simulator and ends by itself: npm run demo -- --loop',
    });
  }
  return { once: values.once === true, loop, rollout, seed, recording, rules };
}

function rolloutOf(value: string | boolean | undefined): DemoOptions['rollout'] {
  if (value === undefined || value === 'good' || value === 'bad') return value;
  throw new Fault('invalid', '--rollout takes good or bad', {
    remedy: 'npm run demo -- --rollout bad shows what happens to one that does harm.',
  });
}

function fileOf(name: string, value: string | boolean | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.startsWith('--')) {
    throw new Fault('invalid', `--${name} takes a file`, {
      remedy: `Write --${name} and the path of the file.`,
    });
  }
  // npm changes the working directory; INIT_CWD is where the person stands.
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), value);
  if (!existsSync(path)) {
    throw new Fault('not_found', `there is no file ${path}`, {
      remedy: `Check the path after --${name}.`,
    });
  }
  return path;
}
