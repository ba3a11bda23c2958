import { type Logger } from '@natsmith/core';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> & { readonly err?: Error };
}

/** A logger that remembers its lines. */
export class Log implements Logger {
  readonly lines: LogLine[] = [];

  readonly debug = this.writer('debug');
  readonly info = this.writer('info');
  readonly warn = this.writer('warn');
  readonly error = this.writer('error');

  constructor(private readonly debugIsEnabled = true) {}

  isLevelEnabled(level: string): boolean {
    return level !== 'debug' || this.debugIsEnabled;
  }

  of(level: LogLine['level']): LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  /** The details of the lines of a level whose message matches. */
  find(level: LogLine['level'], message: RegExp): LogLine['details'][] {
    return this.of(level)
      .filter((line) => message.test(line.message))
      .map(({ details }) => details);
  }

  /** All warnings and errors in one string, to look for words in. */
  get problems(): string {
    return [...this.of('warn'), ...this.of('error')]
      .map(({ message, details }) => `${message} ${details.err?.message ?? ''}`)
      .join('\n');
  }

  private writer(level: LogLine['level']): (details: object, message: string) => void {
    return (details, message) => void this.lines.push({ level, message, details: { ...details } });
  }
}
