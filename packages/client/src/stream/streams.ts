// What streams, uploads, bodies in chunks and watches need: most pages need none of it, and load it when they do.
export { Watch } from '../discovery/watching';
export { begin } from './begin';
export { uploadOf } from './chunked-request';
export { receiveChunks } from './received-chunks';
