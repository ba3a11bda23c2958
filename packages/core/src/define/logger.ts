/** Where natsmith writes what it does: pino, or anything of its shape. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  /** Asked once, at start, whether requests are to be logged; without it they are. */
  isLevelEnabled?(level: string): boolean;
}
