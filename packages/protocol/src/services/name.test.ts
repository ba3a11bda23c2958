import { nameProblem } from './name';
import { versionProblem } from './version';

test.each(['a', 'A_b-9', '_', '-'])('%j is a name', (name) => {
  expect(nameProblem(name)).toBeUndefined();
});

test.each(['', 'a b', 'a.b', 'ä', 'a>', 'a*', 'a/b', undefined, 5])('%j is not a name', (name) => {
  expect(nameProblem(name)).toBeDefined();
});

test('a bad name comes with one that would do', () => {
  expect(nameProblem('my service.v1')).toContain('"my-service-v1"');
});

test.each(['1.0.0', '0.0.1', '1.0.0-rc.1+b5', '1.0.0+x', '10.20.30-a-b'])('%j is a version', (version) => {
  expect(versionProblem(version)).toBeUndefined();
});

test.each(['1.0', 'v1.0.0', '01.0.0', '1.0.0.1', ' 1.0.0', '1.0.0 ', '', '1', 'latest', undefined, '1.0.0-'])(
  '%j is not a version',
  (version) => {
    expect(versionProblem(version)).toBeDefined();
  },
);

test('a bad version comes with one that would do', () => {
  expect(versionProblem('v1.2')).toContain('1.2.0');
});
