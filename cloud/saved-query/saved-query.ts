/** A query with a name, for one source. Lists take it by `saved=<name or id>`. */
export interface SavedQuery {
  readonly id: string;
  /** `clips`, `events`: what it asks. */
  readonly source: string;
  /** Unique among the saved queries of the source. */
  readonly name: string;
  readonly q: string;
  readonly note?: string;
  /** Others see it in their list; whoever knows its name may use it in any case. */
  readonly shared: boolean;
  /** Id of the person or key that made it. */
  readonly owner: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const savedQueryNamePattern = /^[a-z0-9][a-z0-9-]{1,62}$/;
