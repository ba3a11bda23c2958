import { MessageLog, type StoredMessage } from './message-log';
import { SubjectFilter } from './subject-filter';

const everything = new SubjectFilter([]);

const fill = (log: MessageLog, ...subjects: string[]): StoredMessage[] =>
  subjects.map((subject, i) =>
    log.append({ subject, headerSize: 0, frame: Buffer.from('\r\n'), time: i, size: 1, expires: undefined }),
  );

describe('a log of messages', () => {
  test('finds what follows a sequence, by subject', () => {
    const log = new MessageLog(1);
    fill(log, 'a.1', 'b', 'a.2', 'b');
    const found = ['a.*', 'b', '>', 'a.2', 'c'].map((filter) => log.next(2, new SubjectFilter([filter]))?.sequence);
    expect(found).toEqual([3, 2, 2, 3, undefined]);
  });

  test('stays whole whatever is taken out of it', () => {
    const log = new MessageLog(1);
    const messages = fill(log, ...Array.from({ length: 1_000 }, (_, i) => `s.${i % 7}`));
    const kept = messages.filter(({ sequence }) => sequence % 9 === 0);
    for (const message of messages) if (message.sequence % 9 !== 0) log.remove(message);
    const seen = [...log.each(everything)].map(({ sequence }) => sequence);
    expect(seen).toEqual(kept.map(({ sequence }) => sequence));
    expect([log.count, log.bytes, log.firstSequence, log.lastSequence]).toEqual([111, 111, 9, 1_000]);
    expect(log.get(18)?.subject).toBe('s.3');
    expect(log.get(19)).toBeUndefined();
    expect(log.next(500, new SubjectFilter(['s.1']))?.sequence).toBe(
      kept.find(({ sequence, subject }) => sequence >= 500 && subject === 's.1')?.sequence,
    );
    expect(log.countFrom(500, everything)).toBe(kept.filter(({ sequence }) => sequence >= 500).length);
  });

  test('knows the first and the last of each subject', () => {
    const log = new MessageLog(1);
    const [a1, , a2] = fill(log, 'a', 'b', 'a');
    expect(log.lastOfEach(everything).map(({ sequence }) => sequence)).toEqual([2, 3]);
    log.remove(a2!);
    expect([log.firstOf('a'), log.lastOf('a'), log.countOf('a')]).toEqual([a1, a1, 1]);
    log.remove(a1!);
    expect([log.lastOf('a'), log.countOf('a'), log.subjectCount]).toEqual([undefined, 0, 1]);
  });

  test('finds the first message since a time', () => {
    const log = new MessageLog(1);
    const messages = fill(log, 'a', 'a', 'a', 'a');
    log.remove(messages[2]!);
    expect(log.firstSince(2)?.sequence).toBe(4);
    expect(log.firstSince(9)).toBeUndefined();
  });
});
