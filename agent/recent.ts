/**
 * Of the results of the data thread, what a person asks for: recordings that could not be read, and
 * the last triggers with what became of them. Pure.
 */
import type { UnreadFigures, VerdictFigures } from './health/status.ts';
import { maxVerdictsTold } from './limits.ts';
import type { Notice, Result } from './messages.ts';

export interface Recent {
  readonly unread: UnreadFigures;
  /** The newest last. */
  readonly verdicts: readonly VerdictFigures[];
  take(result: Result): void;
}

export function openRecent(): Recent {
  let unread: UnreadFigures = { broken: 0, forbidden: 0 };
  let verdicts: readonly VerdictFigures[] = [];
  const add = (verdict: VerdictFigures): void => {
    verdicts = [...verdicts, verdict].slice(-maxVerdictsTold);
  };
  /** One trigger, as far as it went by now. */
  const tell = (verdict: VerdictFigures): void => {
    const known = triggerIn(verdicts, verdict);
    if (known === undefined) add(verdict);
    else verdicts = verdicts.map((one) => (one === known ? { ...one, ...verdict } : one));
  };
  /** Triggers of an hour that a rule held back; they are news as long as they go on. */
  const sum = (verdict: VerdictFigures & { readonly count: number }): void => {
    const known = verdicts.find((one) => one.count !== undefined && isOfOne(one, verdict));
    verdicts = verdicts.filter((one) => one !== known);
    add({ ...verdict, count: verdict.count + (known?.count ?? 0) });
  };
  const hear = ({ name, text, rule, atNs = 0n, clipId }: Notice): void => {
    const which = unreadBy[name];
    if (which !== undefined) unread = { ...unread, [which]: unread[which] + 1, lastUnread: text };
    if (rule === undefined) return;
    const outcome = clipId === undefined ? 'marker' : 'clip';
    tell({ rule: name, atNs: String(atNs), outcome, clipId });
  };
  return {
    get unread() {
      return unread;
    },
    get verdicts() {
      return verdicts;
    },
    take(result) {
      if (result.kind === 'notice') hear(result.notice);
      if (result.kind === 'marker') {
        const { rule, atNs } = result.marker;
        tell({ rule, atNs: String(atNs), outcome: 'marker', clipId: undefined });
      }
      if (result.kind === 'suppressed') {
        const { rule, atNs, reason: outcome, count } = result;
        const verdict = { rule, atNs: String(atNs), outcome };
        if (triggerIn(verdicts, verdict) === undefined) sum({ ...verdict, count });
        else tell(verdict);
      }
    },
  };
}

/** Events of sources, and what they count. */
const unreadBy: Readonly<Record<string, 'broken' | 'forbidden'>> = {
  recording_broken: 'broken',
  recording_forbidden: 'forbidden',
};

const triggerIn = (
  verdicts: readonly VerdictFigures[],
  { rule, atNs }: Pick<VerdictFigures, 'rule' | 'atNs'>,
): VerdictFigures | undefined =>
  verdicts.find((one) => one.count === undefined && one.rule === rule && one.atNs === atNs);

const isOfOne = (a: VerdictFigures, b: VerdictFigures): boolean =>
  a.rule === b.rule && a.atNs === b.atNs && a.outcome === b.outcome;
