import { ServiceError } from '@natsmith/core';
import { Calculator } from '../src/calculator.service';

describe('the calculator, as a plain class', () => {
  const calculator = new Calculator();

  it('adds', () => {
    expect(calculator.add({ a: 1, b: 2 })).toBe(3);
  });

  it('divides', async () => {
    // A method that does not look at its context takes any.
    expect(await calculator.divide({ a: 1, b: 8 }, {} as never)).toBe(0.125);
  });

  it('refuses to divide by zero, and says what was to be divided', async () => {
    const error = await calculator.divide({ a: 1, b: 0 }, {} as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 400, description: 'division by zero', data: { a: 1 } });
  });
});
