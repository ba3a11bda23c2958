/** Where natsmith writes what it does: pino, or anything of its shape. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  /** Asked once, at start, whether requests are to be logged; without it they are. */
  isLevelEnabled?(level: string): boolean;
}

/** A logger whose lines say what they belong to; takes what pino takes: fields, an error or neither, and a text. Never throws. */
export interface BoundLogger {
  debug(details: object | string, message?: string): void;
  info(details: object | string, message?: string): void;
  warn(details: object | string, message?: string): void;
  error(details: object | string, message?: string): void;
}
