/** docs/reference/q.md: the language by hand, the fields of every source from its table. */
import { maxQueryDepth, maxQueryLength, maxQueryTerms } from '../../limits.ts';
import type { FieldType, QField, QSource } from './source.ts';

const top = `# The query language

\`q\` narrows every list: clips, events and markers, devices, sessions, alerts, audit and the others
below. One text is the same condition for the API (\`?q=\`), the command line (\`--q\`), bulk changes,
cohorts and saved queries (\`?saved=NAME\`).

\`\`\`
severity = critical and rule:near-miss            both must hold; "and" may be left out
tag:rain or tag:snow                              one is enough; "and" binds closer than "or"
-tag:sim   not (tag:sim or state = erased)        neither
severity in (critical, warning)                   one of several
topic:/scan*   firmware ~ 1.4.?                   * is any run of characters, ? is one
scores.classifier.entropy > 0.7                   numbers: = != > >= < <=
sizeBytes > 5MiB   durationMs > 30s               with a unit where the field has one
startNs > -90m   receivedAt: today                times: an age, a day, now
startNs: 2026-01-31T08:00Z..2026-01-31T09:00Z     a range: from, up to before the end
durationMs: 10s..*                                an end may be open
label:*   not label:*                             has a value; has none
pallet "fork lift"                                words are searched in names, labels and tags
\`\`\`

## Grammar
\`\`\`
query   = or
or      = and { "or" and }
and     = not { ["and"] not }
not     = [ "not" | "-" ] term
term    = "(" or ")" | field op operand | field "in" "(" operand { "," operand } ")" | word
op      = ":" "=" "!=" ">" ">=" "<" "<=" "~" ("==" is "=")
operand = value | value ".." value
value   = number [ unit ] | text | "quoted text" | time | "true" | "false" | "*"
field   = name { "." name }       a name with odd characters in quotes: why.values."odd name"
\`\`\`
At most ${maxQueryLength} characters, ${maxQueryTerms} conditions and ${maxQueryDepth} levels of \
parentheses and nots. Texts with spaces, commas, quotes or parentheses stand in \`"\` or \`'\`; inside, \
\`\\\` stands before a quote or another \`\\\`.

## Meaning
- **Absent values.** A comparison with a value that a row does not have is false, and \`not\` of it
  is true. \`field:*\` asks whether there is one. \`field != x\` means: there is a value, and none
  is x; to include rows without one write \`not field = x\`.
- **Several values** (tags, rules, topics): a condition holds when one of them passes.
- **Texts** compare exactly, and in the order of their code points. Patterns (\`~\`, \`:\` \`=\` and \`in\`
  with \`*\` or \`?\`) and words do not tell \`A\` to \`Z\` from \`a\` to \`z\`; other letters are as they are. A
  quoted text is never a pattern.
- **Words** are found inside the texts that the source names; a word with \`*\` or \`?\` is for the whole.
- **Numbers** are exact: \`sizeBytes > 4096.5\` is \`sizeBytes > 4096\`, \`count = 2.5\` is never true.
- **Times** are compared to the nanosecond. RFC 3339 with a zone; a day such as \`2026-01-31\`, \`today\`
  or \`yesterday\` (UTC) is the whole day behind \`:\` \`=\` and \`in\`, and its start behind \`>\` and \`<\`; \`now\`;
  an age such as \`-90m\` (s m h d w). Pages of one list keep what \`now\` was on the first.
- **Mistakes** are answered all at once, with line, column, offset, length and the nearest field.
`;

const typeText: Readonly<Record<FieldType, string>> = {
  text: 'text',
  bool: 'true or false',
  int: 'whole number',
  real: 'number',
  mixed: 'number, text, true or false',
  ns: 'log time',
  instant: 'wall time',
  bytes: 'size: B kB MB GB TB KiB MiB GiB TiB',
  duration: 'duration, bare in ms: ns us ms s m h d w',
};

const row = ({ name, type, values, says, example }: QField): string => {
  const what = values === undefined ? typeText[type] : values.map((one) => `\`${one}\``).join(' ');
  return `| \`${name}\` | ${what} | ${says} | \`${example.replaceAll('|', '\\|')}\` |`;
};

const section = ({ name, sorts, sort, words, fields }: QSource): string =>
  [
    `## ${name}`,
    `Sorted by \`${sort}\` unless asked; by ${Object.keys(sorts)
      .map((one) => `\`${one}\``)
      .join(', ')}. ${
      words.length === 0 ? 'Words find nothing.' : `Words search ${words.join(', ')}.`
    }`,
    '',
    '| field | type | what | example |',
    '|---|---|---|---|',
    ...fields.map(row),
    '',
  ].join('\n');

export const queryReference = (sources: readonly QSource[]): string =>
  `${top}\n${sources.map(section).join('\n')}`;
