/** `fieldloop runs watch`: a run's steps as they are made, until it ends or Ctrl-C. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, ndjsonText } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, formatOf } from './list.ts';
import { type RunHistory, runText, stepText } from './run-views.ts';
import { showOf } from './show.ts';

const lookMs = 1000;

export function watchRun(
  runs: Command,
  io: CliIo,
  read: (client: Client, id: string) => Promise<RunHistory>,
): void {
  const command = runs
    .command('watch <id>')
    .description('The steps of a run as they are made; ends with it, or on Ctrl-C.');
  apiOptions(command).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const isLines = formatOf(options) !== 'table';
    const show = showOf(options);
    const ended = new AbortController();
    void io.stopRequested?.(ended.signal).then(() => ended.abort());
    const said = new Map<string, string>();
    for (;;) {
      const history = await read(client, id);
      for (const step of history.steps) {
        const line = isLines ? ndjsonText([step]) : `${stepText(step, show)}\n`;
        if (said.get(step.name) === line) continue;
        said.set(step.name, line);
        io.out(line);
      }
      if (history.run.state === 'ended') {
        if (!isLines) io.out(runText(history.run, show));
        break;
      }
      await delay(lookMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) break;
    }
    ended.abort();
  });
}
