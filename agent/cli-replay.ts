/** `replay`: what rules would do with a recording, told once it is over. */
import { existsSync } from 'node:fs';
import { seededRandom } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import type { Command } from './commander.ts';
import { loadConfig } from './config.ts';
import type { Output } from './output.ts';
import { plainLog } from './plain-log.ts';
import { replayText } from './status-text.ts';
import { untilAsked } from './until-asked.ts';

interface ReplayTools extends Output {
  /** Of the configuration that the command line names, which need not be there. */
  readonly file: () => string;
}

interface ReplayOptions {
  readonly rules?: string;
  readonly out?: string;
  readonly json?: true;
}

export function addReplay(program: Command, tools: ReplayTools): void {
  program
    .command('replay <recording>')
    .description('what the rules would do with a recording: fires, suppressions, clips')
    .option('--rules <file>', 'these rules; else those of the configuration')
    .option('--out <folder>', 'keep the clips there, as CLIP.mcap')
    .option('--json', 'one JSON document')
    .action(
      async (recording: string, options: ReplayOptions) =>
        await replayed({ ...options, recording }, tools),
    );
}

/** A configuration is not needed: without one the recording runs under a name of its own. */
async function replayed(
  wish: ReplayOptions & { readonly recording: string },
  { file, out, err }: ReplayTools,
): Promise<void> {
  const has = existsSync(file()) || wish.rules === undefined;
  const config = has ? loadConfig(file(), process.env) : undefined;
  const stopping = new AbortController();
  void untilAsked().then(() => stopping.abort());
  const { replay } = await import('./replay.ts');
  const levels = plainLog(err, () => systemClock.now());
  const { status, clips, damage } = await replay(
    config,
    { recording: wish.recording, rules: wish.rules ?? config?.rules ?? '', out: wish.out },
    {
      clock: systemClock,
      ids: systemIds,
      random: seededRandom(1),
      log: levels.log,
      levels,
      isQuiet: true,
      signal: stopping.signal,
    },
  );
  if (wish.json === true) {
    const { rules, source } = status;
    out(`${JSON.stringify({ rules, source, clips }, undefined, 2)}\n`);
  } else out(replayText(status, clips));
  if (damage !== undefined) throw damage;
}
