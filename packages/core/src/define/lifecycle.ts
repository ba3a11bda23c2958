/** What a service or group class may implement to prepare itself before the first request. */
export interface OnStart {
  onStart(): void | Promise<void>;
}

/** What a service or group class may implement to clean up after the last request. */
export interface OnStop {
  onStop(): void | Promise<void>;
}
