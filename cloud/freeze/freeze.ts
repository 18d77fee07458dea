/** A freeze holds everything that goes out to robots until two people lift it. */
export interface Freeze {
  readonly id: string;
  readonly reason: string;
  /** What asked for it beside a person, such as a rollout or an incident. */
  readonly cause?: string;
  readonly createdBy: string;
  readonly createdPerson?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly liftedAt?: number;
  readonly liftedBy?: string;
  readonly liftReason?: string;
  readonly version: number;
}
