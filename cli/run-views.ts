/** A run as a person reads it. */
import type { Schemas } from './client.ts';
import type { Show } from './io.ts';
import { facts } from './show.ts';

export type RunHistory = Schemas['RunHistory'];
type Run = Schemas['Run'];
type Step = Schemas['RunStep'];

export const runText = (run: Run, show: Show): string =>
  facts([
    ['run', run.id],
    ['workflow', `${run.workflow} v${run.workflowVersion}`],
    ['about', run.subject],
    ['state', run.state],
    ['waits for', waitingText(run, show)],
    ['trouble', run.trouble],
    ['outcome', run.status],
    ['aborted', run.abort && `by ${run.abort.by}: ${run.abort.reason}`],
    ['began', `${show.time(run.createdAt)} by ${run.trigger ?? run.actor}`],
    ['ended', run.endedAt === undefined ? undefined : show.time(run.endedAt)],
    ['part of', run.parent],
  ]);

const waitingText = (run: Run, show: Show): string | undefined =>
  run.waitingFor === undefined
    ? undefined
    : `${run.waitingFor.what} (${run.waitingFor.kind}) since ${show.time(run.waitingFor.since)}, ` +
      `looks by itself at ${show.time(run.waitingFor.until)}`;

export const runHistoryText = (history: RunHistory, show: Show): string =>
  [
    runText(history.run, show),
    ...history.steps.map((step) => stepText(step, show)),
    ...history.children.map((child) => `   ${child.id}  ${child.workflow}  ${child.state}`),
    '',
  ].join('\n');

const marks = { done: '✓', failed: '✗', running: '…', retrying: '↻' } as const;

export function stepText(step: Step, show: Show): string {
  const tries = step.attempts > 1 ? ` (${step.attempts} attempts)` : '';
  const said = step.fault === undefined ? briefly(step.output) : briefly(step.fault);
  const line = `${marks[step.state]} ${show.time(step.startedAt)}  ${step.kind} ${step.name}${tries}`;
  return said === '' ? line : `${line}  ${said}`;
}

const mostChars = 120;

function briefly(value: unknown): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text.length > mostChars ? `${text.slice(0, mostChars)}…` : text;
}
