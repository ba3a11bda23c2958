// Imported into the process that runs a service made of ES modules.
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

register(pathToFileURL(join(__dirname, 'esm-hooks.js')));
