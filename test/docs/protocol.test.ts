// #region protocol
import { controlSubject, nameProblem, subjectsOverlap } from '@natsmith/protocol';

const problem = nameProblem('my service'); // a sentence with a way out, or undefined
const info = controlSubject('INFO', 'calculator'); // $SRV.INFO.calculator
const overlap = subjectsOverlap('orders.*.get', 'orders.>'); // true
// #endregion

test('the example of packages/protocol/README.md says what comes out', () => {
  expect(problem).toBe('"my service" may hold only letters, digits, "_" and "-"; for example "my-service"');
  expect(info).toBe('$SRV.INFO.calculator');
  expect(overlap).toBe(true);
});
