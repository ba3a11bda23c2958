// What streams, uploads, and bodies in chunks need: as much code as all else. Bundles for browsers may load it when it is used.
export { begin } from './begin';
export { uploadOf } from './chunked-request';
export { receiveChunks } from './received-chunks';
