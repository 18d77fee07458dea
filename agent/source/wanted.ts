/** Which topics a publisher is asked for: those that rules, models and captures name. */
export interface Wanted {
  /** Raised by each change. */
  readonly version: number;
  has(topic: string): boolean;
}

export interface OpenWanted extends Wanted {
  set(has: (topic: string) => boolean): void;
}

export function openWanted(has: (topic: string) => boolean): OpenWanted {
  let current = has;
  let version = 0;
  return {
    get version() {
      return version;
    },
    has: (topic) => current(topic),
    set(next) {
      current = next;
      version += 1;
    },
  };
}
