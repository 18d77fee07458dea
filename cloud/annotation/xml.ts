/** XML in and out: a tree of elements, and text that stands for it. */
import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml';
import { Fault } from '@fieldloop/core';
import { maxXmlDepth } from '../annotation-limits.ts';

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its own, not of what is below it. */
  readonly text: string;
}

/** The root element. Entities of a document's own are not expanded. Fault `invalid` with its line. */
export function readXml(text: string, place: string): Element {
  try {
    const { root } = parseXml(text);
    if (root !== null) return elementOf(root, 1);
    throw new TypeError('no root element');
  } catch (error) {
    if (error instanceof Fault) throw error;
    const at = error instanceof XmlError ? `, line ${error.line}:${error.column}` : '';
    throw new Fault('invalid', `this is no XML${at}`, {
      place,
      remedy: 'Send the annotations.xml of an export "CVAT for images 1.1".',
      cause: error,
    });
  }
}

function elementOf(element: XmlElement, level: number): Element {
  if (level > maxXmlDepth) {
    throw new Fault('invalid', `the XML has more than ${maxXmlDepth} elements inside each other`, {
      place: '/body/content',
      remedy: 'Send the annotations.xml of an export "CVAT for images 1.1".',
    });
  }
  return {
    name: element.name,
    attributes: element.attributes,
    children: element.children.flatMap((child) =>
      child instanceof XmlElement ? [elementOf(child, level + 1)] : [],
    ),
    text: element.children.map((child) => (child instanceof XmlText ? child.text : '')).join(''),
  };
}

/** With two spaces for each level; an element has either children or a text. */
export function writeXml(element: Element, level = 0): string {
  const indent = '  '.repeat(level);
  const attributes = Object.entries(element.attributes)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
  const head = `${indent}<${element.name}${attributes}`;
  if (element.children.length > 0) {
    const inner = element.children.map((child) => writeXml(child, level + 1)).join('');
    return `${head}>\n${inner}${indent}</${element.name}>\n`;
  }
  if (element.text === '') return `${head}/>\n`;
  return `${head}>${escaped(element.text)}</${element.name}>\n`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** Characters that XML 1.0 cannot hold at all are left out. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"\n\r\t]/g, (one) => entities[one] ?? one);

export const element = (
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  inner: readonly Element[] | string = [],
): Element => ({
  name,
  attributes: Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)]],
    ),
  ),
  children: typeof inner === 'string' ? [] : inner,
  text: typeof inner === 'string' ? inner : '',
});
