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
  /** What each `@Metadata` was given, the first one written last. */
  metadata: unknown[];
  groups: GroupMark[];
  use: Middleware[];
  statsHandler?: true;
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
  metadata: unknown[];
  methods: Map<string | symbol, MethodMarks>;
  /** Members that decorators stand on and mean nothing to: what is wrong with each, by its name. */
  misplaced: Map<string, string>;
  /** Whether they are standard (TC39) decorators, for which no compiler writes down types. */
  isStandard: boolean;
}

/** What a decorator gets: nothing for a class and the method's name, or with standard decorators a context. */
export type DecoratorPlace = string | symbol | undefined | ClassDecoratorContext | ClassMethodDecoratorContext;

// Compilers give standard decorators metadata only where the symbol is there when a class is made. This is the one that
// esbuild, swc and Babel fall back to.
const symbols = Symbol as { metadata?: symbol };
symbols.metadata ??= Symbol.for('Symbol.metadata');

// Symbol.for: two copies of this package in one process read each other's decorators.
const MARKS = Symbol.for('natsmith.marks');

/** The marks of exactly the class that a decorator stands on, made when there are none yet. */
export function classMarksAt(target: object, place: DecoratorPlace): ClassMarks {
  if (typeof place === 'object') return standardMarks(place);
  let marks = ownMarks(target);
  if (marks === undefined) {
    marks = noMarks(false);
    Reflect.defineMetadata(MARKS, marks, target);
  }
  return marks;
}

/** The marks of the method that a decorator stands on, made when there are none yet. */
export function methodMarksAt(target: object, place: DecoratorPlace): MethodMarks {
  if (typeof place === 'object')
    return methodMarks(standardMarks(place), place.name as string | symbol, misplacedProblem(place));
  // An experimental decorator gets the prototype of an instance method, and the class itself of a static one.
  const isStatic = typeof target === 'function';
  const marks = classMarksAt(isStatic ? target : target.constructor, undefined);
  return methodMarks(marks, place as string | symbol, isStatic ? STATIC : undefined);
}

function methodMarks({ methods, misplaced }: ClassMarks, name: string | symbol, problem?: string): MethodMarks {
  const known = problem === undefined ? methods.get(name) : undefined;
  if (known !== undefined) return known;
  const marks: MethodMarks = { handlers: [], groups: [], use: [], metadata: [] };
  if (problem === undefined) methods.set(name, marks);
  else misplaced.set(String(name), problem);
  return marks;
}

/** Of the class or of the method, whichever the decorator stands on. */
export function marksAt(target: object, place: DecoratorPlace): ClassMarks | MethodMarks {
  const isClass = place === undefined || (typeof place === 'object' && place.kind === 'class');
  return isClass ? classMarksAt(target, place) : methodMarksAt(target, place);
}

/** What decorators left on exactly this class, if they did. */
export function ownMarks(target: object): ClassMarks | undefined {
  const experimental = Reflect.getOwnMetadata(MARKS, target) as ClassMarks | undefined;
  if (experimental !== undefined) return experimental;
  const metadata = Object.getOwnPropertyDescriptor(target, symbols.metadata as symbol)?.value as object | undefined;
  return metadata && (Object.getOwnPropertyDescriptor(metadata, MARKS)?.value as ClassMarks | undefined);
}

const STATIC = 'is static; natsmith calls methods of an instance, so remove "static"';

function misplacedProblem(context: ClassDecoratorContext | ClassMethodDecoratorContext): string | undefined {
  if (context.kind !== 'method') return 'is not a method; decorate a method of the class';
  if (context.static) return STATIC;
  return context.private ? 'is private; natsmith calls it from outside the class, so remove the "#"' : undefined;
}

/** A class has no metadata of its own before it is made, and its decorators run before that. */
function standardMarks({ metadata, name }: ClassDecoratorContext | ClassMethodDecoratorContext): ClassMarks {
  // What is declared is what the language says; a compiler that is older than metadata gives none.
  if ((metadata as object | undefined) === undefined)
    throw new TypeError(
      `${String(name)}: this compiler gives standard decorators no metadata, which natsmith needs; compile with ` +
        'TypeScript 5.2, esbuild 0.21, swc 1.4 or newer, or with "experimentalDecorators"',
    );
  // The metadata of a class inherits from that of its parent, whose marks stay its own.
  let marks = Object.getOwnPropertyDescriptor(metadata, MARKS)?.value as ClassMarks | undefined;
  if (marks === undefined) {
    marks = noMarks(true);
    Object.defineProperty(metadata, MARKS, { value: marks });
  }
  return marks;
}

function noMarks(isStandard: boolean): ClassMarks {
  return { services: [], groups: [], use: [], metadata: [], methods: new Map(), misplaced: new Map(), isStandard };
}

/**
 * Leaves the mark of a kind of handler on a method; what decorators such as `@Subscribe` are made of.
 * @param place the decorator's second argument
 */
export function markHandler(target: object, place: DecoratorPlace, source: HandlerSource, options: unknown): void {
  methodMarksAt(target, place).handlers.push({ source, options });
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
