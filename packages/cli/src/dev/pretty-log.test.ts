import { stripVTControlCharacters } from 'node:util';
import { prettyLog } from './pretty-log';

const shown = (entry: object): string | undefined => {
  const line = prettyLog(JSON.stringify({ level: 30, time: 0, pid: 1, hostname: 'here', ...entry }));
  return line && stripVTControlCharacters(line).replace(/^\d\d:\d\d:\d\d /, '');
};

describe('a log line as dev shows it', () => {
  it('has level, text and fields, and not what each line has', () => {
    expect(shown({ name: 'natsmith', service: 'shop', order: { id: 7 }, msg: 'placed' })).toBe(
      'INFO  placed service=shop order={"id":7}',
    );
    expect(shown({ name: 'mine', msg: 'placed' })).toBe('INFO  placed name=mine');
  });

  it('has the stack of an error below, without what a terminal would obey', () => {
    const stack = 'Error: bad \u001b]0;title\u0007\u202e name\r\n    at there';
    expect(prettyLog(JSON.stringify({ level: 50, time: 0, msg: 'failed', err: { stack } }))).toMatch(
      /failed\nError: bad \ufffd\]0;title\ufffd\ufffd name\ufffd\n {4}at there$/,
    );
  });

  it.each(['plain text', '{"level":', '{"level":"info","time":1}', '{"a":1}'])('is not made of %s', (line) => {
    expect(prettyLog(line)).toBeUndefined();
  });
});
