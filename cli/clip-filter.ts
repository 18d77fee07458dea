/** What narrows clips, in every command that looks at many of them. */
import { type Command, Option } from './commander.ts';
import { given, timeOptions } from './list.ts';
import type { Schemas } from './client.ts';

type ClipSummary = Schemas['ClipSummary'];

export interface NarrowOptions {
  readonly device?: string;
  readonly rule?: string;
  readonly severity?: ClipSummary['severity'];
  readonly class?: ClipSummary['class'];
  readonly state?: ClipSummary['state'];
  readonly session?: string;
  readonly tag?: string[];
  readonly score?: string[];
  readonly since?: string;
  readonly until?: string;
  readonly startNs?: string;
  readonly endNs?: string;
}

const states: readonly ClipSummary['state'][] = [
  ...(['on_device', 'uploading', 'stored', 'evicted'] as const),
  ...(['lost', 'missing', 'erased'] as const),
];

export const narrowOptions = (command: Command): Command =>
  timeOptions(command)
    .option('--device <name>', 'of this robot')
    .option('--rule <name>', 'in which this rule fired')
    .option('--severity <level>', 'critical, warning or info')
    .option('--class <class>', 'critical, warning, info or baseline')
    .addOption(new Option('--state <state>', 'where its bytes are').choices(states))
    .option('--session <id>', 'of this session')
    .option('--tag <tag...>', 'with all of these tags')
    .option('--score <condition...>', "with such scores: 'classifier.entropy>0.7'");

export const narrowOf = ({ device, rule, severity, state, session, tag, ...more }: NarrowOptions) =>
  given({
    device,
    rule,
    severity,
    state,
    session,
    tag,
    class: more.class,
    score: more.score,
    since: more.since,
    until: more.until,
    startNs: more.startNs,
    endNs: more.endNs,
  });
