import 'reflect-metadata';
import type { Middleware } from './handler';
import type { Class, GroupOptions, ServiceOptions } from './options';

/** What takes the messages of a kind of handler: what its decorator leaves names it. */
export interface HandlerSource {
  /** As in `ctx.kind`. */
  readonly kind: string;
  /** Of the decorator, such as `@Subscribe`; for messages. */
  readonly decorator: string;
  /** `@Group` on a method prefixes its subject. */
  readonly takesGroup?: boolean;
}

/** What the decorator of a kind of handler left on a method. */
export interface HandlerMark {
  readonly source: HandlerSource;
  readonly options: unknown;
}

/** What the decorators left on one method. */
export interface MethodMarks {
  handlers: HandlerMark[];
  metadata: Record<string, string>;
  groups: GroupMark[];
  use: Middleware[];
  statsHandler?: true;
  /** The decorators stand on a static method, where they mean nothing. */
  isStatic?: true;
}

export interface GroupMark {
  prefix: string;
  options: GroupOptions;
}

/** What the decorators left on one class, its parents not included. */
export interface ClassMarks {
  services: ServiceOptions[];
  groups: GroupMark[];
  use: Middleware[];
  metadata: Record<string, string>;
  methods: Map<string | symbol, MethodMarks>;
}

// Symbol.for: two copies of this package in one process read each other's decorators.
const MARKS = Symbol.for('natsmith.marks');

/** The marks of exactly this class, made when there are none yet. */
export function marksOf(target: object): ClassMarks {
  let marks = ownMarks(target);
  if (marks === undefined) {
    marks = { services: [], groups: [], use: [], metadata: {}, methods: new Map() };
    Reflect.defineMetadata(MARKS, marks, target);
  }
  return marks;
}

export function ownMarks(target: object): ClassMarks | undefined {
  return Reflect.getOwnMetadata(MARKS, target) as ClassMarks | undefined;
}

/** The marks of a method, made when there are none yet. */
export function methodMarksOf(target: object, method: string | symbol): MethodMarks {
  // A decorator gets the prototype of an instance method, and the class itself of a static one.
  const isStatic = typeof target === 'function';
  const { methods } = marksOf(isStatic ? target : target.constructor);
  let marks = methods.get(method);
  if (marks === undefined) {
    marks = { handlers: [], groups: [], use: [], metadata: {}, ...(isStatic && { isStatic }) };
    methods.set(method, marks);
  }
  return marks;
}

/** Leaves the mark of a kind of handler on a method; what decorators such as `@Subscribe` are made of. */
export function markHandler(target: object, method: string | symbol, source: HandlerSource, options: unknown): void {
  methodMarksOf(target, method).handlers.push({ source, options });
}

/** The parameter types of a method as the compiler wrote them down, or undefined where it did not. */
export function parameterTypes(prototype: object, method: string): readonly unknown[] | undefined {
  return Reflect.getMetadata('design:paramtypes', prototype, method) as unknown[] | undefined;
}

/** The return type of a method as the compiler wrote it down. */
export function returnType(prototype: object, method: string): unknown {
  return Reflect.getMetadata('design:returntype', prototype, method);
}

/** A class and its parents, the class first. */
export function lineage(target: Class): Class[] {
  const classes: Class[] = [];
  for (let c: Class | null = target; typeof c === 'function' && c !== Function.prototype;) {
    classes.push(c);
    c = Object.getPrototypeOf(c) as Class | null;
  }
  return classes;
}
