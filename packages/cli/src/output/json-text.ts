/** What JSON.stringify can take without filling the stack, by far; nobody reads deeper ones either. */
const MAX_DEPTH = 500;

const TOKEN = /\s*([[\]{},:"]|[^\s"[\]{},:]+)/y;
const OPENING = '[{';
const CLOSING = ']}';

/** Whether a JSON document is nested so deeply that it is shown as it came. */
export function isDeep(json: string): boolean {
  let depth = 0;
  for (const token of tokensOf(json)) {
    if (OPENING.includes(token) && ++depth > MAX_DEPTH) return true;
    if (CLOSING.includes(token)) depth--;
  }
  return false;
}

/**
 * A JSON document with its values on lines of their own. Numbers and strings stay as they came: read and written again,
 * 9007199254740993 would be another number.
 */
export function indented(json: string): string {
  if (isDeep(json)) return json;
  let depth = 0;
  let before = '';
  let text = '';
  for (const token of tokensOf(json)) {
    const isEnd = CLOSING.includes(token);
    if (isEnd) depth--;
    const isFirst = before !== '' && OPENING.includes(before);
    if ((isFirst && !isEnd) || before === ',' || (isEnd && !isFirst)) text += `\n${'  '.repeat(depth)}`;
    text += token === ':' ? ': ' : token;
    if (OPENING.includes(token)) depth++;
    before = token;
  }
  return text;
}

function* tokensOf(json: string): Generator<string> {
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(json); match !== null; match = pattern.exec(json)) {
    const token = match[1] ?? '';
    if (token !== '"') {
      yield token;
      continue;
    }
    const start = pattern.lastIndex - 1;
    pattern.lastIndex = endOfString(json, start);
    yield json.slice(start, pattern.lastIndex);
  }
}

/** Where the string that starts there has ended. No pattern does this: one of megabytes would fill its stack. */
function endOfString(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    if (json[i] === '\\') i++;
    else if (json[i] === '"') return i + 1;
  }
  return json.length;
}
