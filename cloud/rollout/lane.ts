/** Who may be offered the release now: online robots, under the limits of the plan. Pure. */
import type { RolloutPlan } from './document.ts';
import type { Target } from './rollout.ts';

export interface LaneDevice {
  readonly online: boolean;
  readonly held: boolean;
  /** Whether it could go back to the release before by itself. */
  readonly canReturn: boolean;
}

/** Eligible devices in their order, as many as there is room for. */
export function nextOffers(
  targets: readonly Target[],
  devices: ReadonlyMap<string, LaneDevice>,
  limits: RolloutPlan['limits'],
  at: number,
): readonly Target[] {
  const isBusy = ({ state }: Target): boolean => state === 'offered' || state === 'in_progress';
  const busy = targets.filter(isBusy);
  const lately = targets.filter(({ offeredAt = 0 }) => offeredAt > at - 60_000).length;
  let room = Math.min(limits.inFlight - busy.length, limits.perMinute - lately);
  const perSite = new Map<string, number>();
  for (const { site } of busy) perSite.set(site, (perSite.get(site) ?? 0) + 1);
  const sites = Map.groupBy(targets, ({ site }) => site);
  const available = (site: string): boolean => {
    const members = sites.get(site) ?? [];
    const up = members.filter(({ deviceId }) => devices.get(deviceId)?.online === true).length;
    const left = up - (perSite.get(site) ?? 0) - 1;
    return left * 10_000 >= limits.availablePerSiteBp * members.length;
  };
  const chosen: Target[] = [];
  for (const target of inLine(targets, devices)) {
    if (room <= 0) break;
    const { site } = target;
    if ((perSite.get(site) ?? 0) >= limits.inFlightPerSite) continue;
    if (limits.availablePerSiteBp > 0 && !available(site)) continue;
    chosen.push(target);
    perSite.set(site, (perSite.get(site) ?? 0) + 1);
    room -= 1;
  }
  return chosen;
}

/** Those that wait for a place and could take one. */
export const inLine = (
  targets: readonly Target[],
  devices: ReadonlyMap<string, LaneDevice>,
): readonly Target[] =>
  targets
    .filter(({ state, deviceId }) => {
      const device = devices.get(deviceId);
      if (state !== 'eligible' || device === undefined) return false;
      return device.online && !device.held && device.canReturn;
    })
    .toSorted((a, b) => a.stage - b.stage || a.position - b.position);
