/** One thing that `check` looked at. */
export interface Finding {
  /** `error`: the agent does not start or does not do its work. */
  readonly level: 'ok' | 'warning' | 'error';
  /** What was looked at, such as `sources[0]`. */
  readonly about: string;
  readonly text: string;
}
