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

let known: readonly Copy[] | undefined;

/**
 * Why class-transformer would not do what the decorators of a class say: they come from another copy of it, whose
 * storage the copy that natsmith loads never reads. Undefined where that is not so, or cannot be known: in a bundle.
 */
export function otherCopyProblem(target: Class): string | undefined {
  const own = transformerStorage();
  if (own === undefined) return undefined;
  for (const { path, storage } of loadedCopies())
    if ((storage as unknown) !== own && knows(storage, target))
      return (
        `has the payload class ${target.name}, whose decorators of class-transformer are those of another copy than the ` +
        `one that natsmith loads, and would be ignored: ${path}; let one copy be installed ("npm ls class-transformer" ` +
        'shows all, "npm dedupe" merges those of one version)'
      );
  return undefined;
}

function knows(storage: Storage, target: Class): boolean {
  for (let owner: unknown = target; typeof owner === 'function'; owner = Object.getPrototypeOf(owner))
    if (COLLECTIONS.some((name) => storage[name].has(owner))) return true;
  return false;
}

/** Looked up once for all classes that are checked in one go: a process may have loaded thousands of modules. */
function loadedCopies(): readonly Copy[] {
  if (known === undefined) {
    known = findCopies();
    queueMicrotask(() => (known = undefined));
  }
  return known;
}

function findCopies(): Copy[] {
  const copies: Copy[] = [];
  // What `require.cache` gives, by the name that bundlers leave alone.
  const { _cache: modules = {} } = Module as unknown as { readonly _cache?: NodeJS.Dict<NodeJS.Module> };
  for (const file of Object.keys(modules)) {
    if (!file.endsWith('storage.js')) continue;
    const path = STORAGE_FILE.exec(file)?.[1];
    const storage = (modules[file]?.exports as { readonly defaultMetadataStorage?: unknown } | undefined)
      ?.defaultMetadataStorage;
    if (path !== undefined && isStorage(storage)) copies.push({ path, storage });
  }
  return copies;
}

function isStorage(value: unknown): value is Storage {
  return (
    typeof value === 'object' &&
    value !== null &&
    COLLECTIONS.every((name) => (value as Record<string, unknown>)[name] instanceof Map)
  );
}
