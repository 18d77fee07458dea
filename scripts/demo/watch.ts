/** Follows a running site: progress, the first clips with their reasons, and when it is enough. */
import { Fault } from '@fieldloop/core';
import type { AgentStatus } from '@fieldloop/agent';
import { type ListedClip, readClip } from '@fieldloop/e2e';
import { clipLines, robotLines, type Screen } from './screen.ts';
import type { Site } from './site.ts';

/** How long `--once` waits for a clip of each robot before it says what is missing. */
const onceDeadlineMs = 180_000;
const pollMs = 1_000;
/** Clips that are announced with their reason; the rest is a number. */
const announced = 12;

export interface Watching {
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly once: boolean;
  /** What to type next; said when each robot has a clip to look at. */
  readonly next: string;
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Resolves when stopped, or with `once` when each robot has a verified clip. */
export async function watchSite(site: Site, watching: Watching): Promise<void> {
  const seen = new Set<string>();
  const verified = new Map<string, string>();
  const started = watching.now();
  let hasTaught = false;
  let ended: string | undefined;
  void site.firstEnd.then((running) => {
    ended = `${running.name} ended by itself:\n${running.tail()}`;
  });
  while (!watching.signal.aborted) {
    if (ended !== undefined && !watching.signal.aborted) {
      throw new Fault('unavailable', ended, { remedy: `Its log is in ${site.folder}.` });
    }
    const statuses = await Promise.all(site.agents.map((agent) => agent.status()));
    const clips = await site.api.clips();
    announce(clips, seen, watching.screen);
    const columns = watching.screen.columns();
    watching.screen.show(
      site.agents.flatMap(({ name }, i) => robotLines(name, statuses[i], columns)),
    );
    const withClip = new Set(clips.map((clip) => clip.device));
    if (!hasTaught && !watching.once && site.agents.every(({ name }) => withClip.has(name))) {
      hasTaught = true;
      watching.screen.say(watching.next);
    }
    if (watching.once) {
      await verifyNew(site, clips, verified, watching.screen);
      if (site.agents.every(({ name }) => verified.has(name))) return;
      const reason = whyNever(site, statuses, verified);
      if (reason !== undefined || watching.now() - started > onceDeadlineMs) {
        throw missing(site, statuses, verified, reason);
      }
    }
    await watching.sleep(pollMs);
  }
}

function announce(clips: readonly ListedClip[], seen: Set<string>, screen: Screen): void {
  for (const clip of clips.toReversed()) {
    if (seen.has(clip.id)) continue;
    seen.add(clip.id);
    if (seen.size <= announced) for (const line of clipLines(clip)) screen.say(line);
    if (seen.size === announced) {
      screen.say('  … further clips are counted below; npx fieldloop clips list shows them all');
    }
  }
}

/** Downloads one stored clip of each robot and reads it whole with an independent reader. */
async function verifyNew(
  site: Site,
  clips: readonly ListedClip[],
  verified: Map<string, string>,
  screen: Screen,
): Promise<void> {
  for (const clip of clips) {
    if (clip.state !== 'stored' || verified.has(clip.device)) continue;
    const content = await readClip(clip.id, await site.api.data(clip.id));
    if (content.sha256 !== clip.sha256) {
      throw new Fault('corrupt', `clip ${clip.id} came back with another hash`, {
        place: clip.id,
        remedy: `Keep ${site.folder} and report it: this must never happen.`,
      });
    }
    verified.set(clip.device, clip.id);
    screen.say(
      `✓ ${clip.device}  ${clip.id} stored, hash verified, ${content.messageCount} messages of ` +
        `${content.topics.size} topics read back`,
    );
  }
}

/** A reason why a robot can get no clip any more, such as a recording that was read to its end. */
function whyNever(
  site: Site,
  statuses: readonly (AgentStatus | undefined)[],
  verified: ReadonlyMap<string, string>,
): string | undefined {
  for (const [i, { name }] of site.agents.entries()) {
    const status = statuses[i];
    if (verified.has(name) || status?.finished !== true) continue;
    if (status.clips.cut > 0) continue;
    if (status.source.messages === 0) return `${name}: the recording holds no message`;
    return `${name}: the recording was read to its end and no rule of ${status.rules.set} fired`;
  }
  return undefined;
}

function missing(
  site: Site,
  statuses: readonly (AgentStatus | undefined)[],
  verified: ReadonlyMap<string, string>,
  reason: string | undefined,
): Fault {
  const without = site.agents
    .map(({ name }, i) => ({ name, status: statuses[i] }))
    .filter(({ name }) => !verified.has(name))
    .flatMap(({ name, status }) => robotLines(name, status, 160));
  const message = reason ?? `no verified clip within ${onceDeadlineMs / 1000} s of:`;
  return new Fault(reason === undefined ? 'timeout' : 'invalid', [message, ...without].join('\n'), {
    remedy:
      reason === undefined
        ? `The logs are in ${site.folder}.`
        : 'Give rules that fit it with --rules FILE; `npx fieldloop rules test RULES FILE` tries them.',
  });
}
