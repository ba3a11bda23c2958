/**
 * What a terminal obeys or what hides how a line reads: C0 and C1 controls, line and paragraph separators, bidirectional
 * marks, embeddings and isolates, characters without a width, and tags.
 */
const CONTROLS =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';

const RUNS = new RegExp(`[${CONTROLS}]+`, 'gu');
const BUT_LINES = new RegExp(`(?![\\n\\t])[${CONTROLS}]`, 'gu');
// JSON.stringify escapes C0 itself; line breaks of an indented document stand between its values.
const IN_JSON = new RegExp(`(?!\\n)[${CONTROLS}]`, 'gu');

/** Somebody else's text on one line, without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(RUNS, ' ').trim();
}

/** The same of several lines, which stay lines. */
export function harmlessLines(text: string): string {
  return text.replace(BUT_LINES, '\ufffd');
}

/** A value as JSON that holds no character which a terminal would obey: they are written as `\u001b`. */
export function harmlessJson(value: unknown, indent?: number): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    json = '"(nested too deeply to be shown)"';
  }
  return harmlessDocument(json ?? 'null');
}

/** The same for a JSON document that is there as text. */
export function harmlessDocument(json: string): string {
  return json.replace(IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The beginning of a string that is too long to show. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
