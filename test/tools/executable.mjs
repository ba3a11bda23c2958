// node executable.mjs: makes the program "shop" of bundle.cjs in the working directory: Node.js with the bundle inside.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { inject } from 'postject';

const config = { main: 'bundle.cjs', output: 'shop.blob', disableExperimentalSEAWarning: true };
writeFileSync('sea-config.json', JSON.stringify(config));
execFileSync(process.execPath, ['--experimental-sea-config', 'sea-config.json'], { stdio: 'ignore' });
copyFileSync(process.execPath, 'shop');
await inject('shop', 'NODE_SEA_BLOB', readFileSync('shop.blob'), {
  sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  machoSegmentName: 'NODE_SEA',
});
