/** One line of a log: a fixed phrase, with everything that varies as fields. */
export type LogFields = Readonly<Record<string, unknown>>;

/** error: data lost or a person is needed; warn: recovered; info: rare; debug: the rest. */
export interface Log {
  error(phrase: string, fields?: LogFields): void;
  warn(phrase: string, fields?: LogFields): void;
  info(phrase: string, fields?: LogFields): void;
  debug(phrase: string, fields?: LogFields): void;
  child(station: string): Log;
}

/** For callers that want none. */
export const silentLog: Log = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLog,
};
