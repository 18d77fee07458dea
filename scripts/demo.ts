/**
 * The main job on this machine: the cloud, robots, an agent each, and the first clips with why.
 * Everything it starts listens on free loopback ports and ends with it.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { asFault, Fault, faultLine, faultTable } from '@fieldloop/core';
import { type DemoOptions, parseOptions, usage } from './demo/options.ts';
import { loopRules } from './demo/loop/rules.ts';
import { runLoop } from './demo/loop/run.ts';
import { runRollout } from './demo/rollout/run.ts';
import { chooseRules } from './demo/rules.ts';
import { openScreen, type Screen } from './demo/screen.ts';
import { openSite, type SitePlan } from './demo/site.ts';
import { watchSite } from './demo/watch.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const next = `
What to type next, in a second terminal in this folder:
  npx fieldloop clips list                           every clip, newest first
  npx fieldloop clips list --severity critical       only what matters most
  npx fieldloop clips get CLIP                       why it was flagged
  npx fieldloop clips download CLIP                  an MCAP for Foxglove, Lichtblick or your script
  npx fieldloop devices list                         robots, and what runs on them
  npx fieldloop rules test rules/library/near-miss.yaml CLIP.mcap
                                                     edit a threshold there and see what fires
`;

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort());
  }
  await run(options, stopping.signal);
  return 0;
}

async function run(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const screen = openScreen(process.stdout, () => performance.now());
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    screen.say(`  ✓ ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return result;
  };
  if (options.loop) {
    await loop(options, { screen, step, signal });
    return;
  }
  if (options.rollout !== undefined) {
    const { rollout: candidate, seed } = options;
    const say = (text: string): void => screen.say(text);
    await runRollout({ root, candidate, seed, step, say, signal });
    return;
  }
  const chosen = await step('rules', () => chooseRules(options));
  for (const line of chosen.lines) screen.say(`    ${line}`);
  const folder = join(root, '.fieldloop', 'demo');
  // The address that .fieldloop/cli.json names, so that the commands find it there again.
  let at = '';
  {
    await using site = await openSite({ root, folder, options, rules: chosen.text, step });
    at = new URL(site.cloud.urls.http).host;
    if (!options.once)
      screen.say('  the first clips come within a minute; Ctrl-C stops everything');
    await watchSite(site, {
      screen,
      signal,
      once: options.once,
      next,
      now: () => performance.now(),
      sleep: async (ms) => {
        // Ctrl-C ends the wait; the loop looks at the signal itself.
        await delay(ms, undefined, { signal }).catch(() => undefined);
      },
    });
    screen.say(
      signal.aborted ? '\nstopping …' : 'each robot has a clip that reads back; stopping …',
    );
  }
  screen.say(`stopped. The clips stay in ${join(folder, 'cloud')} until the next demo.`);
  screen.say(
    options.once
      ? 'Without --once it keeps running, and npx fieldloop clips list shows what was flagged.'
      : `To look at them again: npx fieldloop cloud run --data .fieldloop/demo/cloud --http ${at}`,
  );
}

async function loop(
  options: DemoOptions,
  of: {
    readonly screen: Screen;
    readonly step: SitePlan['step'];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { screen, step, signal } = of;
  const folder = join(root, '.fieldloop', 'demo');
  const plan = { root, folder, options, rules: loopRules, soak: '5s', step };
  await using site = await openSite(plan);
  const ended = new AbortController();
  void site.firstEnd.then((running) => {
    const message = `${running.name} ended by itself:\n${running.tail()}`;
    ended.abort(new Fault('unavailable', message, { remedy: `Its log is in ${folder}.` }));
  });
  const { host } = new URL(site.cloud.urls.http);
  try {
    await runLoop({
      root,
      site,
      seed: options.seed,
      signal: AbortSignal.any([signal, ended.signal]),
      say: (text) => screen.say(text),
    });
  } finally {
    screen.say('\nEverything stays in .fieldloop/demo until the next demo. To look at it again:');
    screen.say(`  npx fieldloop cloud run --data .fieldloop/demo/cloud --http ${host}`);
    screen.say('  npx fieldloop failures list        and runs, gates, evaluations, rollouts');
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const fault = asFault(error);
  process.stderr.write(`\n${faultLine(fault)}\n`);
  if (fault.code === 'internal' && fault.cause instanceof Error) {
    process.stderr.write(`${fault.cause.stack}\n`);
  }
  process.exitCode = faultTable[fault.code].exit;
}
