/** Decides whether a trigger may become a clip. Times are log time in ns of the epoch. */
export interface Cooldown {
  quietUntilNs: number;
}

export const awake = (): Cooldown => ({ quietUntilNs: Number.NEGATIVE_INFINITY });

/** Counts from the last trigger that it let through, whether or not that became a clip. */
export function admit(state: Cooldown, atNs: number, cooldownNs: number): boolean {
  if (atNs < state.quietUntilNs) return false;
  state.quietUntilNs = atNs + cooldownNs;
  return true;
}
