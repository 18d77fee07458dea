/** `fieldloop rollouts watch`: each decision as it is taken, until the rollout is over or Ctrl-C. */
import { setTimeout as delay } from 'node:timers/promises';
import { answer, type Client, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, ndjsonText, type Show } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, formatOf } from './list.ts';
import { showOf } from './show.ts';

type Rollout = Schemas['Rollout'];
type Decision = Schemas['RolloutDecision'];

const lookMs = 1000;
const over: readonly Rollout['state'][] = [
  'completed',
  'rolled_back',
  'rollback_incomplete',
  'denied',
  'expired',
  'cancelled',
  'superseded',
];

export function watchRollout(
  rollouts: Command,
  io: CliIo,
  text: (one: Rollout, show: Show) => string,
): void {
  const command = rollouts
    .command('watch <rollout>')
    .description(
      'Each decision as it is taken, and what is waited for; ends with it, or on Ctrl-C.',
    );
  apiOptions(command).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const isLines = formatOf(options) !== 'table';
    const show = showOf(options);
    const ended = new AbortController();
    void io.stopRequested?.(ended.signal).then(() => ended.abort());
    let seen = 0;
    let waits = '';
    for (;;) {
      const path = { params: { path: { id } } };
      const now = await answer(client.GET('/v1/rollouts/{id}', path));
      for (const one of await decisionsAfter(client, id, seen)) {
        seen = one.seq;
        io.out(isLines ? ndjsonText([one]) : decisionText(one, show));
      }
      const said = waitsText(now);
      if (!isLines && said !== waits) io.out(said);
      waits = said;
      if (over.includes(now.state)) {
        if (!isLines) io.out(`\n${text(now, show)}`);
        break;
      }
      await delay(lookMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) break;
    }
    ended.abort();
  });
}

/** Those that were not shown yet; a page holds more than a look can miss. */
async function decisionsAfter(
  client: Client,
  id: string,
  seen: number,
): Promise<readonly Decision[]> {
  const found: Decision[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const params = { path: { id }, query };
    const page = await answer(client.GET('/v1/rollouts/{id}/decisions', { params }));
    found.push(...page.items.filter(({ seq }) => seq > seen));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

const words = (text: string): string => text.replaceAll('_', ' ');

const decisionText = (
  { at, action, from, to, rule, actor, reason }: Decision,
  show: Show,
): string =>
  `${show.time(at)}  ${words(action)}: ${words(rule)}` +
  `${from === to ? '' : `, ${words(from)} > ${words(to)}`}  by ${actor}` +
  `${reason === undefined ? '' : ` (${reason})`}\n`;

function waitsText({ stage, next, counts = {} }: Rollout): string {
  const robots = Object.entries(counts).map(([state, n]) => `${words(state)} ${n}`);
  const on = stage === undefined ? '' : `${stage}: `;
  return `  ${on}${robots.join(', ')}${next === undefined ? '' : `; ${words(next.rule)}`}\n`;
}
