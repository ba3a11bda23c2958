// npm run check:commits: every commit message has the form from which the changelogs are made (CONTRIBUTING.md).
import { execFileSync } from 'node:child_process';

/** The last commit before the form was agreed on. */
const BEFORE = '12fede4';
/** Landed before two types or scopes in one message were refused, and history is not rewritten. */
const LANDED = ['649f008', '902a6bd', '95b90c3', '88d42f0', '11f34b6', 'c7dbfe5', 'c18e5fb'];
const TYPE = '(feat|fix|perf|refactor|docs|test|build|ci|chore|revert|style)(\\([a-z0-9-]+\\))?!?';
const FORM = new RegExp(`^${TYPE}: \\S.{0,199}$|^Merge |^release: `);
const TWO_TYPES = new RegExp(`; ${TYPE}: `);

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function subjects() {
  try {
    return git('log', '--format=%h %s', `${BEFORE}..HEAD`).split('\n').filter(Boolean);
  } catch {
    // A shallow clone: what it has is looked at.
    return git('log', '--format=%h %s', '-1').split('\n').filter(Boolean);
  }
}

const wrong = subjects().filter((line) => {
  const [hash] = line.split(' ', 1);
  const subject = line.slice(hash.length + 1);
  return (!FORM.test(subject) || TWO_TYPES.test(subject)) && !LANDED.some((landed) => hash.startsWith(landed));
});
for (const line of wrong)
  console.error(
    `${line}\n  must be "type(scope): what it does", with one type and one scope, such as "fix(client): …"; see CONTRIBUTING.md`,
  );
process.exit(wrong.length > 0 ? 1 : 0);
