export { observe } from './observe';
export type { ObservedHost } from './host/observed';
export type { ListenOptions } from './http/listen-options';
export type { Observer } from './http/observer';
export { observeFleet } from './fleet/observe-fleet';
export type { FleetStats } from './fleet/fleet';
