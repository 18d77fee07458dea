/** One step forward of the database. Released steps never change; there is no way back. */
export interface Migration {
  /** `0001-nouns`: steps run in the order of their names. */
  readonly name: string;
  readonly statements: readonly string[];
}
