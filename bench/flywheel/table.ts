/**
 * Tables of numbers with a label column, time-ordered: what the flywheel is measured on. A plain
 * text with a header, or the windows of the UCI robot execution failures.
 */
import { didYouMean, Fault } from '@fieldloop/core';
import { parseCsv } from './csv.ts';

export interface Table {
  /** Names of the inputs. */
  readonly names: readonly string[];
  /** `rows.length` rows of `names.length` numbers. */
  readonly rows: readonly Float64Array[];
  /** Index of each row's class. */
  readonly labels: Uint16Array;
  /** In order of their first row. */
  readonly classes: readonly string[];
}

/** Fewer rows cannot be split into a part before deployment, blocks held out and a pool. */
const fewestRows = 40;

/** Fault `invalid` names the line and column of what is no number. */
export function readTable(text: string, options: { file: string; label: string }): Table {
  const { file, label } = options;
  const lines = parseCsv(text);
  const [header = []] = lines;
  const at = header.indexOf(label);
  if (at < 0) {
    throw new Fault('invalid', `there is no column "${label}".${didYouMean(label, header)}`, {
      place: `${file}:1`,
      remedy: `The columns are ${header.slice(0, 40).join(', ')}.`,
    });
  }
  const names = header.filter((_, n) => n !== at);
  const rows = lines.slice(1).map((cells, n) => {
    if (cells.length !== header.length) {
      throw new Fault('invalid', `has ${cells.length} cells, the header has ${header.length}`, {
        place: `${file}:${n + 2}`,
        remedy: 'Mend or remove the line.',
      });
    }
    return Float64Array.from(
      cells.filter((_, column) => column !== at),
      (cell, column) => numberOf(cell, `${file}:${n + 2}:${column + 1}`),
    );
  });
  return tableOf(
    names,
    rows,
    lines.slice(1).map((cells) => cells[at] ?? ''),
  );
}

/** Readings of one window in the failure files: 15 times six forces and torques. */
const windowRows = 15;
const windowNames = ['Fx', 'Fy', 'Fz', 'Tx', 'Ty', 'Tz'];

/**
 * The adapter for UCI Robot Execution Failures (Seabra Lopes and Camarinha-Matos 1999): a line with
 * the class, then 15 lines of six readings, which become one row of 90 numbers.
 */
export function readWindows(text: string, file: string): Table {
  const rows: Float64Array[] = [];
  const labels: string[] = [];
  let window: number[] = [];
  const end = (line: number): void => {
    if (labels.length === rows.length) return;
    if (window.length !== windowRows * windowNames.length) {
      throw new Fault('invalid', `a window has ${window.length} readings, not 90`, {
        place: `${file}:${line}`,
        remedy: 'A window is a line with its class and 15 lines of six numbers.',
      });
    }
    rows.push(Float64Array.from(window));
    window = [];
  };
  text.split(/\r?\n/).forEach((line, n) => {
    const cells = line.trim().split(/\s+/);
    if (cells[0] === '') return;
    if (/^[A-Za-z]/.test(cells[0] ?? '')) {
      end(n + 1);
      labels.push(cells[0] ?? '');
    } else window.push(...cells.map((cell) => numberOf(cell, `${file}:${n + 1}`)));
  });
  end(text.split('\n').length);
  const names = Array.from({ length: windowRows }, (_, n) =>
    windowNames.map((name) => `${name}_${n}`),
  ).flat();
  return tableOf(names, rows, labels);
}

function tableOf(
  names: readonly string[],
  rows: readonly Float64Array[],
  labels: readonly string[],
): Table {
  const classes = [...new Set(labels)];
  if (rows.length < fewestRows || classes.length < 2) {
    throw new Fault('invalid', `${rows.length} rows of ${classes.length} classes are too few`, {
      remedy: `The bench needs ${fewestRows} rows and two classes.`,
    });
  }
  return {
    names,
    rows,
    classes,
    labels: Uint16Array.from(labels, (name) => classes.indexOf(name)),
  };
}

function numberOf(cell: string, place: string): number {
  const value = cell.trim() === '' ? Number.NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw new Fault('invalid', `"${cell.slice(0, 40)}" is not a number`, {
    place,
    remedy: 'All columns but the label hold numbers; leave others out.',
  });
}
