const MAX_LENGTH = 63;

/**
 * What is wrong with a project's name, or undefined. It becomes the name of an npm package, a container image and a
 * Kubernetes deployment, so it is what all of them allow: a DNS label (RFC 1123) that begins with a letter.
 */
export function projectNameProblem(name: string): string | undefined {
  if (name.length > MAX_LENGTH) return `"${name}" has ${name.length} characters, and ${MAX_LENGTH} is the most`;
  if (/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) return undefined;
  return (
    `"${name}" may hold only a-z, 0-9 and "-", must begin with a letter and not end with "-"; ` +
    `for example "${similarName(name)}"`
  );
}

function similarName(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const label = words.join('-').replace(/^[^a-z]+/, '');
  return label === '' ? 'my-service' : label;
}
