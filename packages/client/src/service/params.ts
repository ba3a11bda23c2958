import { parseTemplate, subjectProblem } from '@natsmith/protocol';
import type { Endpoint } from '../call/endpoint';

/** Values of the named tokens of a subject. */
export type SubjectParams = Readonly<Record<string, string | number>>;

/** The subject to call an endpoint on: its named tokens filled in. @throws TypeError */
export function subjectToCall({ subject, template, hasTokens }: Endpoint, params?: SubjectParams): string {
  if (!hasTokens && params === undefined) return subject;
  const filled = fill(template, hasTokens, params ?? {});
  const problem = subjectProblem(filled, 'none', 'plain');
  if (problem !== undefined) throw new TypeError(`the subject made of ${template} and "params" ${problem}`);
  return filled;
}

function fill(template: string, hasTokens: boolean, params: SubjectParams): string {
  if (typeof params !== 'object')
    throw new TypeError(`params must be an object such as { name: value }, got a ${typeof params}`);
  const unused = new Set(Object.keys(params));
  const tokens = template.split('.').map((token) => {
    const name = hasTokens ? /^\{(.+)\}$/.exec(token)?.[1] : undefined;
    if (name === undefined) return token;
    unused.delete(name);
    return checkedValue(name, Object.hasOwn(params, name) ? params[name] : undefined, template);
  });
  if (tokens.includes('*') || tokens.includes('>'))
    throw new TypeError(
      `the subject ${template} has a wildcard without a name; write the whole subject: client.call('${template}', ...)`,
    );
  if (unused.size > 0)
    throw new TypeError(`the subject ${template} has no token {${[...unused].join('}, {')}}; remove it from "params"`);
  return tokens.join('.');
}

function checkedValue(name: string, value: unknown, template: string): string {
  if (value === undefined || value === null)
    throw new TypeError(
      `the subject ${template} needs a value for {${name}}` +
        (value === null ? ', and null is none' : '') +
        `; call with { params: { ${name}: ... } }`,
    );
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== 'string')
    throw new TypeError(
      `params.${name} is ${typeof value === 'number' ? String(value) : `of type ${typeof value}`}; ` +
        `a value in the subject ${template} is a string or a finite number`,
    );
  // Anything that would change which subject is meant.
  // eslint-disable-next-line no-control-regex
  if (text === '' || /[.*>\s\u0000-\u001f\u007f]/.test(text))
    throw new TypeError(
      `params.${name} is ${JSON.stringify(text)}; a value in the subject ${template} must not be empty or contain ".", white space, "*" or ">"`,
    );
  return text;
}

/** Whether a subject has named tokens. @throws TypeError for a subject that no message can be sent to */
export function checkTemplate(subject: unknown): boolean {
  const named = typeof subject === 'string' && subject.includes('{') ? parseTemplate(subject).params : [];
  if (named.length === 0) checkSubject(subject);
  else {
    const tokens = (subject as string).split('.');
    for (const { name, index } of named) tokens[index] = name;
    checkSubject(tokens.join('.'));
  }
  return named.length > 0;
}

/** Throws a TypeError for a subject that no message can be sent to. */
export function checkSubject(subject: unknown): void {
  const problem = subjectProblem(subject, 'none');
  if (problem === undefined) return;
  const token = /\{\w+\}/.exec(String(subject))?.[0];
  throw new TypeError(
    token === undefined
      ? `subject ${problem}`
      : `subject ${JSON.stringify(subject)} has the named token ${token}; write its value in its place`,
  );
}
