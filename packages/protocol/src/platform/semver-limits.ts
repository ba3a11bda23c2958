/** Characters of a version, as node-semver has it. */
export const MAX_VERSION = 256;
/** Characters of a range of versions. */
export const MAX_RANGE = 1_000;
