import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readItems, readPayload } from './payload';

describe('a payload from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'natsmith-payload-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    writeFileSync(join(folder, 'payload.json'), content);
    return `@${join(folder, 'payload.json')}`;
  };
  const sent = async (argument: string): Promise<string[]> => {
    const items: string[] = [];
    for await (const item of readItems(argument)) items.push(Buffer.from(item as Uint8Array).toString());
    return items;
  };

  it('is sent as it stands, large numbers and spaces included', () => {
    expect(Buffer.from(readPayload(file('{ "id":9007199254740993 }')).bytes).toString()).toBe(
      '{ "id":9007199254740993 }',
    );
  });

  it('is an item on each line, sent as it stands', async () => {
    expect(await sent(file('{ "id":9007199254740993 }\r\n\n1.10'))).toEqual(['{ "id":9007199254740993 }', '1.10']);
  });

  it('may begin with a byte order mark', async () => {
    expect(readPayload(file('\ufeff{"a":1}')).value).toEqual({ a: 1 });
    expect(await sent(file('\ufeff1\n2'))).toEqual(['1', '2']);
  });
});
