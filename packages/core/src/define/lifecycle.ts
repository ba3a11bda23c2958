/** What a service or group class may implement to prepare itself before the first request. */
export interface OnStart {
  /** Called before the service subscribes; what it throws, or rejects with, makes `create()` reject. */
  onStart(): void | Promise<void>;
}

/** What a service or group class may implement to clean up after the last request. */
export interface OnStop {
  /** Called when the last request has ended; what it throws is logged. */
  onStop(): void | Promise<void>;
}
