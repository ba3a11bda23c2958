import { readFileSync } from 'node:fs';
import Module from 'node:module';
import type { Class } from '../../define/options';
import { transformerStorage } from './load';

/** What a copy of class-transformer knows, by class. */
const COLLECTIONS = ['_typeMetadatas', '_transformMetadatas', '_exposeMetadatas', '_excludeMetadatas'] as const;

type Storage = Readonly<Record<(typeof COLLECTIONS)[number], ReadonlyMap<unknown, unknown>>>;

interface Copy {
  readonly path: string;
  readonly storage: Storage;
}

const STORAGE_FILE = /^(.*[\\/]class-transformer)[\\/](?:cjs|esm5|esm2015)[\\/]storage\.js$/;

interface Copies {
  readonly loaded: readonly Copy[];
  /** The program, where it is a bundle that has class-transformer inside and natsmith not. */
  readonly bundle: string | undefined;
}

let known: Copies | undefined;

/**
 * Why class-transformer would not do what the decorators of a class say: they come from another copy of it, whose
 * storage the copy that natsmith loads never reads. Undefined where that is not so, or cannot be known: where natsmith
 * is in the bundle, and where a bundle of several files is not the program.
 */
export function otherCopyProblem(target: Class): string | undefined {
  const own = transformerStorage();
  if (own === undefined) return undefined;
  const { loaded, bundle } = copies();
  for (const { path, storage } of loaded)
    if ((storage as unknown) !== own && knows(storage, target))
      return (
        `has the payload class ${target.name}, whose decorators of class-transformer are those of another copy than the ` +
        `one that natsmith loads, and would be ignored: ${path}; let one copy be installed ("npm ls class-transformer" ` +
        'shows all, "npm dedupe" merges those of one version)'
      );
  // What a bundle has inside nobody else can ask; that natsmith's copy knows nothing of the class is all there is.
  if (bundle === undefined || !isStorage(own) || knows(own, target)) return undefined;
  return (
    `has the payload class ${target.name}, and ${bundle} is a bundle with class-transformer inside and natsmith outside: ` +
    '@Exclude, @Expose, @Transform and @Type would be ignored; leave class-transformer out of the bundle, too (in most ' +
    'bundlers "external"), or bundle natsmith as well'
  );
}

function knows(storage: Storage, target: Class): boolean {
  for (let owner: unknown = target; typeof owner === 'function'; owner = Object.getPrototypeOf(owner))
    if (COLLECTIONS.some((name) => storage[name].has(owner))) return true;
  return false;
}

/** Looked up once for all classes that are checked in one go: a process may have loaded thousands of modules. */
function copies(): Copies {
  if (known === undefined) {
    known = findCopies();
    queueMicrotask(() => (known = undefined));
  }
  return known;
}

function findCopies(): Copies {
  const loaded: Copy[] = [];
  // What `require.cache` gives, by the name that bundlers leave alone.
  const { _cache: modules = {} } = Module as unknown as { readonly _cache?: NodeJS.Dict<NodeJS.Module> };
  // As it was started, perhaps without its extension; and as it was loaded, if it is CommonJS.
  const programs = [process.argv[1]];
  for (const [file, module] of Object.entries(modules)) {
    if (module?.id === '.') programs.push(file);
    if (!file.endsWith('storage.js')) continue;
    const path = STORAGE_FILE.exec(file)?.[1];
    const storage = (module?.exports as { readonly defaultMetadataStorage?: unknown } | undefined)
      ?.defaultMetadataStorage;
    if (path !== undefined && isStorage(storage)) loaded.push({ path, storage });
  }
  const isOutside = loaded.some(({ storage }) => (storage as unknown) === transformerStorage());
  return { loaded, bundle: isOutside ? programs.find(hasStorageInside) : undefined };
}

// No minifier renames the methods of a class. The pattern does not match its own text, which natsmith in a bundle is.
const STORAGE_INSIDE = /\badd(?:Exclude)Metadata\b/;

function hasStorageInside(program: string | undefined): boolean {
  try {
    return program !== undefined && STORAGE_INSIDE.test(readFileSync(program, 'utf8'));
  } catch {
    return false; // a program from standard input, or the like
  }
}

function isStorage(value: unknown): value is Storage {
  return (
    typeof value === 'object' &&
    value !== null &&
    COLLECTIONS.every((name) => (value as Record<string, unknown>)[name] instanceof Map)
  );
}
