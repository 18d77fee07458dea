/** Names and patterns of topics in a document: those that can never fit a topic are told. */
import type { Report } from './report.ts';
import { patternFault, topicFault } from './topic-pattern.ts';
import type { Path } from './yaml-source.ts';

/** One topic by its name. */
export function checkTopic(topic: string | undefined, path: Path, report: Report): void {
  const fault = topic === undefined ? undefined : topicFault(topic);
  if (fault !== undefined) report.value(path, 'bad-value', fault.message, fault.remedy);
}

/** Topics of a capture, where `*` alone is every topic. */
export function checkPatterns(patterns: readonly string[], path: Path, report: Report): void {
  for (const [i, pattern] of patterns.entries()) {
    const fault = patternFault(pattern);
    if (fault !== undefined) report.value([...path, i], 'bad-value', fault.message, fault.remedy);
  }
}

/** `latched`, where `*` is one part of a name as in any other pattern. */
export function checkLatched(patterns: readonly string[], path: Path, report: Report): void {
  checkPatterns(patterns, path, report);
  for (const [i, pattern] of patterns.entries()) {
    if (pattern === '*') report.warn([...path, i], 'bad-value', ...lonePart);
  }
}

/** Topics of `downsample`: those that cannot fit are told. */
export function checkRates(
  downsample: Readonly<Record<string, string>> | undefined,
  path: Path,
  report: Report,
): void {
  for (const topic of Object.keys(downsample ?? {})) {
    const fault = patternFault(topic);
    if (fault !== undefined) {
      report.key([...path, topic], 'bad-value', fault.message, fault.remedy);
    } else if (topic === '*') report.warn([...path, topic], 'bad-value', ...lonePart);
  }
}

const lonePart = [
  '* is one part of a name here, and topics such as /odom have a / before it',
  'Write "**" for every topic, or name the topics.',
] as const;
