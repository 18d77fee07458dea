/**
 * Goal: what goes out to another tool and comes back says the same, or is listed as left out.
 * Method: files in the forms that CVAT and Label Studio publish, written by hand, and round trips.
 */
import { expect, test } from 'vitest';
import type { LabelValue } from './annotation.ts';
import { sampleOntology } from './annotation.sample.ts';
import { readCvat, writeCvat } from './cvat.ts';
import type { ExchangeItem } from './interchange.ts';
import { readLabelStudio, writeLabelStudio } from './label-studio.ts';
import type { Ontology } from './ontology.ts';
import type { TaskType } from './task.ts';

const task = `tsk_${'0'.repeat(25)}1`;
const other = `tsk_${'0'.repeat(25)}2`;
const ontology: Ontology = { ...sampleOntology, sha256: 'a', n: 1, createdBy: 'x', createdAt: 1 };
const known = (): Ontology => ontology;
const size = { width: 640, height: 480 };

const item = (type: TaskType, value: LabelValue, of = task): ExchangeItem => ({
  task: of,
  place: '',
  type,
  startNs: 1_717_171_717_123_456_789n,
  value,
});

const box = {
  class: 'left',
  x: 10.5,
  y: 20.25,
  w: 100.1,
  h: 33.3,
  atNs: '1717171717200000000',
  occluded: true,
  zOrder: 2,
  attributes: { sharp: true },
};

/** As the XML annotation format page of CVAT has it, with all that a box can have. */
const cvatFile = `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>7</id><name>wall</name><mode>annotation</mode></task></meta>
  <image id="0" name="job/${task}/1717171717200000000.jpg" width="640" height="480">
    <box label="left" source="manual" occluded="1" xtl="10.50" ytl="20.25" xbr="110.60" ybr="53.55" z_order="2" group_id="4">
      <attribute name="sharp">true</attribute>
    </box>
    <polygon label="left" source="manual" occluded="0" points="1,2;3,4;5,6" z_order="0"></polygon>
    <box label="right" source="auto" occluded="0" xtl="0" ytl="0" xbr="5" ybr="6" z_order="0"/>
  </image>
  <image id="1" name="${other}/5.png" width="640" height="480">
    <tag label="forward" source="manual"></tag>
  </image>
  <image id="2" name="cat.jpg" width="640" height="480"/>
</annotations>`;

test('a file of CVAT is read, and what we have no words for is listed', () => {
  const { items, dropped } = readCvat(cvatFile, known);
  expect(items).toEqual([
    {
      task,
      place: `image job/${task}/1717171717200000000.jpg`,
      type: 'boxes',
      startNs: 1717171717200000000n,
      value: {
        boxes: [box, { class: 'right', x: 0, y: 0, w: 5, h: 6, atNs: '1717171717200000000' }],
      },
    },
    {
      task: other,
      place: `image ${other}/5.png`,
      type: 'classification',
      startNs: 5n,
      value: { class: 'forward' },
    },
  ]);
  expect(dropped).toEqual([
    { what: 'group of a box', n: 1 },
    { what: 'image "cat.jpg" of no task', n: 1 },
    { what: 'polygon', n: 1 },
    { what: 'source auto of a box', n: 1 },
  ]);
});

test('what is written for CVAT comes back the same', () => {
  const items = [
    item('boxes', { boxes: [box] }),
    item('classification', { class: 'left', attributes: { sharp: false } }, other),
  ];
  const written = writeCvat(items, { ontology, size });
  expect(written.dropped).toEqual([]);
  const back = readCvat(written.content, known);
  expect(back.items.map(({ task: of, type, value }) => ({ of, type, value }))).toEqual(
    items.map(({ task: of, type, value }) => ({ of, type, value })),
  );
  expect(back.dropped).toEqual([]);
  const lossy = [
    item('boxes', { boxes: [{ ...box, track: 'a', topic: '/b', share: 1 }] }),
    item('segments', { segments: [] }),
  ];
  expect(writeCvat(lossy, { ontology, size }).dropped).toEqual([
    { what: 'label of type segments', n: 1 },
    { what: 'share of a box', n: 1 },
    { what: 'topic of a box', n: 1 },
    { what: 'track of a box', n: 1 },
  ]);
});

test('a file of another form, or with entities of its own, is refused with its place', () => {
  const fault = { code: 'invalid', place: '/body/content' };
  const wrong = (text: string) => () => readCvat(text, known);
  expect(wrong('<annotations>\n<version>')).toThrow(expect.objectContaining(fault));
  expect(wrong('<a/>')).toThrow('the root is <a>');
  expect(wrong('<annotations><version>1.0</version></annotations>')).toThrow('the version is 1.0');
  const laughs = `<!DOCTYPE a [<!ENTITY l "ha">]><annotations><version>&l;</version></annotations>`;
  expect(wrong(laughs)).toThrow(expect.objectContaining(fault));
  expect(() => readLabelStudio('{"a":1}', known)).toThrow(expect.objectContaining(fault));
});

/** As the task format page of Label Studio has it. */
const studioFile = JSON.stringify([
  {
    id: 1,
    project: 83,
    data: { image: `https://example.com/${task}.jpg` },
    annotations: [
      {
        id: 1001,
        completed_by: 10,
        was_cancelled: false,
        ground_truth: false,
        lead_time: 4.288,
        result: [
          {
            id: 'Dx_aB91ISN',
            from_name: 'tag',
            to_name: 'img',
            type: 'rectanglelabels',
            original_width: 600,
            original_height: 400,
            image_rotation: 0,
            value: {
              x: 50.8,
              y: 5.75,
              width: 12.4,
              height: 10.5,
              rotation: 0,
              rectanglelabels: ['left'],
            },
          },
          {
            id: 'b1',
            from_name: 'brush',
            to_name: 'img',
            type: 'brushlabels',
            value: { rle: [1] },
          },
        ],
      },
      { id: 1002, completed_by: 11, was_cancelled: true, result: [] },
    ],
    predictions: [{ model_version: 'm1', result: [] }],
  },
]);

test('a file of Label Studio is read: percents of the image become pixels', () => {
  const { items, dropped } = readLabelStudio(studioFile, known);
  expect(items).toMatchObject([
    {
      task,
      type: 'boxes',
      annotator: '10',
      seconds: 4.288,
      value: { boxes: [{ class: 'left', x: 304.8, y: 23, w: 74.4, h: 42 }] },
    },
  ]);
  expect(dropped).toEqual([
    { what: 'brushlabels', n: 1 },
    { what: 'prediction', n: 1 },
    { what: 'skipped annotation', n: 1 },
  ]);
});

test('what is written for Label Studio comes back the same', () => {
  const { occluded: _hidden, zOrder: _order, ...plainBox } = box;
  const segment = {
    class: 'left',
    startNs: '1717171717123456790',
    endNs: '1717171719999999999',
    attributes: { sharp: true },
  };
  const items = [
    item('boxes', { boxes: [plainBox, { class: 'right', x: 1, y: 2, w: 3, h: 4 }] }),
    item('classification', { class: 'left', attributes: { sharp: false } }),
    item('segments', { segments: [segment] }),
    item('segments', { segments: [] }),
    item('text', { text: 'a "quoted" <text> & more' }),
  ];
  const written = writeLabelStudio(items, { size });
  expect(written.dropped).toEqual([]);
  const back = readLabelStudio(written.content, known);
  expect(back.dropped).toEqual([]);
  expect(back.items.map(({ type, value, startNs }) => ({ type, value, startNs }))).toEqual(
    items.map(({ type, value, startNs }) => ({ type, value, startNs })),
  );
  const lossy = [item('boxes', { boxes: [box] })];
  expect(writeLabelStudio(lossy, { size }).dropped).toEqual([
    { what: 'occluded of a box', n: 1 },
    { what: 'zOrder of a box', n: 1 },
  ]);
});

const cvatOf = (images: string): string =>
  `<annotations><version>1.1</version>${images}</annotations>`;

test('a turned box becomes the upright one around it, as each tool turns it', () => {
  const turned = `<image name="${task}/5.jpg"><box label="left" xtl="100" ytl="100" xbr="200"
    ybr="140" rotation="90"/></image>`;
  const [one] = readCvat(cvatOf(turned), known).items;
  // About its centre, 150 120.
  expect(one?.value.boxes).toMatchObject([{ x: 130, y: 70, w: 40, h: 100 }]);
  const slanted = turned.replace('rotation="90"', 'rotation="45"');
  const [other45] = readCvat(cvatOf(slanted), known).items;
  const side = (100 + 40) / Math.SQRT2;
  expect(other45?.value.boxes?.[0]?.w).toBeCloseTo(side, 5);
  expect(other45?.value.boxes?.[0]?.x).toBeCloseTo(150 - side / 2, 5);
  // Label Studio turns about the corner, in percents of an image that is no square.
  const region = {
    type: 'rectanglelabels',
    original_width: 1000,
    original_height: 500,
    value: { x: 10, y: 20, width: 10, height: 8, rotation: 90, rectanglelabels: ['left'] },
  };
  const read = readLabelStudio(studioOf([region]), known);
  expect(read.items[0]?.value.boxes).toMatchObject([{ x: 60, y: 100, w: 40, h: 100 }]);
  expect(read.dropped).toEqual([
    { what: 'rotation of a box: the upright one around it is taken', n: 1 },
  ]);
});

test('what CVAT leaves open is no answer: several tags, shapes that are no boxes', () => {
  const image = (of: string, inner: string) => `<image name="${of}/5.jpg">${inner}</image>`;
  const problems = (inner: string) =>
    readCvat(cvatOf(image(task, inner)), known).items.map(({ problem }) => problem);
  expect(problems('<tag label="left"/><tag label="right"/>')).toEqual([
    'it is tagged left and right',
  ]);
  expect(problems('<tag label="left"/><tag label="left"/>')).toEqual([undefined]);
  expect(problems('<polygon label="left" points="1,2;3,4"/>')).toEqual([
    'what is drawn there is no box but a polygon',
  ]);
  // Looked at, and nothing there.
  expect(problems('')).toEqual([undefined]);
  const track = '<track id="0" label="left"><box frame="0" outside="0" keyframe="1"/></track>';
  expect(() => readCvat(cvatOf(track), known)).toThrow('it has tracks of a video');
  const strangers = Array.from({ length: 500 }, (_, n) => image(`cat${n}`, '')).join('');
  const { dropped } = readCvat(cvatOf(strangers), known);
  expect(dropped).toHaveLength(21);
  expect(dropped).toContainEqual({ what: 'further image of no task', n: 480 });
});

test('a bomb of XML is refused before it grows', () => {
  const place = '/body/content';
  const deep = `${'<a>'.repeat(60_000)}${'x'.repeat(100_000)}${'</a>'.repeat(60_000)}`;
  expect(() => readCvat(`<annotations>${deep}</annotations>`, known)).toThrow(
    expect.objectContaining({ code: 'invalid', place }),
  );
  const some = `${'<a>'.repeat(20)}${'</a>'.repeat(20)}`;
  expect(() => readCvat(`<annotations>${some}</annotations>`, known)).toThrow(
    'the XML has more than 16 elements inside each other',
  );
  const bomb = `<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
    <annotations><version>&b;</version></annotations>`;
  expect(() => readCvat(bomb, known)).toThrow(expect.objectContaining({ code: 'invalid', place }));
  const outside = `<!DOCTYPE z [<!ENTITY f SYSTEM "file:///etc/passwd">]>
    <annotations><version>&f;</version></annotations>`;
  expect(() => readCvat(outside, known)).toThrow(expect.objectContaining({ code: 'invalid' }));
});

/** One task with one annotation of these results. */
const studioOf = (result: readonly object[], more: object = {}): string =>
  JSON.stringify([{ data: { image: `${task}/5.jpg` }, annotations: [{ result, ...more }] }]);

test('what Label Studio leaves open is no answer: several choices, turned images', () => {
  const box = {
    type: 'rectanglelabels',
    original_width: 100,
    original_height: 100,
    value: { x: 1, y: 1, width: 5, height: 5, rectanglelabels: ['left'] },
  };
  const choices = { type: 'choices', from_name: 'what', to_name: 'img' };
  const problemOf = (...result: readonly object[]) =>
    readLabelStudio(studioOf(result), known).items[0]?.problem;
  expect(problemOf({ ...choices, value: { choices: ['left', 'right'] } })).toBe(
    'it is called left and right',
  );
  expect(problemOf({ ...box, value: { ...box.value, rectanglelabels: ['left', 'right'] } })).toBe(
    'it is called left and right',
  );
  expect(problemOf({ ...box, image_rotation: 90 })).toBe('its image was turned by 90 degrees');
  expect(problemOf({ ...box, original_width: undefined })).toBe(
    'original_width and original_height of a box are missing',
  );
  expect(problemOf({ id: 'p', type: 'polygonlabels', value: { points: [[1, 2]] } })).toBe(
    'what is drawn there is no box and no segment but polygonlabels',
  );
  expect(problemOf(box)).toBeUndefined();
});

test('files as Label Studio writes them are read: relations, persons, names of others', () => {
  const relation = { type: 'relation', from_id: 'a', to_id: 'b', direction: 'right' };
  const choice = { id: 'x', type: 'choices', from_name: 'sentiment', value: { choices: ['left'] } };
  const person = { completed_by: { id: 3, email: 'ann@example.org' }, lead_time: null };
  const read = readLabelStudio(`\ufeff${studioOf([choice, relation], person)}`, known);
  expect(read.items).toMatchObject([
    { type: 'classification', value: { class: 'left' }, annotator: 'ann@example.org' },
  ]);
  const nobody = readLabelStudio(studioOf([choice], { completed_by: null }), known);
  expect(nobody.items[0]?.annotator).toBeUndefined();
  const old = JSON.stringify([{ data: { image: task }, completions: [] }]);
  expect(readLabelStudio(old, known)).toEqual({
    items: [],
    dropped: [{ what: 'task without annotations', n: 1 }],
  });
  const wrong = JSON.stringify([{ data: {}, annotations: [{ result: [{ value: {} }] }] }]);
  expect(() => readLabelStudio(wrong, known)).toThrow(
    expect.objectContaining({ place: '/body/content/0/annotations/0/result/0/type' }),
  );
});
