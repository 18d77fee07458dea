/** A clip as its robot drew it before any bytes came, and what it told beside the content. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { getCommand } from './noun.ts';
import { shortNumber, sparkline } from './show.ts';

type Sketch = Schemas['ClipSketch'];
type Clip = Schemas['Clip'];

export function sketchCommand(clips: Command, io: CliIo): void {
  getCommand<Sketch>(clips, io, {
    argument: 'id',
    name: 'sketch',
    says: 'The signals of its rules as the robot drew them; also of a clip whose bytes are lost.',
    read: async (client, id) =>
      await answer(client.GET('/v1/clips/{id}/sketch', { params: { path: { id } } })),
    text: (sketch) => sketch.signals.map(lineOf).join(''),
  });
}

function lineOf({ name, unit, values }: Sketch['signals'][number]): string {
  const known = values.filter((value) => value !== null);
  const range =
    known.length === 0
      ? 'no values'
      : `${shortNumber(Math.min(...known))} to ${shortNumber(Math.max(...known))}`;
  return `${name}  ${range}${unit === undefined ? '' : ` ${unit}`}\n${sparkline(narrowed(values))}\n`;
}

/** What fits into a terminal: of each group of values the one that differs most from the first. */
function narrowed(values: readonly (number | null)[]): (number | null)[] {
  const size = Math.ceil(values.length / columns);
  const [base = 0] = values.filter((value) => value !== null);
  const groups = Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size).filter((value) => value !== null),
  );
  return groups.map((group) => {
    const [first] = group.toSorted((a, b) => Math.abs(b - base) - Math.abs(a - base));
    return first ?? null;
  });
}

const columns = 64;

/** What is missing, changed or thinned, and where it came from: for the facts of a clip. */
export function besideFacts(clip: Clip): readonly (readonly [string, string | undefined])[] {
  const { dropped, downsampled, redaction, group, clock, recordedIn, mergedFrom } = clip;
  const list = (texts: readonly string[]): string | undefined =>
    texts.length === 0 ? undefined : texts.join(', ');
  return [
    ['missing', list(dropped.map(({ topic, why }) => `${topic} (${why.replaceAll('_', ' ')})`))],
    ['thinned', list(Object.entries(downsampled).map(([topic, hz]) => `${topic} ${hz} Hz`))],
    ['redacted', redaction && list(redaction.topics)],
    ['part', group && `${group.part} of ${group.id}`],
    ['merged', mergedFrom.length === 0 ? undefined : `${mergedFrom.length + 1} triggers`],
    [
      'robot clock',
      clock === undefined || clock.synced ? undefined : `not synced (${clock.source})`,
    ],
    [
      'recorded in',
      list(recordedIn.map(({ file, fromOffset }) => `${file} from byte ${fromOffset}`)),
    ],
  ];
}
