/** Where a command writes: data on one, talk on the other. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
