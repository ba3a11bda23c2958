// A third faster than to make a Buffer of the bytes for its toString.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 to text; bytes that are not UTF-8 become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One line of somebody else's text, for messages: no control characters, and not longer than the limit. */
export function printable(text: string, max: number): string {
  const shortened = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  // eslint-disable-next-line no-control-regex
  return shortened.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}
