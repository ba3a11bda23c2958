// npm run check:commits: every commit message has the form from which the changelogs are made (CONTRIBUTING.md).
import { execFileSync } from 'node:child_process';

/** The last commit before the form was agreed on. */
const BEFORE = '12fede4';
const FORM =
  /^(feat|fix|perf|refactor|docs|test|build|ci|chore|revert|style)(\([a-z0-9,-]+\))?!?: \S.{0,199}$|^Merge |^release: /;

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function subjects() {
  try {
    return git('log', '--format=%h %s', `${BEFORE}..HEAD`).split('\n').filter(Boolean);
  } catch {
    // A shallow clone: what it has is looked at.
    return git('log', '--format=%h %s', '-1').split('\n').filter(Boolean);
  }
}

const wrong = subjects().filter((line) => !FORM.test(line.slice(line.indexOf(' ') + 1)));
for (const line of wrong)
  console.error(`${line}\n  must be "type(scope): what it does", such as "fix(client): …"; see CONTRIBUTING.md`);
process.exit(wrong.length > 0 ? 1 : 0);
