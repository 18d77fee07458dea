/** `fieldloop lineage`: from any link of the chain to both ends, proved by hash. */
import { Fault } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';

type Lineage = Schemas['Lineage'];
type Node = Schemas['LineageNode'];

interface LineageOptions extends ApiOptions {
  readonly up?: boolean;
  readonly down?: boolean;
  readonly verify?: boolean;
  readonly fan?: string;
}

export function lineageCommand(io: CliIo): Command {
  const command = new Command('lineage')
    .argument('<id>', 'of a clip, failure, label, version, training, model, release, rollout, …')
    .description('Where something came from, and what came of it.');
  return apiOptions(command)
    .option('--up', 'only where it came from')
    .option('--down', 'only what came of it')
    .option('--verify', 'read everything that has a hash and hash it again')
    .option('--fan <n>', 'neighbours of one link that are followed')
    .addHelpText('after', examples)
    .action(async (id: string, options: LineageOptions) => {
      const isBoth = options.up === options.down;
      const direction = isBoth ? ('both' as const) : options.up === true ? 'up' : 'down';
      const query = given({
        direction,
        verify: options.verify === true ? ('true' as const) : undefined,
        fan: options.fan,
      }) as never;
      const params = { path: { id }, query };
      const found = await answer(clientOf(options, io).GET('/v1/lineage/{id}', { params }));
      printOne(found, options, io, () => lineageText(found));
      const { verified } = found;
      if (verified === undefined || verified.ok) return;
      throw new Fault(
        'corrupt',
        `${verified.mismatch?.id ?? id}: ${verified.mismatch?.why ?? ''}`,
        {
          remedy: 'Restore this link from a backup, and ask who changed it: fieldloop audit list.',
        },
      );
    });
}

/** Two trees: what led here, then what followed; a link that stands twice is shown once. */
function lineageText(found: Lineage): string {
  const nodes = new Map(found.nodes.map((node) => [node.id, node]));
  const next =
    (way: 'up' | 'down') =>
    (id: string): readonly string[] =>
      found.edges
        .filter((edge) => (way === 'up' ? edge.to : edge.from) === id)
        .map((edge) => (way === 'up' ? edge.from : edge.to));
  const tree = (way: 'up' | 'down'): string => {
    const seen = new Set<string>();
    const lines: string[] = [];
    const walk = (id: string, depth: number): void => {
      const node = nodes.get(id);
      if (node === undefined) return;
      const isKnown = seen.has(id);
      seen.add(id);
      lines.push(`${'  '.repeat(depth)}${lineOf(node)}${isKnown ? ' (above)' : ''}\n`);
      if (!isKnown) for (const other of next(way)(id)) walk(other, depth + 1);
    };
    walk(found.start, 0);
    return lines.join('');
  };
  const hasUp = next('up')(found.start).length > 0;
  const hasDown = next('down')(found.start).length > 0;
  const verified =
    found.verified === undefined
      ? ''
      : found.verified.ok
        ? `every hash matches: ${found.verified.checked} checked\n`
        : '';
  return [
    hasUp ? `came from\n${tree('up')}` : '',
    hasDown || !hasUp ? `${hasUp ? '\nled to\n' : ''}${tree('down')}` : '',
    found.whole ? '' : 'there is more: ask with --up or --down\n',
    verified,
  ].join('');
}

function lineOf({ kind, id, title, check, why, more }: Node): string {
  const shown = id.length === 64 ? id.slice(0, 12) : id;
  const marks: Readonly<Record<string, string>> = { ok: ' ✓', mismatch: ' ✗', gone: ' gone' };
  const mark = `${marks[check] ?? ''}${why === undefined ? '' : ` (${why})`}`;
  const rest = more === 0 ? '' : ` +${more} more`;
  return `${kind.replaceAll('_', ' ')} ${shown}  ${title}${mark}${rest}`;
}

const examples = `
Examples:
  fieldloop lineage flr_01J… --verify
  fieldloop lineage rol_01J….3 --up
`;
